"""Draft terms over past orders: what they would have cost, and nothing written."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.decide import ReferralStatus
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.replay import cost_of, replay
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, ReferrerConditions, Span, Terms
from saleor_referral_plugin.models import LedgerEntry, Program, Referral, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import amounts, terms, usd
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
