"""Who has referred the most, and the prizes for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from prices import Money

from ..models import Program, Referrer, Reward, SignUp, TermsVersion
from . import rows
from .books import Booked, milestones_of, new_reward, write_reward
from .decide import ReferralStatus
from .limits import note_freed_by, within_limits
from .milestones import period_name
from .money import zero
from .programs import current_terms
from .readings import reads
from .rewards import RewardDecision, calendar_period
from .store import Store
from .terms import Beneficiary, CapPeriod, Prize, Ranking, RewardKind, Terms

#: Before anything was earned.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_COUNTED = """
  FROM referral_referral
 WHERE program_id = %(program)s AND status = %(qualified)s AND follows_id IS NULL
   AND (%(starts)s::timestamptz IS NULL OR earned_at >= %(starts)s AND earned_at < %(ends)s)
"""

#: Who got there first goes before; who has as many has the same rank.
_RANKED = f"""
SELECT * FROM (
    SELECT rank() OVER (ORDER BY count(*) DESC), referrer_id, count(*) AS referrals,
           max(earned_at) AS reached_at,
           row_number() OVER (ORDER BY count(*) DESC, max(earned_at), referrer_id) AS place
    {_COUNTED}
     GROUP BY referrer_id) AS ranked
"""
_PLACES = f"""
{_RANKED}
 WHERE place > %(after)s AND (%(before)s::bigint IS NULL OR place < %(before)s)
 ORDER BY CASE WHEN %(backwards)s THEN -place ELSE place END
 LIMIT %(limit)s
"""
_PLACES_OF = f"{_RANKED} WHERE referrer_id = ANY(%(referrers)s)"
_HOW_MANY = f"SELECT count(DISTINCT referrer_id) {_COUNTED}"

Window = tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a ranking: the `number`th, whoever shares its rank."""

    rank: int
    referrer_id: int
    referrals: int
    reached_at: datetime
    number: int


def ranking_of(
    program: Program,
    *,
    window: Window = None,
    after: int = 0,
    before: int | None = None,
    backwards: bool = False,
    limit: int = 100,
    using: str = "default",
) -> list[Place]:
    """The referrers with the most qualified referrals earned in a window (None: ever), best
    first. Those with as many share a rank. `after` and `before` are numbers of lines; the
    `limit` is counted from the end, and the lines come in that order, when going `backwards`."""
    values = _counted(program, window)
    values |= {"after": after, "before": before, "backwards": backwards, "limit": limit}
    return [Place(*row) for row in rows.select(_PLACES, values, using=using)]


def places_of(
    program: Program, referrer_ids: Collection[int], *, window: Window, using: str = "default"
) -> dict[int, Place]:
    """The lines of some referrers; who has no qualified referral has none."""
    values = {**_counted(program, window), "referrers": list(referrer_ids)}
    places = (Place(*row) for row in rows.select(_PLACES_OF, values, using=using))
    return {place.referrer_id: place for place in places}


def how_many(program: Program, *, window: Window, using: str = "default") -> int:
    [(number,)] = rows.select(_HOW_MANY, _counted(program, window), using=using)
    return int(number)


def _counted(program: Program, window: Window) -> dict[str, Any]:
    starts, ends = window or (None, None)
    return {
        "program": program.pk,
        "qualified": ReferralStatus.QUALIFIED.value,
        "starts": starts,
        "ends": ends,
    }


def current_window(ranking: Ranking, terms: Terms, now: datetime) -> Window:
    """The period that is being counted now; None: all of them together."""
    return calendar_period(ranking.period, terms.zone, now)


@reads("Terms.rankings", "Terms.time_zone", "Terms.orders_until", "Terms.claims_until")
def award_prizes(program: Program, *, store: Store) -> None:
    """Bring the prizes of the period that ended last in line with its ranking. Any number of
    times: a prize that somebody loses again, because referrals were reversed, is taken back
    and goes to whoever moved up."""
    version = current_terms(program)
    if version is None:
        return
    now = store.now()
    for ranking in version.terms.rankings:
        window = _last_period(version.terms, ranking, now)
        if window is not None:
            _award(version, ranking, window, now)


def award_again(prize: Reward, *, store: Store) -> None:
    """Bring the prizes of one prize's period in line with its ranking."""
    version = current_terms(prize.program)
    if version is None or prize.earned_at is None:
        return
    for ranking in version.terms.rankings:
        if ranking.name == prize.rule:
            last = prize.earned_at - timedelta.resolution
            window = calendar_period(ranking.period, version.terms.zone, last)
            _award(version, ranking, window or (BEGINNING, prize.earned_at), store.now())


def _last_period(terms: Terms, ranking: Ranking, now: datetime) -> tuple[datetime, datetime] | None:
    """The newest period whose prizes are due; None while there is none."""
    due = ranking.settled_after.before(now, terms.zone)
    if ranking.period is CapPeriod.LIFE:
        closes = terms.orders_until or terms.claims_until
        return (BEGINNING, closes) if closes is not None and closes <= due else None
    current = calendar_period(ranking.period, terms.zone, due)
    if current is None:
        return None
    return calendar_period(ranking.period, terms.zone, current[0] - timedelta.resolution)


@transaction.atomic
def _award(
    version: TermsVersion, ranking: Ranking, window: tuple[datetime, datetime], now: datetime
) -> None:
    # One at a time; and not by the program's lock, for which others wait who hold referrers'.
    TermsVersion.objects.select_for_update().get(pk=version.pk)
    program, terms = version.program, version.terms
    places = ranking_of(program, window=window, limit=len(ranking.prizes))
    winners = {place.referrer_id: number for number, place in enumerate(places)}
    when = period_name(ranking.period, terms.zone, window[0])
    places_named = [f"place {number}" for number in range(1, len(ranking.prizes) + 1)]
    occurrences = [f"{place} in {when}" if when else place for place in places_named]
    given = Reward.objects.filter(
        program=program, referral=None, rule=ranking.name, occurrence__in=occurrences
    )
    holders = {*winners, *given.values_list("holder", flat=True)}
    # In the order of their keys, so that two who award at once cannot wait for each other.
    for holder in Referrer.objects.select_for_update().filter(pk__in=holders).order_by("pk"):
        booked = milestones_of(program.pk, holder.pk)
        for number, (prize, occurrence) in enumerate(zip(ranking.prizes, occurrences, strict=True)):
            before = booked.get((ranking.name, occurrence))
            is_won = winners.get(holder.pk) == number
            if before is None and not is_won:
                continue
            delivered = before.delivered if before else Decimal(0)
            decided = _decided(ranking, prize, is_won, delivered)
            each = before or Booked(new_reward(program.pk, holder.pk, decided, now))
            each.reward.occurrence = occurrence
            decided = within_limits(
                decided,
                each,
                terms,
                program_id=program.pk,
                holder_id=holder.pk,
                earned_at=window[1],
            )
            write_reward(each, decided, earned_at=window[1], zone=terms.time_zone, now=now)
            note_freed_by(each)


def _decided(ranking: Ranking, prize: Prize, is_won: bool, delivered: Decimal) -> RewardDecision:
    [(unit, amount)] = prize.worth.amounts.by_currency
    won = Money(amount, unit) if is_won else zero(unit)
    if not is_won and prize.kind is RewardKind.CUSTOM:
        # Delivered outside the shop: it stays.
        won = Money(delivered, unit)
    return RewardDecision(
        Beneficiary.REFERRER,
        ranking.name,
        won,
        None,
        True,
        prize.kind,
        prize.valid,
        coupon=prize.coupon,
    )


def names_of(referrer_ids: Collection[int], *, using: str = "default") -> dict[int, str]:
    """How others may see referrers: by the name they chose, or else the masked address of a
    waiting list; empty for a customer who chose none."""
    names = dict(
        SignUp.objects.using(using)
        .filter(person__in=referrer_ids)
        .values_list("person", "shown_as")
    )
    chosen = Referrer.objects.using(using).filter(pk__in=referrer_ids).exclude(display_name="")
    names |= dict(chosen.values_list("pk", "display_name"))
    return {pk: names.get(pk, "") for pk in referrer_ids}


def masked(places: Collection[Place]) -> list[tuple[int, str, int]]:
    """As anybody may see it: rank, name, number."""
    names = names_of([place.referrer_id for place in places])
    return [(place.rank, names[place.referrer_id], place.referrals) for place in places]
