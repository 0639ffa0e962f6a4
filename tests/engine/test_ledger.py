"""Sums of the ledger: what everybody reads."""

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import ledger, selectors
from saleor_referral_plugin.engine.ledger import Account, Sums
from saleor_referral_plugin.models import LedgerEntry, Referrer
from tests.engine.books import book, reward_row
from tests.engine.build import NOW, eur, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


def sums(promised: str, delivered: str, balance: str) -> Sums:
    return Sums(Decimal(promised), Decimal(delivered), Decimal(balance))


@pytest.mark.parametrize(
    ("entries", "expected", "owed"),
    [
        ("", sums("0", "0", "0"), "0"),
        ("promised 10", sums("10", "0", "0"), "10"),
        ("promised 10, delivered 10", sums("10", "10", "10"), "0"),
        ("promised 10, delivered 10, spent -4", sums("10", "10", "6"), "0"),
        (
            "promised 10, delivered 10, spent -4, promised -10, taken_back -6",
            sums("0", "4", "0"),
            "-4",
        ),
        (
            "promised 10, delivered 10, spent -10, promised -10, offset -10",
            sums("0", "0", "0"),
            "0",
        ),
        ("promised 10, offset 4, delivered 6", sums("10", "10", "6"), "0"),
        ("promised 10, delivered 10, expired -10", sums("10", "10", "0"), "0"),
    ],
)
def test_what_the_ledger_says_of_a_reward(
    store: FakeStore, entries: str, expected: Sums, owed: str
) -> None:
    # given
    reward = reward_row(store)
    for kind, amount in (line.split() for line in entries.split(", ") if line):
        book(reward, Kind(kind), amount)

    # when
    found = ledger.sums_of([reward.pk])

    # then
    assert found == {reward.pk: expected}
    assert found[reward.pk].owed == Decimal(owed)


def test_many_rewards_are_one_question(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    rewards = [reward_row(store, number=number) for number in range(1, 6)]
    for reward in rewards[1:]:
        book(reward, Kind.PROMISED, "1")

    # when
    with django_assert_num_queries(1):
        found = ledger.sums_of(reward.pk for reward in rewards)

    # then
    assert [found[reward.pk].promised for reward in rewards] == [0, 1, 1, 1, 1]


def test_an_account_for_every_currency_ever_used(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given: 6 of 10 USD left, 5 USD pending, 3 USD owed back; 9 EUR pending
    spent, pending, debt = (reward_row(store, number=number) for number in (1, 2, 3))
    in_euro = reward_row(store, currency="EUR", number=4)
    for reward, kind, amount in (
        (spent, Kind.PROMISED, "10"),
        (spent, Kind.DELIVERED, "10"),
        (spent, Kind.SPENT, "-4"),
        (pending, Kind.PROMISED, "5"),
        (debt, Kind.DELIVERED, "3"),
        (debt, Kind.SPENT, "-3"),
        (in_euro, Kind.PROMISED, "9"),
    ):
        book(reward, kind, amount)

    # when
    with django_assert_num_queries(2):
        accounts = selectors.accounts_of([spent.holder.pk], store=store)[spent.holder.pk]

    # then
    assert accounts == [
        Account("EUR", available=eur(0), pending=eur(9), debt=eur(0), earned=eur(9)),
        Account("USD", available=usd(6), pending=usd(5), debt=usd(3), earned=usd(15)),
    ]


def test_who_was_never_promised_anything_has_no_account(store: FakeStore) -> None:
    referrer = Referrer.objects.create(user_ref="1", created_at=NOW)

    assert selectors.accounts_of([referrer.pk], store=store) == {referrer.pk: []}


@pytest.mark.parametrize(
    ("in_store", "booked"), [("6", [("spent", "-4")]), ("12", [("spent", "2")]), ("10", [])]
)
def test_what_moved_without_us_is_noted(
    store: FakeStore, in_store: str, booked: list[tuple[str, str]]
) -> None:
    # given
    reward = reward_row(store)
    book(reward, Kind.DELIVERED, "10")

    # when
    ledger.note_spending(reward, Decimal(in_store), now=NOW)
    ledger.note_spending(reward, Decimal(in_store), now=NOW)

    # then
    entries = LedgerEntry.objects.exclude(kind=Kind.DELIVERED)
    assert [(row.kind, f"{row.amount.normalize():f}") for row in entries] == booked


def test_what_is_left_is_written_off_once(store: FakeStore) -> None:
    # given
    reward = reward_row(store)
    book(reward, Kind.DELIVERED, "10")
    book(reward, Kind.SPENT, "-4")

    # when
    first, second = (ledger.write_off(reward, now=NOW) for _ in range(2))

    # then
    assert (first, second) == (6, 0)
    assert [row.amount for row in LedgerEntry.objects.filter(kind=Kind.EXPIRED)] == [-6]


def test_nothing_is_not_an_entry(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # when
    ledger.post(reward, Kind.PROMISED, Decimal("0.00"), now=NOW)

    # then
    assert not LedgerEntry.objects.exists()
