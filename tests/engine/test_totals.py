"""What the ledger adds up to: of a reward, a program, the shop."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine.totals import (
    Totals,
    nothing_in,
    totals_of_programs,
    totals_of_rewards,
    totals_of_shop,
)
from saleor_referral_plugin.models import LedgerEntry
from tests.engine.books import book, reward_row
from tests.engine.build import usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


def said(totals: Totals) -> dict[str, Decimal]:
    """All that is not nothing."""
    names = (
        *("promised", "delivered", "taken_back", "spent", "expired", "waived"),
        *("pending", "debt", "available"),
    )
    amounts = {name: getattr(totals, name).amount for name in names}
    return {name: amount for name, amount in amounts.items() if amount}


def book_all(reward: Any, entries: str) -> None:
    for kind, amount in (line.split() for line in entries.split(", ") if line):
        book(reward, Kind(kind), amount)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("promised 10", {"promised": 10, "pending": 10}),
        ("promised 10, delivered 10", {"promised": 10, "delivered": 10, "available": 10}),
        (
            "promised 10, delivered 10, spent -4",
            {"promised": 10, "delivered": 10, "spent": 4, "available": 6},
        ),
        (
            "promised 10, delivered 10, spent -4, promised -10, taken_back -6",
            {"delivered": 10, "spent": 4, "taken_back": 6, "debt": 4},
        ),
        (
            "promised 10, delivered 10, spent -10, promised -10, waived -10",
            {"delivered": 10, "spent": 10, "waived": 10},
        ),
        (
            "promised 10, delivered 10, expired -10",
            {"promised": 10, "delivered": 10, "expired": 10},
        ),
    ],
)
def test_what_the_entries_of_a_reward_add_up_to(
    store: FakeStore, entries: str, expected: dict[str, int]
) -> None:
    # given
    reward = reward_row(store)
    book_all(reward, entries)

    # when
    found = totals_of_rewards([reward.pk])

    # then
    assert said(found[reward.pk]) == expected
    assert found[reward.pk].rewards == ("pending" in expected)


def test_a_reward_without_entries_adds_up_to_nothing(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # then
    assert totals_of_rewards([reward.pk]) == {}
    assert said(nothing_in("USD")) == {}
    assert nothing_in("USD").available == usd(0)


def test_a_debt_does_not_make_less_of_what_is_pending(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given: one to be delivered, one spent and no longer deserved, one in another currency
    first, second = reward_row(store), reward_row(store, number=2)
    euro = reward_row(store, currency="EUR", number=3)
    book_all(first, "promised 10")
    book_all(second, "promised 8, delivered 8, spent -8, promised -8")
    book_all(euro, "promised 5, delivered 5")
    programs = [first.program_id, first.program_id + 1]

    # when
    with django_assert_num_queries(2):
        of_shop, of_programs = totals_of_shop(), totals_of_programs(programs)

    # then
    assert of_programs == {programs[0]: of_shop, programs[1]: []}
    euros, dollars = of_shop
    assert (euros.currency, dollars.currency) == ("EUR", "USD")
    assert said(euros) == {"promised": 5, "delivered": 5, "available": 5}
    assert said(dollars) == {
        "promised": 10,
        "delivered": 8,
        "spent": 8,
        "pending": 10,
        "debt": 8,
    }
    assert (euros.rewards, dollars.rewards) == (0, 1)
