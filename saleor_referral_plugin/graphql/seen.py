"""The little that our fields need of a store's checkout or order, read without a query.

`language` is the code of the shopper's, such as "nl-be"; empty where the store knows none.
"""

from dataclasses import dataclass

from prices import Money


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
