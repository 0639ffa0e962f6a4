"""What the mutations on a checkout's code have in common."""

from typing import Any

import graphene
from promise import Promise

from ...engine.findings import Refused
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..errors import refusal
from ..types.claims import CheckoutReferral, load_checkout_referral


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
        language = host.checkout(checkout).language
        return cls.handle_errors(refusal(refused, "code", language), checkout=checkout)
