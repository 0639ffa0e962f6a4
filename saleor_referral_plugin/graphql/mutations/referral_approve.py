from typing import Any

import graphene

from ...engine import staff
from ...engine.store import get_store
from ...models import Referral as ReferralRow
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from ..types.referrals import Referral
from .base import found


class ReferralApprove(host.BaseMutation):
    referral = graphene.Field(Referral, description="The referral as it is now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referral.")
        reason = graphene.String(required=True, description="Why, for whoever asks later.")

    class Meta:
        description = (
            "Approves a referral that is not decided yet, such as one in review: it counts as soon "
            "as its order has earned the rewards.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str, reason: str) -> Any:
        referral, store = found(ReferralRow, id, "Referral"), get_store()
        by = host.requestor(info.context)
        with deciding():
            referral = staff.approve(referral, by=by, reason=reason, store=store)
        return cls(referral=referral)
