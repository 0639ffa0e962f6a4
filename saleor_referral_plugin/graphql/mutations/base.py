"""What mutations have in common."""

from typing import Any, TypeVar

import graphene
from django.core.exceptions import ValidationError
from django.db.models import Model
from promise import Promise

from graphql import GraphQLError

from ...engine.facts import CustomerFacts
from ...engine.findings import Refused
from ...engine.store import get_store
from ...models import WebhookEndpoint
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..enums import ReferralErrorCode
from ..errors import refusal
from ..ids import key_in
from ..types.claims import CheckoutReferral, load_checkout_referral

Row = TypeVar("Row", bound=Model)


def asking_customer(info: Any) -> CustomerFacts:
    """Whose account asks. Raises PermissionDenied for one that is not really there."""
    customer = get_store().customer(host.user_ref(info.context))
    if customer is None:
        raise host.PermissionDenied(permissions=[host.AUTHENTICATED_USER])
    return customer


def found(model: type[Row], global_id: str, type_name: str, field: str = "id") -> Row:
    """The row that a client names. Raises ValidationError on `field` where there is none."""
    try:
        row = model._default_manager.filter(pk=key_in(global_id, type_name)).first()
    except GraphQLError as error:
        senseless = ValidationError(str(error), code=ReferralErrorCode.GRAPHQL_ERROR.value)
        raise ValidationError({field: senseless}) from error
    if row is None:
        missing = ValidationError(
            f"Couldn't resolve to a node: {global_id}", code=ReferralErrorCode.NOT_FOUND.value
        )
        raise ValidationError({field: missing})
    return row


def found_endpoint(global_id: str, field: str = "id") -> WebhookEndpoint:
    """One that the owner set. Raises ValidationError where there is none."""
    endpoint = found(WebhookEndpoint, global_id, "ReferralWebhookEndpoint", field)
    if not endpoint.url:
        # It stands for the shop's apps, and follows them.
        missing = ValidationError(
            f"Couldn't resolve to a node: {global_id}", code=ReferralErrorCode.NOT_FOUND.value
        )
        raise ValidationError({field: missing})
    return endpoint


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
