from typing import Any

import graphene
from django.core.exceptions import ValidationError

from .. import host
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError
from .base import CheckoutReferralMutation


class CheckoutReferralCodeRemove(CheckoutReferralMutation):
    class Arguments:
        id = graphene.ID(required=True, description="The checkout's ID.")

    class Meta:
        description = "Takes the referral code and its discount off a checkout."
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        webhook_events_info = host.CHECKOUT_UPDATED

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str) -> Any:
        checkout = host.find_checkout(cls, info, id)
        if not host.remove_code(info, checkout):
            error = ValidationError(
                "There is no referral code on this checkout.",
                code=ReferralErrorCode.NOT_FOUND.value,
            )
            return cls.handle_errors(ValidationError({"id": error}), checkout=checkout)
        return cls(checkout=checkout)
