"""Effects: what the books promise is carried out once, and tried again when it fails."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from prices import Money

from saleor_referral_plugin.engine import effects
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.ledger import sums_of
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.staff import void
from saleor_referral_plugin.engine.sweep import note_spending
from saleor_referral_plugin.engine.terms import (
    AfterIssue,
    Beneficiary,
    Cap,
    RewardKind,
    RewardRule,
    Span,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Effect, LedgerEntry, Referrer, Reward
from tests.engine.books import (
    change,
    entries_of,
    place,
    reward_of,
    reward_row,
    run_program,
    share,
    tell_effect,
)
from tests.engine.build import IN_EURO, NOW, amounts, percent, terms, usd
from tests.engine.fake_store import FakeStore
from tests.side_by_side import PATIENCE

pytestmark = pytest.mark.django_db


WAIVING = RewardRule(worth=amounts(USD=10), after_issue=AfterIssue.WAIVE)


def credited(store: FakeStore, number: int = 1, **facts: Any) -> str:
    """A friend's order, paid and credited; its ref."""
    ref = place(store, share(store), number, **facts)
    settle_and_carry_out(store, ref)
    return ref


def settle_and_carry_out(store: FakeStore, ref: str, **facts: Any) -> None:
    change(store, ref, **facts)
    settle(ref, store=store)
    carry_out(store=store)


def spend(store: FakeStore, ref: str, amount: Money) -> None:
    """The customer buys something with the credit of an order."""
    credit = store.credits[reward_of(ref).credit_ref or ""]
    credit.balance -= amount


def balances(store: FakeStore) -> list[Money]:
    return [credit.balance for credit in store.credits.values()]


@pytest.fixture
def store(store: FakeStore) -> FakeStore:
    """10 USD or 9 EUR at once, valid for a year."""
    run_program(store, terms(hold_days=0))
    return store


# delivery -------------------------------------------------------------------------------------


def test_a_credit_is_made_for_the_customer_and_told(store: FakeStore) -> None:
    # when
    ref = credited(store)

    # then
    reward = reward_of(ref)
    in_a_year = NOW + timedelta(days=365)
    [credit] = store.credits.values()
    assert credit.request.key == f"reward-{reward.pk}-0"
    assert (credit.request.user_ref, credit.request.amount) == ("1", usd(10))
    assert (credit.request.expires_at, credit.request.note) == (
        in_a_year,
        "Referral reward for order 1",
    )
    assert (reward.status, reward.issued_at, reward.expires_at) == ("issued", NOW, in_a_year)
    assert entries_of(ref) == [("promised", "10"), ("delivered", "10")]
    [(user_ref, event, payload)] = store.told
    assert (user_ref, event) == ("1", "referral_reward_issued")
    assert (float(payload["amount"]), payload["currency"]) == (10, "USD")


def test_a_credit_for_ever_has_no_end(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, credit_valid_days=None))

    # when
    ref = credited(store)

    # then
    [credit] = store.credits.values()
    assert credit.request.expires_at is None
    assert reward_of(ref).expires_at is None


def test_an_effect_carried_out_again_finds_nothing_owed(store: FakeStore) -> None:
    # given
    ref = credited(store)
    before = entries_of(ref)

    # when
    Effect.objects.update(done_at=None)
    done = carry_out(store=store)

    # then
    assert done == 2
    assert entries_of(ref) == before
    assert balances(store) == [usd(10)]


def test_a_growing_credit_grows_on_the_same_card(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, credit=percent(10)))
    ref = credited(store, refunded=usd(45))
    assert balances(store) == [usd("4.50")]

    # when
    settle_and_carry_out(store, ref, refunded=usd(0))

    # then
    assert balances(store) == [usd(9)]
    assert len(store.told) == 1


def test_a_card_that_is_gone_is_made_anew(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, credit=percent(10)))
    ref = credited(store, refunded=usd(45))
    store.credits[reward_of(ref).credit_ref or ""].is_usable = False

    # when
    settle_and_carry_out(store, ref, refunded=usd(0))

    # then
    assert sorted(credit.request.key for credit in store.credits.values()) == [
        f"reward-{reward_of(ref).pk}-0",
        f"reward-{reward_of(ref).pk}-1",
    ]
    assert balances(store) == [usd("4.50"), usd("4.50")]


def test_a_credit_of_some_months_ends_at_its_hour_in_the_programs_time_zone(
    store: FakeStore,
) -> None:
    # given: noon in Berlin, in winter
    store.time = datetime(2026, 1, 31, 11, tzinfo=UTC)
    rule = RewardRule(worth=amounts(USD=10), valid=Span(months=3))
    run_program(store, terms(rewards=(rule,), time_zone="Europe/Berlin"))

    # when
    ref = credited(store, placed_at=store.time, paid_at=store.time)

    # then
    assert reward_of(ref).expires_at == datetime(2026, 4, 30, 10, tzinfo=UTC)


# to both sides --------------------------------------------------------------------------------

TEN = RewardRule(worth=amounts(USD=10, EUR=9))
THANKS = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3))


def test_a_guest_is_given_a_credit_by_the_order_and_is_told_nothing(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN, THANKS)))

    # when
    ref = credited(store)

    # then
    anna, guest = (
        store.credits[reward_of(ref, rule).credit_ref or ""].request
        for rule in ("credit", "thanks")
    )
    assert (anna.user_ref, anna.order_ref, anna.amount) == ("1", "order-1", usd(10))
    assert (guest.user_ref, guest.order_ref, guest.amount) == ("", "order-1", usd(3))
    assert [(user_ref, event) for user_ref, event, _ in store.told] == [
        ("1", "referral_reward_issued")
    ]
    assert entries_of(ref, "thanks") == [("promised", "3"), ("delivered", "3")]
    assert not Effect.objects.filter(done_at=None).exists()


def test_a_friend_with_an_account_is_given_a_credit_there_and_told(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(THANKS,)))
    store.customers["7"] = CustomerFacts("7", "ben@example.com")
    ref = place(store, share(store))

    # when
    settle_and_carry_out(store, ref, buyer=person("7", "ben@example.com"))

    # then
    [credit] = store.credits.values()
    assert (credit.request.user_ref, credit.balance) == ("7", usd(3))
    assert [(user_ref, event) for user_ref, event, _ in store.told] == [
        ("7", "referral_reward_issued")
    ]


def test_both_credits_are_taken_back_and_each_side_owes_for_itself(store: FakeStore) -> None:
    # given: Anna has spent of hers, the friend has not
    run_program(store, terms(rewards=(TEN, THANKS)))
    ref = credited(store)
    spend(store, ref, usd(4))

    # when
    settle_and_carry_out(store, ref, refunded=usd(90))

    # then
    assert entries_of(ref)[-3:] == [("promised", "-10"), ("spent", "-4"), ("taken_back", "-6")]
    assert entries_of(ref, "thanks")[-2:] == [("promised", "-3"), ("taken_back", "-3")]
    assert balances(store) == [usd(0), usd(0)]
    assert list(verify(store=store)) == []


def test_what_is_delivered_outside_the_shop_waits_for_staff(store: FakeStore) -> None:
    # given
    mug = RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(mug=1))
    run_program(store, terms(rewards=(TEN, mug)))

    # when: what is due besides is carried out
    ref = credited(store)

    # then
    assert entries_of(ref, "mug") == [("promised", "1")]
    assert (reward_of(ref, "mug").status, reward_of(ref, "mug").issued_at) == ("approved", None)
    assert balances(store) == [usd(10)]


# points ---------------------------------------------------------------------------------------


def points(store: FakeStore, **changes: Any) -> None:
    """500 MB at once, valid for 90 days."""
    rule = RewardRule(
        name="data", kind=RewardKind.POINTS, worth=amounts(MB=500), valid=Span(days=90)
    )
    run_program(store, terms(rewards=(rule,), **changes))


def points_left(ref: str) -> int:
    reward = reward_of(ref, "data")
    return int(sums_of([reward.pk])[reward.pk].balance)


def test_points_are_delivered_in_the_books_alone_and_told(store: FakeStore) -> None:
    # given
    points(store)

    # when
    ref = credited(store)

    # then
    reward = reward_of(ref, "data")
    assert entries_of(ref, "data") == [("promised", "500"), ("delivered", "500")]
    assert (reward.status, reward.issued_at, reward.credit_ref) == ("issued", NOW, None)
    assert reward.expires_at == NOW + timedelta(days=90)
    assert store.credits == {}
    [(user_ref, event, payload)] = store.told
    assert (user_ref, event) == ("1", "referral_reward_issued")
    assert (float(payload["amount"]), payload["currency"]) == (500, "MB")
    assert list(verify(store=store)) == []


def test_points_are_taken_back_from_the_books(store: FakeStore) -> None:
    # given
    points(store)
    ref = credited(store)

    # when
    settle_and_carry_out(store, ref, refunded=usd(90))

    # then
    assert entries_of(ref, "data")[2:] == [("promised", "-500"), ("taken_back", "-500")]
    assert reward_of(ref, "data").status == Reward.Status.CLAWED_BACK
    assert points_left(ref) == 0
    assert list(verify(store=store)) == []


def test_points_carried_out_again_are_not_delivered_twice(store: FakeStore) -> None:
    # given
    points(store)
    ref = credited(store)

    # when
    Effect.objects.update(done_at=None)
    carry_out(store=store)

    # then
    assert entries_of(ref, "data") == [("promised", "500"), ("delivered", "500")]
    assert len(store.told) == 2


def test_points_expire_when_their_time_is_up_and_not_before(store: FakeStore) -> None:
    # given
    points(store)
    ref = credited(store)

    # when
    store.travel(days=90)
    effects.expire(reward_of(ref, "data"), store=store)

    # then
    assert (points_left(ref), reward_of(ref, "data").status) == (500, "issued")

    # when
    store.travel(microseconds=1)
    effects.expire(reward_of(ref, "data"), store=store)
    effects.expire(reward_of(ref, "data"), store=store)
    carry_out(store=store)

    # then
    assert entries_of(ref, "data")[2:] == [("expired", "-500")]
    assert (points_left(ref), reward_of(ref, "data").status) == (0, "expired")
    assert [event for _, event, _ in store.told] == [
        "referral_reward_issued",
        "referral_reward_expired",
    ]


def test_points_that_ran_out_are_no_debt(store: FakeStore) -> None:
    # given
    points(store)
    ref = credited(store)
    store.travel(days=91)
    effects.expire(reward_of(ref, "data"), store=store)

    # when
    settle_and_carry_out(store, ref, refunded=usd(90))

    # then
    assert entries_of(ref, "data")[2:] == [
        ("expired", "-500"),
        ("promised", "-500"),
        ("expired", "500"),
        ("taken_back", "-500"),
    ]
    assert points_left(ref) == 0


def test_points_for_which_there_is_room_again_follow_later(store: FakeStore) -> None:
    # given
    points(store, caps=(Cap(amount=Amounts.of({"MB": 800})),))
    first, second = credited(store, 1), credited(store, 2)
    assert [points_left(ref) for ref in (first, second)] == [500, 300]

    # when
    settle_and_carry_out(store, first, refunded=usd(90))
    store.travel(days=10)
    settle_and_carry_out(store, second)

    # then
    assert [points_left(ref) for ref in (first, second)] == [0, 500]
    assert entries_of(second, "data") == [
        ("promised", "300"),
        ("delivered", "300"),
        ("promised", "200"),
        ("delivered", "200"),
    ]
    assert reward_of(second, "data").expires_at == NOW + timedelta(days=100)


def test_points_and_credits_do_not_pay_each_others_debts(store: FakeStore) -> None:
    # given: a debt of 10 USD
    first = credited(store, 1)
    spend(store, first, usd(10))
    settle_and_carry_out(store, first, refunded=usd(90))
    points(store)

    # when
    second = credited(store, 2)

    # then
    assert entries_of(second, "data") == [("promised", "500"), ("delivered", "500")]


# taking back ----------------------------------------------------------------------------------


def test_what_is_no_longer_deserved_is_taken_back(store: FakeStore) -> None:
    # given
    ref = credited(store)

    # when
    settle_and_carry_out(store, ref, refunded=usd(90))

    # then
    assert balances(store) == [usd(0)]
    assert reward_of(ref).status == Reward.Status.CLAWED_BACK
    assert entries_of(ref)[-2:] == [("promised", "-10"), ("taken_back", "-10")]


def test_each_change_of_a_credit_says_why(store: FakeStore) -> None:
    # given
    run_program(store, terms(credit=percent(10), hold_days=0))
    ref = credited(store)
    [credit] = store.credits.values()
    for_it = "Referral reward for order 1"

    # when: half is refunded, then all of it, then nothing of it
    for refunded in (45, 90, 0):
        settle_and_carry_out(store, ref, refunded=usd(refunded))

    # then
    assert credit.notes == [
        f"{for_it}, taken back in part",
        f"{for_it}, taken back: The order was refunded or given back.",
        f"{for_it}, given again",
    ]

    # when: staff withdraw it
    void(reward_of(ref), by="eve", reason="A fraud", store=store)
    carry_out(store=store)

    # then
    assert credit.notes[3:] == [f"{for_it}, taken back: A fraud"]


def test_what_was_spent_stays_a_debt_that_the_next_credit_pays(store: FakeStore) -> None:
    # given
    first = credited(store, 1)
    spend(store, first, usd(4))
    settle_and_carry_out(store, first, refunded=usd(90))
    assert entries_of(first)[-3:] == [("promised", "-10"), ("spent", "-4"), ("taken_back", "-6")]

    # when
    second = credited(store, 2)

    # then
    assert entries_of(first)[-1] == ("offset", "-4")
    assert entries_of(second) == [("promised", "10"), ("offset", "4"), ("delivered", "6")]
    assert balances(store) == [usd(0), usd(6)]
    assert list(verify(store=store)) == []


def test_what_was_spent_may_be_waived(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(WAIVING,)))
    first = credited(store, 1)
    spend(store, first, usd(4))

    # when
    settle_and_carry_out(store, first, refunded=usd(90))
    settle_and_carry_out(store, first)

    # then
    assert entries_of(first)[-4:] == [
        ("promised", "-10"),
        ("spent", "-4"),
        ("taken_back", "-6"),
        ("waived", "-4"),
    ]

    # when
    second = credited(store, 2)

    # then: nothing is owed
    assert entries_of(second) == [("promised", "10"), ("delivered", "10")]
    assert balances(store) == [usd(0), usd(10)]
    assert list(verify(store=store)) == []


@pytest.mark.parametrize(
    ("refunded", "entries"),
    [
        (0, [("promised", "10"), ("waived", "4"), ("delivered", "6")]),
        # 3 of the 4 that were had already are deserved after all.
        (63, [("promised", "3"), ("waived", "3")]),
    ],
)
def test_what_was_waived_and_is_deserved_after_all_is_not_given_twice(
    store: FakeStore, refunded: int, entries: list[tuple[str, str]]
) -> None:
    # given
    run_program(store, terms(rewards=(WAIVING.but(proportional=True),)))
    ref = credited(store)
    spend(store, ref, usd(4))
    settle_and_carry_out(store, ref, refunded=usd(90))
    before = len(entries_of(ref))

    # when
    settle_and_carry_out(store, ref, refunded=usd(refunded))
    settle_and_carry_out(store, ref)

    # then
    assert entries_of(ref)[before:] == entries
    assert list(verify(store=store)) == []


def test_a_debt_is_paid_in_its_own_currency_only(store: FakeStore) -> None:
    # given
    first = credited(store, 1)
    spend(store, first, usd(10))
    settle_and_carry_out(store, first, refunded=usd(90))

    # when
    second = credited(store, 2, **IN_EURO)

    # then
    assert entries_of(second) == [("promised", "9"), ("delivered", "9")]


def test_a_debt_paid_by_another_comes_back_when_the_order_does(store: FakeStore) -> None:
    # given
    first = credited(store, 1)
    spend(store, first, usd(10))
    settle_and_carry_out(store, first, refunded=usd(90))
    second = credited(store, 2)
    assert balances(store) == [usd(0)]

    # when
    settle_and_carry_out(store, first, refunded=usd(0))

    # then
    assert [reward_of(ref).status for ref in (first, second)] == ["issued", "issued"]
    assert balances(store) == [usd(10)]
    assert list(verify(store=store)) == []


def test_a_credit_that_ran_out_unused_is_no_debt(store: FakeStore) -> None:
    # given
    ref = credited(store)
    spend(store, ref, usd(3))
    store.travel(days=366)
    effects.expire(reward_of(ref), store=store)

    # when
    settle_and_carry_out(store, ref, refunded=usd(90))

    # then
    assert entries_of(ref) == [
        ("promised", "10"),
        ("delivered", "10"),
        ("spent", "-3"),
        ("expired", "-7"),
        ("promised", "-10"),
        ("expired", "7"),
        ("taken_back", "-7"),
    ]


# expiry ---------------------------------------------------------------------------------------


def test_a_credit_expires_when_its_time_is_up_and_not_before(store: FakeStore) -> None:
    # given
    ref = credited(store)

    # when
    store.travel(days=365)
    effects.expire(reward_of(ref), store=store)

    # then
    assert balances(store) == [usd(10)]

    # when
    store.travel(microseconds=1)
    effects.expire(reward_of(ref), store=store)
    effects.expire(reward_of(ref), store=store)
    carry_out(store=store)

    # then
    assert balances(store) == [usd(0)]
    assert reward_of(ref).status == Reward.Status.EXPIRED
    assert entries_of(ref)[-1] == ("expired", "-10")
    assert [event for _, event, _ in store.told] == [
        "referral_reward_issued",
        "referral_reward_expired",
    ]


def test_a_credit_spent_to_the_last_cent_ends_without_a_word(store: FakeStore) -> None:
    # given
    ref = credited(store)
    spend(store, ref, usd(10))
    store.told.clear()

    # when
    store.travel(days=366)
    effects.expire(reward_of(ref), store=store)
    carry_out(store=store)

    # then
    assert reward_of(ref).status == Reward.Status.EXPIRED
    assert store.told == []


# failing, and trying again --------------------------------------------------------------------


def test_what_fails_is_kept_and_tried_again(store: FakeStore) -> None:
    # given
    store.broken.add("issue_credit")
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    done = carry_out(store=store)

    # then
    effect = Effect.objects.get()
    reward = reward_of(ref)
    assert done == 0
    assert (effect.attempts, effect.done_at) == (1, None)
    assert effect.due_at == NOW + timedelta(minutes=1)
    assert effect.last_error == (
        f"ConnectionError: issue_credit of reward-{reward.pk}-0 did not work"
    )
    assert entries_of(ref) == [("promised", "10")]
    assert reward.status == Reward.Status.APPROVED

    # when
    store.broken.clear()
    store.travel(minutes=1)
    carry_out(store=store)

    # then
    effect.refresh_from_db()
    assert (effect.attempts, effect.done_at, effect.last_error) == (2, store.now(), "")
    assert balances(store) == [usd(10)]


def test_it_is_not_tried_before_its_time(store: FakeStore) -> None:
    # given
    store.broken.add("issue_credit")
    settle(place(store, share(store)), store=store)
    carry_out(store=store)
    store.broken.clear()

    # when
    store.travel(seconds=59)

    # then
    assert carry_out(store=store) == 0
    assert Effect.objects.get().attempts == 1


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(0, 1), (1, 2), (2, 4), (7, 128), (8, 256), (9, 360), (10, 360), (1000, 360), (10**6, 360)],
)
def test_the_wait_doubles_up_to_six_hours_for_ever(
    store: FakeStore, attempts: int, minutes: int
) -> None:
    # given
    store.broken.add("tell")
    effect = tell_effect(reward_row(store), NOW, "one")
    Effect.objects.update(attempts=attempts)

    # when
    carry_out(store=store)

    # then
    effect.refresh_from_db()
    assert effect.attempts == attempts + 1
    assert effect.due_at == NOW + timedelta(minutes=minutes)


def test_one_that_fails_does_not_keep_the_others_waiting(store: FakeStore) -> None:
    # given
    credit = place(store, share(store))
    settle(credit, store=store)
    reward = reward_of(credit)
    tell_effect(reward, NOW + timedelta(seconds=1), "later")
    store.broken.add("issue_credit")
    store.travel(seconds=1)

    # when
    done = carry_out(store=store)

    # then
    assert done == 1
    assert store.told == [("1", "something", {"of": "later"})]


def test_the_longest_due_comes_first_and_no_more_than_asked_for(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    for minutes, key in ((3, "third"), (1, "first"), (2, "second")):
        tell_effect(reward, NOW + timedelta(minutes=minutes), key)
    store.travel(hours=1)

    # when
    done = carry_out(store=store, limit=2)

    # then
    assert done == 2
    assert [payload["of"] for _, _, payload in store.told] == ["first", "second"]


def test_what_is_to_come_waits(store: FakeStore) -> None:
    # given
    tell_effect(reward_row(store), NOW + timedelta(seconds=1), "tomorrow")

    # then
    assert carry_out(store=store) == 0
    assert store.told == []


# who is gone ----------------------------------------------------------------------------------


def test_a_credit_for_an_account_that_is_gone_is_not_made(store: FakeStore) -> None:
    # given
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    del store.customers["1"]
    carry_out(store=store)

    # then
    assert store.credits == {}
    assert reward_of(ref).holder.forgotten_at == NOW

    # when
    settle_and_carry_out(store, ref)

    # then
    assert reward_of(ref).status == Reward.Status.VOIDED
    assert store.credits == {}
    assert store.told == []


def test_a_message_to_somebody_forgotten_is_not_sent(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    tell_effect(reward, NOW, "one")
    type(reward.holder).objects.update(user_ref=None, forgotten_at=NOW)

    # when
    done = carry_out(store=store)

    # then
    assert done == 1
    assert store.told == []


def test_what_comes_back_to_a_credit_that_is_no_longer_deserved_is_taken(store: FakeStore) -> None:
    # given: half of it is spent when the order is refunded
    ref = credited(store)
    spend(store, ref, usd(5))
    settle_and_carry_out(store, ref, refunded=usd(90))
    assert reward_of(ref).status == Reward.Status.CLAWED_BACK

    # when: what was bought with it is cancelled
    spend(store, ref, usd(-5))
    noted = note_spending(store=store)

    # then
    assert noted == 1
    assert balances(store) == [usd(0)]
    assert list(verify(store=store)) == []
    assert note_spending(store=store) == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_delivered_while_its_referral_is_being_settled(store: FakeStore) -> None:
    # given: whoever settles the order has its referrer, and the friend gets a reward, too
    friends = RewardRule(name="friends", to=Beneficiary.REFEREE, worth=amounts(USD=3))
    run_program(store, terms(rewards=(RewardRule(worth=amounts(USD=10)), friends)))
    ref = place(store, share(store))
    settle(ref, store=store)
    held, is_over = Event(), Event()

    def settling() -> None:
        with transaction.atomic():
            Referrer.objects.select_for_update().get(referrals__order_ref=ref)
            held.set()
            is_over.wait(PATIENCE)
        connection.close()

    thread = Thread(target=settling)
    thread.start()
    assert held.wait(PATIENCE)

    # when
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    meanwhile = carry_out(store=store)
    is_over.set()
    thread.join()
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")

    # then
    assert meanwhile == 0
    assert not LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DELIVERED).exists()

    # when
    store.travel(minutes=1)
    carry_out(store=store)

    # then
    assert sorted(balances(store)) == [usd(3), usd(10)]


def test_the_books_hold_no_more_than_was_moved(store: FakeStore) -> None:
    # given: taken back while half of the card is spent, then everything once more
    ref = credited(store)
    spend(store, ref, usd(5))
    settle_and_carry_out(store, ref, refunded=usd(90))
    settle_and_carry_out(store, ref, refunded=usd(0))

    # then
    delivered = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DELIVERED)
    assert [entry.amount for entry in delivered] == [10, 5]
    assert balances(store) == [usd(5)]
    assert list(verify(store=store)) == []
