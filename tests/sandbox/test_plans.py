"""What is asked most is answered by indexes, whatever the shop has grown to."""

from collections.abc import Iterator

import pytest

from benchmarks.growth import filling
from benchmarks.growth.asking import Question, open_shop, questions
from benchmarks.growth.comparing import plans_of
from benchmarks.growth.plans import Plans

#: Large enough that reading a table from end to end does not pay.
SIZE = filling.Size("filled", codes=10_000, referrals=30_000)


@pytest.fixture
def plans(transactional_db: None) -> Iterator[dict[Question, Plans]]:
    shop = open_shop()
    filling.fill(SIZE, shop.known)
    yield {question: plans_of(question, SIZE) for question in questions(shop)}
    filling.drop([SIZE])


def test_only_what_is_known_to_grow_reads_a_table_from_end_to_end(
    plans: dict[Question, Plans],
) -> None:
    # when
    read_through = {
        question.name: found.read_through for question, found in plans.items() if found.read_through
    }

    # then
    assert read_through == {
        "staff's referrals of an unknown channel": ("referral_referral",),
        "staff's referrals of a rare finding": ("referral_referral",),
        "staff's referrals by earned at, of a program": ("referral_referral",),
    }


def test_what_is_answered_by_indexes_looks_at_few_rows(plans: dict[Question, Plans]) -> None:
    # when
    rows = {question.name: found.rows for question, found in plans.items() if not question.grows}

    # then
    assert {name: number for name, number in rows.items() if number > 100} == {}


def test_a_limit_of_all_looks_at_days_and_not_at_rewards(plans: dict[Question, Plans]) -> None:
    # when
    rows = {
        question.name: found.rows
        for question, found in plans.items()
        if question.name.startswith("a budget's limits")
    }

    # then: 27,000 of them are 720 days'
    assert rows == {"a budget's limits, for 30 days": 30, "a budget's limits, for ever": 721}
