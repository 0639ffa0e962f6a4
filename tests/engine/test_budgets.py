"""What is left of a program's budgets, in the period now."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine.budgets import Line, budgets_in, budgets_of
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import current_terms
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Group,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Program, TermsVersion
from tests.engine.books import change, place, run_program, share
from tests.engine.build import IN_EURO, amounts, eur, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def budget(**settings: Any) -> Cap:
    return Cap(**{"whole_program": True, "period": CapPeriod.LIFE} | settings)


def program(store: FakeStore, *caps: Cap, **settings: Any) -> Program:
    """10 USD or 9 EUR for a friend, on the next day; 3 for the friend."""
    credit = RewardRule(worth=amounts(USD=10, EUR=9), hold=Span(days=2))
    thanks = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3, EUR=3))
    terms = Terms(new_customers_only=False, rewards=(credit, thanks), caps=caps, **settings)
    return run_program(store, terms).program


def line(unit: str | None, limit: int, promised: int, delivered: int) -> Line:
    return Line(unit, Decimal(limit), Decimal(promised), Decimal(delivered))


def refer(store: FakeStore, *numbers: int, **facts: Any) -> None:
    """Friends of two referrers by turns."""
    codes = share(store), share(store, "3", "cleo@example.com")
    for number in numbers:
        settle(place(store, codes[number % 2], number, **facts), store=store)


def test_a_program_without_budgets_reports_none(store: FakeStore) -> None:
    # given
    per_person = Cap(amount=Amounts.of({"USD": 50}))
    made = program(store, per_person)
    refer(store, 1)

    # then
    assert budgets_of(made, now=store.now()) == []


def test_a_program_without_terms_reports_none(store: FakeStore) -> None:
    made = Program.objects.create(slug="new", name="New", created_at=store.now())
    assert budgets_of(made, now=store.now()) == []


def test_it_is_reported_by_currency_over_all_referrers(store: FakeStore) -> None:
    # given
    made = program(store, budget(amount=Amounts.of({"USD": 25, "EUR": 100})))
    refer(store, 1, 2)
    refer(store, 3, **IN_EURO)
    store.travel(days=1)
    carry_out(store=store)
    settle("order-1", store=store)
    carry_out(store=store)
    refer(store, 4)

    # when
    [found] = budgets_of(made, now=store.now())

    # then: of the fourth 5 are left
    assert (found.group, found.to, found.period, found.window) == (
        "",
        Beneficiary.REFERRER,
        CapPeriod.LIFE,
        None,
    )
    assert found.lines == (line("EUR", 100, 9, 0), line("USD", 25, 25, 10))
    assert [each.left for each in found.lines] == [91, 0]


def test_what_falls_is_left_again(store: FakeStore) -> None:
    # given
    made = program(store, budget(amount=Amounts.of({"USD": 25})))
    refer(store, 1, 2)
    store.travel(days=1)
    settle("order-1", store=store)
    carry_out(store=store)
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)
    carry_out(store=store)

    # when
    [found] = budgets_of(made, now=store.now())

    # then
    assert found.lines == (line("USD", 25, 10, 0),)
    assert found.lines[0].left == 15


def test_a_number_of_rewards_is_reported_too(store: FakeStore) -> None:
    # given
    made = program(store, budget(count=3), budget(count=9, to=Beneficiary.REFEREE))
    refer(store, 1, 2)
    carry_out(store=store)

    # when
    of_referrers, of_friends = budgets_of(made, now=store.now())

    # then
    assert of_referrers.lines == (line(None, 3, 2, 0),)
    assert of_friends.lines == (line(None, 9, 2, 2),)


def test_the_period_is_the_one_around_now(store: FakeStore) -> None:
    # given: the friends' orders were paid in March
    made = program(
        store, budget(amount=Amounts.of({"USD": 25}), period="month"), time_zone="Europe/Rome"
    )
    refer(store, 1)
    refer(store, 2, **IN_EURO, paid_at=store.now())

    # when
    [now] = budgets_of(made, now=store.now())
    [later] = budgets_of(made, now=datetime(2026, 4, 2, tzinfo=UTC))

    # then
    assert now.window == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert now.lines == (line("USD", 25, 10, 0),)
    assert later.lines == (line("USD", 25, 0, 0),)


def test_the_budgets_of_groups_are_reported_with_their_names(store: FakeStore) -> None:
    # given
    gold = Group(name="gold", caps=(budget(amount=Amounts.of({"EUR": 40})),))
    made = program(store, budget(amount=Amounts.of({"EUR": 20})), groups=(gold,))
    refer(store, 1, **IN_EURO | {"net_goods": eur(90)})

    # then
    found = [(each.group, each.lines) for each in budgets_of(made, now=store.now())]
    assert found == [("", (line("EUR", 20, 9, 0),)), ("gold", (line("EUR", 40, 9, 0),))]


def test_a_limit_that_was_lowered_has_nothing_left(store: FakeStore) -> None:
    # given
    program(store, budget(amount=Amounts.of({"USD": 25})))
    refer(store, 1)

    # when
    made = program(store, budget(amount=Amounts.of({"USD": 5})))

    # then
    [found] = budgets_of(made, now=store.now())
    assert (found.lines[0].promised, found.lines[0].left) == (10, 0)


def test_those_of_many_programs_are_two_questions(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given: one with two budgets, one with none, and one that nobody has used
    used = program(store, budget(amount=Amounts.of({"USD": 25})), budget(count=3))
    refer(store, 1)
    unused = Program.objects.create(slug="unused", name="Unused", created_at=store.now())
    bare = Program.objects.create(slug="bare", name="Bare", created_at=store.now())
    rules = current_terms(used)
    assert rules is not None
    versions = [
        rules,
        TermsVersion(program=bare, rules=Terms().to_json()),
        TermsVersion(program=unused, rules=rules.rules),
    ]

    # when
    with django_assert_num_queries(2):
        found = budgets_in(versions, now=store.now())

    # then
    assert [[each.lines for each in of_program] for of_program in found] == [
        [(line("USD", 25, 10, 0),), (line(None, 3, 1, 0),)],
        [],
        [(line("USD", 25, 0, 0),), (line(None, 3, 0, 0),)],
    ]
