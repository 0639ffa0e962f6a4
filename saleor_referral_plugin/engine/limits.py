"""Limits on rewards that belong to no referral: milestones and prizes."""

from dataclasses import replace
from datetime import datetime

from prices import Money

from ..models import Program
from . import history
from .books import Booked
from .rewards import RewardDecision, cap_window, limited
from .terms import Beneficiary, Terms


def within_limits(
    decided: RewardDecision,
    booked: Booked,
    terms: Terms,
    *,
    program_id: int,
    holder_id: int,
    earned_at: datetime,
) -> RewardDecision:
    """The decision, cut to what the program's limits leave. The holder's row is locked by the
    caller; a budget that all share is locked here."""
    caps = [
        cap
        for cap in terms.caps
        if cap.to is Beneficiary.REFERRER and not cap.per_referee and decided.amount
    ]
    if not caps:
        return decided
    if any(cap.whole_program for cap in caps):
        Program.objects.select_for_update().get(pk=program_id)
    counted = [
        history.Counted(
            Beneficiary.REFERRER.value,
            holder_id=None if cap.whole_program else holder_id,
            window=cap_window(terms, cap, earned_at),
        )
        for cap in caps
    ]
    reward = booked.reward
    used = history.used_towards(counted, program_id=program_id, except_reward=reward.pk)
    before = Money(reward.amount, reward.currency)
    return replace(decided, amount=limited(caps, used, decided.amount, before))
