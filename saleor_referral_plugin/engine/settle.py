"""Settle one order: make the books equal the decision.

May be called by a hook, a retry, the sweep, staff or a test, any number of times and in
any order; the result is the same.
"""

import logging
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from prices import Money

from ..models import Action, Claim, Membership, Program, Referral, Referrer, Reward
from . import history, rows
from .books import (
    Booked,
    Books,
    books_of,
    claim_of,
    first_of,
    followed,
    milestones_of,
    referrer_of,
    standing_of,
    write_reward,
)
from .codes import is_offer_code
from .decide import Decision, ReferralStatus, decide
from .facts import Followed, History, OrderFacts, OtherOrder, Person, ReferrerFacts
from .findings import FindingCode
from .limits import within_limits
from .milestones import Given, decide_milestones, group_of, period_of
from .money import times, zero
from .programs import current_terms
from .readings import reads
from .referrers import holder_of, keep_up
from .rewards import RewardDecision, cap_window, earned_at
from .store import Store
from .terms import Beneficiary, Milestones, RewardKind, Terms

logger = logging.getLogger(__name__)

#: Two orders of one referee with two referrers may collide in the database's own rule of
#: one referrer each; the second try sees the first one's row and decides accordingly.
TRIES = 3

WAS_QUALIFIED = (ReferralStatus.QUALIFIED.value, ReferralStatus.REVERSED.value)


def settle(order_ref: str, *, store: Store, anew: bool = False) -> Referral | None:
    """Bring the books in line with an order as it stands now. `anew`: under other terms, by
    which what was promised before keeps no place within the limits.

    Returns the order's referral, or None when no claim made it one. Raises what the
    database raises; nothing is half written.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            with transaction.atomic():
                return _settle(order_ref, store, anew)
        except IntegrityError:
            if last:
                raise
            logger.info("Order %s collided with another; deciding again.", order_ref)
    return None


def _settle(order_ref: str, store: Store, anew: bool) -> Referral | None:
    referrer = referrer_of(order_ref)
    if referrer is not None:
        return _settle_known(order_ref, referrer, store, anew)
    checkout_ref, code = store.order_origin(order_ref)
    if checkout_ref and is_offer_code(code) and (found := claim_of(checkout_ref, code or "")):
        return _settle_claimed(order_ref, *found, store)
    return _settle_later(order_ref, store)


def _settle_known(
    order_ref: str, referrer: Referrer, store: Store, anew: bool = False
) -> Referral | None:
    keep_up(referrer, store=store)
    # Read under the lock: whoever held it may have settled this very order, and what is
    # decided upon must not be older than the lock.
    facts = store.order_facts(order_ref)
    books = books_of(order_ref)
    if books is None:
        return None
    books.anew = anew
    if facts is None:
        # The order itself was deleted: what the books say of it stays, and stays so.
        books.referral.look_again_at = None
        rows.save(books.referral)
        return books.referral
    return _bring_in_line(books, facts, referrer, store, store.now())


def _settle_claimed(
    order_ref: str, claim: Claim, referrer: Referrer, has_milestones: bool, store: Store
) -> Referral | None:
    if claim.status == Claim.Status.USED:
        return _settle_known(order_ref, referrer, store)
    keep_up(referrer, store=store)
    facts = store.order_facts(order_ref)
    if facts is None:
        return None
    now = store.now()
    claim.status = Claim.Status.USED
    rows.save(claim)
    referral = _new_referral(facts, now)
    referral.program_id, referral.terms = claim.terms.program_id, claim.terms
    referral.referrer_id, referral.claim = referrer.pk, claim
    return _bring_in_line(Books(referral, has_milestones), facts, referrer, store, now)


def _settle_later(order_ref: str, store: Store) -> Referral | None:
    """An order without a code may be a later one of a referee whose orders count."""
    facts = store.order_facts(order_ref)
    found = first_of(facts.buyer, facts.placed_at) if facts else None
    if facts is None or found is None:
        return None
    first, referrer, has_milestones = found
    if books_of(order_ref) is not None:
        return _settle_known(order_ref, referrer, store)
    now = store.now()
    keep_up(referrer, store=store)
    referral = _new_referral(facts, now)
    referral.program_id, referral.terms = first.program_id, first.terms
    referral.referrer_id, referral.follows, referral.group = referrer.pk, first, first.group
    books = Books(referral, has_milestones)
    decision = _decide(facts, books, referrer, store, now)
    if decision.status is ReferralStatus.REJECTED:
        # An ordinary order of somebody who was referred once: none of the books' business.
        return None
    _write(books, facts, decision, now)
    _settle_milestones_of(books, None, store, now)
    _settle_first_again(books, referrer, store)
    return referral


def _new_referral(facts: OrderFacts, now: datetime) -> Referral:
    return Referral(
        order_ref=facts.ref,
        order_number=facts.number,
        channel=facts.channel,
        currency=facts.currency,
        placed_at=facts.placed_at,
        settled_at=now,
    )


def _bring_in_line(
    books: Books, facts: OrderFacts, referrer: Referrer, store: Store, now: datetime
) -> Referral:
    was_earned_at, was = books.referral.earned_at, books.referral.status
    decision = _decide(facts, books, referrer, store, now)
    _write(books, facts, decision, now)
    _settle_milestones_of(books, was_earned_at, store, now)
    _settle_first_again(books, referrer, store)
    if books.referral.status != was:
        _settle_later_ones_again(books.referral, referrer, store)
    return books.referral


def _settle_later_ones_again(first: Referral, referrer: Referrer, store: Store) -> None:
    """Later orders count as long as the first one stands."""
    if first.follows is None and first.terms.terms.later_orders is not None:
        later = Referral.objects.filter(follows=first).order_by("placed_at")
        for order_ref in later.values_list("order_ref", flat=True):
            _settle_known(order_ref, referrer, store)


def _settle_first_again(books: Books, referrer: Referrer, store: Store) -> None:
    """A later order may have brought the first one's referral past a threshold, or back."""
    first, terms = books.referral.follows, books.referral.terms.terms
    if first is not None and any(rule.has_threshold for rule in terms.rewards):
        _settle_known(first.order_ref, referrer, store)


# deciding -----------------------------------------------------------------------------------


def _decide(
    facts: OrderFacts, books: Books, referrer: Referrer, store: Store, now: datetime
) -> Decision:
    referral = books.referral
    terms = _terms_of(referral)
    if any(cap.whole_program for cap in terms.caps):
        # A budget is shared by all referrers: whoever draws on it waits for the others.
        Program.objects.select_for_update().get(pk=referral.program_id)
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
            referrer_facts=_facts_of(referrer, books, terms, facts, store),
            referrer_parties=_parties_of(referrer, books, terms, facts, store),
            claimed_at=referral.claim.created_at if referral.claim else None,
            referrer_is_gone=referrer.forgotten_at is not None,
            was_qualified=referral.status in WAS_QUALIFIED,
            earned_at=referral.earned_at,
            earlier_orders=known.earlier_orders,
            referred_before=known.referred_before,
            follows=_followed(referral),
            other_orders=_other_orders(referral, terms),
            actions=_actions(referral, terms),
            used=known.used,
            promised={
                booked.reward.rule: Money(booked.reward.amount, booked.reward.currency)
                for booked in (() if books.anew else books.rewards.values())
            },
            delivered={
                booked.reward.rule: Money(booked.delivered, booked.reward.currency)
                for booked in books.rewards.values()
            },
        ),
        now,
    )


def _parties_of(
    referrer: Referrer, books: Books, terms: Terms, facts: OrderFacts, store: Store
) -> frozenset[str]:
    """The referrer's own, until the referral has qualified: an address that their account
    names later, such as of a friend they sent a present to, says nothing of the order."""
    if books.referral.status in WAS_QUALIFIED and not books.anew:
        return frozenset()
    return history.parties_of(referrer, terms, facts.parties, store)


def _facts_of(
    referrer: Referrer, books: Books, terms: Terms, facts: OrderFacts, store: Store
) -> ReferrerFacts | None:
    """What the terms ask of the referrer, until the referral has qualified: who moves to
    another country later keeps what they earned."""
    if books.referral.status in WAS_QUALIFIED and not books.anew:
        return None
    return history.facts_of(referrer, terms, facts.placed_at, store)


@reads("Terms.groups")
def _terms_of(referral: Referral) -> Terms:
    """Those of the claim; for a referrer in a group those of the group, as it was when the
    referral first qualified."""
    terms = referral.terms.terms
    if terms.groups and referral.status not in WAS_QUALIFIED and referral.follows is None:
        members = Membership.objects.filter(
            program=referral.program_id, referrer=referral.referrer_id
        )
        referral.group = members.values_list("group", flat=True).first() or ""
    return terms.for_group(referral.group)


def _other_orders(referral: Referral, terms: Terms) -> tuple[OtherOrder, ...]:
    if referral.pk is None or not any(rule.has_threshold for rule in terms.rewards):
        return ()
    later = Referral.objects.filter(follows=referral, status=ReferralStatus.QUALIFIED.value)
    found = later.order_by("placed_at").values_list("placed_at", "net", "currency")
    return tuple(OtherOrder(at, Money(net, currency)) for at, net, currency in found)


@reads("Terms.rewards", "RewardRule.action")
def _actions(referral: Referral, terms: Terms) -> dict[str, datetime]:
    if referral.pk is None or not any(rule.action for rule in terms.rewards):
        return {}
    return dict(Action.objects.filter(referral=referral).values_list("name", "at"))


def _followed(referral: Referral) -> Followed | None:
    first = referral.follows
    return None if first is None else followed(first, except_ref=referral.order_ref)


@reads(
    "Terms.caps", "Cap.to", "Cap.per_referee", "Cap.whole_program", gives=FindingCode.CAP_REACHED
)
def _counted(
    terms: Terms, facts: OrderFacts, books: Books, now: datetime
) -> tuple[history.Counted, ...]:
    """What counts towards each limit besides this order."""
    referral = books.referral
    earned = earned_at(terms, facts, referral.earned_at, now)
    counted = []
    for cap in terms.caps:
        window = cap_window(terms, cap, earned)
        if cap.whole_program:
            counted.append(history.Counted(cap.to.value, window=window))
        elif cap.per_referee or cap.to is Beneficiary.REFEREE:
            # A referee has one referral in a program at a time, and its later orders.
            first = referral.follows_id or referral.pk or 0
            counted.append(history.Counted(cap.to.value, pair_id=first, window=window))
        else:
            holder_id = referral.referrer_id
            counted.append(history.Counted(cap.to.value, holder_id=holder_id, window=window))
    return tuple(counted)


# writing ------------------------------------------------------------------------------------


def _write(books: Books, facts: OrderFacts, decision: Decision, now: datetime) -> None:
    referral = books.referral
    referral.status = decision.status.value
    referral.referee_user_ref = facts.buyer.user_ref
    referral.referee_email_key = facts.buyer.email_key
    referral.findings = [finding.to_json() for finding in decision.findings]
    referral.earned_at = decision.earned_at
    referral.net = times(facts.net_goods, facts.kept).amount
    referral.look_again_at = decision.look_again_at
    referral.settled_at = now
    rows.save(referral)
    zone = referral.terms.terms.time_zone
    for decided in decision.rewards:
        booked = books.rewards.get((decided.beneficiary.value, decided.rule))
        never_due = not decided.amount.amount and decided.hold_until is None
        if booked is None and never_due:
            # No row for what was never promised. (What was earned and a cap left nothing of
            # has one, to say so.)
            continue
        if booked is None:
            holder_id = _holder_id(referral, facts, decided, now)
            if holder_id is None:
                continue
            booked = Booked(_new_reward(referral.program_id, holder_id, decided, now))
            booked.reward.referral = referral
        write_reward(booked, decided, earned_at=decision.earned_at, zone=zone, now=now)
    _take_back_what_is_no_longer_promised(books, decision, now)


def _take_back_what_is_no_longer_promised(books: Books, decision: Decision, now: datetime) -> None:
    """Terms that were changed for past referrals, too, may have dropped a reward."""
    decided = {(each.beneficiary.value, each.rule) for each in decision.rewards}
    for key, booked in books.rewards.items():
        reward = booked.reward
        if key not in decided and reward.amount:
            dropped = RewardDecision(
                Beneficiary(reward.beneficiary),
                reward.rule,
                zero(reward.currency),
                kind=RewardKind(reward.kind),
            )
            write_reward(booked, dropped, earned_at=None, zone="UTC", now=now)


def _holder_id(
    referral: Referral, facts: OrderFacts, decided: RewardDecision, now: datetime
) -> int | None:
    """Whose the reward is; None while the buyer is nobody yet."""
    if decided.beneficiary is Beneficiary.REFERRER:
        return referral.referrer_id
    return holder_of(facts.buyer, now).pk if facts.buyer.is_known else None


def _new_reward(program_id: int, holder_id: int, decided: RewardDecision, now: datetime) -> Reward:
    return Reward(
        program_id=program_id,
        holder_id=holder_id,
        beneficiary=decided.beneficiary.value,
        rule=decided.rule,
        kind=decided.kind.value,
        currency=decided.amount.currency,
        amount=Decimal(0),
        created_at=now,
    )


# milestones ---------------------------------------------------------------------------------


def _settle_milestones_of(
    books: Books, was_earned_at: datetime | None, store: Store, now: datetime
) -> None:
    """In the periods that the referral counts in, and counted in before."""
    if not books.has_milestones:
        return
    referral = books.referral
    moments = [moment for moment in (was_earned_at, referral.earned_at) if moment]
    settle_milestones(referral.program, referral.referrer_id, moments, referral.currency, now=now)


@reads("Terms.milestones", "Terms.time_zone")
def settle_milestones(
    program: Program,
    referrer_id: int,
    moments: list[datetime],
    currency: str,
    *,
    now: datetime,
) -> None:
    """Bring a referrer's milestones in line with the referrals that count in the periods
    around some moments. The referrer's row is locked by the caller."""
    version = current_terms(program)
    if version is None:
        return
    terms = version.terms
    booked = milestones_of(program.pk, referrer_id)
    for milestones in terms.milestones:
        periods = {period_of(milestones, terms.zone, moment): moment for moment in moments}
        for window, moment in periods.items():
            standing = standing_of(program.pk, referrer_id, window)
            given = {
                occurrence: Given(each.reward.currency, each.reward.earned_at, each.delivered)
                for (name, occurrence), each in booked.items()
                if name == milestones.name
            }
            for decided in decide_milestones(
                terms,
                milestones,
                standing,
                moment=moment,
                currency=currency,
                given=given,
                now=now,
            ):
                each = booked.get((milestones.name, decided.occurrence))
                if each is None and not decided.reward.amount:
                    continue
                if each is None:
                    each = Booked(_new_reward(program.pk, referrer_id, decided.reward, now))
                    each.reward.occurrence = decided.occurrence
                    booked[milestones.name, decided.occurrence] = each
                cut = within_limits(
                    decided.reward,
                    each,
                    terms,
                    program_id=program.pk,
                    holder_id=referrer_id,
                    earned_at=decided.reached_at or now,
                )
                write_reward(each, cut, earned_at=decided.reached_at, zone=terms.time_zone, now=now)
            _put_into_group(program, referrer_id, milestones, group_of(milestones, standing), now)


def _put_into_group(
    program: Program, referrer_id: int, milestones: Milestones, group: str | None, now: datetime
) -> None:
    """The highest milestone's group, unless staff have put the referrer into another."""
    ours = {step.group for step in milestones.steps if step.group}
    if not ours:
        return
    member, is_new = Membership.objects.get_or_create(
        program=program, referrer_id=referrer_id, defaults={"since": now, "group": group or ""}
    )
    if not is_new and member.group in {"", *ours} and member.group != (group or ""):
        member.group = group or ""
        member.save(update_fields=["group"])
