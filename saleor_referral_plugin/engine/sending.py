"""Rewards delivered outside the shop: staff say that one was sent, or was not after all."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from ..models import LedgerEntry, Referrer, Reward, StaffDecision
from . import ledger
from .decisions import CannotDecide, write
from .settle import settle
from .store import Store
from .terms import RewardKind


class CannotBeSent(CannotDecide):
    """`code` for machines: NOT_CUSTOM, NOT_APPROVED or NOT_SENT."""


@transaction.atomic
def mark_sent(reward: Reward, *, by: str, store: Store, note: str = "") -> Reward:
    """Book an approved custom reward as delivered. `by` and `note` say who sent what. Marked
    again, nothing changes.

    Raises CannotBeSent for any other kind, and for one that is not approved (yet, or any more).
    """
    reward = _locked(reward)
    if reward.status == Reward.Status.ISSUED:
        return reward
    if reward.status != Reward.Status.APPROVED:
        raise CannotBeSent("NOT_APPROVED", f"The reward is {reward.status}, not approved.")
    now = store.now()
    owed = ledger.sums_of([reward.pk])[reward.pk].owed
    ledger.post(reward, LedgerEntry.Kind.DELIVERED, owed, now=now)
    reward.status, reward.issued_at = Reward.Status.ISSUED, now
    _save(reward, by, note, now)
    # A note is no must here.
    StaffDecision.objects.create(
        kind=StaffDecision.Kind.SEND, reward=reward, by=by, reason=note, at=now
    )
    return reward


@transaction.atomic
def not_sent_after_all(reward: Reward, *, by: str, reason: str, store: Store) -> Reward:
    """Undo `mark_sent`: the reward is what the order makes of it now.

    Raises CannotBeSent for one that was not sent; CannotDecide REQUIRED.
    """
    reward = take_back(reward, by=by, note=reason, store=store)
    write(StaffDecision.Kind.UNDO, by, reason, store.now(), reward=reward)
    return reward


def take_back(reward: Reward, *, by: str, note: str, store: Store) -> Reward:
    """What `not_sent_after_all` does, as a part of what somebody has decided."""
    reward = _locked(reward)
    if reward.issued_at is None:
        raise CannotBeSent("NOT_SENT", "The reward was not marked as sent.")
    now = store.now()
    delivered = ledger.sums_of([reward.pk])[reward.pk].delivered
    ledger.post(reward, LedgerEntry.Kind.TAKEN_BACK, -delivered, now=now)
    is_due = reward.amount > Decimal(0)
    reward.status = Reward.Status.APPROVED if is_due else Reward.Status.VOIDED
    reward.issued_at = None
    _save(reward, by, note, now)
    if reward.referral is not None:
        settle(reward.referral.order_ref, store=store)
        reward.refresh_from_db()
    return reward


def _save(reward: Reward, by: str, note: str, now: datetime) -> None:
    reward.sent_by, reward.sent_note, reward.changed_at = by, note, now
    reward.save(update_fields=["status", "issued_at", "sent_by", "sent_note", "changed_at"])


def _locked(reward: Reward) -> Reward:
    Referrer.objects.select_for_update().get(pk=reward.holder_id)
    reward = Reward.objects.select_related("referral").get(pk=reward.pk)
    if reward.kind != RewardKind.CUSTOM.value:
        raise CannotBeSent("NOT_CUSTOM", "The reward is delivered by the shop itself.")
    return reward
