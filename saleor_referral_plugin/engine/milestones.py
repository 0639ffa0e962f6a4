"""What a referrer gets for many referrals. Pure: `settle` reads the standing and writes what
is decided here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from prices import Money

from .money import zero
from .rewards import RewardDecision, calendar_period
from .terms import Beneficiary, CapPeriod, Milestone, Milestones, RewardKind, Span, Terms


@dataclass(frozen=True, slots=True)
class Standing:
    """A referrer's qualified referrals in one period: how many, the net value of their orders by
    currency, and when the first and the last of them was earned."""

    count: int = 0
    revenue: Mapping[str, Decimal] = field(default_factory=dict)
    oldest: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the books say of a milestone's reward: its currency or unit, when it was reached,
    what is already delivered, and whether it is held still."""

    unit: str
    reached_at: datetime | None
    delivered: Decimal
    is_held: bool = True


@dataclass(frozen=True, slots=True)
class MilestoneDecision:
    """`occurrence` names the milestone and its period, once and for all."""

    occurrence: str
    reward: RewardDecision
    reached_at: datetime | None


def period_of(
    milestones: Milestones, zone: ZoneInfo, moment: datetime, now: datetime
) -> tuple[datetime, datetime] | None:
    """The period in which referrals count together, its start included and its end not: the one
    around a moment, or the rolling one that ends now; None: for life."""
    if milestones.rolling is not None:
        return milestones.rolling.before(now, zone), now + timedelta.resolution
    return calendar_period(milestones.period, zone, moment)


def lost_with_time(milestones: Milestones) -> Span | None:
    """After how long a referral counts no more; None: never."""
    return None if milestones.for_good else milestones.rolling


def look_again_at(milestones: Milestones, standing: Standing) -> datetime | None:
    """When time alone may take something away: the oldest referral leaves the rolling period."""
    span = lost_with_time(milestones)
    if span is None or standing.oldest is None or not reached(milestones, standing):
        return None
    return span.after(standing.oldest, ZoneInfo("UTC")) + timedelta.resolution


def reached(milestones: Milestones, standing: Standing) -> list[Milestone]:
    """The milestones that the standing has reached, lowest first."""
    return [step for step in milestones.steps if _is_reached(step, standing)]


def decide_milestones(
    terms: Terms,
    milestones: Milestones,
    standing: Standing,
    *,
    moment: datetime,
    currency: str,
    given: Mapping[str, Given],
    now: datetime,
) -> Iterator[MilestoneDecision]:
    """What each milestone gives in the period around `moment`, when a referral was earned. One
    that was reached keeps the time it was reached at first, so that neither looking again nor
    hearing of it late lengthens its hold; one that is lost again gives nothing, unless it was
    delivered outside the shop. In a rolling period one that was lost is reached anew."""
    so_far = reached(milestones, standing)
    may_be_anew = lost_with_time(milestones) is not None
    if may_be_anew:
        moment = standing.newest or moment
    for step in milestones.steps:
        if step.gives is None:
            continue
        occurrence = _occurrence(milestones, terms.zone, step, moment)
        before = given.get(occurrence)
        unit = before.unit if before else _unit(step, currency)
        delivered = Money(before.delivered if before else Decimal(0), unit)
        is_superseded = milestones.highest_only and step in so_far[:-1]
        if step in so_far and not is_superseded:
            amount = step.gives.amounts.get(unit) or zero(unit)
        elif is_superseded or step.kind is RewardKind.CUSTOM:
            # What has not been delivered by now never will be; what has been stays.
            amount = delivered
        else:
            amount = zero(unit)
        is_same = before is not None and (before.is_held or not may_be_anew)
        was_reached_at = before.reached_at if before and is_same else None
        reached_at = was_reached_at or (moment if amount else None)
        hold_until = None if reached_at is None else step.hold.after(reached_at, terms.zone)
        yield MilestoneDecision(
            occurrence,
            RewardDecision(
                Beneficiary.REFERRER,
                milestones.name,
                amount,
                hold_until,
                hold_until is not None and now >= hold_until,
                step.kind,
                step.valid,
                coupon=step.coupon,
            ),
            reached_at,
        )


def group_of(milestones: Milestones, standing: Standing) -> str | None:
    """The group of the highest milestone reached that has one."""
    groups = [step.group for step in reached(milestones, standing) if step.group]
    return groups[-1] if groups else None


def _is_reached(step: Milestone, standing: Standing) -> bool:
    if step.count is not None:
        return standing.count >= step.count
    return any(
        standing.revenue.get(currency, Decimal(0)) >= amount
        for currency, amount in step.revenue.by_currency
    )


def _unit(step: Milestone, currency: str) -> str:
    if step.kind is RewardKind.CREDIT or step.gives is None:
        return currency
    return step.gives.amounts.by_currency[0][0]


def _occurrence(milestones: Milestones, zone: ZoneInfo, step: Milestone, moment: datetime) -> str:
    what = str(step.count) if step.count is not None else str(step.revenue)
    if milestones.rolling is not None:
        # The same whatever its length: terms that change it do not give everything again.
        return f"{what} in a period"
    when = period_name(milestones.period, zone, moment)
    return f"{what} in {when}" if when else what


def period_name(period: CapPeriod, zone: ZoneInfo, moment: datetime) -> str:
    """`2026-03`, or `2026`; empty for life."""
    local = moment.astimezone(zone)
    match period:
        case CapPeriod.CALENDAR_MONTH:
            return f"{local:%Y-%m}"
        case CapPeriod.CALENDAR_YEAR:
            return f"{local:%Y}"
    return ""
