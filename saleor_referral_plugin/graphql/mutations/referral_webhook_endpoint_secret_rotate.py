from typing import Any

import graphene

from ...engine import webhooks
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from ..types.events import PERMISSION, ReferralWebhookEndpoint
from .base import found_endpoint


class ReferralWebhookEndpointSecretRotate(host.BaseMutation):
    referral_webhook_endpoint = graphene.Field(
        ReferralWebhookEndpoint, description="The endpoint as it is now."
    )
    secret = graphene.String(
        description="By which its signatures are verified from now on. It is never shown again."
    )

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the endpoint.")

    class Meta:
        description = (
            "Gives an endpoint a new secret. For a day every event is signed with the one before, "
            f"too.\n\n{PERMISSION}"
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_APPS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, _info: Any, /, *, id: str) -> Any:
        endpoint = webhooks.rotate(found_endpoint(id), now=get_store().now())
        return cls(referral_webhook_endpoint=endpoint, secret=endpoint.secret)
