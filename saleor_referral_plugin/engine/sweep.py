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
from django.db.models import Model, Q, QuerySet

from ..models import Bookmark, Program, Referral, Referrer, Reward, TermsVersion, UnsettledOrder
from . import (
    counting,
    coupons,
    deliveries,
    effects,
    idempotency,
    jobs,
    ledger,
    metrics,
    rates,
    room,
    rows,
    tables,
    unsettled,
    waitlist,
)
from .codes import is_offer_code
from .decide import ReferralStatus
from .facts import PlacedOrder
from .known_orders import read_on
from .people import email_keys
from .programs import publish_again
from .ranking import award_again, award_prizes
from .settle import settle, settle_milestones
from .store import Store

logger = logging.getLogger(__name__)

BATCH = 1000
#: As often as beat would.
BETWEEN_RIDES = timedelta(minutes=1)
RODE = "rode"
#: Seconds for webhooks: somebody waits.
BRIEFLY = 2.0
#: Of several at once one rides. A time ahead of the present is of a clock that was set right.
_RIDE = """
INSERT INTO referral_bookmark AS ride (name, position) VALUES (%(name)s, %(now)s)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position
       WHERE ride.position <= %(before)s OR ride.position > %(now)s
RETURNING 1
"""
#: How many rewards that limits have cut are looked at again in one sweep.
CUT_AT_MOST = 200
#: How many credits are compared at a time with what the store has on them.
COMPARED_AT_MOST = 20_000
COMPARED = "compared"
USE_NOT_BOOKED = "The use of %s could not be booked."
Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)


@dataclass
class Swept:
    """What one sweep did, for logs and for people who run it by hand."""

    orders_read: int = 0
    settled: int = 0
    failed: int = 0
    expired: int = 0
    effects: int = 0


def sweep(*, store: Store) -> Swept:
    """Read every order changed since shortly before the last sweep, settle those of ours, settle
    what has become due, expire credits, carry out effects, see that the offer is in place. Safe
    to run side by side."""
    swept = Swept()
    for orders in read_on(store):
        swept.orders_read += len(orders)
        ours = {order.ref for order in orders if is_offer_code(order.voucher_code)}
        # Also those whose code was taken off again after they became referrals.
        known = Referral.objects.filter(order_ref__in=[order.ref for order in orders])
        ours.update(known.values_list("order_ref", flat=True))
        ours.update(_later_orders(orders))
        swept.settled += _settle_all(
            [order.ref for order in orders if order.ref in ours], store, swept
        )
        swept.settled += _settle_all(sorted(_refused(orders) - ours), store, swept)
        used = coupons.find_all({order.voucher_code for order in orders})
        _each(USE_NOT_BOOKED, effects.note_spending, used, store, swept)
    now = store.now()
    swept.settled += _settle_all(unsettled.due(now), store, swept)
    due = Referral.objects.filter(look_again_at__lte=now).order_by("look_again_at")
    orders_due = due.filter(sign_up=None).values_list("order_ref", flat=True)
    swept.settled += _settle_all(list(orders_due), store, swept)
    sign_ups_due = due.filter(sign_up__isnull=False)
    swept.settled += _each(
        "%s could not be settled.", waitlist.look_again, sign_ups_due, store, swept
    )
    pending = Reward.objects.filter(status=Reward.Status.PENDING).select_related("program")
    held = pending.filter(referral=None, hold_until__lte=now)
    _each("Milestone %s could not be settled.", settle_milestone, held, store, swept)
    issued = Reward.objects.filter(status=Reward.Status.ISSUED)
    over, soon = issued.filter(expires_at__lt=now), issued.filter(remind_at__lte=now)
    swept.expired += _each("%s could not be ended.", effects.expire, over, store, swept)
    _each("Nobody could be reminded of %s.", effects.remind, soon, store, swept)
    programs = Program.objects.order_by("pk")
    _each("The prizes of %s could not be awarded.", award_prizes, programs, store, swept)
    fill_room(store=store, swept=swept)
    swept.effects = effects.carry_out(store=store)
    # Last, so that trouble with the offer, or with what can be forgotten, holds up nothing else.
    publish_again(store=store)
    counting.fold()
    rates.forget_old(store=store)
    idempotency.forget_old(store=store)
    jobs.forget_old(store=store)
    deliveries.follow_apps(store=store)
    deliveries.forget_old(store=store)
    return swept


def ride_along(*, store: Store) -> bool:
    """Sweep if nobody has within the last minute: for a shop without beat, whose sweeps ride on
    whatever order comes by. Returns whether it did."""
    now = store.now()
    is_due = rows.select(_RIDE, {"name": RODE, "now": now, "before": now - BETWEEN_RIDES})
    if is_due:
        sweep(store=store)
        note_some_spending(store=store)
        deliveries.deliver(store=store, seconds=BRIEFLY)
    return bool(is_due)


def _later_orders(orders: Collection[PlacedOrder]) -> set[str]:
    """Those of people who were referred under terms that count their later orders."""
    counting = TermsVersion.objects.exclude(rules__later_orders=None)
    programs = set(counting.order_by().values_list("program", flat=True))
    if not programs:
        return set()
    keys_of = {order.ref: email_keys(order.email) for order in orders}
    whose = Q(referee_email_key__in={key for keys in keys_of.values() for key in keys})
    whose |= Q(referee_user_ref__in={order.user_ref for order in orders if order.user_ref})
    # By program, as the indexes of who is a referee are.
    firsts = Referral.objects.filter(
        whose, program__in=programs, follows=None, status=ReferralStatus.QUALIFIED.value
    )
    known = set(firsts.values_list("referee_email_key", "referee_user_ref"))
    keys, refs = {key for key, _ in known if key}, {ref for _, ref in known if ref}
    return {
        order.ref
        for order in orders
        if not keys.isdisjoint(keys_of[order.ref]) or order.user_ref in refs
    }


def _refused(orders: Collection[PlacedOrder]) -> set[str]:
    """Referrals of the same addresses that were refused: an order that spoke against one may be
    cancelled now, or given back."""
    keys = {key for order in orders for key in email_keys(order.email)}
    refused = Referral.objects.filter(
        referee_email_key__in=keys, sign_up=None, status=ReferralStatus.REJECTED.value
    ).exclude(order_ref__startswith=Referral.DETACHED)
    return set(refused.values_list("order_ref", flat=True))


def fill_room(*, store: Store, swept: Swept | None = None, at_most: int = CUT_AT_MOST) -> None:
    """Give what has become free under limits to those who were cut."""
    swept = swept or Swept()

    def settle_again(reward: Reward) -> bool:
        done = _each("%s could not be settled.", _settle_reward, [reward], store, swept)
        swept.settled += done
        return bool(done)

    room.fill(settle_again, at_most=at_most)


def _settle_reward(reward: Reward, *, store: Store) -> None:
    """There may be room for it by now."""
    if reward.referral is not None:
        settle(reward.referral.order_ref, store=store)
    else:
        award_again(reward, store=store)
        settle_milestone(reward, store=store)


def settle_milestone(reward: Reward, *, store: Store) -> None:
    """Its hold has ended, or there may be room for it."""
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        moments = [reward.earned_at] if reward.earned_at else []
        settle_milestones(
            reward.program, reward.holder_id, moments, reward.currency, now=store.now()
        )


def _settle_all(order_refs: Collection[str], store: Store, swept: Swept) -> int:
    """One that fails is noted, so that it is tried again although the sweep goes on; one that
    cannot be noted ends the sweep, which then begins with it the next time."""
    known = UnsettledOrder.objects.filter(order_ref__in=order_refs)
    again = set(known.values_list("order_ref", flat=True))
    done = 0
    for order_ref in order_refs:
        try:
            referral = settle(order_ref, store=store)
        except Exception as error:
            tables.log(logger, "Order %s could not be settled.", order_ref)
            metrics.not_settled()
            swept.failed += 1
            unsettled.note(order_ref, error, now=store.now())
        else:
            done += 1
            if referral is not None:
                metrics.settled(referral.status)
            if order_ref in again:
                unsettled.is_settled(order_ref)
    return done


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
            tables.log(logger, trouble, item)
            metrics.not_settled()
            swept.failed += 1
        else:
            done += 1
    return done


def note_spending(*, store: Store) -> int:
    """Book what was spent from the credits since the last time, or came back to them: also to
    one that was taken back or has expired. Returns how many moved."""
    return _note_spending_of(_with_credit(), store)


def note_some_spending(*, store: Store, at_most: int = COMPARED_AT_MOST) -> int:
    """The same for so many credits at most, going on where it ended the last time: a shop that
    has issued millions does not compare all of them every few minutes."""
    bookmark, _ = Bookmark.objects.get_or_create(name=COMPARED)
    left = _with_credit().filter(pk__gt=bookmark.last or 0)
    end = left.order_by("pk").values_list("pk", flat=True)[at_most - 1 : at_most].first()
    noted = _note_spending_of(left if end is None else left.filter(pk__lte=end), store)
    Bookmark.objects.filter(name=COMPARED).update(last=end)
    return noted


def _with_credit() -> QuerySet[Reward]:
    return Reward.objects.filter(credit_ref__isnull=False)


def _note_spending_of(rewards: QuerySet[Reward], store: Store) -> int:
    noted = 0
    for batch in batches(rewards.order_by("pk")):
        balances = store.credit_balances([r.credit_ref for r in batch if r.credit_ref])
        sums = ledger.sums_of(r.pk for r in batch)
        moved = [
            reward
            for reward in batch
            if (balance := balances.get(reward.credit_ref or "")) is not None
            and balance.amount != sums[reward.pk].balance
        ]
        noted += _each(USE_NOT_BOOKED, effects.note_spending, moved, store, Swept())
    return noted


def batches(rows: QuerySet[Row], size: int = BATCH) -> Iterator[list[Row]]:
    """All of them, ordered by key, some at a time."""
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:size]):
        yield batch
        last = batch[-1].pk
