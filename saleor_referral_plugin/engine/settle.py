"""Settle one order: make the books equal the decision.

May be called by a hook, a retry, the sweep, staff or a test, any number of times and in
any order; the result is the same.
"""

import logging
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from prices import Money

from ..models import Claim, Effect, LedgerEntry, Referral, Referrer, Reward
from . import ledger
from .claims import was_referred_before
from .codes import is_offer_code
from .decide import (
    Beneficiary,
    Decision,
    ReferralStatus,
    RewardDecision,
    cap_window,
    decide,
    earned_at,
)
from .facts import History, OrderFacts, Person
from .known_orders import earlier_orders
from .referrers import keep_up
from .store import Store
from .terms import Terms

logger = logging.getLogger(__name__)

#: Two orders of one referee with two referrers may collide in the database's own rule of
#: one referrer each; the second try sees the first one's row and decides accordingly.
TRIES = 3


def settle(order_ref: str, *, store: Store) -> Referral | None:
    """Bring the books in line with an order as it stands now.

    Returns the order's referral, or None when no claim made it one. Raises what the
    database raises; nothing is half written.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            with transaction.atomic():
                return _settle(order_ref, store)
        except IntegrityError:
            if last:
                raise
            logger.info("Order %s collided with another; deciding again.", order_ref)
    return None


def _settle(order_ref: str, store: Store) -> Referral | None:
    referral = _referral_of(order_ref)
    claim = None if referral else _claim_of(store.order_origin(order_ref))
    if referral is not None:
        referrer_id, version = referral.referrer_id, referral.terms
    elif claim is not None:
        referrer_id, version = claim.code.referrer_id, claim.terms
    else:
        return None

    referrer = Referrer.objects.select_for_update().get(pk=referrer_id)
    keep_up(referrer, store=store)
    # Read under the lock: whoever held it may have settled this very order, and what is
    # decided upon must not be older than the lock.
    facts = store.order_facts(order_ref)
    referral = _referral_of(order_ref)
    if facts is None:
        # The order itself was deleted: what the books say of it stays, and stays so.
        if referral is not None:
            referral.look_again_at = None
            referral.save(update_fields=["look_again_at"])
        return referral
    now = store.now()
    if referral is None:
        if claim is None:
            return None
        referral = _new_referral(claim, facts, now)
    decision = _decide(version.terms, facts, referral, referrer, store, now)
    _write(referral, facts, decision, now)
    return referral


def _referral_of(order_ref: str) -> Referral | None:
    return Referral.objects.select_related("terms").filter(order_ref=order_ref).first()


def _claim_of(origin: tuple[str | None, str | None]) -> Claim | None:
    """The claim that put our code on the order: the one of its checkout."""
    checkout_ref, voucher_code = origin
    if not checkout_ref or not is_offer_code(voucher_code):
        return None
    return (
        Claim.objects.select_related("code", "terms")
        .filter(checkout_ref=checkout_ref, terms__offer_code=voucher_code)
        .exclude(referral__isnull=False)
        # The one in force, if any; else the newest: the order was made with its discount.
        .order_by("status", "-pk")
        .first()
    )


def _new_referral(claim: Claim, facts: OrderFacts, now: datetime) -> Referral:
    Claim.objects.filter(pk=claim.pk).update(status=Claim.Status.USED)
    return Referral(
        program_id=claim.terms.program_id,
        terms=claim.terms,
        referrer_id=claim.code.referrer_id,
        claim=claim,
        order_ref=facts.ref,
        order_number=facts.number,
        channel=facts.channel,
        currency=facts.currency,
        placed_at=facts.placed_at,
        settled_at=now,
    )


def _decide(
    terms: Terms,
    facts: OrderFacts,
    referral: Referral,
    referrer: Referrer,
    store: Store,
    now: datetime,
) -> Decision:
    count, amount = _credits_in_period(terms, facts, referral, now)
    delivered = None
    if referrer.forgotten_at and referral.pk:
        rewards = Reward.objects.filter(referral=referral).values_list("pk", flat=True)
        sums = ledger.sums_of(rewards).values()
        delivered = Money(sum((s.delivered for s in sums), Decimal(0)), facts.currency)
    history = History(
        referrer=Person(referrer.user_ref, referrer.email_key),
        referrer_is_gone=referrer.forgotten_at is not None,
        was_qualified=referral.status
        in (ReferralStatus.QUALIFIED.value, ReferralStatus.REVERSED.value),
        earned_at=referral.earned_at,
        earlier_orders=(
            earlier_orders(store, facts.buyer, placed_before=facts.placed_at, except_ref=facts.ref)
            if terms.new_customers_only
            else 0
        ),
        referred_before=was_referred_before(
            referral.program_id, facts.buyer, except_order=facts.ref
        ),
        credits_count=count,
        credits_amount=amount,
        delivered=delivered,
    )
    return decide(terms, facts, history, now)


def _credits_in_period(
    terms: Terms, facts: OrderFacts, referral: Referral, now: datetime
) -> tuple[int, Money]:
    """The referrer's other credits that count towards the caps. The count is over all
    currencies, the amount in the order's own."""
    nothing = (0, Money(Decimal(0), facts.currency))
    if terms.cap_count is None and terms.cap_amount.get(facts.currency) is None:
        return nothing
    others = Reward.objects.filter(
        referrer_id=referral.referrer_id,
        beneficiary=Beneficiary.REFERRER.value,
        amount__gt=0,
    ).exclude(referral__order_ref=facts.ref)
    window = cap_window(terms, earned_at(terms, facts, referral.earned_at, now))
    if window is not None:
        others = others.filter(earned_at__gte=window[0], earned_at__lt=window[1])
    by_currency = others.order_by().values("currency").annotate(n=Count("pk"), sum=Sum("amount"))
    count, amount = nothing
    for row in by_currency:
        count += row["n"]
        if row["currency"] == facts.currency:
            amount = Money(row["sum"], facts.currency)
    return count, amount


def _write(referral: Referral, facts: OrderFacts, decision: Decision, now: datetime) -> None:
    referral.status = decision.status.value
    referral.referee_user_ref = facts.buyer.user_ref
    referral.referee_email_key = facts.buyer.email_key
    referral.findings = [finding.to_json() for finding in decision.findings]
    referral.earned_at = decision.earned_at
    referral.look_again_at = decision.look_again_at
    referral.settled_at = now
    referral.save()
    existing = {
        (reward.beneficiary, reward.rule): reward
        for reward in Reward.objects.filter(referral=referral)
    }
    for decided in decision.rewards:
        reward = existing.get((decided.beneficiary.value, decided.rule))
        never_due = not decided.amount.amount and decision.status is not ReferralStatus.QUALIFIED
        if reward is None and never_due:
            # No row for what was never promised. (A qualified referral of which a cap left
            # nothing has one, to say so.)
            continue
        if reward is None:
            reward = Reward(
                referral=referral,
                referrer_id=referral.referrer_id,
                beneficiary=decided.beneficiary.value,
                rule=decided.rule,
                currency=referral.currency,
                amount=Decimal(0),
                created_at=now,
            )
        _write_reward(reward, decided, decision, now)


def _write_reward(
    reward: Reward, decided: RewardDecision, decision: Decision, now: datetime
) -> None:
    difference = decided.amount.amount - reward.amount
    reward.amount = decided.amount.amount
    reward.hold_until = decided.hold_until or reward.hold_until
    reward.earned_at = decision.earned_at or reward.earned_at
    reward.status = _status(reward, decided)
    reward.save()
    ledger.post(reward, LedgerEntry.Kind.PROMISED, difference, now=now)
    is_due = decided.is_approved or reward.issued_at is not None
    if is_due and ledger.sums_of([reward.pk])[reward.pk].owed:
        promises = LedgerEntry.objects.filter(reward=reward, kind=LedgerEntry.Kind.PROMISED).count()
        Effect.objects.bulk_create(
            [
                Effect(
                    kind=Effect.Kind.CREDIT,
                    # The hold's end too: an effect of before it was put off delivers nothing.
                    key=f"credit:{reward.pk}:{promises}:{reward.hold_until or ''}",
                    reward=reward,
                    created_at=now,
                    due_at=now,
                )
            ],
            ignore_conflicts=True,
        )


def _status(reward: Reward, decided: RewardDecision) -> Reward.Status:
    if not decided.amount.amount:
        return Reward.Status.CLAWED_BACK if reward.issued_at else Reward.Status.VOIDED
    if reward.status == Reward.Status.EXPIRED:
        return Reward.Status.EXPIRED
    if reward.issued_at:
        return Reward.Status.ISSUED
    return Reward.Status.APPROVED if decided.is_approved else Reward.Status.PENDING
