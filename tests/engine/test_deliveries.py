"""Events on their way: signed, in order, at least once, whatever breaks."""

import base64
import hmac
import json
import logging
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from saleor_referral_plugin.engine import deliveries, webhooks
from saleor_referral_plugin.engine.deliveries import deliver
from saleor_referral_plugin.engine.event_types import EventType
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.webhooks import EndpointError
from saleor_referral_plugin.models import Event, EventDelivery, WebhookEndpoint
from tests.engine.books import change, place, run_program, share
from tests.engine.build import terms, usd
from tests.engine.fake_store import FakeStore
from tests.listener import Heard, Listener, listening
from tests.side_by_side import side_by_side

pytestmark = pytest.mark.django_db

Status = EventDelivery.Status
OF_REFERRALS = [each for each in EventType if each.startswith("referral.")]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def endpoint_of(listener: Listener, store: FakeStore, *types: EventType) -> WebhookEndpoint:
    return webhooks.create(listener.url, events=types, now=store.now())


def happen(store: FakeStore, *numbers: int) -> None:
    """Orders that qualify at once: two events of each."""
    code = share(store)
    for number in numbers:
        settle(place(store, code, number), store=store)


def heard_types(listener: Listener) -> list[str]:
    return [json.loads(heard.body)["type"] for heard in listener.heard]


def by_referral(listener: Listener) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for heard in listener.heard:
        body = json.loads(heard.body)
        told.setdefault(body["data"]["referral"]["id"], []).append(body["type"])
    return told


def verified(heard: Heard, secret: str) -> Any:
    return Webhook(secret).verify(heard.body, heard.headers)


# signing -------------------------------------------------------------------------------------


def test_what_is_sent_verifies_by_the_library(listener: Listener) -> None:
    # given: the library looks at its own clock
    store = FakeStore(time=timezone.now())
    run_program(store)
    endpoint = endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)

    # when
    deliver(store=store)

    # then
    [heard] = listener.heard
    body = verified(heard, endpoint.secret)
    assert body["type"] == "referral.created"
    assert heard.headers["webhook-id"] == body["id"]
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["user-agent"].startswith("saleor-referral-plugin/")
    with pytest.raises(WebhookVerificationError):
        verified(heard, webhooks.draw_secret())
    with pytest.raises(WebhookVerificationError):
        verified(Heard(heard.headers, heard.body.replace(b"created", b"removed")), endpoint.secret)


def test_for_a_day_both_secrets_verify(listener: Listener) -> None:
    # given
    store = FakeStore(time=timezone.now() - timedelta(days=1))
    run_program(store)
    endpoint = endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    old = endpoint.secret
    webhooks.rotate(endpoint, now=store.now())
    headers = webhooks.headers_for(endpoint, "id", "{}", now=store.now() + timedelta(hours=23))
    assert len(headers["webhook-signature"].split()) == 2
    happen(store, 1)
    store.travel(days=1)

    # when
    deliver(store=store)

    # then
    [heard] = listener.heard
    assert old != endpoint.secret
    assert verified(heard, endpoint.secret)
    with pytest.raises(WebhookVerificationError):
        verified(heard, old)


def test_both_signatures_are_good_while_they_last() -> None:
    # given
    now = timezone.now()
    endpoint = WebhookEndpoint(secret=webhooks.draw_secret(), old_secret=webhooks.draw_secret())
    endpoint.old_secret_until = now + timedelta(seconds=1)

    # when
    headers = webhooks.headers_for(endpoint, "event", '{"a": 1}', now=now)

    # then
    for secret in (endpoint.secret, endpoint.old_secret):
        assert Webhook(secret).verify(b'{"a": 1}', headers) == {"a": 1}


def test_a_signature_is_that_of_the_specification() -> None:
    # given: a time in another zone
    now = datetime(2026, 3, 10, 14, tzinfo=ZoneInfo("Europe/Amsterdam"))
    endpoint = WebhookEndpoint(secret="whsec_" + base64.b64encode(b"a secret of ours").decode())

    # when
    headers = webhooks.headers_for(endpoint, "event", '{"name": "Zoë"}', now=now)

    # then
    signed = f'event.{headers["webhook-timestamp"]}.{{"name": "Zoë"}}'.encode()
    digest = hmac.digest(b"a secret of ours", signed, "sha256")
    assert headers == {
        "webhook-id": "event",
        "webhook-timestamp": "1773147600",
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


# in order, and at least once -----------------------------------------------------------------


def test_each_event_is_sent_once_when_all_goes_well(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1, 2)

    # when
    taken = deliver(store=store), deliver(store=store)

    # then
    assert taken == (4, 0)
    assert list(by_referral(listener).values()) == [["referral.created", "referral.qualified"]] * 2
    assert set(EventDelivery.objects.values_list("status", "attempts")) == {("success", 1)}


def test_a_later_event_waits_for_an_earlier_one_of_its_referral(
    store: FakeStore, listener: Listener
) -> None:
    # given: the first thing said is not understood, whatever it is
    run_program(store)
    endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1, 2)
    listener.answers = [422]

    # when
    taken = deliver(store=store)

    # then: of the other referral everything has come
    assert taken == 2
    assert heard_types(listener) == [
        "referral.created",
        "referral.created",
        "referral.qualified",
    ]

    # when
    store.travel(minutes=1)
    deliver(store=store)

    # then
    first, second = by_referral(listener).values()
    assert first == ["referral.created", "referral.created", "referral.qualified"]
    assert second == ["referral.created", "referral.qualified"]
    again = [heard.headers["webhook-id"] for heard in listener.heard]
    assert again[0] == again[3]
    assert len(set(again)) == 4


def test_a_dead_endpoint_delays_and_loses_nothing(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint = endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, *range(1, 6))
    listener.answer = 503

    # when
    for _ in range(40):
        deliver(store=store)
        store.travel(hours=2)

    # then: it is asked once in a while, not once for every event
    assert 20 <= len(listener.heard) <= 40
    assert set(EventDelivery.objects.values_list("status", flat=True)) == {"pending"}
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert endpoint.stopped_at is None

    # when
    listener.answer, listener.heard = 204, []
    for _ in range(3):
        store.travel(hours=4)
        deliver(store=store)

    # then
    assert (
        sorted(by_referral(listener).values()) == [["referral.created", "referral.qualified"]] * 5
    )
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.failures, endpoint.rests_until) == (None, 0, None)


def test_a_dead_endpoint_does_not_hold_up_another(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    with listening() as gone:
        webhooks.create(gone.url, now=store.now())
    endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1, 2)

    # when
    taken = deliver(store=store)

    # then
    assert taken == 4
    failed = EventDelivery.objects.exclude(error="")
    assert set(failed.values_list("error", "response_status")) == {("It cannot be reached.", None)}


def test_who_is_killed_after_sending_sends_it_again(
    store: FakeStore, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)

    def killed(*_: Any) -> bool:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_note_success", killed)
        with pytest.raises(SystemExit):
            deliver(store=store)
    assert deliver(store=store) == 0

    # when
    store.travel(minutes=6)
    taken = deliver(store=store)

    # then
    assert taken == 1
    first, second = listener.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_what_ends_after_another_has_taken_over_changes_nothing(
    store: FakeStore, listener: Listener
) -> None:
    # given
    run_program(store)
    endpoint = endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)
    deliveries.spread(store.now())
    slow = deliveries._take(endpoint.pk, store.now())
    assert slow is not None
    store.travel(minutes=6)
    deliver(store=store)

    # when
    deliveries._note_failure(slow, deliveries.Outcome(500, "It answered 500."), store)

    # then
    [delivery] = EventDelivery.objects.all()
    assert (delivery.status, delivery.attempts, delivery.error) == ("success", 2, "")


def test_after_each_failure_it_waits_longer() -> None:
    # when
    waits = [deliveries._wait(failures).total_seconds() for failures in (1, 2, 3, 9, 10, 10_000)]

    # then
    usual = (30, 60, 120, 7680, 10_800, 10_800)
    assert all(0.8 * each <= wait <= 1.2 * each for wait, each in zip(waits, usual, strict=True))


# giving up -----------------------------------------------------------------------------------


def test_what_one_endpoint_alone_refuses_for_days_is_given_up(
    store: FakeStore, listener: Listener
) -> None:
    # given
    run_program(store)
    endpoint = endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1)
    listener.answers = [400]
    deliver(store=store)
    happen(store, 2)
    deliver(store=store)
    store.travel(days=5)
    listener.answers = [400]

    # when
    deliver(store=store)

    # then: what waited for it goes on
    assert list(EventDelivery.objects.values_list("status", flat=True)) == [
        "failed",
        "success",
        "success",
        "success",
    ]
    endpoint.refresh_from_db()
    assert endpoint.stopped_at is None


def test_an_endpoint_that_fails_for_days_is_stopped_and_the_owner_told(
    store: FakeStore, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    run_program(store)
    endpoint = endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1)
    listener.answer = 500
    deliver(store=store)
    store.travel(days=5)

    # when
    with caplog.at_level(logging.ERROR):
        deliver(store=store)

    # then
    endpoint.refresh_from_db()
    assert endpoint.stopped_at == store.now()
    assert "Events are no longer sent to 127.0.0.1" in caplog.text
    assert store.told[-1] == (
        "",
        "referral_webhook_endpoint_stopped",
        {"endpoint_id": endpoint.pk, "host": "127.0.0.1", "error": "It answered 500."},
    )

    # and the plugin's page says so
    host = endpoint.url.removeprefix("http://").removesuffix("/hook")
    said = f"Events are no longer sent to {host}: nothing was taken there for days."
    assert webhooks.trouble() == said

    # when: what happens meanwhile waits
    happen(store, 2)
    listener.answer, listener.heard = 200, []
    store.travel(days=1)
    assert deliver(store=store) == 0
    webhooks.update(endpoint, is_active=True, now=store.now())
    taken = deliver(store=store)

    # then
    assert taken == 4
    assert webhooks.trouble() == ""
    assert list(by_referral(listener).values()) == [["referral.created", "referral.qualified"]] * 2


def test_an_endpoint_that_is_gone_is_stopped_at_once(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint = endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1)
    listener.answer = 410

    # when
    deliver(store=store)

    # then
    endpoint.refresh_from_db()
    assert endpoint.stopped_at == store.now()


def test_what_cannot_be_written_keeps_no_other_waiting(
    store: FakeStore, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1, 2)
    Event.objects.filter(referral__order_ref="order-1").update(data={})

    # when
    taken = deliver(store=store)

    # then
    assert taken == 1
    assert "could not be sent" in caplog.text
    [waits] = EventDelivery.objects.exclude(status=Status.SUCCESS)
    assert (waits.status, waits.error) == ("pending", "Nothing could be sent (KeyError).")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(store: FakeStore, listener: Listener, status: int) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)
    listener.answers = [status]

    # when
    deliver(store=store)

    # then
    assert len(listener.heard) == 1
    [delivery] = EventDelivery.objects.all()
    assert (delivery.status, delivery.error) == ("pending", f"It answered {status}.")


def test_nothing_goes_into_a_private_network(
    store: FakeStore, listener: Listener, settings: Any
) -> None:
    # given: what was allowed once, or what a name leads to since
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = False
    happen(store, 1)

    # when
    deliver(store=store)

    # then
    assert listener.heard == []
    [delivery] = EventDelivery.objects.all()
    assert delivery.error == "The address leads into a private network."


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "224.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::10.1.2.3",
        "2002:a01:203::1",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_not_called(
    store: FakeStore, settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    # given: a name as any other when it was set
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = False
    run_program(store)
    created = EventType.REFERRAL_CREATED
    webhooks.create("https://hooks.example.com/", events=[created], now=store.now())
    happen(store, 1)

    # when: its owner lets it lead elsewhere
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    asked = []

    def look_up(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        return found

    called = mock.Mock(side_effect=AssertionError("It was called."))
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", called)
    deliver(store=store)

    # then
    assert asked == ["hooks.example.com"]
    [delivery] = EventDelivery.objects.all()
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert delivery.error == "The address leads into a private network."
    assert not called.called


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "Enter an address such as https://example.com/hook."),
        ("example.com/hook", "Enter an address such as https://example.com/hook."),
        ("https://example.com/\0", "Enter an address such as https://example.com/hook."),
        ("https://example.com/\ud800", "Enter an address such as https://example.com/hook."),
        ("https://[::1", "Enter an address such as https://example.com/hook."),
        ("ftp://example.com/", "Enter an address such as https://example.com/hook."),
        (f"https://example.com/{'x' * 500}", "Enter an address such as https://example.com/hook."),
        ("http://example.com/", "The address must begin with https://."),
        ("https://anna:secret@example.com/", "A password cannot be part of the address."),
        ("https://10.0.0.1/", "Nothing is sent into a private network."),
        ("https://169.254.169.254/", "Nothing is sent into a private network."),
        ("https://100.64.0.1/", "Nothing is sent into a private network."),
        ("https://[::1]/", "Nothing is sent into a private network."),
        ("https://[::]/", "Nothing is sent into a private network."),
        ("https://[::ffff:10.0.0.1]/", "Nothing is sent into a private network."),
        ("https://[::ffff:169.254.169.254]/", "Nothing is sent into a private network."),
        ("https://[64:ff9b::10.0.0.1]/", "Nothing is sent into a private network."),
        ("https://[2002:a00:1::1]/", "Nothing is sent into a private network."),
        ("https://[fe80::1]/", "Nothing is sent into a private network."),
        ("https://[fc00::1]/", "Nothing is sent into a private network."),
        ("https://2130706433/", "Enter an address such as https://example.com/hook."),
        ("https://0x7f.1/", "Enter an address such as https://example.com/hook."),
        ("https://127.1/", "Enter an address such as https://example.com/hook."),
        ("https://LOCALHOST/", "Nothing is sent into a private network."),
        ("https://localhost/", "Nothing is sent into a private network."),
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused(
    store: FakeStore, settings: Any, url: str, why: str
) -> None:
    # given
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = False

    # when
    with pytest.raises(EndpointError) as refused:
        webhooks.create(url, now=store.now())

    # then
    assert (str(refused.value), refused.value.field, refused.value.code) == (why, "url", "INVALID")
    assert WebhookEndpoint.objects.count() == 0


def test_there_are_not_too_many_endpoints(store: FakeStore) -> None:
    # given
    for number in range(20):
        webhooks.create(f"https://example.com/{number}", now=store.now())

    # when
    with pytest.raises(EndpointError) as refused:
        webhooks.create("https://example.com/", now=store.now())

    # then
    assert refused.value.code == "TOO_MANY"
    assert WebhookEndpoint.objects.count() == 20


# again ---------------------------------------------------------------------------------------


def test_one_event_is_sent_again_with_its_id(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, 1)
    deliver(store=store)
    created = Event.objects.get(type="referral.created")
    store.travel(days=3)

    # when
    count = webhooks.replay(ids=[created.pk], now=store.now())
    deliver(store=store)

    # then
    assert count == 1
    first, _, again = listener.heard
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]


def test_events_of_a_time_go_to_a_new_endpoint(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    webhooks.create("https://example.com/old", now=store.now())
    happen(store, 1)
    store.travel(days=1)
    happen(store, 2)
    new = endpoint_of(listener, store, *OF_REFERRALS)
    deliveries.spread(store.now())

    # when
    count = webhooks.replay(
        since=store.now() - timedelta(hours=25),
        until=store.now() - timedelta(hours=23),
        endpoint=new,
        now=store.now(),
    )
    EventDelivery.objects.exclude(endpoint=new).delete()
    deliver(store=store)

    # then: of the first order all that it wants, of the second what came by itself
    assert count == 2
    told = list(by_referral(listener).values())
    assert told == [["referral.created", "referral.qualified"]] * 2


def test_what_was_given_up_is_sent_again(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)
    deliver(store=store)
    EventDelivery.objects.update(status=Status.FAILED, error="It answered 400.")

    # when
    webhooks.replay(since=store.now(), now=store.now())
    deliver(store=store)

    # then
    [delivery] = EventDelivery.objects.all()
    assert (delivery.status, delivery.attempts, delivery.error) == ("success", 1, "")


# apps, and what is old -----------------------------------------------------------------------


def test_apps_hear_of_what_happens_as_long_as_one_listens(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=365))
    store.apps = True
    sweep(store=store)

    # when
    happen(store, 1)
    deliver(store=store)

    # then
    heard = [payload for _, event, payload in store.told if event == "referral_event"]
    assert [payload["type"] for payload in heard] == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.pending",
    ]
    assert {user for user, event, _ in store.told if event == "referral_event"} == {""}

    # when
    store.apps = False
    sweep(store=store)
    happen(store, 2)

    # then
    assert Event.objects.filter(spread_at=None).count() == 0


def test_apps_that_cannot_be_told_are_told_later(store: FakeStore) -> None:
    # given
    run_program(store)
    store.apps = True
    sweep(store=store)
    happen(store, 1)
    store.broken.add("tell")

    # when
    assert deliver(store=store) == 0
    store.broken.clear()
    store.travel(minutes=1)
    taken = deliver(store=store)

    # then
    assert taken == 4
    assert [event for _, event, _ in store.told] == ["referral_event"] * 4


def test_what_happened_long_ago_is_forgotten(store: FakeStore) -> None:
    # given
    run_program(store)
    webhooks.create("https://example.com/", now=store.now())
    happen(store, 1)
    deliveries.spread(store.now())
    store.travel(days=20)
    happen(store, 2)
    deliveries.spread(store.now())

    # when
    store.travel(days=11)
    deliveries.forget_old(store=store)

    # then
    kept = set(Event.objects.values_list("referral__order_ref", flat=True)) - {None}
    assert kept == {"order-2"}
    assert EventDelivery.objects.count() == Event.objects.count()


def test_a_refunded_order_is_told_after_it_qualified(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, *OF_REFERRALS)
    ref = place(store, share(store))
    settle(ref, store=store)
    listener.answers = [500]
    deliver(store=store)

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)
    store.travel(minutes=1)
    deliver(store=store)

    # then
    assert heard_types(listener)[1:] == [
        "referral.created",
        "referral.qualified",
        "referral.reversed",
    ]


def test_whoever_gets_much_does_not_keep_another_waiting(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    run_program(store)
    much = webhooks.create("https://example.com/much", now=store.now())
    happen(store, 1, 2)
    deliveries.spread(store.now())
    little = webhooks.create(
        "https://example.com/little", events=[EventType.REFERRAL_CREATED], now=store.now()
    )
    store.travel(hours=1)
    happen(store, 3)
    asked: list[int] = []
    monkeypatch.setattr(
        deliveries, "_post", lambda to, *_: asked.append(to.pk) or deliveries.Outcome(200)
    )

    # when
    deliver(store=store)

    # then
    assert asked[:3] == [much.pk, little.pk, much.pk]
    assert asked.count(little.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_everything_once_and_in_order(
    store: FakeStore, listener: Listener
) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, *OF_REFERRALS)
    happen(store, *range(1, 9))

    # when
    taken = side_by_side(*[lambda: deliver(store=store)] * 4)
    taken.append(deliver(store=store))

    # then
    assert sum(taken) == 16
    assert len(listener.heard) == 16
    assert list(by_referral(listener).values()) == [["referral.created", "referral.qualified"]] * 8


@pytest.mark.django_db(transaction=True)
def test_it_is_never_sent_inside_a_transaction(store: FakeStore, listener: Listener) -> None:
    # given
    run_program(store)
    endpoint_of(listener, store, EventType.REFERRAL_CREATED)
    happen(store, 1)

    # when
    with pytest.raises(RuntimeError), transaction.atomic():
        deliver(store=store)

    # then
    assert listener.heard == []
