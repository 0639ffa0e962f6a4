"""Room that is freed under a limit goes to the rewards that were cut, the oldest first."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from saleor_referral_plugin.engine import room, staff, sweep
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import Swept, fill_room
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Group,
    Milestone,
    Milestones,
    Overflow,
    Prize,
    Ranking,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import FreedRoom, Referral, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

CREDIT = RewardRule(worth=amounts(USD=10))


def limit(usd: int, **settings: Any) -> Cap:
    return Cap(amount=Amounts.of({"USD": usd}), **{"period": CapPeriod.LIFE} | settings)


def run(store: FakeStore, *caps: Cap, **settings: Any) -> None:
    ordinary = {"new_customers_only": False, "rewards": (CREDIT,), "caps": caps}
    run_program(store, Terms(**ordinary | settings))


def refer(store: FakeStore, *numbers: int, **facts: Any) -> None:
    """Even friends are Cleo's, odd ones Anna's."""
    codes = share(store, "3", "cleo@example.com"), share(store)
    for number in numbers:
        settle(place(store, codes[number % 2], number, **facts), store=store)


def refund(store: FakeStore, *numbers: int) -> None:
    for number in numbers:
        change(store, f"order-{number}", refunded=usd(90))
        settle(f"order-{number}", store=store)


def given(**of: Any) -> list[int]:
    found = Reward.objects.filter(**of).order_by("pk").values_list("amount", flat=True)
    return [int(amount) for amount in found]


def test_what_a_refund_frees_goes_to_the_oldest_that_was_cut(store: FakeStore) -> None:
    # given
    run(store, limit(25))
    refer(store, 1, 3, 5, 7, 9)
    assert given() == [10, 10, 5, 0, 0]

    # when
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10, 10, 5, 0]
    assert not FreedRoom.objects.exists()
    last = Referral.objects.get(order_ref="order-5")
    assert all(finding["passed"] for finding in last.findings)

    # when: once more, nothing is left to give
    fill_room(store=store)

    # then
    assert given() == [0, 10, 10, 5, 0]


def test_the_budget_is_shared_by_all_referrers(store: FakeStore) -> None:
    # given
    run(store, limit(25, whole_program=True))
    refer(store, 1, 3, 5, 2)
    assert given() == [10, 10, 5, 0]

    # when
    refund(store, 1, 3)
    fill_room(store=store)

    # then
    assert given() == [0, 0, 10, 10]


def test_a_number_of_rewards_frees_a_place(store: FakeStore) -> None:
    # given
    run(store, Cap(count=2, period=CapPeriod.LIFE))
    refer(store, 1, 3, 5, 7)

    # when
    refund(store, 3)
    fill_room(store=store)

    # then
    assert given() == [10, 0, 10, 0]


def test_what_was_refused_is_given_when_there_is_room_for_all_of_it(store: FakeStore) -> None:
    # given
    run(store, limit(15, overflow=Overflow.REFUSE))
    refer(store, 1, 3)
    assert given() == [10, 0]

    # when: half of it is there, then all
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)
    fill_room(store=store)

    # then
    assert given() == [0, 10]


@pytest.mark.parametrize(
    ("cap", "expected", "settled"),
    [
        (limit(10), [0, 10, 10, 0], ["order-3"]),
        (limit(10, period="month"), [0, 10, 10, 0], ["order-3"]),
        (limit(10, to=Beneficiary.REFEREE), [0, 10, 10, 10], []),
        (limit(10, whole_program=True), [0, 10, 0, 0], ["order-3", "order-2", "order-4"]),
    ],
    ids=["of each referrer", "in a month", "of friends", "a budget"],
)
def test_only_those_are_looked_at_who_share_the_limit(
    store: FakeStore,
    cap: Cap,
    expected: list[int],
    settled: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given: 1 and 3 are Anna's, 2 and 4 Cleo's
    run(store, cap)
    refer(store, 1, 3, 2, 4)
    refund(store, 1)
    seen: list[str] = []

    def watched(ref: str, *, store: FakeStore) -> None:
        seen.append(ref)
        settle(ref, store=store)

    monkeypatch.setattr(sweep, "settle", watched)

    # when
    fill_room(store=store)

    # then
    assert given() == expected
    assert seen == settled


def test_another_month_has_a_limit_of_its_own(store: FakeStore) -> None:
    # given: two in February, two in March
    run(store, limit(10, period="month"))
    february = {"placed_at": NOW - timedelta(days=20), "paid_at": NOW - timedelta(days=20)}
    refer(store, 1, 3, **february)
    refer(store, 5, 7)
    assert given() == [10, 0, 10, 0]

    # when
    refund(store, 5)
    fill_room(store=store)

    # then
    assert given() == [10, 0, 0, 10]


def test_within_a_rolling_period_too(store: FakeStore) -> None:
    # given
    run(store, limit(10, period="rolling", rolling=Span(days=30)))
    old = {"placed_at": NOW - timedelta(days=29), "paid_at": NOW - timedelta(days=29)}
    refer(store, 1, **old)
    refer(store, 3)
    assert given() == [10, 0]

    # when
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10]


def test_a_referral_that_is_earned_in_another_month_frees_the_first(store: FakeStore) -> None:
    # given: paid in February, and found to be of March
    run(store, limit(10, period="month"))
    february = {"placed_at": NOW - timedelta(days=20), "paid_at": NOW - timedelta(days=20)}
    refer(store, 1, 3, **february)
    assert given() == [10, 0]

    # when
    change(store, "order-1", paid_at=NOW)
    settle("order-1", store=store)
    fill_room(store=store)

    # then
    assert given() == [10, 10]


def test_what_older_terms_gave_makes_room_under_a_newer_budget(store: FakeStore) -> None:
    # given: the first by terms that limit nothing
    run(store)
    refer(store, 1)
    run(store, limit(10, whole_program=True))
    refer(store, 2)
    assert given() == [10, 0]

    # when
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10]


def test_the_limits_of_a_group_are_limits(store: FakeStore) -> None:
    # given
    gold = Group(name="gold", rewards=(CREDIT,), caps=(limit(10),))
    tier = Milestones(steps=(Milestone(count=1, group="gold"),))
    run(store, groups=(gold,), milestones=(tier,))
    refer(store, 1, 3)
    assert given() == [10, 0]

    # when
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10]


def test_a_milestone_that_was_cut_gets_the_rest(store: FakeStore) -> None:
    # given: 10 for each friend, 20 for the second
    step = Milestone(count=2, worth=amounts(USD=20))
    run(store, limit(45), milestones=(Milestones(steps=(step,)),))
    refer(store, 1, 3)
    assert given(referral=None) == [20]
    refer(store, 5)
    assert given() == [10, 10, 20, 5]

    # when: the milestone is reached still
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10, 20, 10]

    # given: one more, and a lower limit on what comes
    run(store, limit(30), milestones=(Milestones(name="more", steps=(step,)),))
    settle("order-3", store=store)
    assert given(rule="more") == [0]

    # when: of 40 only 20 are left
    refer(store, 7)
    refund(store, 5)
    fill_room(store=store)

    # then: what was cut first comes first
    assert sum(given()) == 30


def test_a_prize_that_was_cut_gets_the_rest(store: FakeStore) -> None:
    # given: two friends in March, and a prize of 30 of which 25 are left
    prize = Prize(kind=RewardKind.CREDIT, worth=amounts(USD=30))
    run(store, limit(45), rankings=(Ranking(prizes=(prize,)),))
    refer(store, 1, 3)
    store.time = NOW.replace(month=4, day=2)
    sweep.sweep(store=store)
    assert given() == [10, 10, 25]

    # when: the prizes of another month are the last ones by now
    store.time = NOW.replace(month=6, day=2)
    refund(store, 1)
    fill_room(store=store)

    # then
    assert given() == [0, 10, 30]


def void(store: FakeStore, reward: Reward) -> None:
    staff.void(reward, by="Staff", reason="A mistake", store=store)


def restore(store: FakeStore, reward: Reward) -> None:
    reward.refresh_from_db()
    staff.give_back(reward, by="Staff", reason="It was none", store=store)


@pytest.mark.parametrize("cap", [limit(25), limit(25, whole_program=True)], ids=["own", "budget"])
def test_what_staff_withdraw_goes_to_the_oldest_that_was_cut(store: FakeStore, cap: Cap) -> None:
    # given
    run(store, cap)
    refer(store, 1, 3, 5, 7)
    assert given() == [10, 10, 5, 0]
    first = Reward.objects.earliest("pk")

    # when
    void(store, first)
    fill_room(store=store)

    # then
    assert given() == [0, 10, 10, 5]
    assert not FreedRoom.objects.exists()

    # when: given back, there is no room left for it
    restore(store, first)
    fill_room(store=store)

    # then
    assert given() == [0, 10, 10, 5]

    # when: until somebody else gives up theirs
    refund(store, 3)
    fill_room(store=store)

    # then
    assert given() == [10, 0, 10, 5]


def test_a_withdrawn_milestone_makes_room_and_comes_back_to_what_is_left(store: FakeStore) -> None:
    # given: 10 for each friend, 20 for the second
    step = Milestone(count=2, worth=amounts(USD=20))
    run(store, limit(45), milestones=(Milestones(steps=(step,)),))
    refer(store, 1, 3, 5, 7)
    assert given() == [10, 10, 20, 5, 0]
    milestone = Reward.objects.get(referral=None)

    # when
    void(store, milestone)
    fill_room(store=store)

    # then
    assert given() == [10, 10, 0, 10, 10]

    # when
    restore(store, milestone)

    # then
    assert given() == [10, 10, 5, 10, 10]

    # when: the rest of it is there again
    refund(store, 7, 5)
    fill_room(store=store)

    # then
    assert given() == [10, 10, 20, 0, 0]


def test_a_withdrawn_prize_makes_room_and_comes_back_to_what_is_left(store: FakeStore) -> None:
    # given: two friends in March and a prize of 30, then friends who find but 5 left
    prize = Prize(kind=RewardKind.CREDIT, worth=amounts(USD=30))
    run(store, limit(55), rankings=(Ranking(prizes=(prize,)),))
    refer(store, 1, 3)
    store.time = NOW.replace(month=4, day=2)
    sweep.sweep(store=store)
    refer(store, 5, 7, placed_at=store.time, paid_at=store.time)
    assert given() == [10, 10, 30, 5, 0]
    won = Reward.objects.get(referral=None)

    # when
    void(store, won)
    fill_room(store=store)

    # then
    assert given() == [10, 10, 0, 10, 10]

    # when
    restore(store, won)
    sweep.sweep(store=store)

    # then
    assert given() == [10, 10, 15, 10, 10]


def test_at_most_so_many_are_looked_at_in_one_go(store: FakeStore) -> None:
    # given: a budget of which 10 are free, and most that were cut by another limit as well
    run(store, limit(20, whole_program=True), Cap(count=1, period=CapPeriod.LIFE))
    refer(store, 1, 2, 3, 5, 7, 4, 6)
    assert given() == [10, 10, 0, 0, 0, 0, 0]

    # when
    refund(store, 2)
    seen = []
    for _ in range(4):
        swept = Swept()
        fill_room(store=store, swept=swept, at_most=2)
        seen.append((swept.settled, [freed.seen > 0 for freed in FreedRoom.objects.all()]))

    # then: Anna's three cannot have it, and Cleo's first takes it
    assert given() == [10, 0, 0, 0, 0, 10, 0]
    assert seen == [(2, [True]), (2, [True]), (0, []), (0, [])]


def test_however_many_give_up_room_all_that_were_cut_are_gone_through_once(
    store: FakeStore,
) -> None:
    # given: three give back of a budget, and nobody can have it but Cleo
    run(store, limit(40, whole_program=True), Cap(count=3, period=CapPeriod.LIFE))
    refer(store, 1, 3, 5, 2, 7, 9, 11, 13, 4)
    assert given() == [10, 10, 10, 10, 0, 0, 0, 0, 0]
    refund(store, 1, 3, 5)
    refer(store, 15, 17, 19)
    assert given()[-3:] == [10, 10, 10]
    refund(store, 15, 17, 2)
    settled = []

    # when: two at a time
    while FreedRoom.objects.exists():
        swept = Swept()
        fill_room(store=store, swept=swept, at_most=2)
        settled.append(swept.settled)

    # then: the five that were cut, once each
    assert given() == [0, 0, 0, 0, 10, 10, 0, 0, 10, 0, 0, 10]
    assert settled == [2, 2, 1]


def test_room_that_is_freed_meanwhile_is_gone_through_after_what_was_begun(
    store: FakeStore,
) -> None:
    # given: a place of the budget's and of Cleo's, and two of Anna's were looked at in vain
    run(store, limit(20, whole_program=True), Cap(count=1, period=CapPeriod.LIFE))
    refer(store, 1, 2, 3, 5, 4)
    refund(store, 2)
    fill_room(store=store, at_most=2)
    assert given() == [10, 0, 0, 0, 0]

    # when: a place of hers
    refund(store, 1)
    swept = Swept()
    fill_room(store=store, swept=swept, at_most=2)

    # then: the last of the first round, and the first of another
    assert given() == [0, 0, 10, 0, 10]
    assert swept.settled == 2


def test_who_is_cut_by_a_limit_of_their_own_is_not_looked_at_for_the_budget(
    store: FakeStore,
) -> None:
    # given: a budget that is far, and rewards that are cut by another limit
    run(store, limit(1000, whole_program=True), Cap(count=2, period=CapPeriod.LIFE))
    refer(store, 1, 3, 5, 7, 2, 4, 6, 8)
    refund(store, 1, 3)
    swept = Swept()

    # when
    fill_room(store=store, swept=swept)

    # then: Anna's two
    assert given() == [0, 0, 10, 10, 10, 10, 0, 0]
    assert swept.settled == 2


def test_many_are_looked_at_in_chunks(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(room, "CHUNK", 2)
    run(store, limit(20))
    refer(store, *range(1, 15, 2))
    assert given() == [10, 10, 0, 0, 0, 0, 0]
    refund(store, 1)
    swept = Swept()

    # when
    fill_room(store=store, swept=swept)

    # then: the first two, of whom one takes it all
    assert given() == [0, 10, 10, 0, 0, 0, 0]
    assert swept.settled == 2


def test_one_that_cannot_be_settled_is_tried_again_and_holds_up_nobody(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    run(store, limit(20))
    refer(store, 1, 3, 5, 7)
    refund(store, 1, 3)
    swept = Swept()

    def troubled(ref: str, *, store: FakeStore) -> None:
        if ref == "order-5":
            raise ConnectionError("The shop does not answer.")
        settle(ref, store=store)

    # when
    with monkeypatch.context() as trouble:
        trouble.setattr(sweep, "settle", troubled)
        fill_room(store=store, swept=swept)

    # then
    assert (swept.settled, swept.failed) == (1, 1)
    assert given() == [0, 0, 0, 10]

    # when
    again = sweep.sweep(store=store)

    # then
    assert again.failed == 0
    assert given() == [0, 0, 10, 10]
    assert not FreedRoom.objects.exists()


def test_a_milestone_that_cannot_be_settled_is_tried_again(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: 20 for the second friend, of which a budget has left 10
    step = Milestone(count=2, worth=amounts(USD=20))
    run(store, limit(40, whole_program=True), milestones=(Milestones(steps=(step,)),))
    refer(store, 2, 1, 3)
    assert given() == [10, 10, 10, 10]
    refund(store, 2)
    swept = Swept()

    def troubled(*of: Any, **more: Any) -> None:
        raise OperationalError("The server closed the connection unexpectedly.")

    # when
    with monkeypatch.context() as trouble:
        trouble.setattr(sweep, "settle_milestones", troubled)
        fill_room(store=store, swept=swept)

    # then
    assert (swept.settled, swept.failed) == (0, 1)
    assert given() == [0, 10, 10, 10]

    # when
    sweep.sweep(store=store)

    # then
    assert given() == [0, 10, 10, 20]
    assert not FreedRoom.objects.exists()


def test_without_limits_nothing_is_noted(store: FakeStore) -> None:
    # given
    tier = Milestones(steps=(Milestone(count=1, worth=amounts(USD=3)),))
    run(store, milestones=(tier,))
    refer(store, 1)

    # when
    refund(store, 1)

    # then
    assert given() == [0, 0]
    assert not FreedRoom.objects.exists()
