from typing import Any

import graphene
from django.db import transaction

from ...engine import chosen, rates, referrers
from ...engine.findings import Refused
from ...engine.store import get_store
from .. import host
from ..dataloaders import CodeInProgramLoader, LiveCodeByReferrerLoader, ReferrerByUserRefLoader
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, refusal
from ..types.referrers import Referrer
from .base import asking_customer, program_or_default


class ReferralCodeUpdateInput(host.BaseInputObjectType):
    code = graphene.String(
        required=True,
        description=(
            "The code to share from now on: 4 to 20 letters (A to Z) and digits, with hyphens "
            "where wanted. Letter case and hyphens do not count when it is typed, nor do letters "
            "that look like digits."
        ),
    )
    program = graphene.ID(
        description="The ID of the program. Default: the one of the plugin's page."
    )

    class Meta:
        description = "Fields required to choose a code."
        doc_category = DOC_CATEGORY


class ReferralCodeUpdate(host.BaseMutation):
    code = graphene.String(description="The code that is shared now.")
    referrer = graphene.Field(Referrer, description="The customer as a referrer.")

    class Arguments:
        input = ReferralCodeUpdateInput(
            required=True, description="Fields required to choose a code."
        )

    class Meta:
        description = (
            "Chooses the code that the customer shares in a program. Codes and links that were "
            "shared before work on, and are never given to anybody else.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, input: dict[str, Any]) -> Any:
        store = get_store()
        program = program_or_default(input.get("program"))
        customer = asking_customer(info)
        try:
            rates.check(rates.CODE_CHOICE, customer.user_ref, store=store)
            # Whoever is refused has not become a referrer by asking.
            with transaction.atomic():
                referrers.code_for(customer, program, store=store)
                referrer = referrers.referrer_of(customer, store=store)
                code = chosen.choose_code(referrer, program, input["code"], store=store)
        except Refused as refused:
            raise refusal(refused, "code", host.language(info.context)) from refused
        # What the request has read before is no longer so.
        ReferrerByUserRefLoader(info.context).clear(customer.user_ref)
        LiveCodeByReferrerLoader(info.context).clear(referrer.pk)
        CodeInProgramLoader(info.context).clear((referrer.pk, program.pk))
        return cls(code=str(code), referrer=referrer)
