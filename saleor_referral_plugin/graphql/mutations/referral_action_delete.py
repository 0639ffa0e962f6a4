from collections.abc import Mapping

import graphene
from django.db.models import Model

from ...engine import actions
from ...engine.store import Store
from ...models import Referral as ReferralRow
from ..types.referrals import Referral
from .base import found
from .staff import StaffMutation, reason_argument


class ReferralActionDelete(StaffMutation):
    referral = graphene.Field(Referral, description="The referral as it is now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referral.")
        name = graphene.String(
            required=True, description="What the action is called in the program's terms."
        )
        reason = reason_argument()

    class Meta:
        description = "Undoes `referralActionCreate`: what was given for the action is taken back."

    field_of = {"NOTHING_TO_UNDO": "name"}

    @classmethod
    def decide(
        cls, *, by: str, store: Store, id: str, name: str, reason: str
    ) -> Mapping[str, Model]:
        ref = found(ReferralRow, id, "Referral").order_ref
        referral = actions.take_back(ref, name, store=store, by=by, reason=reason)
        assert referral is not None
        return {"referral": referral}
