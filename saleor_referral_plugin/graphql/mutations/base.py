"""What mutations have in common."""

from collections.abc import Mapping
from typing import Any, TypeVar

import graphene
from django.core.exceptions import ValidationError
from django.db.models import Model
from promise import Promise

from graphql import GraphQLError

from ...engine import drafts
from ...engine.facts import CustomerFacts
from ...engine.findings import Refused
from ...engine.programs import current_program
from ...engine.store import Store, get_store
from ...engine.terms import Terms
from ...models import Job, Program, WebhookEndpoint
from ...tasks import start_job
from .. import host
from ..dataloaders import ClaimsByCheckoutLoader
from ..enums import DOC_CATEGORY, ReferralPresetEnum, ReferralProgramKindEnum
from ..errors import ReferralError, deciding, refusal, wrong
from ..ids import key_in
from ..types.claims import CheckoutReferral, load_checkout_referral
from ..types.jobs import ReferralJob
from ..types.programs import ReferralProgram, changed

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


class ReferralProgramInput(host.BaseInputObjectType):
    name = graphene.String(description="What the program is called.")
    kind = ReferralProgramKindEnum(
        description="Who may share a code in it. A new program's: what its preset is for."
    )
    priority = graphene.Int(
        description="On a checkout, a code of a program with a lower one does not displace its."
    )
    link_url = graphene.String(
        description=(
            'Where shared links lead: "https://shop.example.com/". "?ref=" and the code are added. '
            "Empty: nowhere."
        )
    )
    preset = ReferralPresetEnum(description="Ready-made terms, instead of `rules`.")
    preset_options = host.JSON(
        description=(
            "Options of the preset, by the names that `referralProgramPresets` lists; what is not "
            "named has its default."
        )
    )
    rules = host.JSON(
        description=(
            "Terms, by the names of docs/settings.md; what is not named has its default. "
            "`referralProgramRulesSchema` describes them for machines."
        )
    )

    class Meta:
        description = "A referral program; what is not given stays, or has its default."
        doc_category = DOC_CATEGORY


def terms_in(input: Mapping[str, Any]) -> Terms | None:
    """The terms that an input says; None when it says none. Raises CannotSave."""
    return drafts.read(
        rules=input.get("rules"), preset=input.get("preset"), options=input.get("preset_options")
    )


def fields_in(input: Mapping[str, Any]) -> dict[str, Any]:
    """What else it says of a program."""
    return {name: input.get(name) for name in ("name", "kind", "priority", "link_url")}


class DiscountsMutation(host.BaseMutation):
    """For staff and apps that look after discounts, which its description says."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, description: str = "", **options: Any) -> None:
        super().__init_subclass_with_meta__(
            description=(
                f"{description}\n\n"
                f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
            ),
            doc_category=DOC_CATEGORY,
            error_type_class=ReferralError,
            permissions=(host.MANAGE_DISCOUNTS,),
            auto_permission_message=False,
            **options,
        )


class ReferralProgramMutation(host.BaseMutation):
    """Something is done to a program, whatever it says."""

    program = graphene.Field(ReferralProgram, description="The program as it is now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the program.")
        reason = graphene.String(required=True, description="Why, for whoever asks later.")

    class Meta:
        abstract = True

    @classmethod
    def change(cls, program: Program, *, by: str, reason: str, store: Store) -> Program:
        raise NotImplementedError

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str, reason: str) -> Any:
        program, by = found(Program, id, "ReferralProgram"), host.requestor(info.context)
        with deciding():
            program = cls.change(program, by=by, reason=reason, store=get_store())
        return cls(program=changed(info.context, program))


class ReferralJobMutation(host.BaseMutation):
    """Something that takes long is asked for. Where there is no worker it is done at once."""

    job = graphene.Field(ReferralJob, description="The job: ask for it again to follow it.")

    class Meta:
        abstract = True

    @classmethod
    def started(cls, job: Job) -> Any:
        start_job(job.pk)
        job.refresh_from_db()
        return cls(job=job)


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
