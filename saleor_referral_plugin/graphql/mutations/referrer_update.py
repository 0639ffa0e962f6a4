from typing import Any

import graphene
from django.db import transaction

from ...engine import chosen, referrers
from ...engine.findings import Refused
from ...engine.store import get_store
from .. import host
from ..dataloaders import PublicNameLoader, ReferrerByUserRefLoader
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, refusal
from ..types.referrers import Referrer
from .base import asking_customer


class ReferrerUpdateInput(host.BaseInputObjectType):
    display_name = graphene.String(
        description=(
            "The name to be seen by: beside one's code, and on leaderboards. Up to 40 letters. "
            "Empty: none."
        )
    )

    class Meta:
        description = "Fields of a referrer that can be changed."
        doc_category = DOC_CATEGORY


class ReferrerUpdate(host.BaseMutation):
    referrer = graphene.Field(Referrer, description="The customer as a referrer.")

    class Arguments:
        input = ReferrerUpdateInput(required=True, description="Fields to change.")

    class Meta:
        description = (
            "Changes what others see of the customer as a referrer.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, input: dict[str, Any]) -> Any:
        customer = asking_customer(info)
        try:
            # Whoever is refused has not become a referrer by asking.
            with transaction.atomic():
                referrer = referrers.referrer_of(customer, store=get_store())
                if (name := input.get("display_name")) is not None:
                    chosen.choose_name(referrer, name)
        except Refused as refused:
            raise refusal(refused, "display_name", host.language(info.context)) from refused
        ReferrerByUserRefLoader(info.context).clear(customer.user_ref)
        PublicNameLoader(info.context).clear(referrer.pk)
        return cls(referrer=referrer)
