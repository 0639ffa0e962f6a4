from typing import Any

import graphene
from django.core.exceptions import ValidationError

from ...engine import claims
from ...engine.store import get_store
from .. import host
from ..dataloaders import AccountClaimLoader
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError
from ..types.claims import ReferralClaim
from .base import asking_customer


class ReferralClaimDelete(host.BaseMutation):
    claim = graphene.Field(ReferralClaim, description="The claim that was withdrawn.")

    class Meta:
        description = (
            "Takes the claimed code off the customer's account. On checkouts that have it already "
            "it stays.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /) -> Any:
        customer = asking_customer(info)
        claim = claims.withdraw_from_account(customer.user_ref, store=get_store())
        AccountClaimLoader(info.context).clear(customer.user_ref)
        if claim is None:
            raise ValidationError(
                "No referral code is claimed on the account.",
                code=ReferralErrorCode.NOT_FOUND.value,
            )
        return cls(claim=claim)
