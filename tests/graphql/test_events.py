"""Where events go, and what became of them, by the API."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Event, EventDelivery, WebhookEndpoint
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.listener import Listener, listening
from tests.scenarios import given
from tests.scenarios.shop import Shop

APPS = ("MANAGE_APPS",)
OF_REFERRALS = ["REFERRAL_CREATED", "REFERRAL_QUALIFIED"]


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True
    with listening() as listener:
        yield listener


def create(api: Api, listener: Listener, *events: str) -> Any:
    made = api.run("create-webhook-endpoint", permissions=APPS, url=listener.url, events=events)
    assert made["referralWebhookEndpointCreate"]["errors"] == []
    return made["referralWebhookEndpointCreate"]


def friend_buys(shop: Shop) -> Any:
    given.program(shop, hold_days="0")
    order = given.friends_order(shop, shop.share(shop.register("anna@example.com")))
    order.pay()
    return order


def events(api: Api, **variables: Any) -> list[dict[str, Any]]:
    found = api.run("events", permissions=APPS, **{"first": 20, **variables})
    return [edge["node"] for edge in found["referralEvents"]["edges"]]


def errors_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    [payload] = answer.values()
    return [(error["field"], error["code"]) for error in payload["errors"]]


def test_what_happens_is_sent_signed_with_the_secret(
    shop: Shop, api: Api, listener: Listener
) -> None:
    # given
    made = create(api, listener, *OF_REFERRALS)

    # when
    friend_buys(shop)
    shop.run_periodic_tasks()

    # then
    assert [json.loads(heard.body)["type"] for heard in listener.heard] == [
        "referral.created",
        "referral.qualified",
    ]
    for heard in listener.heard:
        body = Webhook(made["secret"]).verify(heard.body, heard.headers)
        assert body["id"] == heard.headers["webhook-id"]
    told = events(api)
    assert [event["type"] for event in told] == ["REFERRAL_QUALIFIED", "REFERRAL_CREATED"]
    assert [heard.headers["webhook-id"] for heard in listener.heard] == [
        event["id"] for event in reversed(told)
    ]
    endpoint_id = made["referralWebhookEndpoint"]["id"]
    assert told[0]["deliveries"] == [
        {
            "status": "SUCCESS",
            "attempts": 1,
            "nextAttemptAt": None,
            "responseStatus": 200,
            "error": None,
            "endpoint": {"id": endpoint_id},
        }
    ]


def test_the_ids_in_a_body_are_those_of_the_api(shop: Shop, api: Api, listener: Listener) -> None:
    # given
    create(api, listener, "REWARD_ISSUED")
    order = friend_buys(shop)
    shop.run_periodic_tasks()
    document = """{ referralEvents(first: 1) { edges { node {
      id payload referrer { id } referral { id } reward { id }
    } } } }"""

    # when
    answer = api.ask(document, permissions=(*APPS, "MANAGE_DISCOUNTS"))

    # then
    [edge] = answer["data"]["referralEvents"]["edges"]
    node, [heard] = edge["node"], listener.heard
    assert node["payload"].encode() == heard.body
    body = json.loads(heard.body)
    assert body["id"] == node["id"]
    data = body["data"]
    assert data["holder"]["id"] == node["referrer"]["id"]
    assert data["referral"]["id"] == node["referral"]["id"]
    assert data["reward"]["id"] == node["reward"]["id"]
    assert data["referral"]["order_id"] == global_id("Order", order.ref)


def test_who_may_only_set_addresses_sees_nothing_of_the_books(
    shop: Shop, api: Api, listener: Listener
) -> None:
    # given
    create(api, listener, "REWARD_ISSUED")
    friend_buys(shop)

    # when
    document = "{ referralEvents(first: 1) { edges { node { type reward { id } } } } }"
    answer = api.ask(document, permissions=APPS)

    # then
    [edge] = answer["data"]["referralEvents"]["edges"]
    assert edge["node"] == {"type": "REWARD_ISSUED", "reward": None}
    [error] = answer["errors"]
    assert error["message"] == (
        "To access this path, you need one of the following permissions: MANAGE_DISCOUNTS"
    )


def test_a_secret_is_shown_once_and_changed(shop: Shop, api: Api, listener: Listener) -> None:
    # given
    made = create(api, listener)
    endpoint_id = made["referralWebhookEndpoint"]["id"]

    # when
    rotated = api.run("rotate-webhook-secret", permissions=APPS, id=endpoint_id)
    listed = api.run("webhook-endpoints", permissions=APPS)

    # then
    answer = rotated["referralWebhookEndpointSecretRotate"]
    assert answer["errors"] == []
    assert answer["secret"].startswith("whsec_")
    assert answer["secret"] != made["secret"]
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.secret, endpoint.old_secret) == (answer["secret"], made["secret"])
    assert answer["referralWebhookEndpoint"]["oldSecretUntil"] is not None
    assert listed["referralWebhookEndpoints"] == [
        {
            "id": endpoint_id,
            "url": listener.url,
            "events": [],
            "isActive": True,
            "lastSuccessAt": None,
            "failingSince": None,
            "stoppedAt": None,
        }
    ]


def test_an_endpoint_is_changed_stopped_and_deleted(
    shop: Shop, api: Api, listener: Listener
) -> None:
    # given
    endpoint_id = create(api, listener)["referralWebhookEndpoint"]["id"]
    WebhookEndpoint.objects.update(stopped_at=get_store().now())

    # when
    changes = {"events": ["REWARD_ISSUED"], "isActive": True}
    updated = api.run("update-webhook-endpoint", permissions=APPS, id=endpoint_id, input=changes)

    # then
    assert updated["referralWebhookEndpointUpdate"] == {
        "referralWebhookEndpoint": {
            "id": endpoint_id,
            "url": listener.url,
            "events": ["REWARD_ISSUED"],
            "isActive": True,
            "stoppedAt": None,
        },
        "errors": [],
    }

    # when
    deleted = api.run("delete-webhook-endpoint", permissions=APPS, id=endpoint_id)

    # then
    assert deleted["referralWebhookEndpointDelete"] == {
        "referralWebhookEndpoint": {"id": endpoint_id, "url": listener.url},
        "errors": [],
    }
    assert WebhookEndpoint.objects.count() == 0


def test_one_that_is_switched_off_gets_nothing(shop: Shop, api: Api, listener: Listener) -> None:
    # given
    endpoint_id = create(api, listener)["referralWebhookEndpoint"]["id"]
    off = {"isActive": False}
    api.run("update-webhook-endpoint", permissions=APPS, id=endpoint_id, input=off)

    # when
    friend_buys(shop)
    shop.run_periodic_tasks()

    # then
    assert listener.heard == []
    assert Event.objects.count() == 0


def test_events_are_found_and_sent_again(shop: Shop, api: Api, listener: Listener) -> None:
    # given
    endpoint_id = create(api, listener)["referralWebhookEndpoint"]["id"]
    friend_buys(shop)
    shop.run_periodic_tasks()
    referral_id = global_id("Referral", Event.objects.get(type="referral.created").referral_id)
    where = {"type": {"oneOf": OF_REFERRALS}, "referral": {"eq": referral_id}}
    found = events(api, where=where)
    assert [event["type"] for event in found] == ["REFERRAL_QUALIFIED", "REFERRAL_CREATED"]
    listener.heard.clear()

    # when
    named = {"ids": [event["id"] for event in found], "endpoint": endpoint_id}
    replayed = api.run("replay-events", permissions=APPS, input=named)
    shop.run_periodic_tasks()

    # then
    assert replayed["referralEventReplay"] == {"count": 2, "errors": []}
    assert [heard.headers["webhook-id"] for heard in listener.heard] == [
        event["id"] for event in reversed(found)
    ]

    # when
    count = Event.objects.count()
    since = (get_store().now() - timedelta(days=1)).isoformat()
    replayed = api.run("replay-events", permissions=APPS, input={"since": since})

    # then
    assert replayed["referralEventReplay"]["count"] == count
    assert set(EventDelivery.objects.values_list("status", flat=True)) == {"pending"}


def test_what_makes_no_sense_is_said_and_nothing_changes(
    shop: Shop, api: Api, listener: Listener, settings: Any
) -> None:
    # given
    endpoint_id = create(api, listener)["referralWebhookEndpoint"]["id"]
    apps = WebhookEndpoint.objects.create(created_at=get_store().now(), is_active=False)
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = False
    before = build.everything()

    def refused(name: str, **variables: Any) -> list[tuple[str, str]]:
        return errors_of(api.run(name, permissions=APPS, **variables))

    def replay(**input: Any) -> list[tuple[str, str]]:
        return refused("replay-events", input=input)

    # when, then
    local = "http://127.0.0.1/"
    assert refused("create-webhook-endpoint", url=local) == [("url", "INVALID")]
    assert refused("update-webhook-endpoint", id=endpoint_id, input={"url": local}) == [
        ("url", "INVALID")
    ]
    nobodys = global_id("ReferralWebhookEndpoint", apps.pk)
    for name in ("delete-webhook-endpoint", "rotate-webhook-secret"):
        assert refused(name, id=nobodys) == [("id", "NOT_FOUND")]
        assert refused(name, id="endpoint") == [("id", "GRAPHQL_ERROR")]
    assert replay() == [("ids", "REQUIRED")]
    assert replay(ids=[], since="2026-01-01T00:00:00Z") == [("ids", "REQUIRED")]
    assert replay(ids=["event"]) == [("ids", "GRAPHQL_ERROR")]
    assert replay(ids=[global_id("ReferralEvent", 1)] * 101) == [("ids", "TOO_MANY")]
    late, early = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"
    assert replay(since=late, until=early) == [("until", "INVALID")]
    assert replay(ids=[], until=early) == [("until", "INVALID")]
    assert replay(since=early, endpoint=nobodys) == [("endpoint", "NOT_FOUND")]
    assert build.everything() == before
