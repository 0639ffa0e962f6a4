from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import graphene
from django.db.models import Model
from prices import Money

from ...engine import staff
from ...engine.store import Store
from ...engine.terms import Span
from ...models import Referrer as ReferrerRow
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import wrong
from ..types.referrals import ReferralReward
from ..types.referrers import MOST_DAYS, Referrer
from .base import found, program_or_default
from .staff import StaffMutation, reason_argument


class ReferralBalanceAdjustInput(host.BaseInputObjectType):
    amount = host.PositiveDecimal(required=True, description="How much is given.")
    currency = graphene.String(
        required=True,
        description="Code of the currency, or the unit of the program's points.",
    )
    program = graphene.ID(
        description="The ID of the program. Default: the one of the plugin's page."
    )
    valid_days = graphene.Int(
        description="How many days it can be spent once it is issued. Default: for ever."
    )

    class Meta:
        description = "What is given to a referrer."
        doc_category = DOC_CATEGORY


class ReferralBalanceAdjust(StaffMutation):
    referrer = graphene.Field(Referrer, description="The referrer as they are now.")
    reward = graphene.Field(ReferralReward, description="What was given, as a reward of its own.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referrer.")
        input = ReferralBalanceAdjustInput(required=True, description="What is given.")
        reason = reason_argument()

    class Meta:
        description = (
            "Gives a referrer an amount, in a currency or in points: a reward that belongs to no "
            "referral and counts towards no limit. Undone by `referralRewardVoid`, which is also "
            "how an amount is taken away."
        )

    field_of = {
        "NOT_POSITIVE": "amount",
        "INVALID_AMOUNT": "amount",
        "INVALID_UNIT": "currency",
    }

    @classmethod
    def decide(
        cls, *, by: str, store: Store, id: str, input: dict[str, Any], reason: str
    ) -> Mapping[str, Model]:
        days = input.get("valid_days")
        if days is not None and not 0 < days <= MOST_DAYS:
            raise wrong("valid_days", "INVALID", f"Between 1 and {MOST_DAYS} days.")
        referrer = found(ReferrerRow, id, "Referrer")
        reward = staff.adjust(
            referrer,
            Money(Decimal(input["amount"]), input["currency"]),
            program=program_or_default(input.get("program")),
            by=by,
            reason=reason,
            store=store,
            valid=None if days is None else Span(days=days),
        )
        return {"referrer": referrer, "reward": reward}
