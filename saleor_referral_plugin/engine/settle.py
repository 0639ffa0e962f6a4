"""Settle one order: make the books equal the decision.

May be called by a hook, a retry, the sweep, staff or a test, any number of times and in
any order; the result is the same.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from prices import Money

from ..models import Claim, Effect, LedgerEntry, Referral, Referrer, Reward, TermsVersion
from . import history, ledger, rows
from .codes import is_offer_code
from .decide import Decision, ReferralStatus, decide
from .facts import History, OrderFacts, Person
from .findings import FindingCode
from .readings import reads
from .referrers import holder_of, keep_up
from .rewards import RewardDecision, cap_window, earned_at
from .store import Store
from .terms import Beneficiary, RewardKind, Terms

logger = logging.getLogger(__name__)

#: Two orders of one referee with two referrers may collide in the database's own rule of
#: one referrer each; the second try sees the first one's row and decides accordingly.
TRIES = 3

WAS_QUALIFIED = (ReferralStatus.QUALIFIED.value, ReferralStatus.REVERSED.value)


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
    claim = None
    referrer = _locked_referrer(order_ref)
    if referrer is None:
        claim, referrer = _claimed(*store.order_origin(order_ref))
    if referrer is None:
        return None
    keep_up(referrer, store=store)
    # Read under the lock: whoever held it may have settled this very order, and what is
    # decided upon must not be older than the lock.
    facts = store.order_facts(order_ref)
    is_new = claim is not None and claim.status != Claim.Status.USED
    books = None if is_new else _books(order_ref)
    if facts is None:
        # The order itself was deleted: what the books say of it stays, and stays so.
        if books is not None:
            books.referral.look_again_at = None
            rows.save(books.referral)
        return books.referral if books else None
    now = store.now()
    if books is None:
        if claim is None:
            return None
        books = _Books(_new_referral(claim, referrer.pk, facts, now), {})
    decision = _decide(facts, books, referrer, store, now)
    _write(books, facts, decision, now)
    return books.referral


# reading ------------------------------------------------------------------------------------

_REFERRER_OF_ORDER = f"""
SELECT {rows.columns(Referrer, "person")}
  FROM referral_referrer person JOIN referral_referral referral ON referral.referrer_id = person.id
 WHERE referral.order_ref = %s
   FOR UPDATE OF person
"""

#: The claim in force, if any; else the newest: the order was made with its discount.
_CLAIM_OF_CHECKOUT = f"""
SELECT {rows.columns(Claim, "claim")}, {rows.columns(TermsVersion, "terms")},
       {rows.columns(Referrer, "person")}
  FROM referral_claim claim
  JOIN referral_termsversion terms ON terms.id = claim.terms_id
  JOIN referral_referralcode code ON code.id = claim.code_id
  JOIN referral_referrer person ON person.id = code.referrer_id
 WHERE claim.checkout_ref = %s AND terms.offer_code = %s
   AND NOT EXISTS (SELECT FROM referral_referral WHERE claim_id = claim.id)
 ORDER BY claim.status, claim.id DESC
 LIMIT 1
   FOR UPDATE OF person, claim
"""

_BOOKS = f"""
SELECT {rows.columns(Referral, "referral")}, {rows.columns(Claim, "claim")},
       {rows.columns(TermsVersion, "terms")}, {rows.columns(Reward, "reward")},
       promised, delivered, promises
  FROM referral_referral referral
  JOIN referral_claim claim ON claim.id = referral.claim_id
  JOIN referral_termsversion terms ON terms.id = referral.terms_id
  LEFT JOIN referral_reward reward ON reward.referral_id = referral.id
  LEFT JOIN LATERAL (
       SELECT coalesce(sum(amount) FILTER (WHERE kind = 'promised'), 0) AS promised,
              coalesce(sum(amount) FILTER (
                  WHERE kind IN ('delivered', 'taken_back', 'offset')), 0) AS delivered,
              count(*) FILTER (WHERE kind = 'promised') AS promises
         FROM referral_ledgerentry WHERE reward_id = reward.id) entries ON true
 WHERE referral.order_ref = %s
"""


@dataclass(slots=True)
class _Booked:
    """A reward and the sums of its entries; `promises` counts how often it was decided anew."""

    reward: Reward
    promised: Decimal = Decimal(0)
    delivered: Decimal = Decimal(0)
    promises: int = 0


@dataclass(slots=True)
class _Books:
    """What the books say of one order. Rewards by beneficiary and rule."""

    referral: Referral
    rewards: dict[tuple[str, str], _Booked]


def _locked_referrer(order_ref: str) -> Referrer | None:
    found = rows.select(_REFERRER_OF_ORDER, [order_ref])
    return rows.take(Referrer, iter(found[0])) if found else None


def _claimed(checkout_ref: str | None, code: str | None) -> tuple[Claim | None, Referrer | None]:
    """The claim that put our code on an order's checkout, and its referrer, both locked; used
    is one of which another has meanwhile made the referral."""
    if not checkout_ref or not is_offer_code(code):
        return None, None
    found = rows.select(_CLAIM_OF_CHECKOUT, [checkout_ref, code])
    if not found:
        return None, None
    values = iter(found[0])
    claim = rows.take(Claim, values)
    terms = rows.take(TermsVersion, values)
    if claim and terms:
        claim.terms = terms
    return claim, rows.take(Referrer, values)


def _books(order_ref: str) -> _Books | None:
    books = None
    for row in rows.select(_BOOKS, [order_ref]):
        values = iter(row)
        referral = rows.take(Referral, values)
        claim = rows.take(Claim, values)
        terms = rows.take(TermsVersion, values)
        reward = rows.take(Reward, values)
        if books is None and referral and claim and terms:
            referral.claim, referral.terms = claim, terms
            books = _Books(referral, {})
        if books is not None and reward is not None:
            reward.referral = books.referral
            books.rewards[reward.beneficiary, reward.rule] = _Booked(reward, *values)
    return books


def _new_referral(claim: Claim, referrer_id: int, facts: OrderFacts, now: datetime) -> Referral:
    claim.status = Claim.Status.USED
    rows.save(claim)
    return Referral(
        program_id=claim.terms.program_id,
        terms=claim.terms,
        referrer_id=referrer_id,
        claim=claim,
        order_ref=facts.ref,
        order_number=facts.number,
        channel=facts.channel,
        currency=facts.currency,
        placed_at=facts.placed_at,
        settled_at=now,
    )


# deciding -----------------------------------------------------------------------------------


def _decide(
    facts: OrderFacts, books: _Books, referrer: Referrer, store: Store, now: datetime
) -> Decision:
    referral = books.referral
    terms = referral.terms.terms
    known = history.look_up(
        facts.buyer,
        terms,
        store=store,
        program_id=referral.program_id,
        at=facts.placed_at,
        except_ref=facts.ref,
        except_referral=referral.pk,
        counted=_counted(terms, facts, books, now),
    )
    return decide(
        terms,
        facts,
        History(
            referrer=Person(referrer.user_ref, referrer.email_key),
            claimed_at=referral.claim.created_at,
            referrer_is_gone=referrer.forgotten_at is not None,
            was_qualified=referral.status in WAS_QUALIFIED,
            earned_at=referral.earned_at,
            earlier_orders=known.earlier_orders,
            referred_before=known.referred_before,
            used=known.used,
            delivered={
                booked.reward.rule: Money(booked.delivered, booked.reward.currency)
                for booked in books.rewards.values()
            },
        ),
        now,
    )


@reads("Terms.caps", "Cap.to", "Cap.per_referee", gives=FindingCode.CAP_REACHED)
def _counted(
    terms: Terms, facts: OrderFacts, books: _Books, now: datetime
) -> tuple[history.Counted, ...]:
    """What counts towards each limit besides this referral. A friend has one referral in a
    program at a time: nothing else of theirs does."""
    earned = earned_at(terms, facts, books.referral.earned_at, now)
    return tuple(
        history.Counted(None)
        if cap.per_referee or cap.to is Beneficiary.REFEREE
        else history.Counted(books.referral.referrer_id, cap_window(terms, cap, earned))
        for cap in terms.caps
    )


# writing ------------------------------------------------------------------------------------


def _write(books: _Books, facts: OrderFacts, decision: Decision, now: datetime) -> None:
    referral = books.referral
    referral.status = decision.status.value
    referral.referee_user_ref = facts.buyer.user_ref
    referral.referee_email_key = facts.buyer.email_key
    referral.findings = [finding.to_json() for finding in decision.findings]
    referral.earned_at = decision.earned_at
    referral.look_again_at = decision.look_again_at
    referral.settled_at = now
    rows.save(referral)
    for decided in decision.rewards:
        booked = books.rewards.get((decided.beneficiary.value, decided.rule))
        never_due = not decided.amount.amount and decision.status is not ReferralStatus.QUALIFIED
        if booked is None and never_due:
            # No row for what was never promised. (A qualified referral of which a cap left
            # nothing has one, to say so.)
            continue
        if booked is None:
            booked = _Booked(
                Reward(
                    program_id=referral.program_id,
                    referral=referral,
                    holder_id=_holder_id(referral, facts, decided, now),
                    beneficiary=decided.beneficiary.value,
                    rule=decided.rule,
                    kind=decided.kind.value,
                    currency=decided.amount.currency,
                    amount=Decimal(0),
                    created_at=now,
                )
            )
        _write_reward(booked, decided, decision, now)


def _holder_id(
    referral: Referral, facts: OrderFacts, decided: RewardDecision, now: datetime
) -> int:
    if decided.beneficiary is Beneficiary.REFERRER:
        return referral.referrer_id
    return holder_of(facts.buyer, now).pk


def _write_reward(
    booked: _Booked, decided: RewardDecision, decision: Decision, now: datetime
) -> None:
    reward = booked.reward
    difference = decided.amount.amount - reward.amount
    reward.amount = decided.amount.amount
    reward.hold_until = decided.hold_until or reward.hold_until
    reward.earned_at = decision.earned_at or reward.earned_at
    reward.status = _status(reward, decided)
    rows.save(reward)
    ledger.post(reward, LedgerEntry.Kind.PROMISED, difference, now=now)
    is_due = decided.is_approved or reward.issued_at is not None
    is_due = is_due and reward.kind != RewardKind.CUSTOM
    if is_due and booked.promised + difference != booked.delivered:
        promises = booked.promises + bool(difference)
        effect = Effect(
            kind=Effect.Kind.CREDIT,
            # The hold's end too: an effect of before it was put off delivers nothing.
            key=f"credit:{reward.pk}:{promises}:{reward.hold_until or ''}",
            reward=reward,
            created_at=now,
            due_at=now,
        )
        rows.insert([effect], unless_there=True)


def _status(reward: Reward, decided: RewardDecision) -> Reward.Status:
    if not decided.amount.amount:
        return Reward.Status.CLAWED_BACK if reward.issued_at else Reward.Status.VOIDED
    if reward.status == Reward.Status.EXPIRED:
        return Reward.Status.EXPIRED
    if reward.issued_at:
        return Reward.Status.ISSUED
    return Reward.Status.APPROVED if decided.is_approved else Reward.Status.PENDING
