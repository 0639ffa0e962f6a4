"""What happened, as it is noted: the path of each referral and each reward, in order."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator

from saleor_referral_plugin.engine import claims, deliveries, events, staff, webhooks
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.event_types import EventType
from saleor_referral_plugin.engine.findings import Refused
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.retroactive import preview
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import note_spending, sweep
from saleor_referral_plugin.engine.terms import RewardRule, Span
from saleor_referral_plugin.models import Claim, Event, EventDelivery, WebhookEndpoint
from tests.engine.books import change, place, put_order, run_program, share
from tests.engine.build import PAID_AT, amounts, checkout, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
UNPAID: dict[str, Any] = {"captured": usd(0), "paid_at": None}


def listen(store: FakeStore, *types: EventType) -> WebhookEndpoint:
    return webhooks.create("https://example.com/hook", events=types, now=store.now())


def told() -> list[str]:
    """What happened, in the order in which it is sent."""
    deliveries.spread(FakeStore().now())
    return list(EventDelivery.objects.values_list("event__type", flat=True))


def bodies() -> list[dict[str, Any]]:
    deliveries.spread(FakeStore().now())
    return [events.body_of(each.event) for each in EventDelivery.objects.select_related("event")]


def test_a_referral_from_its_claim_to_the_credit(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    ref = place(store, share(store), **UNPAID)

    # when
    settle(ref, store=store)
    change(store, ref, captured=usd(90), paid_at=PAID_AT)
    settle(ref, store=store)
    store.travel(days=14)
    settle(ref, store=store)
    carry_out(store=store)

    # then
    assert told() == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.pending",
        "reward.approved",
        "reward.issued",
    ]


def test_what_comes_back_is_told_too(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    listen(store)
    ref = place(store, share(store))
    settle(ref, store=store)
    carry_out(store=store)

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # then
    assert told() == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.approved",
        "reward.issued",
        "referral.reversed",
        "reward.clawed_back",
    ]


def test_a_body_says_what_was_true_and_names_nobody(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store, EventType.REWARD_PENDING)
    ref = place(store, share(store), email="ben@example.com")

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    [body] = bodies()
    event, reward = Event.objects.get(), referral.rewards.get()
    ids = {
        "ReferralEvent": event.pk,
        "ReferralProgram": referral.program_id,
        "Referrer": referral.referrer_id,
        "User": 1,
        "Referral": referral.pk,
        "Order": ref,
        "ReferralReward": reward.pk,
    }
    known = {events._id(name, key): name for name, key in ids.items()}
    text = json.dumps(body)
    for said, name in known.items():
        text = text.replace(f'"{said}"', f'"{name}"')
    assert json.loads(text) == {
        "id": "ReferralEvent",
        "version": 1,
        "timestamp": "2026-03-10T12:00:00Z",
        "type": "reward.pending",
        "data": {
            "program": {"id": "ReferralProgram", "slug": "default"},
            "holder": {"id": "Referrer", "user_id": "User"},
            "referral": {"id": "Referral", "order_id": "Order"},
            "reward": {
                "id": "ReferralReward",
                "status": "pending",
                "was": None,
                "beneficiary": "referrer",
                "kind": "credit",
                "rule": "credit",
                "occurrence": None,
                "amount": "10",
                "currency": "USD",
                "hold_until": "2026-03-23T12:00:00Z",
                "expires_at": None,
            },
        },
    }


def test_a_refused_claim_says_why(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    code = share(store)
    facts = checkout(buyer=claims.person("1", "anna@example.com"))

    # when
    with pytest.raises(Refused):
        claims.claim_code(
            store=store,
            checkout="checkout-1",
            facts=facts,
            typed=str(code),
            source=Claim.Source.API,
        )

    # then
    [body] = bodies()
    assert body["type"] == "claim.refused"
    assert body["data"]["claim"]["reasons"] == ["own_code"]


def test_a_claim_that_is_refused_later_is_told_of_once(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    code = share(store)
    facts = checkout()
    found = claims.claim_code(
        store=store, checkout="checkout-1", facts=facts, typed=str(code), source=Claim.Source.API
    )
    found.status = Claim.Status.REFUSED

    # when
    found.save()
    found.save()

    # then
    assert told() == ["claim.made", "claim.refused"]


def test_part_of_a_reward_taken_back_is_a_change(store: FakeStore) -> None:
    # given
    rule = RewardRule(worth=terms().discount, hold=Span(days=14))
    run_program(store, terms().but(rewards=(rule,)))
    listen(store, EventType.REWARD_PENDING, EventType.REWARD_CHANGED)
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    change(store, ref, refunded=usd(45))
    settle(ref, store=store)

    # then
    pending, changed = bodies()
    assert (pending["type"], pending["data"]["reward"]["amount"]) == ("reward.pending", "9")
    assert (changed["type"], changed["data"]["reward"]["amount"]) == ("reward.changed", "4.5")
    assert changed["data"]["reward"]["was"] == changed["data"]["reward"]["status"] == "pending"


def test_credit_that_is_spent_given_back_and_about_to_expire(store: FakeStore) -> None:
    # given
    rule = RewardRule(worth=amounts(USD=10), valid=Span(days=30), remind=Span(days=7))
    run_program(store, terms().but(rewards=(rule,)))
    wanted = [each for each in EventType if each.startswith("credit.")]
    listen(store, *wanted)
    settle(place(store, share(store)), store=store)
    carry_out(store=store)
    [credit] = store.credits.values()

    # when
    credit.balance = usd(4)
    note_spending(store=store)
    credit.balance = usd(5)
    note_spending(store=store)
    store.travel(days=24)
    sweep(store=store)

    # then
    said = [(body["type"], body["data"]["credit"]["amount"]) for body in bodies()]
    assert said == [
        ("credit.spent", "6"),
        ("credit.given_back", "1"),
        ("credit.expiring", "5"),
    ]


def test_of_a_credit_that_expires(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, credit_valid_days=30))
    listen(store, EventType.REWARD_EXPIRED)
    settle(place(store, share(store)), store=store)
    carry_out(store=store)
    store.travel(days=31)

    # when
    sweep(store=store)

    # then
    [body] = bodies()
    assert body["data"]["reward"]["was"] == "issued"
    assert body["timestamp"] == "2026-04-10T12:00:00Z"


def test_of_what_people_decide(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    referral = settle(place(store, share(store)), store=store)
    assert referral is not None
    Event.objects.all().delete()

    # when
    staff.reject(referral, by="Dora", reason="a fraud", store=store)
    staff.undo(referral, by="Dora", reason="a mistake", store=store)

    # then
    assert told() == [
        "referral.reversed",
        "reward.voided",
        "referral.qualified",
        "reward.pending",
    ]


def test_nothing_is_noted_where_nobody_listens(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    listen(store, EventType.REFERRAL_REJECTED)
    webhooks.create("https://example.com/off", is_active=False, now=store.now())

    # when
    settle(place(store, share(store)), store=store)
    carry_out(store=store)

    # then
    assert Event.objects.count() == 0


def test_settling_takes_as_many_statements_whoever_listens(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    code = share(store)
    unheard, heard = place(store, code, 1), place(store, code, 2)
    settle(place(store, code, 3), store=store)
    with CaptureQueriesContext(connection) as before:
        settle(unheard, store=store)
    listen(store)

    # when
    with CaptureQueriesContext(connection) as after:
        settle(heard, store=store)

    # then
    assert len(after) == len(before)
    assert Event.objects.count() == 3


def test_what_is_undone_was_never_told(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    ref = place(store, share(store))
    store.broken.add("order_facts")

    # when
    with pytest.raises(ConnectionError):
        settle(ref, store=store)

    # then
    assert told() == ["claim.made"]


def test_a_preview_tells_nobody(store: FakeStore) -> None:
    # given
    version = run_program(store, terms(hold_days=0))
    settle(place(store, share(store)), store=store)
    dearer = terms(hold_days=0, credit=amounts(USD=7))
    save_program(store=store, terms=dearer, is_running=True)
    listen(store)

    # when
    moved = preview(version.program, store=store)

    # then
    assert moved.referrals == 1
    assert Event.objects.count() == 0


def test_the_events_of_one_order_are_told_before_the_next_ones_of_it(store: FakeStore) -> None:
    # given
    run_program(store)
    listen(store)
    code = share(store)

    # when
    for number in (1, 2):
        settle(place(store, code, number), store=store)
    put_order(store, order(ref="order-3", voucher_code=None))

    # then
    deliveries.spread(store.now())
    by_subject: dict[str, list[str]] = {}
    for each in EventDelivery.objects.select_related("event"):
        by_subject.setdefault(each.subject, []).append(each.event.type)
    assert (
        list(by_subject.values())
        == [["claim.made", "referral.created", "referral.qualified", "reward.pending"]] * 2
    )


def test_a_body_is_what_the_schema_says(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    listen(store)
    ref = place(store, share(store))
    settle(ref, store=store)
    carry_out(store=store)
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # when
    validator = Draft202012Validator(json.loads(events.schema()))

    # then
    for body in bodies():
        validator.validate(body)
    assert not validator.is_valid({**body, "version": 2})
    assert not validator.is_valid({**body, "type": "claim.made"})


def test_the_guide_shows_a_body_and_names_every_type() -> None:
    # given
    guide = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")

    # when
    [shown] = re.findall(r"^```json\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)

    # then
    Draft202012Validator(json.loads(events.schema())).validate(json.loads(shown))
    named = re.findall(r"^\| `([a-z_.]+)` \|", guide, re.MULTILINE)
    assert sorted(named) == sorted(EventType)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", guide):
        assert (ROOT / "docs" / target).exists()


def test_an_event_is_verified_as_the_guide_says(store: FakeStore) -> None:
    # given
    guide = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    endpoint, body = listen(store), '{"type": "reward.issued"}'
    headers = webhooks.headers_for(endpoint, "event", body, now=timezone.now())

    # when
    told: dict[str, Any] = {"secret": endpoint.secret, "body": body.encode(), "headers": headers}
    exec(code, told)

    # then
    assert told["event"] == {"type": "reward.issued"}


def test_the_committed_schema_is_what_the_code_says() -> None:
    # when
    committed = (ROOT / "docs" / "events.schema.json").read_text(encoding="utf-8")

    # then
    assert events.schema() == committed


def test_the_command_checks_it(capsys: pytest.CaptureFixture[str]) -> None:
    # when
    call_command("referral_events_schema", check=ROOT / "docs" / "events.schema.json")

    # then
    assert "is what the code says" in capsys.readouterr().out
