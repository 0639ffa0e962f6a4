"""Whatever happens to an order, and however badly it can be told: the events of each referral
and each reward are one path that leads to what it is now, and are heard in that order."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine import deliveries, events, staff, webhooks
from saleor_referral_plugin.engine.deliveries import Outcome
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.staff import CannotDecide
from saleor_referral_plugin.engine.sweep import note_spending, sweep
from saleor_referral_plugin.engine.terms import Beneficiary, Per, RewardKind, RewardRule, Span
from saleor_referral_plugin.models import Event, LedgerEntry, Referral, Reward, WebhookEndpoint
from tests.engine.books import change, place, run_program, share
from tests.engine.build import PAID_AT, amounts, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

few = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

REWARDS = (
    RewardRule(worth=amounts(USD=10), hold=Span(days=2), valid=Span(days=9), remind=Span(days=3)),
    RewardRule(name="space", kind=RewardKind.POINTS, worth=amounts(MB=500)),
    RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3)),
    RewardRule(name="share", per=Per.ORDER, worth=terms().discount),
)
REFS = ("order-1", "order-2")
#: What may be true of an order.
FACTS: tuple[dict[str, Any], ...] = (
    {"captured": usd(0), "paid_at": None},
    {"captured": usd(90), "paid_at": PAID_AT},
    {"refunded": usd(0)},
    {"refunded": usd(45)},
    {"refunded": usd(90)},
    {"is_void": True},
    {"is_void": False},
)
DECISIONS = (staff.approve, staff.reject, staff.override, staff.undo)


@dataclass(frozen=True)
class Changed:
    ref: str
    facts: int


@dataclass(frozen=True)
class Settled:
    ref: str


@dataclass(frozen=True)
class Decided:
    ref: str
    decision: int


@dataclass(frozen=True)
class Spent:
    share: int


@dataclass(frozen=True)
class Passed:
    days: int


@dataclass(frozen=True)
class Sent:
    """To an endpoint that answers so, and then as it should."""

    answers: tuple[int | None, ...]


refs = st.sampled_from(REFS)
steps = (
    st.builds(Changed, refs, st.integers(0, len(FACTS) - 1))
    | st.builds(Settled, refs)
    | st.builds(Decided, refs, st.integers(0, len(DECISIONS) - 1))
    | st.builds(Spent, st.integers(0, 4))
    | st.builds(Passed, st.integers(0, 4))
    | st.builds(Sent, st.lists(st.sampled_from([200, 400, 500, None]), max_size=4).map(tuple))
)


class World:
    def __init__(self) -> None:
        self.store = FakeStore()
        run_program(self.store, terms().but(rewards=REWARDS))
        self.endpoint = webhooks.create("https://example.com/", now=self.store.now())
        code = share(self.store)
        for number in (1, 2):
            place(self.store, code, number)
        self.heard: list[dict[str, Any]] = []

    def do(self, step: object) -> None:
        match step:
            case Changed(ref, number):
                change(self.store, ref, **FACTS[number])
            case Settled(ref):
                settle(ref, store=self.store)
            case Decided(ref, number):
                self.decide(ref, DECISIONS[number])
            case Spent(parts):
                for credit in self.store.credits.values():
                    credit.balance = credit.balance * parts / 4
                note_spending(store=self.store)
            case Passed(days):
                self.store.travel(days=days)
                sweep(store=self.store)
            case Sent(answers):
                carry_out(store=self.store)
                with self.answering(list(answers)):
                    deliveries.deliver(store=self.store)

    def decide(self, ref: str, decision: Any) -> None:
        referral = Referral.objects.filter(order_ref=ref).first()
        if referral is None:
            return
        # Not everything can be decided of everything.
        with suppress(CannotDecide), transaction.atomic():
            decision(referral, by="Dora", reason="Because.", store=self.store)

    @contextmanager
    def answering(self, answers: list[int | None]) -> Iterator[None]:
        def post(_: WebhookEndpoint, event: Event, __: Any) -> Outcome:
            answer = answers.pop(0) if answers else 200
            if answer is None:
                return Outcome(error="It cannot be reached.")
            if answer == 200 or answer == 500:
                # It had come before that answer was lost.
                self.heard.append(events.body_of(event))
            return deliveries._said(answer)

        with mock.patch.object(deliveries, "_post", post):
            yield

    def hear_the_rest(self) -> None:
        with self.answering([]):
            for _ in range(3):
                self.store.travel(hours=4)
                deliveries.deliver(store=self.store)

    def told_once(self) -> list[dict[str, Any]]:
        """As who drops what they have heard already."""
        return list({body["id"]: body for body in self.heard}.values())


def path_of(told: list[dict[str, Any]], part: str, key: str | None) -> list[dict[str, Any]]:
    return [
        body["data"][part]
        for body in told
        if body["type"].startswith(f"{part}.") and body["data"][part]["id"] == key
    ]


def is_a_path(path: list[dict[str, Any]]) -> bool:
    steps = pairwise(path)
    return path[0]["was"] is None and all(one["status"] == other["was"] for one, other in steps)


@contextmanager
def undone() -> Iterator[None]:
    """As if what is done inside had never been. A savepoint: what is sent must not be sent
    inside a transaction."""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)


@few
@given(st.lists(steps, max_size=20))
def test_the_events_of_each_referral_and_reward_are_one_path_to_what_it_is(
    story: list[object],
) -> None:
    with undone():
        # given
        world = World()

        # when
        for step in story:
            world.do(step)
        world.hear_the_rest()

        # then
        told = world.told_once()
        assert len(told) == Event.objects.count()
        for referral in Referral.objects.all():
            path = path_of(told, "referral", events._id("Referral", referral.pk))
            assert is_a_path(path)
            assert path[-1]["status"] == referral.status
        for reward in Reward.objects.all():
            path = path_of(told, "reward", events._id("ReferralReward", reward.pk))
            assert is_a_path(path)
            assert path[-1]["status"] == reward.status
            assert Decimal(path[-1]["amount"]) == reward.amount
        # and no reward before its referral
        known: set[str] = set()
        for body in told:
            if body["type"] == "referral.created":
                known.add(body["data"]["referral"]["id"])
            elif not body["type"].startswith(("claim.", "referral.")):
                assert body["data"]["referral"]["id"] in known
        # and what was spent is what was told of it
        spent = sum(
            Decimal(body["data"]["credit"]["amount"]) * (-1 if "given" in body["type"] else 1)
            for body in told
            if body["type"] in ("credit.spent", "credit.given_back")
        )
        entries = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.SPENT)
        assert spent == -sum(entries.values_list("amount", flat=True))


@given(st.integers(1, 10_000))
def test_it_waits_some_time_and_never_for_days(failures: int) -> None:
    assert timedelta(seconds=20) < deliveries._wait(failures) < timedelta(hours=4)
