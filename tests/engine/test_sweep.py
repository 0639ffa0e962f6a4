"""The sweep: what hooks would have said, had they come, and what time alone brings."""

import logging
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import effects, known_orders, unsettled
from saleor_referral_plugin.engine import sweep as sweeping
from saleor_referral_plugin.engine.facts import PlacedOrder
from saleor_referral_plugin.engine.programs import retire_offers, stop_programs
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import Store
from saleor_referral_plugin.engine.sweep import (
    Swept,
    batches,
    note_some_spending,
    note_spending,
    ride_along,
    sweep,
)
from saleor_referral_plugin.engine.terms import Milestone, Milestones, RewardRule, Span
from saleor_referral_plugin.models import Bookmark, KnownOrder, Referral, Reward, UnsettledOrder
from tests.engine.books import (
    change,
    entries_of,
    failed,
    place,
    place_another,
    put_order,
    reward_of,
    reward_row,
    run_program,
    share,
)
from tests.engine.build import NOW, amounts, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def swept_to() -> datetime | None:
    return Bookmark.objects.get(name=known_orders.SWEPT).position


def test_an_offer_deleted_by_hand_comes_back(store: FakeStore) -> None:
    # given
    run_program(store)
    store.offers.clear()

    # when
    sweep(store=store)

    # then
    assert store.offers == {"FRIEND": terms()}


def test_the_offer_of_a_stopped_program_stays_away(store: FakeStore) -> None:
    # given
    run_program(store)
    stop_programs()
    retire_offers(store=store)

    # when
    sweep(store=store)

    # then
    assert store.offers == {}


def test_trouble_with_the_offer_holds_up_nothing(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    store.broken.add("publish_offer")

    # when
    with pytest.raises(ConnectionError):
        sweep(store=store)

    # then
    assert reward_of(ref).status == "issued"


def test_orders_whose_hooks_never_came_are_found(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    code = share(store)
    refs = [place(store, code, number) for number in (1, 2, 3)]
    put_order(store, order(ref="ordinary", voucher_code=None), email="x@example.com")

    # when
    swept = sweep(store=store)

    # then: three credits, and three messages about them
    assert swept == Swept(orders_read=4, settled=3, failed=0, expired=0, effects=6)
    assert [reward_of(ref).status for ref in refs] == ["issued"] * 3


def test_what_was_read_is_not_read_again_but_for_the_last_minutes(store: FakeStore) -> None:
    # given
    run_program(store)
    put_order(store, order(ref="old", voucher_code=None))
    store.travel(minutes=10)
    put_order(store, order(ref="new", voucher_code=None))
    assert sweep(store=store).orders_read == 2

    # when
    swept = sweep(store=store)

    # then
    assert swept.orders_read == 1
    assert swept_to() == store.now()


def test_an_order_that_became_visible_late_is_not_missed(store: FakeStore) -> None:
    # given
    run_program(store)
    put_order(store, order(ref="new", voucher_code=None))
    sweep(store=store)

    # when: committed only now, with a time of before
    code = share(store)
    place(store, code)
    store.placed[-1] = PlacedOrder("order-1", None, "", NOW, NOW - timedelta(minutes=4), "FRIEND")
    sweep(store=store)

    # then
    assert Referral.objects.filter(order_ref="order-1").exists()


@pytest.mark.parametrize("orders", [0, 1, 2, 3, 4, 5])
def test_orders_are_read_in_batches_each_once(store: FakeStore, orders: int) -> None:
    # given: all of the same moment, so that only the ref tells them apart
    run_program(store)
    for number in range(orders):
        put_order(store, order(ref=f"order-{number}", voucher_code=None))

    # when
    with patch.object(known_orders, "BATCH", 2):
        swept = sweep(store=store)

    # then
    assert swept.orders_read == orders
    assert KnownOrder.objects.count() == orders


def test_a_sweep_that_is_killed_goes_on_where_it_stopped(store: FakeStore) -> None:
    # given
    run_program(store)
    for number in range(6):
        store.travel(hours=1)
        put_order(store, order(ref=f"order-{number}", voucher_code=None))

    # when
    with patch.object(known_orders, "BATCH", 2):
        reading = known_orders.read_on(store)
        first, second = next(reading), next(reading)
        del reading
        rest = list(known_orders.read_on(store))

    # then: the batch in hand when it stopped is read once more
    assert [order.ref for order in first] == ["order-0", "order-1"]
    assert [order.ref for order in second] == ["order-2", "order-3"]
    assert [order.ref for batch in rest for order in batch] == [
        f"order-{number}" for number in range(1, 6)
    ]


def test_the_bookmark_never_moves_back(store: FakeStore) -> None:
    # given: somebody else has read further meanwhile
    run_program(store)
    put_order(store, order(ref="old", voucher_code=None))
    ahead = NOW + timedelta(days=1)
    reading = known_orders.read_on(store)
    next(reading)
    Bookmark.objects.update_or_create(name=known_orders.SWEPT, defaults={"position": ahead})

    # when
    assert list(reading) == []

    # then
    assert swept_to() == ahead


def test_an_order_from_the_future_hides_none_of_the_present(store: FakeStore) -> None:
    # given: a server whose clock was a day ahead has made an order
    run_program(store)
    code = share(store)
    store.travel(days=1)
    put_order(store, order(ref="ahead", voucher_code=None))
    sweep(store=store)
    store.time = NOW
    sweep(store=store)

    # when: the next one's hook is lost
    store.time = NOW + timedelta(minutes=1)
    place(store, code, 1)
    sweep(store=store)

    # then
    assert swept_to() == NOW + timedelta(days=1)
    assert Referral.objects.get().order_ref == "order-1"


def test_a_sweep_rides_on_an_order_once_a_minute(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    assert ride_along(store=store)

    # then
    with django_assert_num_queries(1):
        assert not ride_along(store=store)
    store.travel(seconds=59)
    assert not ride_along(store=store)
    store.travel(seconds=1)
    assert ride_along(store=store)
    # The clock was ahead, and is set right.
    store.time = NOW
    assert ride_along(store=store)
    assert not ride_along(store=store)


def test_no_bookmark_is_ahead_of_the_time(store: FakeStore) -> None:
    # given
    run_program(store)
    store.travel(days=1)
    put_order(store, order(ref="ahead", voucher_code=None))
    store.time = NOW

    # when
    sweep(store=store)

    # then
    assert dict(Bookmark.objects.values_list("name", "position")) == {
        "known": NOW,
        "swept": NOW,
        "swept again": NOW,
    }


@pytest.mark.parametrize("days_without_a_sweep", [1, 5])
def test_an_order_that_was_seen_too_late_is_found_within_a_day_of_sweeping(
    store: FakeStore, days_without_a_sweep: int
) -> None:
    # given: while it was being placed the clock was set right, by an hour
    run_program(store)
    code = share(store)
    store.travel(hours=1)
    put_order(store, order(ref="another", voucher_code=None))
    sweep(store=store)
    store.time = NOW
    place(store, code, 1)
    store.travel(hours=1)

    # when: other orders move the sweep on
    sweep(store=store)
    found_at_once = Referral.objects.count()
    store.travel(days=days_without_a_sweep)
    put_order(store, order(ref="yet another", voucher_code=None))
    sweep(store=store)

    # then
    assert found_at_once == 0
    assert Referral.objects.get().order_ref == "order-1"


def test_what_was_read_is_read_once_more_after_a_day_and_no_sooner(store: FakeStore) -> None:
    # given
    run_program(store)
    put_order(store, order(ref="old", voucher_code=None))
    sweep(store=store)

    # when
    store.travel(hours=23, minutes=59)
    sooner = sweep(store=store).orders_read
    store.travel(minutes=1)
    after_a_day = sweep(store=store).orders_read
    again = sweep(store=store).orders_read

    # then: the latest order is within the few minutes that every sweep reads again
    assert (sooner, after_a_day, again) == (1, 2, 1)


def test_a_second_reading_that_is_killed_goes_on_where_it_stopped(store: FakeStore) -> None:
    # given: six orders, of which five came after the first sweep
    run_program(store)
    for number in range(6):
        store.travel(hours=1)
        put_order(store, order(ref=f"order-{number}", voucher_code=None))
        if number == 0:
            sweep(store=store)
    store.travel(days=2)
    Bookmark.objects.filter(name=known_orders.SWEPT).update(position=store.now())

    # when
    with patch.object(known_orders, "BATCH", 2):
        reading = known_orders.read_on(store)
        for _ in range(3):
            next(reading)
        stopped_at = Bookmark.objects.get(name=known_orders.SWEPT_AGAIN).position
        del reading
        sweep(store=store)

    # then
    assert stopped_at == NOW + timedelta(hours=4)
    assert Bookmark.objects.get(name=known_orders.SWEPT_AGAIN).position == store.now()


def test_after_a_clock_that_was_ahead_a_second_reading_is_due_once(store: FakeStore) -> None:
    # given
    run_program(store)
    put_order(store, order(ref="old", voucher_code=None))
    store.travel(days=3)
    sweep(store=store)

    # when: it is set right
    store.time = NOW
    at_once = sweep(store=store).orders_read
    again = sweep(store=store).orders_read

    # then
    assert (at_once, again) == (2, 1)


def test_what_spoke_against_a_referral_is_gone_and_it_counts(store: FakeStore) -> None:
    # given: Ben has ordered before, and the order with the code was refused
    run_program(store)
    place(store, share(store), 1, email="ben@example.com")
    place_another(store, "before", "ben@example.com")
    sweep(store=store)
    assert failed(Referral.objects.get()) == ["not_new_customer"]

    # when: a week later that one is cancelled
    store.travel(days=7)
    Bookmark.objects.update(position=store.now())
    store.travel(days=1)
    change(store, "before", is_void=True)
    sweep(store=store)

    # then
    assert failed(Referral.objects.get()) == []


def test_an_order_that_cannot_be_settled_does_not_keep_the_others_waiting(
    store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    run_program(store)
    code = share(store)
    place(store, code, 1)
    place(store, code, 2)

    def settle_but_one(ref: str, *, store: FakeStore) -> Referral | None:
        if ref == "order-1":
            raise RuntimeError("no")
        return settle(ref, store=store)

    # when
    with (
        patch.object(sweeping, "settle", settle_but_one),
        caplog.at_level(logging.ERROR),
    ):
        swept = sweep(store=store)

    # then
    assert (swept.settled, swept.failed) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "Order order-1 could not be settled."
    ]
    assert Referral.objects.get().order_ref == "order-2"


def test_an_order_that_cannot_be_settled_is_tried_again_until_it_can(store: FakeStore) -> None:
    # given: for a month there is something wrong with it, or with us
    run_program(store)
    place(store, share(store), 1)
    tries = 0

    def fail(_ref: str, *, store: FakeStore) -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("no")

    with patch.object(sweeping, "settle", fail):
        for _ in range(30):
            sweep(store=store)
            store.travel(days=1)
    noted = UnsettledOrder.objects.get()
    assert (noted.order_ref, noted.since, noted.attempts) == ("order-1", NOW, tries)
    assert noted.last_error == "RuntimeError: no"

    # when: no other order comes by, and no bookmark is anywhere near it
    Bookmark.objects.update(position=store.now())
    sweep(store=store)

    # then
    assert Referral.objects.get().order_ref == "order-1"
    assert not UnsettledOrder.objects.exists()


def test_an_order_that_cannot_be_settled_is_not_tried_with_every_sweep(store: FakeStore) -> None:
    # given
    run_program(store)
    place(store, share(store), 1)
    with patch.object(sweeping, "settle", side_effect=RuntimeError("no")) as settling:
        sweep(store=store)
        store.travel(minutes=9)
        Bookmark.objects.update(position=store.now())

        # when: it is due at once, and then 2, 4 and 8 minutes later
        for _ in range(30):
            store.travel(minutes=1)
            sweep(store=store)

    # then
    assert settling.call_count == 1 + 4


def test_an_order_that_cannot_even_be_noted_is_where_the_next_sweep_begins(
    store: FakeStore,
) -> None:
    # given
    run_program(store)
    code = share(store)
    sweep(store=store)
    store.travel(hours=1)
    place(store, code, 1)

    # when
    with (
        patch.object(sweeping, "settle", side_effect=OperationalError("gone")),
        patch.object(unsettled, "note", side_effect=OperationalError("gone")),
        pytest.raises(OperationalError),
    ):
        sweep(store=store)
    store.travel(hours=1)
    sweep(store=store)

    # then
    assert Referral.objects.get().order_ref == "order-1"


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (effects, "expire"),
        (effects, "remind"),
        (sweeping, "settle_milestone"),
        (sweeping, "award_prizes"),
    ],
)
def test_whatever_else_fails_what_is_owed_is_delivered(
    store: FakeStore, where: object, what: str
) -> None:
    # given: each of them has something to do, and a credit is due
    step = Milestone(count=1, worth=amounts(USD=5), hold=Span(days=3))
    short = RewardRule(name="short", worth=amounts(USD=1), valid=Span(days=1))
    long = RewardRule(worth=amounts(USD=10), valid=Span(days=30), remind=Span(days=29))
    run_program(store, terms(rewards=(short, long), milestones=(Milestones(steps=(step,)),)))
    place(store, share(store), 1)
    sweep(store=store)
    store.time = NOW + timedelta(hours=1)
    place_another(store, "order-0", "ben@example.com")
    sweep(store=store)
    store.time = NOW + timedelta(days=2)
    place(store, share(store, "2", "bea@example.com"), 2)
    # No order is read a second time, which would bring its milestone along.
    Bookmark.objects.filter(name=known_orders.SWEPT_AGAIN).update(position=store.now())

    # when
    with patch.object(where, what, side_effect=RuntimeError("no")):
        swept = sweep(store=store)

    # then
    assert swept.failed == 1
    assert reward_of("order-2").status == "issued"


def test_a_hold_that_is_over_is_seen_without_any_change_of_the_order(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    store.travel(hours=1)
    put_order(store, order(ref="the last one read", voucher_code=None))
    assert sweep(store=store).settled == 1
    assert reward_of(ref).status == Reward.Status.PENDING
    assert sweep(store=store).settled == 0

    # when
    store.travel(days=13)

    # then
    assert sweep(store=store).settled == 1
    assert reward_of(ref).status == Reward.Status.ISSUED
    assert sweep(store=store).settled == 0


def test_an_order_from_which_the_code_was_taken_is_still_ours(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    sweep(store=store)

    # when
    store.travel(hours=1)
    change(store, ref, voucher_code=None)
    store.placed[-1] = PlacedOrder(ref, None, "", NOW, store.now(), None)
    sweep(store=store)

    # then
    assert Referral.objects.get().status == "reversed"
    assert reward_of(ref).status == Reward.Status.CLAWED_BACK


def test_credits_whose_time_is_up_expire_once(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, credit_valid_days=30))
    ref = place(store, share(store))
    sweep(store=store)

    # when
    store.travel(days=30)

    # then
    assert sweep(store=store).expired == 0

    # when
    store.travel(microseconds=1)

    # then
    assert sweep(store=store).expired == 1
    assert reward_of(ref).status == Reward.Status.EXPIRED
    assert sweep(store=store).expired == 0


def test_what_was_spent_is_noted(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    code = share(store)
    refs = [place(store, code, number) for number in (1, 2, 3)]
    sweep(store=store)
    for ref, left in zip(refs, (4, 10, 0), strict=True):
        store.credits[reward_of(ref).credit_ref or ""].balance = usd(left)

    # when
    noted = [note_spending(store=store) for _ in range(2)]

    # then
    assert noted == [2, 0]
    assert [entries_of(ref)[-1] for ref in refs] == [
        ("spent", "-6"),
        ("delivered", "10"),
        ("spent", "-10"),
    ]

    # when: the order that was paid with it is cancelled
    store.credits[reward_of(refs[0]).credit_ref or ""].balance = usd(10)
    note_spending(store=store)

    # then
    assert entries_of(refs[0])[-1] == ("spent", "6")


def five_credits(store: FakeStore) -> list[str]:
    """Their orders. All are spent down to 1."""
    run_program(store, terms(hold_days=0))
    code = share(store)
    refs = [place(store, code, number) for number in range(1, 6)]
    sweep(store=store)
    for ref in refs:
        leave(store, ref, 1)
    return refs


def leave(store: FakeStore, ref: str, amount: int) -> None:
    """So much is left on the credit of an order."""
    store.credits[reward_of(ref).credit_ref or ""].balance = usd(amount)


def test_many_credits_are_compared_some_at_a_time(store: FakeStore) -> None:
    # given
    refs = five_credits(store)

    # when: two at a time, round and round
    noted = [note_some_spending(store=store, at_most=2) for _ in range(4)]

    # then
    assert noted == [2, 2, 1, 0]
    assert [entries_of(ref)[-1] for ref in refs] == [("spent", "-9")] * 5

    # when: one is spent after its turn
    leave(store, refs[1], 0)
    noted = [note_some_spending(store=store, at_most=2) for _ in range(3)]

    # then
    assert noted == [0, 0, 1]
    assert entries_of(refs[1])[-1] == ("spent", "-1")


def test_a_credit_whose_use_cannot_be_booked_holds_up_no_other(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    refs = five_credits(store)
    second, note = reward_of(refs[1]), effects.note_spending

    def failing(reward: Reward, *, store: Store) -> None:
        if reward == second:
            raise ValueError("not this one")
        note(reward, store=store)

    # when
    with monkeypatch.context() as patch:
        patch.setattr(effects, "note_spending", failing)
        noted = note_some_spending(store=store)

    # then
    spent, delivered = ("spent", "-9"), ("delivered", "10")
    assert noted == 4
    assert [entries_of(ref)[-1] for ref in refs] == [spent, delivered, spent, spent, spent]

    # when
    noted = note_some_spending(store=store)

    # then
    assert noted == 1
    assert entries_of(refs[1])[-1] == spent


def test_a_card_that_is_gone_is_not_taken_for_spent(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    sweep(store=store)
    store.credits.clear()

    # then
    assert note_spending(store=store) == 0
    assert entries_of(ref)[-1] == ("delivered", "10")


@pytest.mark.parametrize("rewards", [0, 1, 2, 3, 4, 5])
def test_rows_come_in_batches_each_once(store: FakeStore, rewards: int) -> None:
    # given
    made = [reward_row(store, number=number) for number in range(rewards)]

    # when
    read = list(batches(Reward.objects.order_by("pk"), size=2))

    # then
    assert [reward.pk for batch in read for reward in batch] == [reward.pk for reward in made]
    assert all(len(batch) <= 2 for batch in read)
