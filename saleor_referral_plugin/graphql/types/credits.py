"""A customer's credits on a checkout of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...engine.facts import FittingCredit
from ...engine.money import total
from .. import host
from ..dataloaders import RewardByCreditRefLoader
from ..enums import DOC_CATEGORY
from .referrals import ReferralReward


@dataclass(frozen=True, slots=True)
class CreditsSeen:
    currency: str
    fitting: Sequence[FittingCredit]


class CheckoutReferralCredit(host.BaseObjectType):
    reward = graphene.Field(
        ReferralReward,
        description="The reward it was given for. Null when the books know of none.",
    )
    balance = graphene.Field(host.Money, required=True, description="What is left of it.")
    is_applied = graphene.Boolean(required=True, description="Whether it is on the checkout.")

    class Meta:
        description = "A customer's credit in the currency of a checkout."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_reward(root: FittingCredit, info: Any) -> Promise:
        return RewardByCreditRefLoader(info.context).load(root.ref)

    @staticmethod
    def resolve_balance(root: FittingCredit, _info: Any) -> Money:
        return root.left

    @staticmethod
    def resolve_is_applied(root: FittingCredit, _info: Any) -> bool:
        return root.is_on


class CheckoutReferralCredits(host.BaseObjectType):
    available = graphene.Field(
        host.Money, required=True, description="What is left of all the credits that fit."
    )
    applied = graphene.Field(
        host.Money,
        required=True,
        description="What is left of those on the checkout: it pays with them as far as it goes.",
    )
    items = host.NonNullList(
        CheckoutReferralCredit,
        required=True,
        description="Each of them, those first that expire first.",
    )

    class Meta:
        description = "A customer's credits in the currency of a checkout."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_available(root: CreditsSeen, _info: Any) -> Money:
        return total((credit.left for credit in root.fitting), root.currency)

    @staticmethod
    def resolve_applied(root: CreditsSeen, _info: Any) -> Money:
        return total((credit.left for credit in root.fitting if credit.is_on), root.currency)

    @staticmethod
    def resolve_items(root: CreditsSeen, _info: Any) -> Sequence[FittingCredit]:
        return root.fitting


def load_credits(context: Any, root: Any) -> Promise:
    """None for a checkout of nobody's or somebody else's."""

    def seen(found: list[FittingCredit] | None) -> CreditsSeen | None:
        return None if found is None else CreditsSeen(host.checkout(root).currency, found)

    return host.load_credits(context, root).then(seen)
