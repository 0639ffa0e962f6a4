from collections.abc import Mapping

import graphene
from django.db.models import Model

from ...engine import staff
from ...engine.store import Store
from ...models import Program
from ...models import Referrer as ReferrerRow
from ..types.referrers import Referrer
from .base import found
from .staff import StaffMutation, reason_argument


class ReferrerUninvite(StaffMutation):
    referrer = graphene.Field(Referrer, description="The referrer as they are now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referrer.")
        program = graphene.ID(required=True, description="The ID of the program.")
        reason = reason_argument()

    class Meta:
        description = (
            "Undoes `referrerInvite`: the customer is in no group of the program, and where it is "
            "by invitation their codes are nobody's any more. What these have brought stays."
        )

    field_of = {"NOTHING_TO_UNDO": "program"}

    @classmethod
    def decide(
        cls, *, by: str, store: Store, id: str, program: str, reason: str
    ) -> Mapping[str, Model]:
        referrer = staff.uninvite(
            found(ReferrerRow, id, "Referrer"),
            found(Program, program, "ReferralProgram", "program"),
            by=by,
            reason=reason,
            store=store,
        )
        return {"referrer": referrer}
