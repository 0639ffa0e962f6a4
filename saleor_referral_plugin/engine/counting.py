"""What counts towards limits.

Of one holder, and of one referral, the rewards themselves are added up. Of all together there may
be millions: PostgreSQL keeps what those of each day come to (see models.BudgetUse), and only the
parts of days at the ends of a period are read one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from ..models import Reward
from . import rows
from .facts import Used

DAY = timedelta(days=1)
#: So many are folded by one statement.
FOLDED_AT_ONCE = 10_000

#: Limits are counted one by one, each in its own window; an empty window is for life. Each kind by
#: an index of its own; one that no limit needs is not carried out.
_KINDS = {
    "all": """
SELECT use.currency, use.number, use.amount FROM referral_budgetuse use
 WHERE cap.holder IS NULL AND cap.pair IS NULL
   AND use.program_id = %(program)s AND use.beneficiary = cap.beneficiary
   AND use.day >= coalesce(cap.first_day, '-infinity')
   AND use.day < coalesce(cap.end_day, 'infinity')
UNION ALL
{its_rewards} AND cap.holder IS NULL AND cap.pair IS NULL
   AND reward.earned_at >= cap.starts AND reward.earned_at < cap.days_start
UNION ALL
{its_rewards} AND cap.holder IS NULL AND cap.pair IS NULL
   AND reward.earned_at >= cap.days_end AND reward.earned_at < cap.ends
UNION ALL
SELECT reward.currency, -1, -reward.amount FROM referral_reward reward
 WHERE (reward.id = %(except_reward)s OR reward.referral_id = %(except_referral)s)
   AND cap.holder IS NULL AND cap.pair IS NULL AND {counts} AND {in_window}
""",
    "holder": """
{its_rewards} AND cap.holder IS NOT NULL AND reward.holder_id = cap.holder
   AND {in_window} AND {not_excepted}
""",
    "pair": """
{its_rewards} AND cap.pair IS NOT NULL AND reward.referral_id IN (
       SELECT cap.pair UNION SELECT id FROM referral_referral WHERE follows_id = cap.pair)
   AND {in_window} AND {not_excepted}
""",
}
_PARTS = {
    # What staff gave of their own was not earned, and counts towards nothing.
    "counts": """reward.program_id = %(program)s AND reward.beneficiary = cap.beneficiary
   AND reward.amount > 0 AND reward.earned_at IS NOT NULL""",
    "in_window": """reward.earned_at >= coalesce(cap.starts, '-infinity')
   AND reward.earned_at < coalesce(cap.ends, 'infinity')""",
    "not_excepted": """reward.id IS DISTINCT FROM %(except_reward)s
   AND (reward.referral_id IS NULL OR reward.referral_id IS DISTINCT FROM %(except_referral)s)""",
}
_PARTS["its_rewards"] = f"""SELECT reward.currency, 1, reward.amount FROM referral_reward reward
 WHERE {_PARTS["counts"]}"""
_USED = """
ARRAY(SELECT ARRAY[place::text, counted.currency, sum(counted.number)::text,
                   sum(counted.amount)::text]
        FROM jsonb_to_recordset(%(counted)s)
             AS cap (place int, beneficiary text, holder bigint, pair bigint,
                     starts timestamptz, days_start timestamptz, first_day date,
                     end_day date, days_end timestamptz, ends timestamptz),
             LATERAL ({rewards}) counted (currency, number, amount)
       GROUP BY place, counted.currency)
"""

_FOLD = """
WITH added AS (
     DELETE FROM referral_budgetuse WHERE id IN (
            SELECT id FROM referral_budgetuse WHERE NOT is_sum ORDER BY id LIMIT %(at_most)s
               FOR UPDATE SKIP LOCKED)
     RETURNING program_id, beneficiary, currency, day, number, amount),
     folded AS (
     INSERT INTO referral_budgetuse AS sums
            (program_id, beneficiary, currency, day, number, amount, is_sum)
     SELECT program_id, beneficiary, currency, day, sum(number), sum(amount), true
       -- In one order, whoever else folds.
       FROM added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
         ON CONFLICT (program_id, beneficiary, currency, day) WHERE is_sum
            DO UPDATE SET number = sums.number + excluded.number,
                          amount = sums.amount + excluded.amount)
SELECT count(*) FROM added
"""
_BY_DAY = """
SELECT program_id, beneficiary, currency, (earned_at AT TIME ZONE 'UTC')::date AS day,
       count(*) AS number, sum(amount) AS amount
  FROM referral_reward WHERE amount <> 0 AND earned_at IS NOT NULL GROUP BY 1, 2, 3, 4
"""
_WRONG = f"""
SELECT program.slug, day, currency, coalesce(kept.amount, 0), coalesce(is_so.amount, 0)
  FROM ({_BY_DAY}) is_so
  FULL JOIN (SELECT program_id, beneficiary, currency, day,
                    sum(number) AS number, sum(amount) AS amount
               FROM referral_budgetuse GROUP BY 1, 2, 3, 4) kept
       USING (program_id, beneficiary, currency, day)
  JOIN referral_program program ON program.id = program_id
 WHERE (coalesce(kept.number, 0), coalesce(kept.amount, 0))
    <> (coalesce(is_so.number, 0), coalesce(is_so.amount, 0))
 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Which rewards count towards a limit: the beneficiary's, of one holder or (None) of all,
    of one referral and its later orders or (None) of all, earned in the window (its start
    included and its end not; None: for life)."""

    beneficiary: str
    holder_id: int | None = None
    pair_id: int | None = None
    window: tuple[datetime, datetime] | None = None

    @property
    def kind(self) -> str:
        """Its name in _KINDS."""
        if self.holder_id is not None:
            return "holder"
        return "all" if self.pair_id is None else "pair"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A day on which what is kept is not what the rewards come to, in major units."""

    program: str
    day: date
    currency: str
    kept: Decimal
    rewards: Decimal


def used_towards(
    counted: Sequence[Counted], *, program_id: int, except_reward: int | None
) -> tuple[Used, ...]:
    """What counts towards limits, leaving out one reward."""
    values = {**values_of(counted), "program": program_id, "except_reward": except_reward}
    [(used,)] = rows.select(f"SELECT {sql_of(kinds_of(counted))}", values)
    return used_in(used, len(counted))


def kinds_of(counted: Iterable[Counted]) -> frozenset[str]:
    return frozenset(each.kind for each in counted)


@lru_cache
def sql_of(kinds: frozenset[str]) -> str:
    """An expression for what counts, with the parameters `values_of` gives, "program" and, where
    they are not None, "except_reward" and "except_referral"; see `used_in`. PostgreSQL plans each
    way to count, so only those are there that some limit needs."""
    if not kinds:
        return "'{}'::text[]"
    ways = (_KINDS[kind].format(**_PARTS) for kind in sorted(kinds))
    return _USED.format(rewards="UNION ALL".join(ways))


def values_of(counted: Sequence[Counted]) -> dict[str, Any]:
    return {
        # One parameter, for each takes its time to be adapted.
        "counted": rows.JSON.encode(
            [
                {
                    "place": place,
                    "beneficiary": each.beneficiary,
                    "holder": each.holder_id,
                    "pair": each.pair_id,
                    **_window(each),
                }
                for place, each in enumerate(counted)
            ]
        ),
        "except_reward": None,
        "except_referral": None,
    }


def _window(counted: Counted) -> dict[str, Any]:
    """Its whole days, and the times before and after them."""
    if counted.window is None:
        return {}
    starts, ends = counted.window
    if counted.kind != "all":
        return {"starts": starts, "ends": ends}
    days_start, days_end = _midnight(starts + DAY - timedelta.resolution), _midnight(ends)
    if days_end <= days_start:
        # Less than a day: it has but a beginning.
        days_start = days_end = ends
    return {
        "starts": starts,
        "days_start": days_start,
        "first_day": days_start.astimezone(UTC).date(),
        "end_day": days_end.astimezone(UTC).date(),
        "days_end": days_end,
        "ends": ends,
    }


def _midnight(moment: datetime) -> datetime:
    """The last one up to then, in UTC."""
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def used_in(found: Sequence[Sequence[str]], length: int) -> tuple[Used, ...]:
    """What the expression has given, for each of so many limits."""
    by_place: list[dict[str, tuple[int, Decimal]]] = [{} for _ in range(length)]
    for place, unit, count, amount in found:
        by_place[int(place)][unit] = int(count), Decimal(amount)
    return tuple(
        Used(
            sum(count for count, _ in units.values()),
            {unit: amount for unit, (_, amount) in units.items()},
        )
        for units in by_place
    )


def fold() -> None:
    """Make one row of those that were added for the same day. Safe to run side by side."""
    while True:
        [(folded,)] = rows.select(_FOLD, {"at_most": FOLDED_AT_ONCE})
        if folded < FOLDED_AT_ONCE:
            return


def wrong() -> Iterator[Wrong]:
    """Days of which something else is kept than the rewards come to: PostgreSQL sees to it that
    there are none, unless rows were written without its triggers, or twice (by a backup's)."""
    return (Wrong(*found) for found in rows.select(_WRONG, []))


def count_anew() -> None:
    """From the rewards. Whoever settles meanwhile waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Reward._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM referral_budgetuse")
        cursor.execute(
            "INSERT INTO referral_budgetuse"
            " (program_id, beneficiary, currency, day, number, amount, is_sum)"
            f" SELECT *, true FROM ({_BY_DAY}) by_day"
        )
