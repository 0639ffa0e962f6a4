"""What PostgreSQL itself refuses, whatever code runs: each test goes past the engine."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from saleor_referral_plugin.models import (
    Claim,
    LedgerEntry,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    TermsVersion,
)
from tests.engine.books import claim, entry, reward_row, run_program, share
from tests.engine.build import NOW, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


def promise(reward: Reward, amount: str) -> None:
    """The decision and its promise, as they must always come together."""
    Reward.objects.filter(pk=reward.pk).update(amount=Decimal(amount))
    entry(reward, Kind.PROMISED, amount)
    connection.check_constraints()


# entries --------------------------------------------------------------------------------------


def test_an_entry_is_never_changed(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    promise(reward, "10")

    # then
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        LedgerEntry.objects.update(amount=Decimal(11))


def test_an_entry_is_never_deleted(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    promise(reward, "10")

    # then
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        LedgerEntry.objects.all().delete()


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        *((kind, "0") for kind in Kind),
        (Kind.DELIVERED, "-1"),
        (Kind.TAKEN_BACK, "1"),
    ],
)
def test_an_entry_moves_something_in_its_own_direction(
    store: FakeStore, kind: Kind, amount: str
) -> None:
    # given
    reward = reward_row(store)

    # then
    with pytest.raises(IntegrityError, match="ledger_sign"), transaction.atomic():
        entry(reward, kind, amount)


def test_an_entry_has_the_currency_of_its_reward(store: FakeStore) -> None:
    # given
    reward = reward_row(store, currency="USD")

    # when
    entry(reward, Kind.DELIVERED, "1", currency="EUR")

    # then
    with pytest.raises(IntegrityError, match="referral_ledger_same_currency"):
        connection.check_constraints()


def test_an_entry_belongs_to_the_referrer_of_its_reward(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    another = Referrer.objects.create(user_ref="another", created_at=NOW)

    # when
    entry(reward, Kind.DELIVERED, "1", holder_id=another.pk)

    # then
    with pytest.raises(IntegrityError, match="referral_ledger_same_currency"):
        connection.check_constraints()


def test_a_reward_with_entries_keeps_its_currency(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    promise(reward, "10")

    # when
    Reward.objects.update(currency="EUR")

    # then
    with pytest.raises(IntegrityError, match="referral_ledger_same_currency"):
        connection.check_constraints()


# sums -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("promised", ["9.99", "10.01", "-10"])
def test_promises_add_up_to_the_decision(store: FakeStore, promised: str) -> None:
    # given
    reward = reward_row(store)

    # when
    Reward.objects.update(amount=Decimal(10))
    entry(reward, Kind.PROMISED, promised)

    # then
    with pytest.raises(IntegrityError, match=r"decided 10\.0000, but the ledger promises"):
        connection.check_constraints()


def test_a_decision_without_a_promise_is_refused(store: FakeStore) -> None:
    # given
    reward_row(store)

    # when
    Reward.objects.update(amount=Decimal(10))

    # then
    with pytest.raises(IntegrityError, match="but the ledger promises 0"):
        connection.check_constraints()


def test_a_promise_without_a_decision_is_refused(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # when
    entry(reward, Kind.PROMISED, "0.01")

    # then
    with pytest.raises(IntegrityError, match=r"decided 0\.0000, but the ledger promises"):
        connection.check_constraints()


def test_no_more_is_taken_back_than_was_delivered(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    promise(reward, "10")
    entry(reward, Kind.DELIVERED, "10")
    connection.check_constraints()

    # when
    entry(reward, Kind.OFFSET, "-6")
    entry(reward, Kind.OFFSET, "-4.01")

    # then
    with pytest.raises(IntegrityError, match=r"-0\.0100 delivered"):
        connection.check_constraints()


@pytest.mark.parametrize("kind", [Kind.SPENT, Kind.EXPIRED, Kind.TAKEN_BACK])
def test_no_more_leaves_a_credit_than_was_on_it(store: FakeStore, kind: Kind) -> None:
    # given
    reward = reward_row(store)
    promise(reward, "10")
    entry(reward, Kind.DELIVERED, "10")
    connection.check_constraints()

    # when
    entry(reward, kind, "-10.01")

    # then
    with pytest.raises(IntegrityError, match=r"-0\.0100 left"):
        connection.check_constraints()


def test_a_reward_is_never_negative(store: FakeStore) -> None:
    # given
    reward_row(store)

    # then
    with pytest.raises(IntegrityError, match="reward_not_negative"), transaction.atomic():
        Reward.objects.update(amount=Decimal(-1))


def test_the_books_are_checked_when_the_transaction_ends_not_before(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # when: wrong for a moment, right in the end
    Reward.objects.update(amount=Decimal(10))
    entry(reward, Kind.PROMISED, "4")
    entry(reward, Kind.PROMISED, "6")

    # then
    connection.check_constraints()
    assert LedgerEntry.objects.count() == 2


# once only ------------------------------------------------------------------------------------


def test_a_referral_rewards_a_beneficiary_once_for_a_rule(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # then
    reward.pk = None
    reward._state.adding = True
    with pytest.raises(IntegrityError, match="reward_once"), transaction.atomic():
        reward.save()


def test_an_order_is_one_referral(store: FakeStore) -> None:
    # given
    referral = reward_row(store).referral

    # then
    another = claim(referral.claim.code, referral.terms, "checkout-2")
    referral.pk, referral.claim = None, another
    referral._state.adding = True
    with pytest.raises(IntegrityError, match="order_ref"), transaction.atomic():
        referral.save()


@pytest.mark.parametrize("key", ["referee_email_key", "referee_user_ref"])
@pytest.mark.parametrize(
    ("status", "is_refused"),
    [("attributed", True), ("qualified", True), ("rejected", False), ("reversed", False)],
)
def test_a_friend_has_one_referrer_at_a_time(
    store: FakeStore, key: str, status: str, is_refused: bool
) -> None:
    # given
    first = reward_row(store, number=1).referral
    Referral.objects.filter(pk=first.pk).update(**{key: "ben"})
    second = reward_row(store, number=2).referral

    # when
    try:
        with transaction.atomic():
            Referral.objects.filter(pk=second.pk).update(**{key: "ben", "status": status})
        refused = False
    except IntegrityError:
        refused = True

    # then
    assert refused is is_refused


def test_a_checkout_has_one_open_claim(store: FakeStore) -> None:
    # given
    version = run_program(store)
    code = share(store)
    claim(code, version, "checkout-1", status=Claim.Status.WITHDRAWN)
    claim(code, version, "checkout-1")

    # then
    with pytest.raises(IntegrityError, match="referral_one_open_claim"), transaction.atomic():
        claim(code, version, "checkout-1")


def test_a_referrer_has_one_live_code_in_a_program(store: FakeStore) -> None:
    # given
    run_program(store)
    code = share(store)

    # then
    with pytest.raises(IntegrityError, match="referral_one_code_each"), transaction.atomic():
        ReferralCode.objects.create(
            referrer=code.referrer, program=code.program, code="ABCD1234XY", created_at=NOW
        )


# terms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"rules": terms(hold_days=1).to_json()},
        {"offer_code": "FRIEND99"},
        {"version": 9},
        {"created_at": NOW.replace(year=2020)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_terms_are_never_changed(store: FakeStore, changed: dict[str, object]) -> None:
    # given
    version = run_program(store)

    # then
    with pytest.raises(IntegrityError, match="make a new version"), transaction.atomic():
        TermsVersion.objects.filter(pk=version.pk).update(**changed)


def test_terms_may_be_retired(store: FakeStore) -> None:
    # given
    version = run_program(store)

    # when
    TermsVersion.objects.filter(pk=version.pk).update(retired_at=NOW)

    # then
    version.refresh_from_db()
    assert version.retired_at == NOW


def test_a_version_is_there_once(store: FakeStore) -> None:
    # given
    version = run_program(store)

    # then
    version.pk, version.offer_code = None, "FRIEND99"
    version._state.adding = True
    with pytest.raises(IntegrityError, match="referral_terms_version"), transaction.atomic():
        version.save()
