"""What counts towards the limits of all together is kept by the day."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from saleor_referral_plugin.engine import counting
from saleor_referral_plugin.engine.copies import copy_of_the_books
from saleor_referral_plugin.engine.counting import Counted, used_towards
from saleor_referral_plugin.engine.facts import Used
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.verify import repair, verify
from saleor_referral_plugin.models import BudgetUse, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
ALL = Counted("referrer")


def test_a_sweep_makes_one_row_of_each_day(store: FakeStore) -> None:
    # given: two friends of one day, and a refund
    run_program(store, terms(new_customers_only=False))
    code = share(store)
    for number in (1, 2):
        settle(place(store, code, number), store=store)
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)
    assert list(BudgetUse.objects.order_by("pk").values_list("number", "amount", "is_sum")) == [
        (1, 10, False),
        (1, 10, False),
        (-1, -10, False),
    ]

    # when
    sweep(store=store)

    # then
    assert list(BudgetUse.objects.values_list("number", "amount", "is_sum")) == [(1, 10, True)]

    # when: one more
    settle(place(store, code, 3), store=store)
    sweep(store=store)

    # then
    assert list(BudgetUse.objects.values_list("number", "amount", "is_sum")) == [(2, 20, True)]


def test_many_are_folded_some_at_a_time(monkeypatch: pytest.MonkeyPatch, store: FakeStore) -> None:
    # given
    monkeypatch.setattr(counting, "FOLDED_AT_ONCE", 2)
    program = run_program(store, terms()).program
    for _ in range(5):
        program.budget_use.create(
            beneficiary="referrer", currency="USD", day=START, number=1, amount=3, is_sum=False
        )

    # when
    counting.fold()

    # then
    assert list(BudgetUse.objects.values_list("number", "amount", "is_sum")) == [(5, 15, True)]


def test_a_copy_of_the_books_counts_for_itself(store: FakeStore) -> None:
    # given
    program = run_program(store, terms(new_customers_only=False)).program
    code = share(store)
    settle(place(store, code, 1), store=store)
    ref = place(store, code, 2)

    # when
    with copy_of_the_books(program):
        settle(ref, store=store)
        [in_copy] = used_towards([ALL], program_id=program.pk, except_reward=None)

    # then
    assert in_copy == Used(2, {"USD": Decimal(20)})
    assert used_towards([ALL], program_id=program.pk, except_reward=None) == (
        Used(1, {"USD": Decimal(10)}),
    )


def test_rows_written_behind_the_triggers_are_found_and_counted(store: FakeStore) -> None:
    # given
    program = run_program(store, terms()).program
    settle(place(store, share(store)), store=store)
    BudgetUse.objects.update(amount=7)

    # when
    [difference] = verify(store=store)

    # then
    day = Reward.objects.get().earned_at
    assert day is not None
    assert str(difference) == (
        f"Program {program.slug}: on {day:%Y-%m-%d} 7.0000 USD count towards its budgets, and its "
        "rewards are 10.0000"
    )

    # when
    repair(difference, store=store)

    # then
    assert list(verify(store=store)) == []
    assert used_towards([ALL], program_id=program.pk, except_reward=None) == (
        Used(1, {"USD": Decimal(10)}),
    )
