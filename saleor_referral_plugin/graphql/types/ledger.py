"""The books: entries, and what they add up to."""

from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...models import LedgerEntry
from .. import host
from ..dataloaders import ReferrerByIdLoader, RewardByIdLoader
from ..enums import DOC_CATEGORY, ReferralLedgerEntryKindEnum

_TYPES = "saleor_referral_plugin.graphql.types"


class ReferralLedgerEntry(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the entry.")
    kind = ReferralLedgerEntryKindEnum(required=True, description="What it says.")
    amount = graphene.Field(
        host.Money,
        required=True,
        description=(
            "How much more, or less, in a currency or in the unit of a program's points. A coupon "
            "is 1 of the unit `COUPON`."
        ),
    )
    created_at = host.DateTime(required=True, description="When it was written.")
    reward = graphene.Field(
        f"{_TYPES}.referrals.ReferralReward", required=True, description="Which reward it is about."
    )
    holder = graphene.Field(
        f"{_TYPES}.referrers.Referrer", required=True, description="Whose reward that is."
    )

    class Meta:
        description = "One line of the books, never changed: a difference to those before."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = LedgerEntry

    @staticmethod
    def resolve_amount(root: LedgerEntry, _info: Any) -> Money:
        return Money(root.amount, root.currency)

    @staticmethod
    def resolve_reward(root: LedgerEntry, info: Any) -> Promise:
        return RewardByIdLoader(info.context).load(root.reward_id)

    @staticmethod
    def resolve_holder(root: LedgerEntry, info: Any) -> Promise:
        return ReferrerByIdLoader(info.context).load(root.holder_id)


class ReferralLedgerEntryCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralLedgerEntry


def _total(description: str) -> graphene.Field:
    return graphene.Field(host.Money, required=True, description=description)


class ReferralLedgerBalance(host.BaseObjectType):
    currency = graphene.String(
        required=True,
        description="Code of the currency, the unit of a program's points, or `COUPON`.",
    )
    promised = _total("Promised in all, by the last decisions.")
    delivered = _total("Put in holders' hands.")
    taken_back = _total("Taken out of them again.")
    spent = _total("Used on orders, as far as the books have heard.")
    expired = _total("Ran out unused.")
    waived = _total("No longer deserved, spent, and let go.")
    available = _total("In holders' hands, and spendable: what the shop owes.")
    pending = _total("Promised and not delivered yet.")
    debt = _total("Delivered, spent, and no longer deserved: the holder's next credit pays it.")

    class Meta:
        description = "What the books add up to in one currency, or one unit."
        doc_category = DOC_CATEGORY
