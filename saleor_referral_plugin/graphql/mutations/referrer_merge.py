from collections.abc import Mapping

import graphene
from django.db.models import Model

from ...engine import staff
from ...engine.store import Store
from ...models import Referrer as ReferrerRow
from ..types.referrers import Referrer
from .base import found
from .staff import StaffMutation, reason_argument


class ReferrerMerge(StaffMutation):
    referrer = graphene.Field(Referrer, description="The referrer who remains.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referrer to be merged.")
        into = graphene.ID(required=True, description="The ID of the referrer who remains.")
        reason = reason_argument()

    class Meta:
        description = (
            "Says that two referrers are one person with two accounts: from now on the codes of "
            "both bring friends to the one who remains. What either has brought and earned stays "
            "with its account; what one of them ordered by the other's code is their own order, "
            "and does not count. Undone by `referrerUnmerge`."
        )

    @classmethod
    def decide(
        cls, *, by: str, store: Store, id: str, into: str, reason: str
    ) -> Mapping[str, Model]:
        remains = staff.merge(
            found(ReferrerRow, id, "Referrer"),
            found(ReferrerRow, into, "Referrer", "into"),
            by=by,
            reason=reason,
            store=store,
        )
        return {"referrer": remains}
