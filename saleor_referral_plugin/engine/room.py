"""Room that rewards have given up under limits, given to those that were cut.

What a refund frees is noted in the refund's own transaction. Here, after it, the rewards that
were cut under one of the same limits are settled again, in the order in which they were first
decided, each in a transaction of its own: nothing is locked in between, and no limit is exceeded,
whoever else settles.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import FreedRoom, Program, Reward
from . import rows
from .counting import Counted, used_towards
from .limits import counted_towards, lock_budget
from .terms import Beneficiary, Cap

#: So many are settled between two looks at whether there is any room left.
CHUNK = 20
#: So much freed room is looked at in one go.
BATCH = 1000

#: Asked after each settling, and nearly always none is.
_NEWEST = "SELECT max(id) FROM referral_freedroom"


class Limit(NamedTuple):
    """A limit, the rewards that share it, and the currency or unit in which room was freed under
    it; none where rewards are counted."""

    cap: Cap
    counted: Counted
    unit: str | None


def fill(settle_again: Callable[[Reward], bool], *, at_most: int) -> None:
    """Have at most so many rewards that were cut settled again, the oldest first. What could not
    be looked at is left for the next time, and so is what could not be settled: `settle_again`
    says whether it was. Safe to run side by side."""
    [(newest,)] = rows.select(_NEWEST, [])
    left = at_most
    while newest is not None and left > 0:
        together = _gone_through_together(newest)
        if not together:
            return
        left -= _go_through(together, settle_again, left)


def _gone_through_together(newest: int) -> list[FreedRoom]:
    """What of one program is looked at in one go, that which was begun first: however many have
    given up room, those who were cut are gone through once."""
    until_now = FreedRoom.objects.filter(pk__lte=newest)
    freed = until_now.order_by("-seen", "pk").select_related("reward").first()
    if freed is None:
        return []
    same = until_now.filter(reward__program=freed.reward.program_id)
    same = same.filter(seen__gt=0) if freed.seen else same
    return list(same.select_related("reward__referral").order_by("pk")[:BATCH])


def _go_through(
    together: Collection[FreedRoom],
    settle_again: Callable[[Reward], bool],
    at_most: int,
) -> int:
    """How many were settled again."""
    program_id = next(iter(together)).reward.program_id
    program = Program.objects.prefetch_related("versions").get(pk=program_id)
    limits = {limit for freed in together for limit in _limits_of(freed, program)}
    _wait_for_whoever_is_cut_now(limits, program_id)
    these = FreedRoom.objects.filter(pk__in=[freed.pk for freed in together])
    # Begun side by side, one may be further than another.
    seen, settled = min(freed.seen for freed in together), 0
    while settled < at_most:
        limits = _with_room(limits, program_id)
        cut = list(_cut(limits, program_id).filter(pk__gt=seen)[: min(CHUNK, at_most - settled)])
        if not cut:
            these.delete()
            return settled
        for reward in cut:
            if not settle_again(reward) and reward.earned_at is not None:
                # There is room for it, and others who share it: they are looked at once more.
                FreedRoom.objects.create(reward=reward, earned_at=reward.earned_at)
        seen, settled = cut[-1].pk, settled + len(cut)
    these.update(seen=seen)
    return settled


def _limits_of(freed: FreedRoom, program: Program) -> set[Limit]:
    """The limits that the room was under, by any version of the program's terms: a reward counts
    towards all of them."""
    reward, referral = freed.reward, freed.reward.referral
    pair_id = 0 if referral is None else referral.follows_id or referral.pk
    limits: set[Limit] = set()
    for version in program.versions.all():
        of_groups = (version.terms.for_group(group.name) for group in version.terms.groups)
        for terms in (version.terms, *of_groups):
            caps = [cap for cap in terms.caps if _is_of(cap, reward)]
            counted = counted_towards(
                caps, terms, freed.earned_at, holder_id=reward.holder_id, pair_id=pair_id
            )
            units = (reward.currency if cap.count is None else None for cap in caps)
            limits.update(map(Limit, caps, counted, units))
    # A milestone belongs to no referee.
    return {limit for limit in limits if limit.counted.pair_id != 0}


def _is_of(cap: Cap, reward: Reward) -> bool:
    is_counted = cap.count is not None or cap.amount.get(reward.currency) is not None
    return cap.to is Beneficiary(reward.beneficiary) and is_counted


def _wait_for_whoever_is_cut_now(limits: Iterable[Limit], program_id: int) -> None:
    """Who draws on a budget holds its lock: they did not see the room that was freed since, and
    are not seen as cut before they are done."""
    with transaction.atomic():
        lock_budget((limit.cap for limit in limits), program_id)


def _with_room(limits: Iterable[Limit], program_id: int) -> set[Limit]:
    asked = [limit for limit in limits if limit.cap.rolling is None]
    counted = [limit.counted for limit in asked]
    used = used_towards(counted, program_id=program_id, except_reward=None)
    # Within a rolling period each reward has one of its own.
    open_limits = {limit for limit in limits if limit.cap.rolling is not None}
    for limit, its in zip(asked, used, strict=True):
        cap, unit = limit.cap, limit.unit
        if cap.count is not None:
            has_room = its.count < cap.count
        else:
            most = cap.amount.get(unit or "")
            has_room = most is not None and its.amounts.get(unit or "", 0) < most.amount
        if has_room:
            open_limits.add(limit)
    return open_limits


def _cut(limits: Iterable[Limit], program_id: int) -> QuerySet[Reward]:
    """The rewards that were cut and share one of the limits, the oldest first. Whom the budget
    leaves all of it, and a limit of their own does not, gets nothing from the budget."""
    sharing = Q(pk=None)
    holders: dict[_Alike, set[int]] = defaultdict(set)
    pairs: dict[_Alike, set[int]] = defaultdict(set)
    for _, counted, unit in limits:
        alike = _Alike(counted.beneficiary, counted.window, unit)
        if counted.holder_id is not None:
            holders[alike].add(counted.holder_id)
        elif counted.pair_id is not None:
            pairs[alike].add(counted.pair_id)
        else:
            sharing |= alike.rewards & Q(is_cut_by_budget=True)
    # Thousands of keys are looked up in one go; as many conditions would be tried one by one.
    for alike, keys in holders.items():
        sharing |= alike.rewards & Q(holder__in=keys)
    for alike, keys in pairs.items():
        sharing |= alike.rewards & (Q(referral__in=keys) | Q(referral__follows__in=keys))
    cut = Reward.objects.filter(program=program_id, is_cut=True).filter(sharing)
    return cut.select_related("referral", "program").order_by("pk")


class _Alike(NamedTuple):
    """What limits of many have in common."""

    beneficiary: str
    window: tuple[datetime, datetime] | None
    unit: str | None

    @property
    def rewards(self) -> Q:
        rewards = Q(beneficiary=self.beneficiary)
        if self.window is not None:
            starts, ends = self.window
            rewards &= Q(earned_at__gte=starts, earned_at__lt=ends)
        return rewards if self.unit is None else rewards & Q(currency=self.unit)
