from typing import Any

import graphene

from ...engine.findings import Refused
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, refusal
from ..types.credits import CheckoutReferralCredits, load_credits


class CheckoutReferralCreditsUpdate(host.BaseMutation):
    checkout = graphene.Field(host.Checkout, description="The checkout as it is now.")
    credits = graphene.Field(
        CheckoutReferralCredits, description="The customer's credits that fit it."
    )

    class Arguments:
        id = graphene.ID(required=True, description="The checkout's ID.")
        applied = graphene.Boolean(
            required=True,
            description=(
                "Whether to put the customer's credits on the checkout, all that fit, or to take "
                "them off. One by one, their codes go through the box for promo codes."
            ),
        )

    class Meta:
        description = (
            "Turns the customer's credits on or off for a checkout of theirs.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False
        webhook_events_info = host.CHECKOUT_UPDATED

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str, applied: bool) -> Any:
        checkout = host.find_checkout(cls, info, id)
        try:
            host.set_credits(info, checkout, applied)
        except Refused as refused:
            raise refusal(refused, "applied", host.checkout(checkout).language) from refused
        return cls(checkout=checkout)

    @staticmethod
    def resolve_credits(root: Any, info: Any) -> Any:
        return load_credits(info.context, root.checkout) if root.checkout else None
