"""Referrers: made the first time they ask, forgotten when they leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from saleor_referral_plugin.engine import codes
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.facts import CustomerFacts, Person
from saleor_referral_plugin.engine.people import email_key, person
from saleor_referral_plugin.engine.referrers import code_for, forget, referrer_of
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Effect, ReferralCode, Referrer, Reward
from tests.engine.books import entries_of, place, reward_of, run_program, share
from tests.engine.build import NOW, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

ANNA = CustomerFacts("1", "anna@example.com")


def test_a_customer_has_one_code_for_as_long_as_the_account_lives(store: FakeStore) -> None:
    # given
    program = run_program(store).program

    # when
    first, second = (code_for(ANNA, program, store=store) for _ in range(2))

    # then
    assert first == second
    assert first.code == codes.normalise(first.code)
    assert (first.created_at, first.is_active) == (NOW, True)
    assert ReferralCode.objects.count() == Referrer.objects.count() == 1


def test_a_changed_address_is_followed(store: FakeStore) -> None:
    # given
    referrer_of(ANNA, store=store)

    # when
    referrer_of(CustomerFacts("1", "anna@married.example"), store=store)

    # then
    assert Referrer.objects.get().email_key == email_key("anna@married.example")


def test_a_code_the_store_has_already_is_drawn_again(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    program = run_program(store).program
    drawn = iter(["TAKEN00000", "FREE000000"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))
    store.taken_codes = {"TAKEN00000"}

    # then
    assert code_for(ANNA, program, store=store).code == "FREE000000"


def test_a_code_somebody_else_has_is_drawn_again(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    program = run_program(store).program
    drawn = iter(["SAME000000", "SAME000000", "FREE000000"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))

    # when
    first = code_for(ANNA, program, store=store)
    second = code_for(CustomerFacts("2", "cleo@example.com"), program, store=store)

    # then
    assert (first.code, second.code) == ("SAME000000", "FREE000000")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(codes.show, True), (str.lower, True), (lambda code: code[:-1], False)],
)
def test_the_store_may_not_give_a_referral_code_to_something_else(
    store: FakeStore, typed: Callable[[str], str], expected: bool
) -> None:
    # given
    run_program(store)
    code = share(store)

    # then
    assert codes.is_reserved(typed(code.code)) is expected


# forgetting -----------------------------------------------------------------------------------


def test_every_tie_is_cut_and_the_totals_stay(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    code = share(store)
    ref = place(store, code)
    settle(ref, store=store)
    carry_out(store=store, limit=1)
    assert Effect.objects.filter(done_at=None, kind=Effect.Kind.TELL).count() == 1

    # when
    store.travel(hours=1)
    forgotten = forget(person("1", "anna@example.com"), store=store)

    # then
    referrer = Referrer.objects.get()
    assert forgotten
    assert (referrer.user_ref, referrer.email_key) == (None, None)
    assert referrer.forgotten_at == NOW + timedelta(hours=1)
    assert codes.find(code.code) is None
    assert entries_of(ref) == [("promised", "10"), ("delivered", "10"), ("expired", "-10")]
    assert (reward_of(ref).status, reward_of(ref).amount) == (Reward.Status.EXPIRED, 10)
    assert [credit.balance for credit in store.credits.values()] == [usd(0)]
    assert not Effect.objects.filter(done_at=None).exists()
    assert list(verify(store=store)) == []


def test_what_was_spent_before_is_no_write_off(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    settle(ref, store=store)
    carry_out(store=store)
    [credit] = store.credits.values()
    credit.balance = usd(6)

    # when
    forget(person("1", None), store=store)

    # then
    assert entries_of(ref)[2:] == [("spent", "-4"), ("expired", "-6")]
    assert credit.balance == usd(0)


def test_a_credit_spent_to_the_last_cent_is_no_write_off_at_all(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    settle(ref, store=store)
    carry_out(store=store)
    [credit] = store.credits.values()
    credit.balance = usd(0)

    # when
    forget(person("1", None), store=store)

    # then
    assert entries_of(ref)[2:] == [("spent", "-10")]


def test_a_promise_not_yet_delivered_is_void_when_its_time_comes(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store))
    settle(ref, store=store)

    # when
    forget(person("1", "anna@example.com"), store=store)
    store.travel(days=14)
    settle(ref, store=store)
    carry_out(store=store)

    # then
    assert entries_of(ref) == [("promised", "10"), ("promised", "-10")]
    assert reward_of(ref).status == Reward.Status.VOIDED
    assert store.credits == {}


def test_an_account_is_forgotten_by_its_id_whatever_its_address_is_now(
    store: FakeStore,
) -> None:
    # given
    referrer_of(ANNA, store=store)

    # then
    assert forget(person("1", "anonymised@example.com"), store=store)


@pytest.mark.parametrize("stranger", [person("2", "anna@example.com"), Person()])
def test_who_never_was_a_referrer_is_not_forgotten(store: FakeStore, stranger: Person) -> None:
    # given
    referrer_of(ANNA, store=store)

    # then
    assert not forget(stranger, store=store)
    assert Referrer.objects.get().user_ref == "1"


def test_somebody_forgotten_is_not_forgotten_twice(store: FakeStore) -> None:
    # given
    referrer_of(ANNA, store=store)
    assert forget(person("1", None), store=store)
    store.travel(days=1)

    # then
    assert not forget(person("1", "anna@example.com"), store=store)
    assert Referrer.objects.get().forgotten_at == NOW


def test_who_comes_back_starts_afresh(store: FakeStore) -> None:
    # given
    program = run_program(store).program
    old = code_for(ANNA, program, store=store)
    forget(person("1", None), store=store)

    # when
    new = code_for(CustomerFacts("2", ANNA.email), program, store=store)

    # then
    assert new.code != old.code
    assert new.referrer != old.referrer
