"""Many orders of one program, settled in any order and any number of times: the books come out
equal, and no limit is exceeded on the way."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    LaterOrders,
    Milestone,
    Milestones,
    Per,
    RewardKind,
    RewardRule,
    Terms,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Referral, Reward
from tests.engine.books import change, place, put_order, run_program, share
from tests.engine.build import PAID_AT, amounts, order, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

#: Each example is some hundred queries; the fixture is the database alone.
few = settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

REWARDS = (
    RewardRule(name="credit", worth=amounts(USD=10)),
    RewardRule(name="space", kind=RewardKind.POINTS, worth=amounts(MB=500)),
    RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3)),
    RewardRule(name="share", per=Per.ORDER, worth=amounts(USD=2)),
)
MILESTONES = (
    Milestones(
        steps=(
            Milestone(count=2, kind=RewardKind.POINTS, worth=amounts(stars=1)),
            Milestone(count=3, kind=RewardKind.POINTS, worth=amounts(stars=5)),
        )
    ),
    Milestones(
        name="turnover",
        steps=(
            Milestone(
                revenue=Amounts.of({"USD": 250}), kind=RewardKind.POINTS, worth=amounts(stars=7)
            ),
        ),
    ),
)


def life(unit: str, most: int, **of: bool) -> Cap:
    return Cap(amount=Amounts.of({unit: most}), period=CapPeriod.LIFE, **of)


caps = st.lists(
    st.sampled_from(
        [
            life("USD", 25, whole_program=True),
            life("USD", 17),
            life("USD", 11, per_referee=True),
            life("MB", 1_200),
            life("MB", 700),
        ]
    ),
    unique=True,
)
programs = st.builds(
    lambda caps, count, milestones: Terms(
        rewards=REWARDS,
        caps=tuple(caps),
        later_orders=LaterOrders(count=count),
        milestones=milestones,
    ),
    caps,
    st.sampled_from([None, 1]),
    st.sampled_from([(), MILESTONES]),
)

#: Friends 1 to 3 are Anna's and 4 to 6 Cleo's; friends 1 and 4 order twice more.
FIRST = [f"order-{number}" for number in range(1, 7)]
LATER = [f"later-{friend}-{time}" for friend in (1, 4) for time in (1, 2)]
MAY_COME_BACK = ["order-2", "order-3", "order-6"]


@dataclass(frozen=True)
class Settled:
    ref: str


@dataclass(frozen=True)
class Refunded:
    ref: str


@dataclass(frozen=True)
class Delivered:
    """What is due by now."""


Event = Settled | Refunded | Delivered

stories = st.lists(
    st.builds(Settled, st.sampled_from(FIRST + LATER))
    | st.builds(Refunded, st.sampled_from(MAY_COME_BACK))
    | st.just(Delivered()),
    max_size=20,
)


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is checked by the database, and then as if it had never been."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


def given_shop(value: Terms) -> FakeStore:
    store = FakeStore()
    run_program(store, value)
    codes = [share(store), share(store, "3", "cleo@example.com")]
    for number in range(1, 7):
        place(store, codes[number > 3], number)
    for friend in (1, 4):
        for time in (1, 2):
            email = f"friend{friend}@example.com"
            later = order(
                ref=f"later-{friend}-{time}",
                checkout_ref=None,
                voucher_code=None,
                buyer=person(None, email),
                placed_at=PAID_AT + timedelta(hours=time),
            )
            put_order(store, later, email=email)
    return store


def no_limit_is_exceeded(value: Terms) -> None:
    rewards = list(Reward.objects.filter(beneficiary="referrer").select_related("referral"))
    for cap in value.caps:
        for unit, most in cap.amount.by_currency:
            given: Counter[int | None] = Counter()
            for reward in rewards:
                if reward.currency == unit:
                    given[_counted_together(cap, reward)] += reward.amount
            assert all(amount <= most for amount in given.values())


def _counted_together(cap: Cap, reward: Reward) -> int | None:
    if cap.per_referee:
        return reward.referral and (reward.referral.follows_id or reward.referral_id)
    return None if cap.whole_program else reward.holder_id


def books_after(value: Terms, story: list[Event], refunded: set[str]) -> object:
    """Tell the story, then hear twice of every order as it stands; what each side got in all."""
    with undone():
        store = given_shop(value)
        for event in story:
            match event:
                case Settled(ref):
                    settle(ref, store=store)
                case Refunded(ref):
                    change(store, ref, refunded=usd(90))
                case Delivered():
                    carry_out(store=store)
            no_limit_is_exceeded(value)
        for ref in refunded:
            change(store, ref, refunded=usd(90))
        for ref in (FIRST + LATER) * 2:
            settle(ref, store=store)
            no_limit_is_exceeded(value)
        carry_out(store=store)
        assert list(verify(store=store)) == []
        assert not Reward.objects.filter(amount__gt=0).exclude(status="issued").exists()
        shared = any(cap.whole_program for cap in value.caps)
        totals: Counter[tuple[object, ...]] = Counter()
        for reward in Reward.objects.select_related("holder"):
            # Of a budget the first come take the most.
            holder = "all" if shared and reward.currency == "USD" else reward.holder.email_key
            totals[reward.beneficiary, holder, reward.currency] += reward.amount
        on_cards = sum((c.balance.amount for c in store.credits.values()), Decimal(0))
        counted = Referral.objects.filter(status="qualified").count()
        return +totals, on_cards, counted


@few
@given(programs, stories)
def test_the_books_come_out_equal_in_whatever_order_they_are_settled(
    value: Terms, story: list[Event]
) -> None:
    refunded = {event.ref for event in story if isinstance(event, Refunded)}
    assert books_after(value, story, refunded) == books_after(value, [], refunded)
