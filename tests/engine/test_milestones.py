"""Milestones: what a referrer gets for many referrals, and loses with them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.referrers import invite
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Group,
    Milestone,
    Milestones,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Membership, ReferralCode, Reward
from tests.engine.books import change, place, share
from tests.engine.build import NOW, PAID_AT, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def milestones(*counts: int, **settings: Any) -> Milestones:
    """At each number of referrals, as many dollars as referrals."""
    steps = tuple(Milestone(count=count, worth=amounts(USD=count)) for count in counts)
    return Milestones(**{"steps": steps} | settings)


def run(store: FakeStore, *ladders: Milestones, **settings: Any) -> None:
    terms = Terms(new_customers_only=False, milestones=ladders, **settings)
    save_program(store=store, terms=terms, is_running=True)


def refer(store: FakeStore, code: ReferralCode, *numbers: int, **facts: Any) -> None:
    for number in numbers:
        settle(place(store, code, number, **facts), store=store)


def rewards() -> list[tuple[str, str, str]]:
    """Occurrence, status and amount."""
    found = Reward.objects.filter(referral=None).order_by("pk")
    return [(r.occurrence, r.status, f"{r.amount.normalize():f}") for r in found]


def test_each_milestone_is_given_once_when_it_is_reached(store: FakeStore) -> None:
    # given
    run(store, milestones(2, 3))
    code = share(store)

    # when
    refer(store, code, 1)
    before = rewards()
    refer(store, code, 2)
    at_two = rewards()
    refer(store, code, 3, 4)
    for number in (1, 2, 3, 4):
        settle(f"order-{number}", store=store)

    # then
    assert before == []
    assert at_two == [("2", "approved", "2")]
    assert rewards() == [("2", "approved", "2"), ("3", "approved", "3")]


def test_it_is_delivered_as_a_credit_after_its_hold(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, worth=amounts(USD=5), hold=Span(days=2), valid=Span(days=30))
    run(store, Milestones(steps=(step,)))
    refer(store, share(store), 1)
    assert rewards() == [("1", "pending", "5")]

    # when
    store.travel(days=2)
    sweep(store=store)

    # then
    assert rewards() == [("1", "issued", "5")]
    [credit] = store.credits.values()
    assert (credit.balance, credit.request.user_ref) == (usd(5), "1")
    assert credit.request.expires_at == store.now() + timedelta(days=30)
    assert credit.request.note == "Referral reward for reaching 1"


def test_a_milestone_lost_again_takes_back_what_it_gave(store: FakeStore) -> None:
    # given
    run(store, milestones(1, 2))
    refer(store, share(store), 1, 2)
    carry_out(store=store)
    assert [status for _, status, _ in rewards()] == ["issued", "issued"]

    # when
    change(store, "order-2", refunded=usd(90))
    settle("order-2", store=store)
    carry_out(store=store)

    # then
    assert rewards() == [("1", "issued", "1"), ("2", "clawed_back", "0")]
    assert sorted(credit.balance.amount for credit in store.credits.values()) == [0, 1]


def test_what_was_delivered_outside_the_shop_stays(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, kind=RewardKind.CUSTOM, worth=amounts(tshirt=1))
    run(store, Milestones(steps=(step,)))
    refer(store, share(store), 1)
    assert rewards() == [("1", "approved", "1")]
    sent = Reward.objects.get(referral=None)
    sent.entries.create(
        holder=sent.holder,
        kind="delivered",
        currency="tshirt",
        amount=Decimal(1),
        created_at=store.now(),
    )

    # when
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)

    # then
    assert Reward.objects.get(referral=None).amount == 1


def test_of_the_highest_only_the_earlier_unsent_are_superseded(store: FakeStore) -> None:
    # given
    run(store, milestones(1, 2, 3, highest_only=True))
    code = share(store)

    # when: the first is delivered before the second is reached, the second is not
    refer(store, code, 1)
    carry_out(store=store)
    refer(store, code, 2, 3)

    # then
    assert rewards() == [("1", "issued", "1"), ("2", "voided", "0"), ("3", "approved", "3")]


def test_a_calendar_period_counts_by_itself(store: FakeStore) -> None:
    # given
    run(store, milestones(2, period=CapPeriod.CALENDAR_MONTH), time_zone="UTC")
    code = share(store)
    last_month = PAID_AT.replace(month=2, day=28)

    # when
    refer(store, code, 1, placed_at=last_month, paid_at=last_month)
    refer(store, code, 2)
    none_yet = rewards()
    refer(store, code, 3)

    # then
    assert none_yet == []
    assert rewards() == [("2 in 2026-03", "approved", "2")]


def test_revenue_counts_what_stands_of_the_orders_net(store: FakeStore) -> None:
    # given
    step = Milestone(revenue=amounts(USD=150).amounts, worth=amounts(USD=20))
    run(store, Milestones(steps=(step,)))
    code = share(store)

    # when: 90 + 90, then half of one goes back
    refer(store, code, 1, 2)
    reached = rewards()
    change(store, "order-2", refunded=usd(45))
    settle("order-2", store=store)

    # then
    assert reached == [("150 USD", "approved", "20")]
    assert rewards() == [("150 USD", "voided", "0")]


def test_a_milestone_may_put_a_referrer_into_a_group_with_other_rewards(
    store: FakeStore,
) -> None:
    # given
    credit = RewardRule(worth=amounts(USD=5))
    run(
        store,
        Milestones(steps=(Milestone(count=2, group="gold"),)),
        rewards=(credit,),
        groups=(Group(name="gold", rewards=(credit.but(worth=amounts(USD=8)),)),),
    )
    code = share(store)

    # when
    refer(store, code, 1, 2, 3)
    for number in (1, 2, 3):
        settle(f"order-{number}", store=store)

    # then: the past stays
    given = Reward.objects.order_by("pk").values_list("amount", flat=True)
    assert [int(amount) for amount in given] == [5, 5, 8]
    assert Membership.objects.get().group == "gold"


def test_the_group_that_staff_chose_is_not_changed_by_a_milestone(store: FakeStore) -> None:
    # given
    run(store, Milestones(steps=(Milestone(count=1, group="gold"),)))
    code = share(store)
    invite(store.customers["1"], code.program, store=store, group="vip", by="staff")

    # when
    refer(store, code, 1)

    # then
    assert Membership.objects.get().group == "vip"


def test_those_of_the_newest_terms_hold(store: FakeStore) -> None:
    # given: a referral under terms that had none
    run(store)
    code = share(store)
    refer(store, code, 1)
    run(store, milestones(1))

    # when
    settle("order-1", store=store)

    # then
    assert rewards() == [("1", "approved", "1")]


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (Cap(amount=Amounts.of({"USD": 15}), whole_program=True), [10, 5]),
        (Cap(amount=Amounts.of({"USD": 15}), overflow=Overflow.REFUSE), [10, 0]),
        (Cap(count=1), [10, 0]),
        (Cap(amount=Amounts.of({"USD": 15}), per_referee=True), [10, 50]),
        (Cap(amount=Amounts.of({"USD": 15}), to=Beneficiary.REFEREE), [10, 50]),
    ],
    ids=["budget", "refused", "count", "per referee", "the friend's"],
)
def test_limits_hold_for_milestones_too(store: FakeStore, cap: Cap, expected: list[int]) -> None:
    # given: 10 for the friend, and 50 for having had one
    step = Milestone(count=1, worth=amounts(USD=50))
    credit = RewardRule(worth=amounts(USD=10))
    run(store, Milestones(steps=(step,)), rewards=(credit,), caps=(cap,))
    code = share(store)

    # when
    refer(store, code, 1)
    settle("order-1", store=store)

    # then
    given = Reward.objects.order_by("pk").values_list("amount", flat=True)
    assert [int(amount) for amount in given] == expected


def test_a_milestone_counts_towards_the_limits_of_what_comes_after(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, worth=amounts(USD=12))
    credit = RewardRule(worth=amounts(USD=10))
    cap = Cap(amount=Amounts.of({"USD": 25}), whole_program=True)
    run(store, Milestones(steps=(step,)), rewards=(credit,), caps=(cap,))

    # when
    refer(store, share(store), 1, 2)

    # then
    given = Reward.objects.order_by("pk").values_list("amount", flat=True)
    assert [int(amount) for amount in given] == [10, 12, 3]


def test_one_heard_of_late_is_issued_all_the_same(store: FakeStore) -> None:
    # given: earned on the last of March, settled in April, and held
    step = Milestone(count=1, worth=amounts(USD=5), hold=Span(days=7))
    run(store, Milestones(steps=(step,), period=CapPeriod.CALENDAR_MONTH))
    end_of_march = NOW.replace(month=3, day=31)
    store.time = NOW.replace(month=4, day=1)
    refer(store, share(store), 1, placed_at=end_of_march, paid_at=end_of_march)
    held = rewards()

    # when
    store.time = end_of_march + timedelta(days=7)
    sweep(store=store)

    # then
    assert held == [("1 in 2026-03", "pending", "5")]
    assert rewards() == [("1 in 2026-03", "issued", "5")]
