"""A customer's credits on a checkout of theirs."""

from dataclasses import dataclass
from typing import Any

import graphene
from prices import Money
from promise import Promise

from .. import host
from ..enums import DOC_CATEGORY


@dataclass(frozen=True, slots=True)
class CreditsSeen:
    available: Money
    applied: Money


class CheckoutReferralCredits(host.BaseObjectType):
    available = graphene.Field(
        host.Money, required=True, description="What is left of all the credits that fit."
    )
    applied = graphene.Field(
        host.Money,
        required=True,
        description="What is left of those on the checkout: it pays with them as far as it goes.",
    )

    class Meta:
        description = "A customer's credits in the currency of a checkout."
        doc_category = DOC_CATEGORY


def load_credits(context: Any, root: Any) -> Promise:
    """None for a checkout of nobody's or somebody else's."""

    def seen(found: tuple[Money, Money] | None) -> CreditsSeen | None:
        return CreditsSeen(*found) if found else None

    return host.load_credits(context, root).then(seen)
