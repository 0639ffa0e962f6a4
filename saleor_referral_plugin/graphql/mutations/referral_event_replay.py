from typing import Any

import graphene
from django.core.exceptions import ValidationError

from graphql import GraphQLError

from ...engine import webhooks
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from ..ids import key_in
from ..types.events import PERMISSION
from .base import found_endpoint

#: As many as Saleor's own bulk mutations take.
AT_MOST = 100


class ReferralEventReplayInput(host.BaseInputObjectType):
    ids = host.NonNullList(
        graphene.ID, description=f"The events to send again, up to {AT_MOST}. Or say `since`."
    )
    since = host.DateTime(description="Send all that happened then, or later.")
    until = host.DateTime(description="With `since`: and not later than that. Default: now.")
    endpoint = graphene.ID(
        description="To this endpoint alone. Default: to all that want them, apps included."
    )

    class Meta:
        description = "Which events are sent again, and where."
        doc_category = DOC_CATEGORY


class ReferralEventReplay(host.BaseMutation):
    count = graphene.Int(description="How many times something is sent.")

    class Arguments:
        input = ReferralEventReplayInput(
            required=True, description="Which events are sent again, and where."
        )

    class Meta:
        description = (
            "Sends events again, with the ids they had: those named, or those of a time. What "
            f"happened too long ago is not kept.\n\n{PERMISSION}"
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_APPS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, _info: Any, /, *, input: dict[str, Any]) -> Any:
        ids, since, until = (input.get(name) for name in ("ids", "since", "until"))
        if (ids is None) == (since is None):
            raise _wrong("ids", "REQUIRED", "Say either `ids` or `since`.")
        if until is not None and (since is None or until < since):
            raise _wrong("until", "INVALID", "`until` comes after `since`.")
        endpoint_id = input.get("endpoint")
        endpoint = endpoint_id and found_endpoint(endpoint_id, "endpoint")
        if endpoint and not endpoint.is_active:
            raise _wrong("endpoint", "INVALID", "The endpoint is not active.")
        count = webhooks.replay(
            ids=None if ids is None else _keys(ids),
            since=since,
            until=until,
            endpoint=endpoint or None,
            now=get_store().now(),
        )
        return cls(count=count)


def _keys(ids: list[str]) -> list[int]:
    if len(ids) > AT_MOST:
        raise _wrong("ids", "TOO_MANY", f"Name up to {AT_MOST} events, or a time.")
    try:
        return [key_in(global_id, "ReferralEvent") for global_id in ids]
    except GraphQLError as error:
        raise _wrong("ids", "GRAPHQL_ERROR", str(error)) from error


def _wrong(field: str, code: str, message: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code.lower())})
