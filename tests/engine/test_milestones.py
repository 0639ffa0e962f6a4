"""Milestones: what a referrer gets for many referrals, and loses with them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.engine import waitlist
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.referrers import invite
from saleor_referral_plugin.engine.sending import mark_sent
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
    ProgramKind,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Membership, Referral, ReferralCode, Reward
from tests.engine.books import change, place, share
from tests.engine.build import IN_EURO, NOW, PAID_AT, amounts, usd
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


# over a rolling period ------------------------------------------------------------------------


def days_ago(days: float) -> dict[str, Any]:
    at = NOW - timedelta(days=days)
    return {"placed_at": at, "paid_at": at}


def in_30_days(*counts: int, **settings: Any) -> Milestones:
    return milestones(*counts, period=CapPeriod.ROLLING, rolling=Span(days=30), **settings)


def group() -> str:
    member = Membership.objects.filter(referrer__user_ref="1").first()
    return member.group if member else ""


def test_in_a_rolling_period_those_count_that_are_no_older(store: FakeStore) -> None:
    # given
    run(store, in_30_days(2))
    code = share(store)

    # when: one too old by a moment, one that is just not
    at = NOW - timedelta(days=30) - timedelta.resolution
    refer(store, code, 1, placed_at=at, paid_at=at)
    refer(store, code, 2)
    too_old = rewards()
    refer(store, code, 3, **days_ago(30))

    # then
    assert too_old == []
    assert rewards() == [("2 in a period", "approved", "2")]


def test_when_the_period_moves_on_it_takes_back_what_it_gave(store: FakeStore) -> None:
    # given
    run(store, in_30_days(2, 3))
    refer(store, share(store), 1, **days_ago(20))
    refer(store, share(store), 2, **days_ago(10))
    refer(store, share(store), 3, **days_ago(1))
    sweep(store=store)
    assert rewards() == [("2 in a period", "issued", "2"), ("3 in a period", "issued", "3")]

    # when: to the last moment of the oldest
    store.travel(days=10)
    sweep(store=store)
    held = rewards()
    store.time += timedelta.resolution
    sweep(store=store)
    two_left = rewards()
    store.travel(days=10)
    sweep(store=store)

    # then
    assert held == [("2 in a period", "issued", "2"), ("3 in a period", "issued", "3")]
    assert two_left == [("2 in a period", "issued", "2"), ("3 in a period", "clawed_back", "0")]
    assert rewards() == [
        ("2 in a period", "clawed_back", "0"),
        ("3 in a period", "clawed_back", "0"),
    ]
    assert [credit.balance for credit in store.credits.values()] == [usd(0), usd(0)]
    assert not Referral.objects.filter(look_again_at__isnull=False).exists()


def test_reached_again_it_is_given_again_after_a_hold_of_its_own(store: FakeStore) -> None:
    # given: lost before its hold had ended
    step = Milestone(count=1, worth=amounts(USD=5), hold=Span(days=40))
    run(store, Milestones(steps=(step,), period=CapPeriod.ROLLING, rolling=Span(days=30)))
    refer(store, share(store), 1)
    store.travel(days=31)
    sweep(store=store)
    lost = rewards()

    # when
    refer(store, share(store), 2, placed_at=store.now(), paid_at=store.now())

    # then
    assert lost == [("1 in a period", "voided", "0")]
    assert rewards() == [("1 in a period", "pending", "5")]
    assert Reward.objects.get(referral=None).hold_until == store.now() + timedelta(days=40)


def test_a_group_is_left_when_the_period_moves_on(store: FakeStore) -> None:
    # given
    steps = (Milestone(count=1, group="silver"), Milestone(count=2, group="gold"))
    run(store, Milestones(steps=steps, period=CapPeriod.ROLLING, rolling=Span(days=30)))
    refer(store, share(store), 1, **days_ago(20))
    refer(store, share(store), 2, **days_ago(5))
    groups = [group()]

    # when
    for days in (10, 1, 14, 1):
        store.travel(days=days)
        sweep(store=store)
        groups.append(group())

    # then
    assert groups == ["gold", "gold", "silver", "silver", ""]


def test_what_was_delivered_outside_the_shop_outlasts_the_period(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, kind=RewardKind.CUSTOM, worth=amounts(tshirt=1))
    run(store, Milestones(steps=(step,), period=CapPeriod.ROLLING, rolling=Span(days=30)))
    refer(store, share(store), 1)
    mark_sent(Reward.objects.get(), by="Cleo", store=store)

    # when
    store.travel(days=31)
    sweep(store=store)

    # then
    assert rewards() == [("1 in a period", "issued", "1")]


def test_for_good_it_stays_when_the_period_moves_on(store: FakeStore) -> None:
    # given: three within 30 days, never four
    run(store, in_30_days(3, 4, for_good=True))
    for number, days in ((1, 70), (2, 45), (3, 40), (4, 1)):
        refer(store, share(store), number, **days_ago(days))

    # when
    store.travel(days=400)
    sweep(store=store)
    settle("order-1", store=store)

    # then
    assert rewards() == [("3 in a period", "issued", "3")]

    # when: it was reached no more
    change(store, "order-2", refunded=usd(90))
    settle("order-2", store=store)

    # then
    assert [(occurrence, amount) for occurrence, _, amount in rewards()] == [("3 in a period", "0")]


def test_revenue_for_good_is_that_of_the_best_period_in_one_currency(store: FakeStore) -> None:
    # given: 180 USD within 30 days, 270 in all; 90 EUR beside
    step = Milestone(revenue=amounts(USD=180).amounts, worth=amounts(USD=20))
    higher = Milestone(revenue=amounts(USD=190).amounts, worth=amounts(USD=30))
    ladder = Milestones(
        steps=(step, higher), period=CapPeriod.ROLLING, rolling=Span(hours=720), for_good=True
    )
    run(store, ladder)
    code = share(store)

    # when
    refer(store, code, 1, **days_ago(61))
    refer(store, code, 2, 3, **days_ago(30))
    refer(store, code, 4, **IN_EURO | days_ago(30))

    # then
    assert [occurrence for occurrence, *_ in rewards()] == ["180 USD in a period"]


def test_referrals_from_before_the_period_was_in_the_terms_leave_it_too(store: FakeStore) -> None:
    # given: heard of when there were no milestones
    run(store)
    code = share(store)
    refer(store, code, 1, **days_ago(20))
    run(store, in_30_days(2))
    refer(store, code, 2)
    assert rewards() == [("2 in a period", "approved", "2")]

    # when
    store.travel(days=11)
    sweep(store=store)

    # then
    assert rewards() == [("2 in a period", "voided", "0")]


def test_an_order_that_was_deleted_leaves_the_period_too(store: FakeStore) -> None:
    # given
    run(store, in_30_days(1))
    refer(store, share(store), 1)
    del store.orders["order-1"]
    settle("order-1", store=store)
    assert rewards() == [("1 in a period", "approved", "1")]

    # when
    store.travel(days=31)
    sweep(store=store)

    # then
    assert rewards() == [("1 in a period", "voided", "0")]


def test_a_sign_up_leaves_the_period_too(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, group="early")
    launch = save_program(
        store=store,
        terms=Terms(
            milestones=(Milestones(steps=(step,), period="rolling", rolling=Span(days=30)),)
        ),
        is_running=True,
        slug="launch",
        kind=ProgramKind.WAITLIST,
    )
    anna = waitlist.sign_up("anna@example.com", program=launch, store=store)
    code = str(waitlist.code_of(anna, store=store))
    ben = waitlist.sign_up("ben@example.com", program=launch, store=store, code=code)
    waitlist.confirm(waitlist.token_of(ben), store=store)
    assert Membership.objects.get(referrer=anna.person).group == "early"

    # when
    store.travel(days=31)
    swept = sweep(store=store)

    # then
    assert (swept.settled, swept.failed) == (1, 0)
    assert Membership.objects.get(referrer=anna.person).group == ""
    assert not Referral.objects.filter(look_again_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"period": "rolling"}, "needs its length"),
        ({"rolling": {"days": 30}}, "needs its length"),
        ({"period": "rolling", "rolling": {"days": 0}}, "needs its length"),
        ({"period": "rolling", "rolling": {"months": 3}}, "in hours or days"),
        ({"for_good": True}, "is lost with time"),
    ],
)
def test_a_rolling_period_has_a_length_of_its_own(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Milestones(steps=(Milestone(count=1, group="gold"),), **settings)
