"""One order's events, heard in any number and at any time, leave the same books."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    Coupon,
    EarnedWhen,
    MinimumOf,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Effect, LedgerEntry, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, amounts, percent, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

#: What may become true of an order, one thing after another.
EVENTS: dict[str, dict[str, Any]] = {
    "paid": {"captured": usd(90), "paid_at": NOW},
    "a third refunded": {"refunded": usd(30)},
    "two thirds refunded": {"refunded": usd(60)},
    "refunded": {"refunded": usd(90)},
    "no refund after all": {"refunded": usd(0)},
    "charged back": {"charged_back": usd(45)},
    "sent": {"is_fulfilled": True, "fulfilled_at": NOW},
    "not sent after all": {"is_fulfilled": False, "fulfilled_at": None},
    "returned in part": {"returned": Fraction(1, 7)},
    "cancelled": {"is_void": True},
    "code taken off": {"voucher_code": None},
}

#: Each example is some dozen queries; the fixture is the database alone.
few = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

SHARE = RewardRule(worth=percent(5), least=Amounts.of({"USD": 2}), never_above_net=True)
THANKS = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=percent("7.77"))
DATA = RewardRule(name="data", kind=RewardKind.POINTS, worth=amounts(MB=500))
COUPON = RewardRule(
    name="coupon", kind=RewardKind.COUPON, coupon=Coupon(discount=percent(20)), valid=Span(days=30)
)
MUG = RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(MUG=1))

offers = st.sampled_from(
    [
        terms(credit=percent(5), hold_days=0),
        terms(credit=percent(5), hold_days=2),
        terms(hold_days=0, minimum=Amounts.of({"USD": 50})),
        terms(credit=percent("33.33"), hold_days=0, earned_when=EarnedWhen.FULFILLED),
        terms(credit=amounts(USD=7), hold_days=0, cap_amount=Amounts.of({"USD": 4})),
        terms(
            rewards=(SHARE, THANKS.but(hold=Span(days=2)), DATA, MUG),
            minimum=Amounts.of({"USD": 40}),
            minimum_of=MinimumOf.NET,
        ),
        terms(
            rewards=(DATA, SHARE, THANKS, COUPON),
            earned_when=EarnedWhen.ORDERED,
            caps=(
                Cap(count=2),
                Cap(amount=Amounts.of({"MB": 300, "USD": 4}), overflow=Overflow.CUT),
                Cap(amount=Amounts.of({"USD": 5}), to=Beneficiary.REFEREE, per_referee=True),
            ),
        ),
    ]
)


@dataclass(frozen=True)
class Step:
    """An event, and how often we hear of it there and then."""

    event: str
    heard: int


stories = st.lists(
    st.builds(Step, event=st.sampled_from(list(EVENTS)), heard=st.integers(0, 2)), max_size=8
)


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is checked by the database, and then as if it had never been."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


def in_hand(store: FakeStore) -> tuple[Decimal, Decimal]:
    """What is on all the cards, and all points."""
    points = LedgerEntry.objects.filter(reward__kind=RewardKind.POINTS.value)
    return (
        sum((credit.balance.amount for credit in store.credits.values()), Decimal(0)),
        sum((entry.amount for entry in points.exclude(kind="promised")), Decimal(0)),
    )


def books_after(value: Terms, story: list[Step], *, hear_all: bool) -> tuple[object, ...]:
    """Tell the story, hearing of its events as it says or only at its end; what stands then
    in the books and on the card."""
    with undone():
        store = FakeStore()
        run_program(store, value)
        ref = place(store, share(store), captured=usd(0), paid_at=None)
        settle(ref, store=store)
        for step in story:
            change(store, ref, **EVENTS[step.event])
            for _ in range(step.heard if hear_all else 0):
                settle(ref, store=store)
                carry_out(store=store)
        store.travel(days=3)
        referral = settle(ref, store=store)
        carry_out(store=store)
        assert referral is not None
        assert list(verify(store=store)) == []
        rewards = Reward.objects.filter(referral=referral, amount__gt=0)
        return (
            referral.status == "qualified",
            {reward.rule: reward.amount for reward in rewards},
            in_hand(store),
            referral.findings,
            referral.earned_at,
        )


@few
@given(offers, stories)
def test_only_what_is_true_in_the_end_counts(value: Terms, story: list[Step]) -> None:
    assert books_after(value, story, hear_all=True) == books_after(value, story, hear_all=False)


@few
@given(offers, stories)
def test_hearing_of_it_again_writes_nothing(value: Terms, story: list[Step]) -> None:
    with undone():
        # given
        store = FakeStore(time=NOW + timedelta(days=3))
        run_program(store, value)
        ref = place(store, share(store), captured=usd(0), paid_at=None)
        for step in story:
            change(store, ref, **EVENTS[step.event])
            for _ in range(step.heard):
                settle(ref, store=store)
        settle(ref, store=store)
        carry_out(store=store)
        before = (LedgerEntry.objects.count(), Effect.objects.count(), len(store.credits))

        # when
        for _ in range(3):
            store.travel(hours=1)
            settle(ref, store=store)
            carry_out(store=store)

        # then
        assert before == (
            LedgerEntry.objects.count(),
            Effect.objects.count(),
            len(store.credits),
        )
        assert Reward.objects.count() <= len(value.rewards)


@few
@given(st.lists(st.integers(0, 9000), max_size=8), st.integers(1, 10_000))
def test_many_refunds_take_back_what_one_would_have(refunds: list[int], hundredths: int) -> None:
    """A percentage is worked out anew from the whole each time: no cent is lost on the way."""
    # given
    value = terms(credit=percent(str(Decimal(hundredths) / 100)), hold_days=0)
    back = sorted(usd(Decimal(cents) / 100) for cents in refunds)

    def in_the_end(steps: list[Any]) -> tuple[Decimal, Decimal]:
        with undone():
            store = FakeStore()
            run_program(store, value)
            ref = place(store, share(store))
            for refunded in [usd(0), *steps]:
                change(store, ref, refunded=refunded)
                settle(ref, store=store)
                carry_out(store=store)
            on_cards, _ = in_hand(store)
            return Reward.objects.get().amount, on_cards

    # then
    assert in_the_end(back) == in_the_end(back[-1:])
