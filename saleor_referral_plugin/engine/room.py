"""Room that rewards have given up under limits, given to those that were cut.

What a refund frees is noted in the refund's own transaction. Here, after it, the rewards that
were cut under one of the same limits are settled again, in the order in which they were first
decided, each in a transaction of its own: nothing is locked in between, and no limit is exceeded,
whoever else settles.
"""

from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import FreedRoom, Reward
from . import rows
from .history import Counted, used_towards
from .limits import counted_towards, lock_budget
from .terms import Beneficiary, Cap

#: So many are settled between two looks at whether there is any room left.
CHUNK = 20
#: So much freed room is looked at in one go.
BATCH = 1000

#: Asked after each settling, and nearly always none is.
_IS_ANY_FREED = "SELECT EXISTS (SELECT FROM referral_freedroom)"

#: A limit, and the rewards that share it.
Shared = tuple[Cap, Counted]


def fill(settle_again: Callable[[Collection[Reward]], None], *, at_most: int) -> None:
    """Have at most so many rewards that were cut settled again, the oldest first. What could not
    be looked at is left for the next time. Safe to run side by side."""
    [(is_any_freed,)] = rows.select(_IS_ANY_FREED, [])
    if not is_any_freed:
        return
    left = at_most
    done: set[Shared] = set()
    waiting = FreedRoom.objects.select_related("reward__referral", "reward__program")
    for freed in waiting.prefetch_related("reward__program__versions").order_by("pk")[:BATCH]:
        # What all share is gone through once, however many have given up room there.
        limits = _limits_of(freed) - done
        _wait_for_whoever_is_cut_now(limits, freed.reward.program_id)
        open_limits, seen = limits, freed.seen
        while True:
            open_limits = {shared for shared in open_limits if _has_room(shared, freed.reward)}
            cut = list(_cut(open_limits, freed.reward).filter(pk__gt=seen)[: min(CHUNK, left)])
            if not cut:
                break
            settle_again(cut)
            seen, left = cut[-1].pk, left - len(cut)
            if not left:
                FreedRoom.objects.filter(pk=freed.pk).update(seen=seen)
                return
        if not freed.seen:
            done |= limits
        freed.delete()


def _limits_of(freed: FreedRoom) -> set[Shared]:
    """The limits that the room was under, by any version of the program's terms: a reward counts
    towards all of them."""
    reward, referral = freed.reward, freed.reward.referral
    pair_id = 0 if referral is None else referral.follows_id or referral.pk
    limits: set[Shared] = set()
    for version in reward.program.versions.all():
        of_groups = (version.terms.for_group(group.name) for group in version.terms.groups)
        for terms in (version.terms, *of_groups):
            caps = [cap for cap in terms.caps if _is_of(cap, reward)]
            counted = counted_towards(
                caps, terms, freed.earned_at, holder_id=reward.holder_id, pair_id=pair_id
            )
            limits.update(zip(caps, counted, strict=True))
    # A milestone belongs to no referee.
    return {(cap, counted) for cap, counted in limits if counted.pair_id != 0}


def _is_of(cap: Cap, reward: Reward) -> bool:
    is_counted = cap.count is not None or cap.amount.get(reward.currency) is not None
    return cap.to is Beneficiary(reward.beneficiary) and is_counted


def _wait_for_whoever_is_cut_now(limits: Collection[Shared], program_id: int) -> None:
    """Who draws on a budget holds its lock: they did not see the room that was freed since, and
    are not seen as cut before they are done."""
    with transaction.atomic():
        lock_budget((cap for cap, _ in limits), program_id)


def _has_room(shared: Shared, reward: Reward) -> bool:
    cap, counted = shared
    if cap.rolling is not None:
        # Each reward has a period of its own.
        return True
    [used] = used_towards([counted], program_id=reward.program_id, except_reward=None)
    if cap.count is not None:
        return used.count < cap.count
    most = cap.amount.get(reward.currency)
    return most is not None and used.amounts.get(reward.currency, 0) < most.amount


def _cut(limits: Collection[Shared], reward: Reward) -> QuerySet[Reward]:
    """The rewards that were cut and share one of the limits, the oldest first."""
    cut = Reward.objects.filter(program=reward.program_id, is_cut=True)
    sharing = Q(pk=None)
    for cap, counted in limits:
        mine = Q(beneficiary=counted.beneficiary)
        if counted.holder_id is not None:
            mine &= Q(holder=counted.holder_id)
        if counted.pair_id is not None:
            mine &= Q(referral=counted.pair_id) | Q(referral__follows=counted.pair_id)
        if counted.window is not None:
            starts, ends = counted.window
            mine &= Q(earned_at__gte=starts, earned_at__lt=ends)
        if cap.count is None:
            mine &= Q(currency=reward.currency)
        sharing |= mine
    return cut.filter(sharing).select_related("referral", "program").order_by("pk")
