"""Whatever happens, once the sweep finds nothing more to do no reward is cut for which the limits
leave room."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.rewards import cap_window
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import fill_room, sweep
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Milestone,
    Milestones,
    Overflow,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import FreedRoom, Referral, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import PAID_AT, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

#: Each example is some hundred queries; the fixture is the database alone.
few = settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

#: What each rule gives before any limit.
WORTH = {"credit": 10, "thanks": 4, "second": 15}
REWARDS = (
    RewardRule(worth=amounts(USD=10)),
    RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=4)),
)
MILESTONES = (Milestones(name="second", steps=(Milestone(count=2, worth=amounts(USD=15)),)),)
#: Odd orders are Anna's, even ones Cleo's; three of eight were paid two months before.
ORDERS = [f"order-{number}" for number in range(1, 9)]
OLD = {"order-2", "order-3", "order-5"}

limits = st.builds(
    lambda most, period, overflow, of: Cap(
        **most,
        **of,
        period=period,
        rolling=Span(days=20) if period is CapPeriod.ROLLING else None,
        overflow=overflow,
    ),
    st.sampled_from([{"amount": Amounts.of({"USD": usd})} for usd in (9, 17, 25)] + [{"count": 2}]),
    st.sampled_from([CapPeriod.LIFE, CapPeriod.CALENDAR_MONTH, CapPeriod.ROLLING]),
    st.sampled_from(Overflow),
    st.sampled_from(
        [{}, {"whole_program": True}, {"whole_program": True, "to": Beneficiary.REFEREE}]
    ),
)
events = st.lists(
    st.tuples(st.sampled_from(["settle", "refund", "pay back"]), st.sampled_from(ORDERS))
    | st.just(("sweep", "")),
    min_size=4,
    max_size=25,
)


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is checked by the database, and then as if it had never been."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


def shop(value: Terms) -> FakeStore:
    store = FakeStore()
    run_program(store, value)
    codes = share(store), share(store, "3", "cleo@example.com")
    for number, ref in enumerate(ORDERS, start=1):
        at = PAID_AT - timedelta(days=60) if ref in OLD else PAID_AT
        place(store, codes[number % 2 == 0], number, placed_at=at, paid_at=at)
    return store


def happens(store: FakeStore, what: str, ref: str) -> None:
    match what:
        case "settle":
            settle(ref, store=store)
        case "refund":
            change(store, ref, refunded=usd(90))
            settle(ref, store=store)
        case "pay back":
            change(store, ref, refunded=usd(0))
            settle(ref, store=store)
        case "sweep":
            fill_room(store=store, at_most=2)


def left_for(reward: Reward, cap: Cap, value: Terms) -> Decimal:
    """What a limit leaves for a reward beside all others that share it."""
    assert reward.earned_at is not None
    others = Reward.objects.filter(beneficiary=cap.to.value, amount__gt=0).exclude(pk=reward.pk)
    if not cap.whole_program:
        others = others.filter(holder=reward.holder)
    window = cap_window(value, cap, reward.earned_at)
    if window is not None:
        others = others.filter(earned_at__gte=window[0], earned_at__lt=window[1])
    if cap.count is not None:
        return Decimal(WORTH[reward.rule] if others.count() < cap.count else 0)
    [(_, most)] = cap.amount.by_currency
    left = most - sum((other.amount for other in others), Decimal(0))
    worth = WORTH[reward.rule]
    return left if cap.overflow is Overflow.CUT or left >= worth else Decimal(0)


def no_limit_is_exceeded(value: Terms) -> None:
    for cap in value.caps:
        for reward in Reward.objects.filter(amount__gt=0, beneficiary=cap.to.value):
            if cap.period is not CapPeriod.ROLLING:
                loose = cap.but(overflow=Overflow.CUT)
                enough = reward.amount if cap.count is None else 1
                assert left_for(reward, loose, value) >= enough


def nobody_is_cut_for_nothing(value: Terms) -> None:
    for reward in Reward.objects.filter(is_cut=True):
        mine = [cap for cap in value.caps if cap.to.value == reward.beneficiary]
        room = min(left_for(reward, cap, value) for cap in mine)
        assert reward.amount >= min(room, WORTH[reward.rule]), (reward.rule, reward.amount, room)


@few
@given(
    st.lists(limits, min_size=1, max_size=3, unique=True),
    st.sampled_from([(), MILESTONES]),
    events,
)
def test_at_last_nobody_is_cut_for_whom_there_is_room(
    caps: list[Cap], milestones: Any, story: list[tuple[str, str]]
) -> None:
    value = Terms(
        new_customers_only=False, rewards=REWARDS, caps=tuple(caps), milestones=milestones
    )
    with undone():
        store = shop(value)
        for what, ref in story:
            happens(store, what, ref)
            no_limit_is_exceeded(value)
        # It must not come from reading every order once more.
        store.placed.clear()
        for _ in range(10):
            sweep(store=store)
            if not FreedRoom.objects.exists():
                break
        no_limit_is_exceeded(value)
        nobody_is_cut_for_nothing(value)
        assert not FreedRoom.objects.exists()
        assert not Referral.objects.filter(look_again_at__lte=store.now()).exists()
        assert list(verify(store=store)) == []
