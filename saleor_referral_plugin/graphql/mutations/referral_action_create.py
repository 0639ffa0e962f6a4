from collections.abc import Mapping
from datetime import datetime

import graphene
from django.db.models import Model

from ...engine import actions
from ...engine.store import Store
from ...models import Referral as ReferralRow
from .. import host
from ..errors import wrong
from ..types.referrals import Referral
from .base import found
from .staff import StaffMutation


class ReferralActionCreate(StaffMutation):
    referral = graphene.Field(Referral, description="The referral as it is now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referral.")
        name = graphene.String(
            required=True, description="What the action is called in the program's terms."
        )
        at = host.DateTime(description="When they did it. Default: now.")
        reason = graphene.String(description="How it is known, for whoever asks later.")

    class Meta:
        description = (
            "Records that the referee of a referral has done something besides ordering, for which "
            "the program gives a reward. Recorded again, the first time counts. Undone by "
            "`referralActionDelete`."
        )

    field_of = {"NO_SUCH_ACTION": "name"}

    @classmethod
    def decide(
        cls,
        *,
        by: str,
        store: Store,
        id: str,
        name: str,
        at: datetime | None = None,
        reason: str | None = None,
    ) -> Mapping[str, Model]:
        if at is not None and at > store.now():
            raise wrong("at", "INVALID", "It has not happened yet.")
        ref = found(ReferralRow, id, "Referral").order_ref
        referral = actions.record(ref, name, store=store, at=at, by=by, reason=reason or "")
        assert referral is not None
        return {"referral": referral}
