"""Effects: what the books promised is carried out in the store, once each.

An effect converges: it looks at what the ledger says is owed now, moves that, and books
what really moved, in one transaction with its own row. Killed anywhere, it happened or it
did not; run twice, the second time finds nothing owed.
"""

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from prices import Money

from ..models import Effect, LedgerEntry, Referrer, Reward
from . import codes, ledger, metrics, rows
from .books import TO_BE_SENT, new_effect
from .coupons import what_it_gives
from .facts import CouponRequest, CreditRequest
from .findings import Finding
from .referrers import keep_up, lock
from .store import Store
from .terms import AfterIssue, CreditUse, RewardKind, Span
from .trouble import said
from .waits import wait

logger = logging.getLogger(__name__)

Kind = LedgerEntry.Kind

#: After a failure, again in 1 min, 2 min, 4 min ... at most 6 hours.
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)


def carry_out(*, store: Store, limit: int = 1000) -> int:
    """Carry out what is due, one transaction each; workers side by side skip each other's.

    Returns how many were done. A failing effect is logged, kept, and tried again later.
    """
    done = 0
    for _ in range(limit):
        effect = _carry_out_next(store)
        if effect is None:
            break
        done += effect.done_at is not None
    return done


def _carry_out_next(store: Store) -> Effect | None:
    now = store.now()
    with transaction.atomic():
        effect = (
            Effect.objects.select_for_update(skip_locked=True)
            .filter(done_at=None, due_at__lte=now)
            .order_by("due_at", "pk")
            .first()
        )
        if effect is None:
            return None
        effect.attempts += 1
        try:
            with transaction.atomic():
                _EFFECTS[Effect.Kind(effect.kind)](effect, store, now)
        except Exception as error:
            logger.exception(
                "Effect %s of reward %s failed; it will be tried again.",
                effect.key,
                effect.reward_id,
            )
            effect.due_at = now + wait(effect.attempts, first=FIRST_RETRY, last=LAST_RETRY)
            effect.last_error = said(error)
        else:
            effect.done_at = now
            effect.last_error = ""
        metrics.effect(effect.kind, done=effect.done_at is not None)
        effect.save(update_fields=["attempts", "due_at", "done_at", "last_error"])
    return effect


def _credit(effect: Effect, store: Store, now: datetime) -> None:
    """Bring the holder's rewards in the effect's currency (or unit of points) in line with
    the ledger: take back what is no longer deserved, waive or remember what cannot be had, let
    what is owed pay debts first, deliver the rest."""
    reward = Reward.objects.get(pk=effect.reward_id)
    locked = _lock(reward)
    holder = locked[reward.holder_id]
    keep_up(holder, store=store)
    if holder.forgotten_at is not None:
        return
    sums = ledger.out_of_balance(holder.pk, reward.currency)
    found = Reward.objects.filter(pk__in=sums).select_related("referral").order_by("pk")
    # One that has come up meanwhile has an effect of its own.
    rewards = [r for r in found if r.referral is None or r.referral.referrer_id in locked]
    debts: dict[Reward, Decimal] = {}
    for each in rewards:
        if sums[each.pk].owed < 0:
            debt = _take_back(each, -sums[each.pk].owed, store, now)
            if each.after_issue == AfterIssue.WAIVE:
                ledger.post(each, Kind.WAIVED, -debt, now=now)
            else:
                debts[each] = debt
    for each in rewards:
        if sums[each.pk].owed > 0 and _may_be_delivered(each):
            owed = sums[each.pk].owed - _deserved_after_all(each, sums[each.pk].owed, now)
            left = _pay_debts(each, owed, debts, now)
            _deliver(each, left, holder, store, now)


def _lock(reward: Reward) -> dict[int, Referrer]:
    """Lock the holder, and the referrers of the referrals that rewards to be moved are of: who
    settles one of those holds its referrer, and decides by what was delivered so far."""
    moved = ledger.out_of_balance(reward.holder_id, reward.currency)
    of_referrals = Reward.objects.filter(pk__in=moved).exclude(referral=None)
    return lock({reward.holder_id, *of_referrals.values_list("referral__referrer", flat=True)})


def _deserved_after_all(reward: Reward, owed: Decimal, now: datetime) -> Decimal:
    """What was waived and is owed again was had already: it is waived no more. Returns how
    much of what is owed that is."""
    amount = min(owed, -_sum_of(reward, Kind.WAIVED))
    ledger.post(reward, Kind.WAIVED, amount, now=now)
    return amount


def _pay_debts(
    reward: Reward, amount: Decimal, debts: dict[Reward, Decimal], now: datetime
) -> Decimal:
    """Let `amount` of a reward pay what others left owing; returns what is left of it."""
    for debtor, debt in debts.items():
        paid = min(debt, amount)
        ledger.post(debtor, Kind.OFFSET, -paid, now=now)
        ledger.post(reward, Kind.OFFSET, paid, now=now)
        debts[debtor] -= paid
        amount -= paid
    return amount


def _may_be_delivered(reward: Reward) -> bool:
    return reward.kind != RewardKind.CUSTOM and reward.status in (
        Reward.Status.APPROVED,
        Reward.Status.ISSUED,
        Reward.Status.EXPIRED,
    )


def _take_back(reward: Reward, amount: Decimal, store: Store, now: datetime) -> Decimal:
    """Take `amount` off the reward's credit; returns what could not be had: the debt."""
    if reward.credit_ref:
        _note_spending(reward, store, now)
        delta = Money(-amount, reward.currency)
        note = f"{_note(reward)}, {_why_less(reward)}"
        moved = -store.adjust_credit(reward.credit_ref, delta, now=now, note=note).amount
        ledger.post(reward, Kind.TAKEN_BACK, -moved, now=now)
        amount -= moved
    elif reward.kind == RewardKind.POINTS:
        moved = min(amount, ledger.sums_of([reward.pk])[reward.pk].balance)
        ledger.post(reward, Kind.TAKEN_BACK, -moved, now=now)
        amount -= moved
    # What ran out unused never reached anybody: it is no debt.
    unused = min(amount, -_sum_of(reward, Kind.EXPIRED))
    ledger.post(reward, Kind.EXPIRED, unused, now=now)
    ledger.post(reward, Kind.TAKEN_BACK, -unused, now=now)
    return amount - unused


def _sum_of(reward: Reward, kind: LedgerEntry.Kind) -> Decimal:
    entries = LedgerEntry.objects.filter(reward=reward, kind=kind)
    return sum(entries.values_list("amount", flat=True), Decimal(0))


def _deliver(
    reward: Reward, amount: Decimal, holder: Referrer, store: Store, now: datetime
) -> None:
    """Put `amount` on the reward's credit, making it if it is not there (any more). Points
    are nowhere but in the books."""
    left = amount
    if reward.kind == RewardKind.POINTS:
        _set_dates(reward, now)
        ledger.post(reward, Kind.DELIVERED, left, now=now)
        left = Decimal(0)
    if reward.credit_ref and left and reward.status != Reward.Status.EXPIRED:
        _note_spending(reward, store, now)
        delta, note = Money(left, reward.currency), f"{_note(reward)}, given again"
        moved = store.adjust_credit(reward.credit_ref, delta, now=now, note=note).amount
        ledger.post(reward, Kind.DELIVERED, moved, now=now)
        left -= moved
    if left:
        deliveries = LedgerEntry.objects.filter(reward=reward, kind=Kind.DELIVERED).count()
        _set_dates(reward, now)
        key = f"reward-{reward.pk}-{deliveries}"
        reward.credit_ref = _issue(reward, key, Money(left, reward.currency), holder, store)
        ledger.post(reward, Kind.DELIVERED, left, now=now)
    is_news = reward.issued_at is None
    reward.issued_at = reward.issued_at or now
    if reward.status != Reward.Status.ISSUED:
        reward.status, reward.changed_at = Reward.Status.ISSUED, now
    reward.save(
        update_fields=[
            "credit_ref",
            "coupon_code",
            "expires_at",
            "remind_at",
            "issued_at",
            "status",
            "changed_at",
        ]
    )
    if is_news and amount:
        _tell_later(reward, "referral_reward_issued", amount, now)


def _issue(reward: Reward, key: str, amount: Money, holder: Referrer, store: Store) -> str:
    """Make a credit or a coupon in the store; its ref."""
    order_ref = reward.referral.order_ref if reward.referral else ""
    if reward.kind == RewardKind.COUPON:
        reward.coupon_code = codes.draw_free(store)
        return store.issue_coupon(
            CouponRequest(
                key=key,
                code=codes.show(reward.coupon_code),
                coupon=what_it_gives(reward),
                user_ref=holder.user_ref or "",
                expires_at=reward.expires_at,
                note=_note(reward),
                order_ref=order_ref,
            )
        )
    return store.issue_credit(
        CreditRequest(
            key=key,
            user_ref=holder.user_ref or "",
            order_ref=order_ref,
            amount=amount,
            expires_at=reward.expires_at,
            note=_note(reward),
            by_itself=reward.use == CreditUse.BY_ITSELF.value,
        )
    )


def _set_dates(reward: Reward, now: datetime) -> None:
    """Until when it can be spent from now on, and when its holder is reminded of that."""
    reward.expires_at = reward.remind_at = None
    if reward.valid_for is not None:
        span, zone = _span(reward.valid_for)
        reward.expires_at = span.after(now, zone)
        if reward.remind is not None:
            span, zone = _span(reward.remind)
            reward.remind_at = span.before(reward.expires_at, zone)


def _span(stored: dict[str, Any]) -> tuple[Span, ZoneInfo]:
    lengths = {unit: length for unit, length in stored.items() if unit != "zone"}
    return Span(**lengths), ZoneInfo(stored["zone"])


def _note(reward: Reward) -> str:
    if reward.referral is None and reward.earned_at is None:
        return "Referral reward given by the shop"
    if reward.referral is None:
        return f"Referral reward for reaching {reward.occurrence}"
    return f"Referral reward for order {reward.referral.order_number}"


def _why_less(reward: Reward) -> str:
    """For staff who wonder why a credit has become less."""
    why = ["taken back in part" if reward.amount else "taken back"]
    if reward.voided_by is not None:
        why.append(reward.voided_by.reason)
    elif reward.referral is not None:
        found = map(Finding.from_json, reward.referral.findings)
        why += [finding.sentence for finding in found if not finding.passed]
    return ": ".join([why[0], " ".join(why[1:])]) if why[1:] else why[0]


def _note_spending(reward: Reward, store: Store, now: datetime) -> None:
    ref = reward.credit_ref or ""
    balance = store.credit_balances([ref]).get(ref)
    if balance is not None:
        ledger.note_spending(reward, balance.amount, now=now)


def note_spending(reward: Reward, *, store: Store) -> None:
    """Book what moved on the reward's credit without us, or on its coupon. What a cancelled
    order gave back too late, or to a reward that is no longer deserved, is taken again."""
    now = store.now()
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        reward.refresh_from_db()
        if reward.credit_ref is None:
            return
        if reward.kind == RewardKind.COUPON:
            store.give_back_coupon(reward.credit_ref)
        _note_spending(reward, store, now)
        sums = ledger.sums_of([reward.pk])[reward.pk]
        if reward.status == Reward.Status.EXPIRED:
            _write_off(reward, store, now)
        elif sums.owed < 0 and sums.balance > 0:
            _take_back(reward, min(-sums.owed, sums.balance), store, now)


def expire(reward: Reward, *, store: Store) -> None:
    """The credit's time is up, its last moment included: what is left on it is gone, in the
    store and in the books."""
    now = store.now()
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        reward.refresh_from_db()
        if reward.status != Reward.Status.ISSUED or not (
            reward.expires_at and reward.expires_at < now
        ):
            return
        if reward.credit_ref:
            _note_spending(reward, store, now)
        left = _write_off(reward, store, now)
        reward.status, reward.changed_at = Reward.Status.EXPIRED, now
        reward.save(update_fields=["status", "changed_at"])
        if left:
            _tell_later(reward, "referral_reward_expired", left, now)


def _write_off(reward: Reward, store: Store, now: datetime) -> Decimal:
    """What is left of a credit whose time is up is gone; returns it."""
    left = ledger.write_off(reward, now=now)
    if reward.credit_ref and left:
        delta, note = Money(-left, reward.currency), f"{_note(reward)}, expired"
        store.adjust_credit(reward.credit_ref, delta, now=now, note=note)
    return left


def remind(reward: Reward, *, store: Store) -> None:
    """Tell the holder, once, that what is left of a credit will expire."""
    now = store.now()
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        reward.refresh_from_db()
        if reward.status != Reward.Status.ISSUED or reward.remind_at is None:
            return
        if reward.credit_ref:
            _note_spending(reward, store, now)
        left = ledger.sums_of([reward.pk])[reward.pk].balance
        reward.remind_at = None
        reward.save(update_fields=["remind_at"])
        if left and reward.expires_at:
            # Of a credit made anew the holder is told anew.
            on = reward.expires_at.isoformat()
            _tell_later(reward, "referral_reward_expiring", left, now, expires_at=on)


def _tell_later(reward: Reward, event: str, amount: Decimal, now: datetime, **more: str) -> None:
    payload = {"event": event, "amount": str(amount), "currency": reward.currency, **more}
    if reward.coupon_code:
        payload["code"] = codes.show(reward.coupon_code)
    key = ":".join((event, *more.values()))
    effect = new_effect(reward, Effect.Kind.TELL, key, now, **payload)
    rows.insert(effect, unless_there=True)


def _tell(effect: Effect, store: Store, now: datetime) -> None:
    """Tell the holder. Who is gone is told nothing, and a guest cannot be; what is to be sent
    concerns whoever sends it, too."""
    reward = effect.reward
    user_ref = reward.holder.user_ref
    payload: dict[str, Any] = dict(effect.payload)
    event = payload.pop("event")
    if event == TO_BE_SENT:
        if reward.status != Reward.Status.APPROVED:
            # No more, or it has been sent meanwhile.
            return
        order_ref = reward.referral.order_ref if reward.referral else ""
        payload |= {"reward_id": reward.pk, "order_id": order_ref}
    elif not user_ref:
        return
    store.tell(user_ref or "", event, payload)


_EFFECTS = {Effect.Kind.CREDIT: _credit, Effect.Kind.TELL: _tell}
