"""What counts towards limits is the same whether it is kept by the day, folded or not, or each
reward is added up."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine import counting
from saleor_referral_plugin.engine.counting import Counted, used_towards
from saleor_referral_plugin.engine.facts import Used
from saleor_referral_plugin.models import Program, Referrer, Reward
from tests.engine.books import run_program
from tests.engine.build import NOW, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)

#: Around midnights, where a day begins, and in between.
moments = st.builds(
    lambda day, hours, ticks: START + timedelta(days=day, hours=hours, microseconds=ticks),
    st.integers(-3, 3),
    st.sampled_from([0, 0, 0, 7, 23]),
    st.sampled_from([-1, 0, 0, 1]),
)
windows = st.none() | st.tuples(moments, moments).map(lambda ends: (min(ends), max(ends)))
rewards = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["0", "3", "4.25"]),
    st.none() | moments,
    st.sampled_from(["USD", "EUR"]),
    st.sampled_from(["referrer", "referrer", "referee"]),
)


def write(program: Program, values: Sequence[Any]) -> None:
    """New rewards, and others of the same number in the place of what was."""
    holder = Referrer.objects.get_or_create(user_ref="1", defaults={"created_at": NOW})[0]
    for number, amount, earned_at, currency, beneficiary in values:
        Reward.objects.update_or_create(
            program=program,
            rule=str(number),
            beneficiary=beneficiary,
            currency=currency,
            defaults={"amount": Decimal(amount), "earned_at": earned_at},
            create_defaults={
                "amount": Decimal(amount),
                "earned_at": earned_at,
                "holder": holder,
                "kind": "store_credit",
                "occurrence": f"{beneficiary} {currency}",
                "status": "pending",
                "created_at": NOW,
            },
        )


def added_up(counted: Counted, except_reward: int | None) -> Used:
    """One by one."""
    count, amounts = 0, defaultdict[str, Decimal](Decimal)
    for reward in Reward.objects.filter(beneficiary=counted.beneficiary).exclude(pk=except_reward):
        starts, ends = counted.window or (START - timedelta(99), START + timedelta(99))
        if reward.amount and reward.earned_at and starts <= reward.earned_at < ends:
            count += 1
            amounts[reward.currency] += reward.amount
    return Used(count, dict(amounts))


def without_zeros(used: Used) -> Used:
    return Used(used.count, {unit: amount for unit, amount in used.amounts.items() if amount})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rewards), st.lists(rewards), st.booleans(), windows, st.integers(0, 20))
def test_what_is_kept_by_the_day_is_what_the_rewards_come_to(
    first: list[Any],
    second: list[Any],
    is_folded: bool,
    window: tuple[datetime, datetime] | None,
    excepted: int,
) -> None:
    with transaction.atomic():
        # given: rewards of which some were changed, and folded before or not
        program = run_program(FakeStore(), terms()).program
        write(program, first)
        if is_folded:
            counting.fold()
        write(program, second)
        keys = [None, *Reward.objects.order_by("pk").values_list("pk", flat=True)]
        except_reward = keys[excepted % len(keys)]
        counted = Counted("referrer", window=window)

        # when
        [used] = used_towards([counted], program_id=program.pk, except_reward=except_reward)

        # then
        assert without_zeros(used) == added_up(counted, except_reward)
        assert list(counting.wrong()) == []

        # when
        counting.fold()

        # then
        [again] = used_towards([counted], program_id=program.pk, except_reward=except_reward)
        assert without_zeros(again) == without_zeros(used)
        assert list(counting.wrong()) == []
        transaction.set_rollback(True)
