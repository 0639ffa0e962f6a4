"""What the mutations on a checkout's code have in common."""

from typing import Any

import graphene
from django.core.exceptions import ValidationError
from promise import Promise

from ...engine.findings import Refused
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..enums import ReferralErrorCode
from ..types.claims import CheckoutReferral, load_checkout_referral

_KNOWN = {item.value for item in ReferralErrorCode._meta.enum}


class CheckoutReferralMutation(host.BaseMutation):
    checkout = graphene.Field(
        host.Checkout,
        description="The checkout as it is now, also when the code was refused.",
    )
    referral = graphene.Field(
        CheckoutReferral, description="What referral codes do on the checkout now, and why not."
    )

    class Meta:
        abstract = True

    @staticmethod
    def resolve_referral(root: Any, info: Any) -> Promise | None:
        if root.checkout is None:
            return None
        # What the request has read before is no longer so.
        ClaimsByCheckoutLoader(info.context).clear(host.checkout(root.checkout).ref)
        return load_checkout_referral(info.context, root.checkout)

    @classmethod
    def handle_refusal(cls, refused: Refused, checkout: Any) -> Any:
        finding = refused.finding
        error = ValidationError(finding.sentence, code=finding.code.value)
        return cls.handle_errors(ValidationError({"code": error}), checkout=checkout)

    @classmethod
    def handle_errors(cls, error: ValidationError, **extra: Any) -> Any:
        """A code of the store's that our enum lacks would reach nobody but the log."""
        response = super().handle_errors(error, **extra)
        for item in response.errors:
            if item.code not in _KNOWN:
                item.code = ReferralErrorCode.INVALID.value
        return response
