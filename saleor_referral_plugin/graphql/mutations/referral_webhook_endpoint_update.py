from typing import Any

import graphene

from ...engine import webhooks
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY, ReferralEventTypeEnum
from ..errors import ReferralError, setting_endpoint
from ..types.events import PERMISSION, ReferralWebhookEndpoint
from .base import found_endpoint


class ReferralWebhookEndpointUpdateInput(host.BaseInputObjectType):
    url = graphene.String(description="The address that events are sent to.")
    events = host.NonNullList(
        ReferralEventTypeEnum, description="The events it gets. Empty: all, also future ones."
    )
    is_active = graphene.Boolean(
        description=(
            "Whether it gets any. Set to true, also again, what waits for it is sent at once."
        )
    )

    class Meta:
        description = "Fields of an endpoint that can be changed."
        doc_category = DOC_CATEGORY


class ReferralWebhookEndpointUpdate(host.BaseMutation):
    referral_webhook_endpoint = graphene.Field(
        ReferralWebhookEndpoint, description="The endpoint as it is now."
    )

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the endpoint.")
        input = ReferralWebhookEndpointUpdateInput(required=True, description="Fields to change.")

    class Meta:
        description = f"Changes where events are sent, and which.\n\n{PERMISSION}"
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_APPS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, _info: Any, /, *, id: str, input: dict[str, Any]) -> Any:
        endpoint, url = found_endpoint(id), input.get("url")
        with setting_endpoint():
            endpoint = webhooks.update(
                endpoint,
                url=None if url is None else url.strip(),
                events=input.get("events"),
                is_active=input.get("is_active"),
                now=get_store().now(),
            )
        return cls(referral_webhook_endpoint=endpoint)
