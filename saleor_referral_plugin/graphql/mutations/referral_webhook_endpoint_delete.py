from typing import Any

import graphene

from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from ..types.events import PERMISSION, ReferralWebhookEndpoint
from .base import found_endpoint


class ReferralWebhookEndpointDelete(host.BaseMutation):
    referral_webhook_endpoint = graphene.Field(
        ReferralWebhookEndpoint, description="The endpoint that was."
    )

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the endpoint.")

    class Meta:
        description = (
            "Has no more events sent to an endpoint; what it has not got yet is not sent.\n\n"
            f"{PERMISSION}"
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_APPS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, _info: Any, /, *, id: str) -> Any:
        endpoint = found_endpoint(id)
        key = endpoint.pk
        endpoint.delete()
        endpoint.pk = key
        return cls(referral_webhook_endpoint=endpoint)
