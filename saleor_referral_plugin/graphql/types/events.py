"""What happened, where it is sent, and how far it has come."""

from collections.abc import Collection
from typing import Any

import graphene
from promise import Promise

from ...engine import events, webhooks
from ...models import Event, EventDelivery, WebhookEndpoint
from .. import host
from ..dataloaders import (
    DeliveriesByEventLoader,
    EndpointByIdLoader,
    EventCountLoader,
    EventPageLoader,
    ProgramByIdLoader,
    ReferralByIdLoader,
    ReferrerByIdLoader,
    RewardByIdLoader,
)
from ..enums import DOC_CATEGORY, ReferralEventDeliveryStatusEnum, ReferralEventTypeEnum
from ..pages import Connected
from ..where import EVENTS, page_of
from .referrals import Referral, ReferralReward
from .referrers import Referrer

PERMISSION = f"Requires one of the following permissions: {host.MANAGE_APPS.name}."
#: Who sets addresses may be somebody who must not see the books.
OF_THE_BOOKS = f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."


class ReferralWebhookEndpoint(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the endpoint.")
    url = graphene.String(required=True, description="The address that events are sent to.")
    events = host.NonNullList(
        ReferralEventTypeEnum, required=True, description="The events it gets. Empty: all."
    )
    is_active = graphene.Boolean(required=True, description="Whether the shop wants it to get any.")
    created_at = host.DateTime(required=True, description="When it was set.")
    last_success_at = host.DateTime(description="When it last took an event.")
    failing_since = host.DateTime(
        description="Since when it has taken none of what it was sent. Null: it has."
    )
    stopped_at = host.DateTime(
        description=(
            "When sending was stopped, after days of failures. What happens since then waits, and "
            "is sent when the endpoint is set to be active again."
        )
    )
    old_secret_until = host.DateTime(
        description="How long the secret before the present one signs, too. Null: no more."
    )

    class Meta:
        description = "An address of the shop's choice that events of referrals are sent to."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = WebhookEndpoint


class ReferralEventDelivery(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the delivery.")
    endpoint = graphene.Field(
        ReferralWebhookEndpoint,
        description="Where it goes. Null for the apps that subscribed to `NOTIFY_USER`.",
    )
    status = ReferralEventDeliveryStatusEnum(required=True, description="How far it has come.")
    attempts = graphene.Int(required=True, description="How often it was tried.")
    created_at = host.DateTime(required=True, description="Since when it is to be sent.")
    tried_at = host.DateTime(description="When it was last tried.")
    next_attempt_at = host.DateTime(
        description="When it is tried next, at the earliest. Null where it is not."
    )
    response_status = graphene.Int(description="The HTTP status of the last answer, if any.")
    error = graphene.String(description="What was wrong the last time. Null: nothing.")

    class Meta:
        description = "An event on its way to one endpoint."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = EventDelivery

    @staticmethod
    def resolve_endpoint(root: EventDelivery, info: Any) -> Promise:
        def unless_apps(endpoint: WebhookEndpoint) -> WebhookEndpoint | None:
            return endpoint if endpoint.url else None

        return EndpointByIdLoader(info.context).load(root.endpoint_id).then(unless_apps)

    @staticmethod
    def resolve_next_attempt_at(root: EventDelivery, _info: Any) -> Any:
        return root.due_at if root.status == EventDelivery.Status.PENDING else None

    @staticmethod
    def resolve_error(root: EventDelivery, _info: Any) -> str | None:
        return root.error or None


class ReferralEvent(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the event, as it is sent.")
    type = ReferralEventTypeEnum(required=True, description="What happened.")
    happened_at = host.DateTime(required=True, description="When it happened.")
    referrer = graphene.Field(
        Referrer,
        description=(
            "The referrer; of a reward, whoever gets it, also a referee.\n\n" + OF_THE_BOOKS
        ),
    )
    referral = graphene.Field(
        Referral, description=f"The referral it is about, if any.\n\n{OF_THE_BOOKS}"
    )
    reward = graphene.Field(
        ReferralReward, description=f"The reward it is about, if any.\n\n{OF_THE_BOOKS}"
    )
    payload = graphene.String(required=True, description="The JSON that is sent.")
    deliveries = host.NonNullList(
        ReferralEventDelivery,
        required=True,
        description="Where it is sent, and how far it has come. Empty for some seconds.",
    )

    class Meta:
        description = "Something that happened to a claim, a referral, a reward or a credit."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = Event

    @staticmethod
    def resolve_referrer(root: Event, info: Any) -> Promise:
        _check(info.context, host.MANAGE_DISCOUNTS)
        return ReferrerByIdLoader(info.context).load(root.referrer_id)

    @staticmethod
    def resolve_referral(root: Event, info: Any) -> Promise | None:
        _check(info.context, host.MANAGE_DISCOUNTS)
        return ReferralByIdLoader(info.context).load_if(root.referral_id)

    @staticmethod
    def resolve_reward(root: Event, info: Any) -> Promise | None:
        _check(info.context, host.MANAGE_DISCOUNTS)
        return RewardByIdLoader(info.context).load_if(root.reward_id)

    @staticmethod
    def resolve_payload(root: Event, info: Any) -> Promise:
        def say(parts: Collection[Any]) -> str:
            root.program, root.referrer = parts
            return events.written(events.body_of(root))

        return Promise.all(
            [
                ProgramByIdLoader(info.context).load(root.program_id),
                ReferrerByIdLoader(info.context).load(root.referrer_id),
            ]
        ).then(say)

    @staticmethod
    def resolve_deliveries(root: Event, info: Any) -> Promise:
        return DeliveriesByEventLoader(info.context).load(root.pk)


class ReferralEventCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralEvent


def load_events(info: Any, **arguments: Any) -> Connected:
    _check(info.context, host.MANAGE_APPS)
    return Connected(
        info, EventPageLoader, EventCountLoader, None, page_of(info.context, EVENTS, **arguments)
    )


def load_endpoints(info: Any) -> list[WebhookEndpoint]:
    _check(info.context, host.MANAGE_APPS)
    return list(webhooks.all_endpoints(using=host.database(info.context)))


def _check(context: Any, permission: Any) -> None:
    if not host.may(context, permission):
        raise host.PermissionDenied(permissions=[permission])
