"""Settling one order: the books say what the decision says, and nothing is written twice."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import CapPeriod
from saleor_referral_plugin.models import Claim, Effect, LedgerEntry, Referral, Reward
from tests.engine.books import (
    change,
    claim,
    entries_of,
    place,
    reward_of,
    run_program,
    share,
)
from tests.engine.build import IN_EURO, NOW, PAID_AT, percent, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def everything() -> list[dict[str, Any]]:
    """All that settling writes, but for the time it last ran."""
    rows: list[dict[str, Any]] = []
    for model in (Claim, Referral, Reward, LedgerEntry, Effect):
        rows += [dict(row) for row in model.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name != "settled_at"} for row in rows]


# what makes a referral ------------------------------------------------------------------------


def test_an_order_with_a_claim_becomes_a_referral(store: FakeStore) -> None:
    # given
    version = run_program(store)
    code = share(store)
    ref = place(store, code)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral == Referral.objects.get()
    assert referral is not None
    made = Claim.objects.get()
    assert (made.status, made.checkout_ref) == (Claim.Status.USED, "checkout-1")
    assert referral.claim == made
    assert (referral.program, referral.terms, referral.referrer) == (
        version.program,
        version,
        code.referrer,
    )
    assert (referral.order_ref, referral.order_number) == ("order-1", "1")
    assert (referral.channel, referral.currency) == ("default", "USD")
    assert (referral.status, referral.placed_at) == ("qualified", PAID_AT)
    assert referral.referee_email_key == store.orders[ref].buyer.email_key
    assert all(finding["passed"] for finding in referral.findings)


@pytest.mark.parametrize(
    "changed",
    [
        {"voucher_code": None},
        {"voucher_code": "FRIEND2"},
        {"checkout_ref": None},
        {"checkout_ref": "another"},
    ],
)
def test_an_order_without_a_claim_of_its_own_is_none(
    store: FakeStore, changed: dict[str, Any]
) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    change(store, ref, **changed)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is None
    assert not Referral.objects.exists()


def test_an_order_nobody_knows_is_none(store: FakeStore) -> None:
    assert settle("nowhere", store=store) is None


@pytest.mark.parametrize("last", [Claim.Status.WITHDRAWN, Claim.Status.REFUSED])
def test_of_several_claims_the_one_in_force_counts(store: FakeStore, last: Claim.Status) -> None:
    # given: Anna's is in force; Cleo's came later and is not
    version = run_program(store)
    anna, cleo = share(store), share(store, "2", "cleo@example.com")
    ref = place(store, anna)
    claim(cleo, version, "checkout-1", status=last)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.referrer == anna.referrer


def test_the_terms_of_the_claim_hold_whatever_came_later(store: FakeStore) -> None:
    # given
    old = run_program(store)
    ref = place(store, share(store))
    run_program(store, terms(credit=percent(50)))

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.terms == old
    assert reward_of(ref).amount == 10


def test_another_referral_of_the_same_friend_is_rejected(store: FakeStore) -> None:
    # given
    run_program(store, terms(new_customers_only=False))
    code = share(store)
    first = place(store, code, 1, email="ben@gmail.com")
    second = place(store, code, 2, email="b.en@gmail.com")
    settle(first, store=store)

    # when
    referral = settle(second, store=store)

    # then
    assert referral is not None
    assert referral.status == "rejected"
    assert [f["code"] for f in referral.findings if not f["passed"]] == ["already_referred"]
    assert not referral.rewards.exists()


# any number of times --------------------------------------------------------------------------

STORIES: dict[str, list[dict[str, Any]]] = {
    "unpaid": [{"captured": usd(0), "paid_at": None}],
    "paid": [{}],
    "paid without a date": [{"paid_at": None}],
    "refunded in part": [{}, {"refunded": usd(30)}],
    "refunded": [{}, {"refunded": usd(90)}],
    "refunded, and not after all": [{}, {"refunded": usd(90)}, {"refunded": usd(0)}],
    "cancelled before it was paid": [{"captured": usd(0)}, {"is_void": True}],
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("hold_days", [0, 14])
def test_settling_again_writes_nothing(store: FakeStore, story: str, hold_days: int) -> None:
    # given
    run_program(store, terms(credit=percent(5), hold_days=hold_days))
    ref = place(store, share(store))
    for facts in STORIES[story]:
        change(store, ref, **facts)
        settle(ref, store=store)
        carry_out(store=store)
    before = everything()

    # when
    store.travel(hours=1)
    settle(ref, store=store)
    carry_out(store=store)

    # then
    assert everything() == before


def test_only_the_difference_is_posted(store: FakeStore) -> None:
    # given
    run_program(store, terms(credit=percent(10)))
    ref = place(store, share(store))

    # when
    for refunded in ("0", "30", "60", "0", "90"):
        change(store, ref, refunded=usd(refunded))
        settle(ref, store=store)

    # then
    assert entries_of(ref) == [
        ("promised", "9"),
        ("promised", "-3"),
        ("promised", "-3"),
        ("promised", "6"),
        ("promised", "-9"),
    ]
    assert reward_of(ref).status == Reward.Status.VOIDED
    assert not Effect.objects.exists()


def test_a_reward_that_was_never_due_has_no_row(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store), is_void=True)

    # when
    settle(ref, store=store)

    # then
    assert Referral.objects.get().status == "rejected"
    assert not Reward.objects.exists()


def test_a_reward_of_which_a_limit_left_nothing_has_one(store: FakeStore) -> None:
    # given
    run_program(store, terms(cap_count=1))
    code = share(store)
    settle(place(store, code, 1), store=store)

    # when
    settle(place(store, code, 2), store=store)

    # then
    reward = reward_of("order-2")
    assert (reward.amount, reward.status) == (0, Reward.Status.VOIDED)
    assert entries_of("order-2") == []


def test_an_order_deleted_in_the_shop_stays_in_the_books(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    settle(ref, store=store)
    before = everything()

    # when
    del store.orders[ref]
    referral = settle(ref, store=store)

    # then
    assert referral == Referral.objects.get()
    assert everything() == [
        {name: None if name == "look_again_at" else value for name, value in row.items()}
        for row in before
    ]


def test_what_breaks_leaves_nothing_half_written(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    store.broken.add("order_facts")

    # then
    with pytest.raises(ConnectionError):
        settle(ref, store=store)
    assert not Referral.objects.exists()
    assert Claim.objects.get().status == Claim.Status.OPEN


# the hold -------------------------------------------------------------------------------------


def test_the_end_of_the_hold_makes_the_credit_due_once(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    settle(ref, store=store)
    assert not Effect.objects.exists()
    assert Referral.objects.get().look_again_at == PAID_AT + timedelta(days=14)

    # when
    store.travel(days=14)
    settle(ref, store=store)
    settle(ref, store=store)

    # then
    effect = Effect.objects.get()
    assert (effect.kind, effect.due_at, effect.done_at) == ("credit", store.now(), None)
    assert reward_of(ref).status == Reward.Status.APPROVED
    assert Referral.objects.get().look_again_at is None


def test_a_hold_put_off_after_its_end_still_ends_in_a_credit(store: FakeStore) -> None:
    # given: approved, and paid once more before the credit was carried out
    run_program(store)
    ref = place(store, share(store))
    store.travel(days=14)
    settle(ref, store=store)
    change(store, ref, paid_at=store.now())
    settle(ref, store=store)
    carry_out(store=store)
    assert store.credits == {}

    # when
    store.travel(days=14)
    settle(ref, store=store)
    carry_out(store=store)

    # then
    assert [credit.balance for credit in store.credits.values()] == [usd(10)]
    assert reward_of(ref).status == Reward.Status.ISSUED


# the limits -----------------------------------------------------------------------------------


def test_other_credits_count_in_their_own_period(store: FakeStore) -> None:
    # given
    run_program(
        store, terms(cap_amount=Amounts.of({"USD": 15}), cap_period=CapPeriod.CALENDAR_MONTH)
    )
    code = share(store)
    settle(place(store, code, 1, paid_at=NOW - timedelta(days=10)), store=store)

    # when: one in the month before, one in the same
    settle(place(store, code, 2, paid_at=NOW - timedelta(days=9)), store=store)
    settle(place(store, code, 3, paid_at=NOW - timedelta(days=9)), store=store)

    # then
    assert [reward_of(f"order-{number}").amount for number in (1, 2, 3)] == [10, 10, 5]


def test_a_credit_of_a_later_period_does_not_count_for_an_earlier_order(
    store: FakeStore,
) -> None:
    # given
    run_program(store, terms(cap_count=1, cap_period=CapPeriod.CALENDAR_MONTH))
    code = share(store)
    settle(place(store, code, 1, paid_at=NOW), store=store)

    # when: we hear only now of an order of the month before
    settle(place(store, code, 2, paid_at=NOW - timedelta(days=20)), store=store)

    # then
    assert [reward_of(f"order-{number}").amount for number in (1, 2)] == [10, 10]


def test_a_credit_taken_back_counts_no_more(store: FakeStore) -> None:
    # given
    run_program(store, terms(cap_count=1))
    code = share(store)
    first = place(store, code, 1)
    settle(first, store=store)
    change(store, first, refunded=usd(90))
    settle(first, store=store)

    # when
    settle(place(store, code, 2), store=store)

    # then
    assert reward_of("order-2").amount == 10


def test_the_number_counts_all_currencies_and_the_amount_its_own(store: FakeStore) -> None:
    # given
    run_program(store, terms(cap_count=2, cap_amount=Amounts.of({"USD": 12})))
    code = share(store)

    # when
    settle(place(store, code, 1, **IN_EURO), store=store)
    settle(place(store, code, 2), store=store)
    settle(place(store, code, 3), store=store)

    # then
    assert [
        (reward_of(f"order-{number}").amount, reward_of(f"order-{number}").currency)
        for number in (1, 2, 3)
    ] == [(9, "EUR"), (10, "USD"), (0, "USD")]


def test_an_order_settled_again_does_not_count_against_itself(store: FakeStore) -> None:
    # given
    run_program(store, terms(cap_count=1, cap_amount=Amounts.of({"USD": 10})))
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    settle(ref, store=store)

    # then
    assert reward_of(ref).amount == 10


# who is gone ----------------------------------------------------------------------------------


def test_a_referrer_whose_account_is_gone_is_forgotten_on_sight(store: FakeStore) -> None:
    # given
    run_program(store)
    code = share(store)
    ref = place(store, code)
    settle(ref, store=store)

    # when
    del store.customers["1"]
    settle(ref, store=store)

    # then
    code.referrer.refresh_from_db()
    code.refresh_from_db()
    assert (code.referrer.user_ref, code.referrer.email_key) == (None, None)
    assert code.referrer.forgotten_at == NOW
    assert not code.is_active
    assert (reward_of(ref).amount, reward_of(ref).status) == (0, Reward.Status.VOIDED)


def test_an_order_by_the_referrers_new_address_is_their_own(store: FakeStore) -> None:
    # given: Anna asked for her code under another address
    run_program(store)
    code = share(store, "1", "anna@example.com")
    ref = place(store, code, email="anna@married.example")

    # when
    store.customers["1"] = CustomerFacts("1", "anna@married.example")
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == "rejected"
    assert [f["code"] for f in referral.findings if not f["passed"]] == ["own_code"]
