"""Limits: whose rewards count towards them, the budget's lock, and the limits on rewards that
belong to no referral, milestones and prizes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from prices import Money

from ..models import FreedRoom, Program
from . import rows
from .books import LIMITS, Booked
from .counting import Counted, used_towards
from .findings import FindingCode
from .money import zero
from .readings import reads
from .rewards import RewardDecision, cap_window, limited
from .terms import Beneficiary, Cap, Terms

_HAS_LIMITS = f"""
SELECT EXISTS (SELECT FROM referral_termsversion version
                WHERE version.program_id = %s AND {LIMITS})
"""


@reads(
    "Terms.caps", "Cap.to", "Cap.per_referee", "Cap.whole_program", gives=FindingCode.CAP_REACHED
)
def counted_towards(
    caps: Iterable[Cap], terms: Terms, earned: datetime, *, holder_id: int, pair_id: int = 0
) -> list[Counted]:
    """Which rewards count towards each limit at a moment: those of all, of one referral and its
    later orders (a referee has one in a program at a time), or of one holder."""
    counted = []
    for cap in caps:
        window = cap_window(terms, cap, earned)
        if cap.whole_program:
            counted.append(Counted(cap.to.value, window=window))
        elif cap.per_referee or cap.to is Beneficiary.REFEREE:
            counted.append(Counted(cap.to.value, pair_id=pair_id, window=window))
        else:
            counted.append(Counted(cap.to.value, holder_id=holder_id, window=window))
    return counted


def lock_budget(caps: Iterable[Cap], program_id: int) -> None:
    """A budget is shared by all referrers: whoever draws on it waits for the others."""
    if any(cap.whole_program for cap in caps):
        Program.objects.select_for_update().get(pk=program_id)


def note_freed(all_booked: Iterable[Booked], sheet: rows.Sheet) -> None:
    """Rewards that were put on a sheet give up room: whoever was cut may have it."""
    for booked in all_booked:
        if booked.freed_at is not None:
            sheet.insert(rows.new(FreedRoom, reward=booked.reward, earned_at=booked.freed_at))
            booked.freed_at = None


def note_freed_by(booked: Booked) -> None:
    """The same of a reward that was written and belongs to no referral; in a program without
    limits there is nothing to note."""
    if booked.freed_at is not None:
        [(has_limits,)] = rows.select(_HAS_LIMITS, [booked.reward.program_id])
        if has_limits:
            sheet = rows.Sheet()
            note_freed([booked], sheet)
            sheet.write()


def within_limits(
    decided: RewardDecision,
    booked: Booked,
    terms: Terms,
    *,
    program_id: int,
    holder_id: int,
    earned_at: datetime,
) -> RewardDecision:
    """The decision, cut to what the program's limits leave, and to nothing where a person has
    withdrawn the reward. The holder's row is locked by the caller; a budget that all share is
    locked here."""
    if booked.reward.voided_by_id is not None:
        return replace(decided, amount=zero(decided.amount.currency))
    caps = [
        cap
        for cap in terms.caps
        if cap.to is Beneficiary.REFERRER and not cap.per_referee and decided.amount
    ]
    if not caps:
        return decided
    lock_budget(caps, program_id)
    counted = counted_towards(caps, terms, earned_at, holder_id=holder_id)
    reward = booked.reward
    used = used_towards(counted, program_id=program_id, except_reward=reward.pk)
    before = Money(reward.amount, reward.currency)
    amount, by_budget = limited(caps, used, decided.amount, before)
    return replace(
        decided, amount=amount, is_cut=amount < decided.amount, is_cut_by_budget=by_budget
    )
