"""Draft terms over past orders: what they would have cost, and nothing written."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.engine import replay as replaying
from saleor_referral_plugin.engine.decide import ReferralStatus
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.referrers import invite
from saleor_referral_plugin.engine.replay import cost_of, replay
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Cap,
    CapPeriod,
    Group,
    Milestone,
    Milestones,
    ReferrerConditions,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import LedgerEntry, Program, Referral, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, amounts, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(store: FakeStore) -> Program:
    """Four orders of friends, 10 USD given for each; the last was refunded."""
    version = run_program(store)
    code = share(store)
    for number in (1, 2, 3, 4):
        settle(place(store, code, number), store=store)
    change(store, "order-4", refunded=usd(90))
    settle("order-4", store=store)
    return version.program


def draft(**changes: object) -> Terms:
    return terms(credit=amounts(USD=25), **changes)


def test_the_same_terms_make_no_difference(store: FakeStore, program: Program) -> None:
    # when
    replayed = list(replay(terms(), program, store=store))

    # then
    assert [order.differs for order in replayed] == [False] * 4
    assert [order.status for order in replayed] == [ReferralStatus.QUALIFIED] * 3 + [
        ReferralStatus.REJECTED
    ]


def test_it_says_what_the_draft_would_have_cost(store: FakeStore, program: Program) -> None:
    # when
    cost = cost_of(replay(draft(), program, store=store))

    # then
    assert (cost.orders, cost.qualified, cost.different) == (4, 3, 3)
    assert dict(cost.would_give) == {"USD": Decimal(75)}
    assert dict(cost.gave) == {"USD": Decimal(30)}


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (Cap(count=2, period=CapPeriod.LIFE), [25, 25, 0, 0]),
        (Cap(amount=Amounts.of({"USD": 60}), period=CapPeriod.LIFE), [25, 25, 10, 0]),
        (Cap(amount=Amounts.of({"USD": 60}), whole_program=True), [25, 25, 10, 0]),
        (
            Cap(amount=Amounts.of({"USD": 60}), period=CapPeriod.ROLLING, rolling=Span(days=9)),
            [25, 25, 10, 0],
        ),
        (Cap(amount=Amounts.of({"USD": 60}), per_referee=True), [25, 25, 25, 0]),
    ],
    ids=["count", "amount", "budget", "rolling", "per referee"],
)
def test_limits_count_over_the_replay_itself(
    store: FakeStore, program: Program, cap: Cap, expected: list[int]
) -> None:
    # when
    replayed = replay(draft().but(caps=(cap,)), program, store=store)

    # then
    assert [int(order.would_give["credit"].amount) for order in replayed] == expected


def test_it_writes_nothing(store: FakeStore, program: Program) -> None:
    # given
    def everything() -> list[list[dict[str, object]]]:
        models = (Referral, Reward, LedgerEntry)
        return [[dict(row) for row in m.objects.order_by("pk").values()] for m in models]

    before = everything()

    # when
    list(replay(draft(minimum=Amounts.of({"USD": 500})), program, store=store))

    # then
    assert everything() == before


def test_what_the_draft_asks_of_the_referrer_is_asked(store: FakeStore, program: Program) -> None:
    # given: Anna, who recommends, has never bought
    asking = terms(referrer=ReferrerConditions(has_bought=True))

    # when
    replayed = list(replay(asking, program, store=store))

    # then
    assert {order.status for order in replayed} == {ReferralStatus.REJECTED}


# groups ---------------------------------------------------------------------------------------

GOLD = Group(name="gold", rewards=(RewardRule(worth=amounts(USD=40)),))
SILVER = Group(name="silver", rewards=(RewardRule(worth=amounts(USD=30)),))


def would_give(value: Terms, program: Program, store: FakeStore) -> list[tuple[str, int]]:
    """By group."""
    replayed = replay(value, program, store=store)
    return [(order.group, int(order.would_give["credit"].amount)) for order in replayed]


def test_who_is_in_a_group_now_is_replayed_in_it(store: FakeStore, program: Program) -> None:
    # given
    invite(store.customers["1"], program, store=store, group="gold")

    # then
    assert would_give(draft(groups=(GOLD,)), program, store) == [("gold", 40)] * 3 + [("gold", 0)]
    assert would_give(draft(groups=(SILVER,)), program, store) == [("", 25)] * 3 + [("", 0)]


def test_what_was_judged_in_a_group_is_replayed_in_that_one(store: FakeStore) -> None:
    # given: gold when the second friend ordered, silver now
    both = terms(groups=(GOLD, SILVER))
    program = run_program(store, both).program
    code = share(store)
    settle(place(store, code, 1), store=store)
    invite(store.customers["1"], program, store=store, group="gold")
    settle(place(store, code, 2), store=store)
    invite(store.customers["1"], program, store=store, group="silver")

    # then
    replayed = list(replay(both, program, store=store))
    assert [order.group for order in replayed] == ["", "gold"]
    assert not any(order.differs for order in replayed)


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        ({}, ["", "", "gold", "gold"]),
        ({"period": "month"}, ["", "", "gold", ""]),
        ({"period": "rolling", "rolling": Span(days=20)}, ["", "", "gold", ""]),
        (
            {"period": "rolling", "rolling": Span(days=20), "for_good": True},
            ["", "", "gold", "gold"],
        ),
    ],
    ids=["life", "month", "rolling", "for good"],
)
def test_milestones_of_the_draft_put_referrers_into_groups(
    store: FakeStore, ladder: dict[str, Any], expected: list[str]
) -> None:
    # given: two in January, another then, one in March
    program = run_program(store).program
    code = share(store)
    january = NOW.replace(month=1)
    for number, at in enumerate(
        [january, january + timedelta(days=1), january + timedelta(days=9), NOW], start=1
    ):
        settle(place(store, code, number, placed_at=at, paid_at=at), store=store)
    step = Milestones(steps=(Milestone(count=2, group="gold"),), **ladder)

    # then
    found = would_give(draft(groups=(GOLD,), milestones=(step,)), program, store)
    assert [group for group, _ in found] == expected
    assert [amount for _, amount in found] == [40 if group else 25 for group in expected]


def test_the_group_that_staff_chose_goes_before_that_of_a_milestone(
    store: FakeStore, program: Program
) -> None:
    # given
    invite(store.customers["1"], program, store=store, group="silver")
    step = Milestones(steps=(Milestone(revenue=Amounts.of({"USD": 90}), group="gold"),))

    # then
    found = would_give(draft(groups=(GOLD, SILVER), milestones=(step,)), program, store)
    assert found[:3] == [("silver", 30)] * 3

    # when
    invite(store.customers["1"], program, store=store, group="")

    # then
    found = would_give(draft(groups=(GOLD, SILVER), milestones=(step,)), program, store)
    assert found[:3] == [("", 25), ("gold", 40), ("gold", 40)]


def test_the_limits_of_a_group_count_what_was_given_before(
    store: FakeStore, program: Program
) -> None:
    # given
    limited = GOLD.but(caps=(Cap(amount=Amounts.of({"USD": 60}), period=CapPeriod.LIFE),))
    step = Milestones(steps=(Milestone(count=1, group="gold"),))

    # then: 25 before the group, 35 of 40 in it
    found = would_give(draft(groups=(limited,), milestones=(step,)), program, store)
    assert found == [("", 25), ("gold", 35), ("gold", 0), ("gold", 0)]


# what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "kept"),
    [
        (None, 0),
        (Cap(amount=Amounts.of({"USD": 1000}), period=CapPeriod.LIFE), 1),
        (Cap(amount=Amounts.of({"USD": 1000}), period="month"), 3),
        (Cap(amount=Amounts.of({"USD": 1000}), period="rolling", rolling=Span(days=7)), 6),
    ],
    ids=["no limit", "life", "month", "rolling"],
)
def test_of_orders_before_only_what_counts_is_kept(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch, cap: Cap | None, kept: int
) -> None:
    # given: one order a week for 30 weeks
    program = run_program(store).program
    code = share(store)
    for number in range(30):
        at = NOW - timedelta(days=7 * (30 - number))
        settle(place(store, code, number, placed_at=at, paid_at=at), store=store)
    made: list[Any] = []

    class Watched(replaying._Limits):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(replaying, "_Limits", Watched)

    # when
    cost = cost_of(replay(draft(caps=(cap,) if cap else ()), program, store=store))

    # then
    [limits] = made
    tallies = limits.tallies.values()
    assert cost.orders == 30
    assert (
        sum(len(s) for tally in tallies for s in tally.sums.values())
        + sum(len(each) for tally in tallies for each in tally.each.values())
        == kept
    )
