"""The little that our fields need of a store's checkout or order, read without a query.

`language` is the code of the shopper's, such as "nl-be"; empty where the store knows none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from prices import Money


class DoesNotFit(Exception):
    """A credit that the checkout cannot be paid with: somebody else's, spent, or in another
    currency."""

    def __init__(self, ref: str):
        super().__init__(ref)
        self.ref = ref


Credit = TypeVar("Credit")


def chosen(fitting: Mapping[str, Credit], only: Collection[str] | None) -> list[Credit]:
    """Of the credits that fit a checkout, by ref, those that are meant. Raises DoesNotFit for one
    that is not among them."""
    for ref in only or ():
        if ref not in fitting:
            raise DoesNotFit(ref)
    return [credit for ref, credit in fitting.items() if only is None or ref in only]


@dataclass(frozen=True, slots=True)
class CheckoutSeen:
    ref: str
    currency: str
    voucher_code: str | None
    discount: Money
    language: str = ""


@dataclass(frozen=True, slots=True)
class OrderSeen:
    ref: str
    currency: str
    voucher_code: str | None
    language: str = ""
