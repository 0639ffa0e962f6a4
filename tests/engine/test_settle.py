"""Settling one order: the books say what the decision says, and nothing is written twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import email_key, person
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
)
from saleor_referral_plugin.models import (
    Claim,
    Effect,
    LedgerEntry,
    Referral,
    Referrer,
    Reward,
)
from tests.engine.books import (
    book,
    change,
    claim,
    entries_of,
    place,
    put_order,
    reward_of,
    run_program,
    share,
)
from tests.engine.build import IN_EURO, NOW, PAID_AT, amounts, order, percent, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


TEN = RewardRule(worth=amounts(USD=10, EUR=9))
THANKS = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3, EUR=2))
DATA = RewardRule(name="data", kind=RewardKind.POINTS, worth=amounts(MB=500))
MUG = RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(MUG=1))


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


@pytest.mark.parametrize(
    ("late_by", "status"),
    [(timedelta(0), "qualified"), (timedelta(microseconds=1), "expired")],
)
def test_an_order_comes_while_its_claim_is_valid(
    store: FakeStore, late_by: timedelta, status: str
) -> None:
    # given
    run_program(store, terms(claim_valid=Span(days=30)))
    ref = place(store, share(store), placed_at=NOW + timedelta(hours=720) + late_by)
    store.travel(days=40)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == status
    failed = [f for f in referral.findings if not f["passed"]]
    assert [(f["code"], f["detail"]) for f in failed] == (
        [("claim_expired", {"until": (NOW + timedelta(days=30)).isoformat()})]
        if status == "expired"
        else []
    )


def test_what_came_too_late_and_would_not_have_counted_is_rejected(store: FakeStore) -> None:
    # given
    run_program(store, terms(claim_valid=Span(days=30), minimum=Amounts.of({"USD": 500})))
    ref = place(store, share(store), placed_at=NOW + timedelta(days=31))
    store.travel(days=40)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == "rejected"


@pytest.mark.parametrize(
    ("early_by", "status"),
    [(timedelta(microseconds=1), "qualified"), (timedelta(0), "expired")],
)
def test_an_order_comes_before_the_program_closes(
    store: FakeStore, early_by: timedelta, status: str
) -> None:
    # given
    closes = NOW + timedelta(days=1)
    run_program(store, terms(orders_until=closes))
    ref = place(store, share(store), placed_at=closes - early_by)
    store.travel(days=2)

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == status


@pytest.mark.parametrize(
    ("older_by", "status"),
    [(timedelta(0), "rejected"), (timedelta(microseconds=1), "qualified")],
)
def test_an_order_that_was_too_old_already_when_this_one_came_does_not_count(
    store: FakeStore, older_by: timedelta, status: str
) -> None:
    # given
    run_program(store, terms(new_after=Span(days=100)))
    put_order(
        store,
        order(
            ref="old",
            buyer=person(None, "friend1@example.com"),
            placed_at=PAID_AT - timedelta(days=100) - older_by,
        ),
        email="friend1@example.com",
    )
    ref = place(store, share(store))

    # when: time goes on before we hear of it
    store.travel(days=50)
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == status


# rewards to both sides ------------------------------------------------------------------------


def test_a_friend_who_is_a_guest_gets_theirs_under_their_address(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN, THANKS)))
    anna = share(store).referrer
    ref = place(store, share(store), email="ben@example.com")

    # when
    settle(ref, store=store)

    # then
    guest = Referrer.objects.exclude(pk=anna.pk).get()
    assert (guest.user_ref, guest.email_key) == (None, email_key("ben@example.com"))
    assert guest.created_at == NOW
    assert (reward_of(ref).holder, reward_of(ref, "thanks").holder) == (anna, guest)
    assert (reward_of(ref).beneficiary, reward_of(ref).amount) == ("referrer", 10)
    thanks = reward_of(ref, "thanks")
    assert (thanks.beneficiary, thanks.amount, thanks.status) == ("referee", 3, "approved")
    assert entries_of(ref) == [("promised", "10")]
    assert entries_of(ref, "thanks") == [("promised", "3")]


def test_a_guest_has_one_row_for_all_their_orders(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(THANKS,), new_customers_only=False))
    code = share(store)
    first = place(store, code, 1, email="ben@gmail.com")
    settle(first, store=store)
    change(store, first, is_void=True)
    settle(first, store=store)

    # when
    second = place(store, code, 2, email="B.en@gmail.com")
    settle(second, store=store)

    # then
    assert reward_of(first, "thanks").holder == reward_of(second, "thanks").holder
    assert (reward_of(first, "thanks").amount, reward_of(second, "thanks").amount) == (0, 3)
    assert Referrer.objects.filter(user_ref=None).count() == 1


def test_a_friend_with_an_account_gets_theirs_there(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN, THANKS)))
    ref = place(store, share(store))
    change(store, ref, buyer=person("7", "ben@example.com"))

    # when
    settle(ref, store=store)

    # then
    holder = reward_of(ref, "thanks").holder
    assert (holder.user_ref, holder.email_key) == ("7", email_key("ben@example.com"))
    assert not Referrer.objects.filter(user_ref=None).exists()


def test_a_friend_who_shares_codes_as_well_has_one_row(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN, THANKS)))
    bens = share(store, "7", "ben@example.com").referrer
    ref = place(store, share(store))
    change(store, ref, buyer=person("7", "ben@example.com"))

    # when
    settle(ref, store=store)

    # then
    assert reward_of(ref, "thanks").holder == bens


def test_a_friend_with_nothing_to_get_has_no_row(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN, THANKS)))
    ref = place(store, share(store), captured=usd(0))

    # when
    settle(ref, store=store)

    # then
    assert not Reward.objects.exists()
    assert Referrer.objects.get().user_ref == "1"


def test_each_reward_becomes_due_at_the_end_of_its_own_hold(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(TEN.but(hold=Span(days=14)), THANKS.but(hold=Span(days=2)))))
    ref = place(store, share(store))
    settle(ref, store=store)
    assert Referral.objects.get().look_again_at == PAID_AT + timedelta(days=2)

    # when
    store.travel(days=1)
    settle(ref, store=store)

    # then
    assert [effect.reward for effect in Effect.objects.all()] == [reward_of(ref, "thanks")]
    assert (reward_of(ref).status, reward_of(ref, "thanks").status) == ("pending", "approved")
    assert Referral.objects.get().look_again_at == PAID_AT + timedelta(days=14)


# points, and what is delivered outside the shop -----------------------------------------------


def test_points_are_booked_in_their_unit(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(DATA,)))
    ref = place(store, share(store), **IN_EURO)

    # when
    settle(ref, store=store)

    # then
    reward = reward_of(ref, "data")
    assert (reward.kind, reward.currency, reward.amount) == ("points", "MB", 500)
    assert LedgerEntry.objects.get().currency == "MB"
    assert Referral.objects.get().currency == "EUR"


def test_what_is_delivered_outside_the_shop_is_approved_and_only_told(
    store: FakeStore,
) -> None:
    # given
    run_program(store, terms(rewards=(MUG,)))
    ref = place(store, share(store))

    # when
    settle(ref, store=store)

    # then
    reward = reward_of(ref, "mug")
    assert (reward.kind, reward.currency, reward.status) == ("custom", "MUG", "approved")
    assert entries_of(ref, "mug") == [("promised", "1")]
    assert Effect.objects.get().kind == Effect.Kind.TELL


def test_what_was_sent_outside_the_shop_stays_when_the_money_goes_back(
    store: FakeStore,
) -> None:
    # given
    run_program(store, terms(rewards=(TEN, MUG)))
    ref = place(store, share(store))
    settle(ref, store=store)
    book(reward_of(ref, "mug"), LedgerEntry.Kind.DELIVERED, "1")

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # then
    assert Referral.objects.get().status == "reversed"
    assert (reward_of(ref).amount, reward_of(ref, "mug").amount) == (0, 1)
    assert entries_of(ref, "mug") == [("promised", "1"), ("delivered", "1")]


def test_what_was_not_sent_yet_is_voided_when_the_money_goes_back(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(MUG,)))
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # then
    assert reward_of(ref, "mug").status == Reward.Status.VOIDED
    assert entries_of(ref, "mug") == [("promised", "1"), ("promised", "-1")]


def test_what_was_sent_outside_the_shop_still_counts_towards_its_limit(
    store: FakeStore,
) -> None:
    # given: the mug took the only place
    run_program(store, terms(rewards=(MUG, TEN), caps=(Cap(count=1),)))
    ref = place(store, share(store))
    settle(ref, store=store)
    book(reward_of(ref, "mug"), LedgerEntry.Kind.DELIVERED, "1")

    # when
    settle(ref, store=store)

    # then
    assert (reward_of(ref, "mug").amount, reward_of(ref).amount) == (1, 0)


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


def rewards_given(rule: str, *numbers: int) -> list[Decimal]:
    return [reward_of(f"order-{number}", rule).amount for number in numbers]


@pytest.mark.parametrize("cap", [{"count": 2}, {"amount": Amounts.of({"USD": 20})}])
def test_what_is_promised_keeps_its_place_when_others_are_given_more(
    store: FakeStore, cap: dict[str, Any]
) -> None:
    # given
    run_program(store, terms(caps=(Cap(**cap),)))
    code = share(store)
    first = place(store, code, number=1)
    settle(first, store=store)
    run_program(store, terms(caps=()))
    for number in (2, 3, 4):
        settle(place(store, code, number=number), store=store)

    # when
    settle(first, store=store)

    # then
    assert entries_of(first) == [("promised", "10")]


@pytest.mark.parametrize(
    ("overflow", "expected"), [(Overflow.CUT, [10, 5, 0]), (Overflow.REFUSE, [10, 0, 0])]
)
def test_the_credit_that_does_not_fit_is_cut_or_refused(
    store: FakeStore, overflow: Overflow, expected: list[int]
) -> None:
    # given
    cap = Cap(amount=Amounts.of({"USD": 15}), overflow=overflow)
    run_program(store, terms(caps=(cap,)))
    code = share(store)

    # when
    for number in (1, 2, 3):
        settle(place(store, code, number), store=store)

    # then
    assert rewards_given("credit", 1, 2, 3) == expected


def test_each_limit_is_counted_in_its_own_period(store: FakeStore) -> None:
    # given: one in a month, two for life
    run_program(
        store,
        terms(
            caps=(
                Cap(count=1, period=CapPeriod.CALENDAR_MONTH),
                Cap(count=2, period=CapPeriod.LIFE),
            )
        ),
    )
    code = share(store)

    # when: two in January, one in February, one in March
    for number, month in ((1, 1), (2, 1), (3, 2), (4, 3)):
        paid_at = datetime(2026, month, 5, tzinfo=UTC)
        settle(place(store, code, number, paid_at=paid_at), store=store)

    # then
    assert rewards_given("credit", 1, 2, 3, 4) == [10, 0, 10, 0]
    sentences = [
        f["detail"]["period"]
        for number in (2, 4)
        for f in Referral.objects.get(order_ref=f"order-{number}").findings
        if not f["passed"]
    ]
    assert sentences == ["month", "life"]


def test_a_month_is_one_of_the_programs_time_zone(store: FakeStore) -> None:
    # given: one before midnight in Copenhagen and one after, both on 28 February by UTC
    run_program(
        store,
        terms(cap_count=1, cap_period=CapPeriod.CALENDAR_MONTH, time_zone="Europe/Copenhagen"),
    )
    code = share(store)
    midnight = datetime(2026, 2, 28, 23, tzinfo=UTC)
    settle(place(store, code, 1, paid_at=midnight - timedelta(microseconds=1)), store=store)

    # when
    settle(place(store, code, 2, paid_at=midnight), store=store)
    settle(place(store, code, 3, paid_at=midnight + timedelta(days=1)), store=store)

    # then
    assert rewards_given("credit", 1, 2, 3) == [10, 10, 0]


@pytest.mark.parametrize("late", [False, True], ids=["in order", "the older one late"])
@pytest.mark.parametrize(
    ("apart", "expected"),
    [(timedelta(days=7) - timedelta(microseconds=1), [10, 0]), (timedelta(days=7), [10, 10])],
)
def test_a_rolling_limit_counts_what_lies_less_than_its_length_apart(
    store: FakeStore, apart: timedelta, expected: list[int], late: bool
) -> None:
    # given
    cap = Cap(count=1, period=CapPeriod.ROLLING, rolling=Span(days=7))
    run_program(store, terms(caps=(cap,)))
    code = share(store)
    paid = [PAID_AT, PAID_AT - apart] if late else [PAID_AT - apart, PAID_AT]

    # when
    for number, paid_at in enumerate(paid, 1):
        settle(place(store, code, number, paid_at=paid_at), store=store)

    # then
    assert rewards_given("credit", 1, 2) == expected


def test_the_friends_rewards_do_not_count_for_the_referrer(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(THANKS, TEN), caps=(Cap(count=2),)))
    code = share(store)

    # when
    for number in (1, 2, 3):
        settle(place(store, code, number), store=store)

    # then
    assert rewards_given("thanks", 1, 2, 3) == [3, 3, 3]
    assert rewards_given("credit", 1, 2, 3) == [10, 10, 0]


def test_a_limit_of_the_friend_is_one_for_each_friend(store: FakeStore) -> None:
    # given
    more = THANKS.but(name="more")
    cap = Cap(amount=Amounts.of({"USD": 5}), to=Beneficiary.REFEREE)
    run_program(store, terms(rewards=(TEN, THANKS, more), caps=(cap,)))
    code = share(store)

    # when
    for number in (1, 2):
        settle(place(store, code, number), store=store)

    # then
    assert rewards_given("thanks", 1, 2) == [3, 3]
    assert rewards_given("more", 1, 2) == [2, 2]
    assert rewards_given("credit", 1, 2) == [10, 10]


def test_a_limit_for_each_friend_counts_both_rewards_of_their_referral(
    store: FakeStore,
) -> None:
    # given
    bonus = RewardRule(name="bonus", worth=amounts(USD=4))
    cap = Cap(amount=Amounts.of({"USD": 12}), per_referee=True, period=CapPeriod.LIFE)
    run_program(store, terms(rewards=(TEN, bonus), caps=(cap,)))
    code = share(store)

    # when
    for number in (1, 2):
        settle(place(store, code, number), store=store)

    # then
    assert rewards_given("credit", 1, 2) == [10, 10]
    assert rewards_given("bonus", 1, 2) == [2, 2]


def test_points_and_credits_count_together_by_number_and_apart_by_amount(
    store: FakeStore,
) -> None:
    # given
    caps = (Cap(count=3), Cap(amount=Amounts.of({"MB": 800})))
    run_program(store, terms(rewards=(TEN, DATA), caps=caps))
    code = share(store)

    # when
    for number in (1, 2):
        settle(place(store, code, number), store=store)

    # then
    assert rewards_given("credit", 1, 2) == [10, 10]
    assert rewards_given("data", 1, 2) == [500, 0]


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
