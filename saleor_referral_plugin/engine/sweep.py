"""The sweep: what hooks would have said had they all come, and what only time brings.

Losing every hook and the whole broker delays a referral until the next sweep; it loses
nothing.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import Program, Referral, Referrer, Reward, TermsVersion
from . import effects, ledger, rates
from .codes import is_offer_code
from .decide import ReferralStatus
from .facts import PlacedOrder
from .known_orders import OVERLAP, read_on
from .people import email_key
from .programs import publish_again
from .ranking import award_prizes
from .settle import settle, settle_milestones
from .store import Store

logger = logging.getLogger(__name__)

BATCH = 1000
Item = TypeVar("Item")


@dataclass
class Swept:
    """What one sweep did, for logs and for people who run it by hand."""

    orders_read: int = 0
    settled: int = 0
    failed: int = 0
    expired: int = 0
    effects: int = 0


def sweep(*, store: Store, overlap: timedelta = OVERLAP) -> Swept:
    """Read every order changed since shortly before the last sweep, settle those of ours, settle
    what has become due, expire credits, carry out effects, see that the offer is in place. Safe
    to run side by side."""
    swept = Swept()
    for orders in read_on(store, overlap=overlap):
        swept.orders_read += len(orders)
        ours = {order.ref for order in orders if is_offer_code(order.voucher_code)}
        # Also those whose code was taken off again after they became referrals.
        known = Referral.objects.filter(order_ref__in=[order.ref for order in orders])
        ours.update(known.values_list("order_ref", flat=True))
        ours.update(_later_orders(orders))
        swept.settled += _settle_all(
            (order.ref for order in orders if order.ref in ours), store, swept
        )
    now = store.now()
    due = Referral.objects.filter(look_again_at__lte=now).order_by("look_again_at")
    swept.settled += _settle_all(due.values_list("order_ref", flat=True), store, swept)
    pending = Reward.objects.filter(status=Reward.Status.PENDING).select_related("program")
    held = pending.filter(referral=None, hold_until__lte=now)
    _each("Milestone %s could not be settled.", _settle_milestone, held, store, swept)
    issued = Reward.objects.filter(status=Reward.Status.ISSUED)
    over, soon = issued.filter(expires_at__lt=now), issued.filter(remind_at__lte=now)
    swept.expired += _each("%s could not be ended.", effects.expire, over, store, swept)
    _each("Nobody could be reminded of %s.", effects.remind, soon, store, swept)
    programs = Program.objects.order_by("pk")
    _each("The prizes of %s could not be awarded.", award_prizes, programs, store, swept)
    rates.forget_old(store=store)
    swept.effects = effects.carry_out(store=store)
    # Last, so that trouble with the offer holds up nothing else.
    publish_again(store=store)
    return swept


def _later_orders(orders: Collection[PlacedOrder]) -> set[str]:
    """Those of people who were referred under terms that count their later orders."""
    counting = TermsVersion.objects.exclude(rules__later_orders=None)
    programs = set(counting.order_by().values_list("program", flat=True))
    if not programs:
        return set()
    email_keys = {order.ref: email_key(order.email) for order in orders}
    whose = Q(referee_email_key__in=set(filter(None, email_keys.values())))
    whose |= Q(referee_user_ref__in={order.user_ref for order in orders if order.user_ref})
    # By program, as the indexes of who is a referee are.
    firsts = Referral.objects.filter(
        whose, program__in=programs, follows=None, status=ReferralStatus.QUALIFIED.value
    )
    known = set(firsts.values_list("referee_email_key", "referee_user_ref"))
    keys, refs = {key for key, _ in known if key}, {ref for _, ref in known if ref}
    return {
        order.ref for order in orders if email_keys[order.ref] in keys or order.user_ref in refs
    }


def _settle_milestone(reward: Reward, *, store: Store) -> None:
    """Its hold has ended."""
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        moments = [reward.earned_at] if reward.earned_at else []
        settle_milestones(
            reward.program, reward.holder_id, moments, reward.currency, now=store.now()
        )


def _settle_all(order_refs: Iterable[str], store: Store, swept: Swept) -> int:
    return _each("Order %s could not be settled.", settle, order_refs, store, swept)


def _each(
    trouble: str, do: Callable[..., object], items: Iterable[Item], store: Store, swept: Swept
) -> int:
    """Do it with each; one that fails must not keep the others waiting, so its trouble is only
    logged. Returns how many went well."""
    done = 0
    for item in list(items):
        try:
            do(item, store=store)
        except Exception:
            logger.exception(trouble, item)
            swept.failed += 1
        else:
            done += 1
    return done


def note_spending(*, store: Store) -> int:
    """Book what was spent from the credits since the last time. Returns how many moved."""
    issued = Reward.objects.filter(credit_ref__isnull=False, status=Reward.Status.ISSUED)
    noted = 0
    for batch in batches(issued.order_by("pk")):
        balances = store.credit_balances([r.credit_ref for r in batch if r.credit_ref])
        sums = ledger.sums_of(r.pk for r in batch)
        for reward in batch:
            balance = balances.get(reward.credit_ref or "")
            if balance is not None and balance.amount != sums[reward.pk].balance:
                effects.note_spending(reward, store=store)
                noted += 1
    return noted


def batches(rewards: QuerySet[Reward], size: int = BATCH) -> Iterator[list[Reward]]:
    """All of them, ordered by key, some at a time."""
    last = 0
    while batch := list(rewards.filter(pk__gt=last)[:size]):
        yield batch
        last = batch[-1].pk
