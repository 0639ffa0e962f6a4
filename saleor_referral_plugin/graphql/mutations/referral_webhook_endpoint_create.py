from typing import Any

import graphene

from ...engine import webhooks
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY, ReferralEventTypeEnum
from ..errors import ReferralError, setting_endpoint
from ..types.events import PERMISSION, ReferralWebhookEndpoint


class ReferralWebhookEndpointCreateInput(host.BaseInputObjectType):
    url = graphene.String(
        required=True,
        description="The address that events are sent to. It begins with `https://`.",
    )
    events = host.NonNullList(
        ReferralEventTypeEnum, description="The events it gets. Default: all, also future ones."
    )
    is_active = graphene.Boolean(description="Whether it gets any. Default: yes.")

    class Meta:
        description = "Fields required to set an endpoint."
        doc_category = DOC_CATEGORY


class ReferralWebhookEndpointCreate(host.BaseMutation):
    referral_webhook_endpoint = graphene.Field(ReferralWebhookEndpoint, description="The endpoint.")
    secret = graphene.String(
        description="By which its signatures are verified. It is never shown again."
    )

    class Arguments:
        input = ReferralWebhookEndpointCreateInput(
            required=True, description="Fields required to set an endpoint."
        )

    class Meta:
        description = (
            "Has events sent to an address from now on, signed as Standard Webhooks says.\n\n"
            f"{PERMISSION}"
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_APPS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, _info: Any, /, *, input: dict[str, Any]) -> Any:
        is_active = input.get("is_active")
        with setting_endpoint():
            endpoint = webhooks.create(
                input["url"].strip(),
                events=input.get("events") or (),
                is_active=is_active is None or is_active,
                now=get_store().now(),
            )
        return cls(referral_webhook_endpoint=endpoint, secret=endpoint.secret)
