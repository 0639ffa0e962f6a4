"""What mutations have in common."""

from typing import Any

import graphene
from promise import Promise

from ...engine.facts import CustomerFacts
from ...engine.findings import Refused
from ...engine.store import get_store
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..errors import refusal
from ..types.claims import CheckoutReferral, load_checkout_referral


def asking_customer(info: Any) -> CustomerFacts:
    """Whose account asks. Raises PermissionDenied for one that is not really there."""
    customer = get_store().customer(host.user_ref(info.context))
    if customer is None:
        raise host.PermissionDenied(permissions=[host.AUTHENTICATED_USER])
    return customer


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
