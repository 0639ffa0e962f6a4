"""What mutations have in common."""

from typing import Any, TypeVar

import graphene
from django.core.exceptions import ValidationError
from django.db.models import Model
from promise import Promise

from graphql import GraphQLError

from ...engine.facts import CustomerFacts
from ...engine.findings import Refused
from ...engine.programs import current_program
from ...engine.store import get_store
from ...models import Program, WebhookEndpoint
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..errors import refusal, wrong
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
        raise wrong(field, "GRAPHQL_ERROR", str(error)) from error
    if row is None:
        raise not_found(field, global_id)
    return row


def program_or_default(global_id: str | None) -> Program:
    """The program that a client names, or the one of the plugin's page. Raises ValidationError on
    `program` for none that there is."""
    if global_id is not None:
        return found(Program, global_id, "ReferralProgram", "program")
    program = current_program()
    if program is None:
        raise wrong("program", "NOT_FOUND", "There is no such program.")
    return program


def not_found(field: str, global_id: str) -> ValidationError:
    """As Saleor says it."""
    return wrong(field, "NOT_FOUND", f"Couldn't resolve to a node: {global_id}")


def found_endpoint(global_id: str, field: str = "id") -> WebhookEndpoint:
    """One that the owner set. Raises ValidationError where there is none."""
    endpoint = found(WebhookEndpoint, global_id, "ReferralWebhookEndpoint", field)
    if not endpoint.url:
        # It stands for the shop's apps, and follows them.
        raise not_found(field, global_id)
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
