"""The books of one order, or of one referrer's milestones: read and written in few queries.

Reading locks the referrer's row first: whoever else moves the same books waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..models import Claim, Effect, LedgerEntry, Referral, Referrer, Reward, TermsVersion
from . import ledger, rows
from .decide import ReferralStatus
from .facts import Person
from .milestones import Standing
from .money import plain
from .rewards import RewardDecision
from .terms import RewardKind, Span, Terms

#: What is told when a reward that is delivered outside the shop has been approved.
TO_BE_SENT = "referral_reward_to_be_sent"


@dataclass(slots=True)
class Booked:
    """A reward and the sums of its entries; `promises` counts how often it was decided anew.
    `freed_at`: where in time it has just given up room under the limits."""

    reward: Reward
    promised: Decimal = Decimal(0)
    delivered: Decimal = Decimal(0)
    promises: int = 0
    freed_at: datetime | None = None


@dataclass(slots=True)
class Books:
    """What the books say of one order. Rewards by beneficiary and rule. `has_milestones`:
    some version of the program's terms has any; `has_limits` likewise. `anew`: what was promised
    keeps no place within the limits."""

    referral: Referral
    has_milestones: bool
    rewards: dict[tuple[str, str], Booked] = field(default_factory=dict)
    anew: bool = False
    has_limits: bool = False


# What of each is read -----------------------------------------------------------------------
_REFERRER, _REWARD = rows.Shape(Referrer), rows.Shape(Reward)
#: A decision is made without what was found before.
_REFERRAL = rows.Shape(Referral, without=["findings"])
_CLAIM = rows.Shape(Claim, without=["findings", "typed", "judged_at"])
#: The rules come as text, for terms that were read before are not read again.
_TERMS = rows.Shape(
    TermsVersion, without=["version", "rules", "offer_code", "created_at", "retired_at"]
)

# finding the referrer ------------------------------------------------------------------------

_OF_ORDER = f"""
SELECT {_REFERRER.columns("person")}
  FROM referral_referrer person JOIN referral_referral referral ON referral.referrer_id = person.id
 WHERE referral.order_ref = %s
   FOR UPDATE OF person
"""

_HAS_MILESTONES = """EXISTS (
       SELECT FROM referral_termsversion version
        WHERE version.program_id = terms.program_id
          AND version.rules #> '{milestones,0}' IS NOT NULL)"""

#: Of `version`: does it limit rewards, be it those of a group?
LIMITS = """(version.rules #> '{caps,0}' IS NOT NULL
        OR jsonb_path_exists(version.rules, '$.groups[*].caps[0]'))"""
_HAS_LIMITS = f"""EXISTS (
       SELECT FROM referral_termsversion version
        WHERE version.program_id = terms.program_id AND {LIMITS})"""

#: The claim in force, if any; else the newest: the order was made with its discount.
_CLAIM_OF_CHECKOUT = f"""
SELECT {_CLAIM.columns("claim")}, {_TERMS.columns("terms")}, terms.rules::text,
       {_REFERRER.columns("person")}, {_HAS_MILESTONES}
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

#: Of several programs that count the order, the one that goes before the others.
_FIRST_OF_BUYER = f"""
SELECT {_REFERRAL.columns("referral")}, {_TERMS.columns("terms")}, terms.rules::text,
       {_REFERRER.columns("person")}, {_HAS_MILESTONES}
  FROM referral_referral referral
  JOIN referral_termsversion terms ON terms.id = referral.terms_id
  JOIN referral_program program ON program.id = referral.program_id
  JOIN referral_referrer person ON person.id = referral.referrer_id
 WHERE (referral.referee_email_key = ANY(%s) OR referral.referee_user_ref = %s)
   AND referral.follows_id IS NULL AND referral.status = %s AND referral.placed_at < %s
   AND jsonb_typeof(terms.rules -> 'later_orders') = 'object'
   -- By program, as the indexes of who is a referee are.
   AND referral.program_id IN (
       SELECT program_id FROM referral_termsversion
        WHERE jsonb_typeof(rules -> 'later_orders') = 'object')
 ORDER BY program.priority DESC, referral.placed_at
 LIMIT 1
   FOR UPDATE OF person
"""


def has_milestones(program_id: int) -> bool:
    """Has some version of the program's terms any?"""
    versions = TermsVersion.objects.filter(program=program_id, rules__milestones__0__isnull=False)
    return versions.exists()


def referrer_of(order_ref: str) -> Referrer | None:
    """The referrer of an order that is a referral already, locked."""
    found = rows.select(_OF_ORDER, [order_ref])
    return _REFERRER.take(iter(found[0])) if found else None


def claim_of(checkout_ref: str, code: str) -> tuple[Claim, Referrer, bool] | None:
    """The claim that put our code on an order's checkout, its referrer, both locked, and
    whether the program has milestones. A claim that is used by now has meanwhile become a
    referral elsewhere."""
    for row in rows.select(_CLAIM_OF_CHECKOUT, [checkout_ref, code]):
        values = iter(row)
        claim = _CLAIM.take_joined(values)
        rows.relate(claim, terms=_terms(values))
        return claim, _REFERRER.take_joined(values), next(values)
    return None


def first_of(buyer: Person, placed_at: datetime) -> tuple[Referral, Referrer, bool] | None:
    """The qualified referral of a buyer whose terms count later orders, its referrer, locked,
    and whether the program has milestones."""
    params = [buyer.email_keys, buyer.user_ref, ReferralStatus.QUALIFIED.value, placed_at]
    for row in rows.select(_FIRST_OF_BUYER, params):
        values = iter(row)
        first = _REFERRAL.take_joined(values)
        rows.relate(first, terms=_terms(values))
        return first, _REFERRER.take_joined(values), next(values)
    return None


# reading -------------------------------------------------------------------------------------

_SUMS = """
  LEFT JOIN LATERAL (
       SELECT coalesce(sum(amount) FILTER (WHERE kind = 'promised'), 0) AS promised,
              coalesce(sum(amount) FILTER (
                  WHERE kind IN ('delivered', 'taken_back', 'offset', 'waived')), 0) AS delivered,
              count(*) FILTER (WHERE kind = 'promised') AS promises
         FROM referral_ledgerentry WHERE reward_id = reward.id) entries ON true
"""

_BOOKS = f"""
SELECT {_REFERRAL.columns("referral")}, {_TERMS.columns("terms")}, terms.rules::text,
       {_CLAIM.columns("claim")},
       {_HAS_MILESTONES}, {_HAS_LIMITS}, {_REWARD.columns("reward")},
       promised, delivered, promises
  FROM referral_referral referral
  JOIN referral_termsversion terms ON terms.id = referral.terms_id
  LEFT JOIN referral_claim claim ON claim.id = referral.claim_id
  LEFT JOIN referral_reward reward ON reward.referral_id = referral.id
  {_SUMS}
 WHERE referral.order_ref = %s
"""

_MILESTONES = f"""
SELECT {_REWARD.columns("reward")}, promised, delivered, promises
  FROM referral_reward reward {_SUMS}
 WHERE reward.program_id = %s AND reward.holder_id = %s AND reward.referral_id IS NULL
"""

#: By place in what was asked. A sign-up is worth nothing, in no currency.
_STANDINGS = """
SELECT place, currency, count(*) FILTER (WHERE follows_id IS NULL), sum(net),
       min(earned_at), max(earned_at)
  FROM unnest(%(programs)s::bigint[], %(referrers)s::bigint[],
              %(starts)s::timestamptz[], %(ends)s::timestamptz[])
       WITH ORDINALITY AS asked (program, referrer, starts, ends, place)
  JOIN referral_referral referral ON referral.program_id = asked.program
   AND referral.referrer_id = asked.referrer AND referral.status = %(qualified)s
   AND (asked.starts IS NULL
        OR referral.earned_at >= asked.starts AND referral.earned_at < asked.ends)
 GROUP BY place, currency
"""

#: The most that any period of a length has held, wherever it ends.
_BEST_STANDING = """
SELECT currency, max(firsts), max(revenue)
  FROM (SELECT currency,
               count(*) FILTER (WHERE follows_id IS NULL) OVER (ORDER BY {back}) AS firsts,
               sum(net) OVER (PARTITION BY currency ORDER BY {back}) AS revenue
          FROM referral_referral
         WHERE program_id = %(program)s AND referrer_id = %(referrer)s
           AND status = %(qualified)s) periods
 GROUP BY currency
""".format(back="earned_at RANGE make_interval(secs => %(seconds)s) PRECEDING")


def books_of(order_ref: str) -> Books | None:
    books = None
    for row in rows.select(_BOOKS, [order_ref]):
        values = iter(row)
        referral = _REFERRAL.take_joined(values)
        rows.relate(referral, terms=_terms(values), claim=_CLAIM.take(values))
        has_milestones, has_limits = next(values), next(values)
        books = books or Books(referral, has_milestones, has_limits=has_limits)
        booked = _booked(values)
        if booked is not None:
            rows.relate(booked.reward, referral=books.referral)
            books.rewards[booked.reward.beneficiary, booked.reward.rule] = booked
    return books


def milestones_of(program_id: int, referrer_id: int) -> dict[tuple[str, str], Booked]:
    """A referrer's rewards for milestones, by name and occurrence."""
    found = rows.select(_MILESTONES, [program_id, referrer_id])
    all_booked = filter(None, (_booked(iter(row)) for row in found))
    return {(each.reward.rule, each.reward.occurrence): each for each in all_booked}


#: A program, a referrer, and a window; None: ever.
Counting = tuple[int, int, tuple[datetime, datetime] | None]


def standing_of(
    program_id: int, referrer_id: int, window: tuple[datetime, datetime] | None
) -> Standing:
    """A referrer's qualified referrals that were earned in a window (None: ever). Later
    orders add to the revenue, and are no referrals of their own."""
    [standing] = standings_of([(program_id, referrer_id, window)])
    return standing


def standings_of(asked: Sequence[Counting], *, using: str = "default") -> list[Standing]:
    """The same for each (program, referrer, window), in one query."""
    found = rows.select(
        _STANDINGS,
        {
            "programs": [program for program, _, _ in asked],
            "referrers": [referrer for _, referrer, _ in asked],
            "starts": [window and window[0] for _, _, window in asked],
            "ends": [window and window[1] for _, _, window in asked],
            "qualified": ReferralStatus.QUALIFIED.value,
        },
        using=using,
    )
    by_place: list[list[Sequence[Any]]] = [[] for _ in asked]
    for place, *sums in found:
        by_place[place - 1].append(sums)
    return [
        Standing(
            sum(count for _, count, *_ in sums),
            {currency: net for currency, _, net, *_ in sums if currency},
            min((oldest for *_, oldest, _ in sums), default=None),
            max((newest for *_, newest in sums), default=None),
        )
        for sums in by_place
    ]


def best_standing_of(program_id: int, referrer_id: int, length: Span) -> Standing:
    """The most that a referrer's qualified referrals have come to within any period of a length,
    both its ends included: in number, and in revenue by currency."""
    found = rows.select(
        _BEST_STANDING,
        {
            "program": program_id,
            "referrer": referrer_id,
            "qualified": ReferralStatus.QUALIFIED.value,
            "seconds": timedelta(hours=length.hours, days=length.days).total_seconds(),
        },
    )
    return Standing(
        max((count for _, count, _ in found), default=0),
        {currency: revenue for currency, _, revenue in found},
    )


def _terms(values: Iterator[Any]) -> TermsVersion:
    version = _TERMS.take_joined(values)
    version.terms = Terms.from_text(next(values))
    return version


def _booked(values: Iterator[Any]) -> Booked | None:
    reward = _REWARD.take(values)
    sums: Sequence[Any] = list(values)
    return None if reward is None else Booked(reward, *sums)


# writing -------------------------------------------------------------------------------------


def new_reward(program_id: int, holder_id: int, decided: RewardDecision, now: datetime) -> Reward:
    """A reward of nothing yet, in the decision's currency or unit."""
    return rows.new(
        Reward,
        program_id=program_id,
        holder_id=holder_id,
        beneficiary=decided.beneficiary.value,
        rule=decided.rule,
        kind=decided.kind.value,
        currency=decided.amount.currency,
        amount=Decimal(0),
        created_at=now,
    )


def write_reward(
    booked: Booked, decided: RewardDecision, *, earned_at: datetime | None, zone: str, now: datetime
) -> None:
    """Make a reward and its entries say what was decided, and leave the rest to its effect."""
    sheet = rows.Sheet()
    put_reward(booked, decided, sheet, earned_at=earned_at, zone=zone, now=now)
    sheet.write()


def put_reward(
    booked: Booked,
    decided: RewardDecision,
    sheet: rows.Sheet,
    *,
    earned_at: datetime | None,
    zone: str,
    now: datetime,
) -> None:
    """The same on a sheet, for the caller to write."""
    reward = booked.reward
    difference = decided.amount.amount - reward.amount
    has_moved = earned_at is not None and earned_at != reward.earned_at
    if reward.amount and (difference < 0 or has_moved):
        booked.freed_at = reward.earned_at
    reward.is_cut = decided.is_cut
    reward.is_cut_by_budget = decided.is_cut_by_budget
    was = reward.status
    reward.amount = decided.amount.amount
    reward.hold_until = decided.hold_until or reward.hold_until
    reward.earned_at = earned_at or reward.earned_at
    reward.status = _status(reward, decided)
    if difference or reward.status != was:
        reward.changed_at = now
    reward.use = decided.use.value
    reward.after_issue = decided.after_issue.value
    if decided.valid is not None:
        reward.valid_for = {**dict(decided.valid), "zone": zone}
    if decided.coupon is not None and reward.issued_at is None:
        reward.coupon = decided.coupon.model_dump(mode="json")
    if decided.remind is not None:
        reward.remind = {**dict(decided.remind), "zone": zone}
    sheet.save(reward)
    if difference:
        sheet.insert(ledger.entry(reward, LedgerEntry.Kind.PROMISED, difference, now))
    is_due = decided.is_approved or reward.issued_at is not None
    owed = booked.promised + difference - booked.delivered
    promises = booked.promises + bool(difference)
    if not is_due or not owed:
        return
    if reward.kind != RewardKind.CUSTOM:
        # The hold's end too: an effect of before it was put off delivers nothing.
        key = f"credit:{promises}:{reward.hold_until or ''}"
        sheet.insert(new_effect(reward, Effect.Kind.CREDIT, key, now), unless_there=True)
    elif owed > 0:
        effect = new_effect(
            reward,
            Effect.Kind.TELL,
            f"to_be_sent:{promises}",
            now,
            event=TO_BE_SENT,
            amount=str(plain(owed)),
            currency=reward.currency,
            rule=reward.rule,
        )
        sheet.insert(effect, unless_there=True)


def new_effect(
    reward: Reward, kind: Effect.Kind, key: str, now: datetime, **payload: str
) -> Effect:
    """Due at once. `key` is one of the reward's own: the same again is the same effect."""
    return rows.new(
        Effect, kind=kind, key=key, reward=reward, payload=payload, created_at=now, due_at=now
    )


def _status(reward: Reward, decided: RewardDecision) -> Reward.Status:
    if not decided.amount.amount:
        return Reward.Status.CLAWED_BACK if reward.issued_at else Reward.Status.VOIDED
    if reward.status == Reward.Status.EXPIRED:
        return Reward.Status.EXPIRED
    if reward.issued_at:
        return Reward.Status.ISSUED
    return Reward.Status.APPROVED if decided.is_approved else Reward.Status.PENDING
