"""Settle one order: make the books equal the decision.

May be called by a hook, a retry, the sweep, staff or a test, any number of times and in
any order; the result is the same.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.db.models.functions import Least
from prices import Money

from ..models import Claim, Membership, Program, Referral, Referrer, TermsVersion
from . import goods, history, rows
from .books import (
    Booked,
    Books,
    best_standing_of,
    books_of,
    claim_of,
    first_of,
    has_milestones,
    milestones_of,
    new_reward,
    put_reward,
    referrer_of,
    standing_of,
    write_reward,
)
from .codes import is_offer_code
from .counting import Counted
from .decide import Decision, ReferralStatus, decide
from .facts import OrderFacts, Seen
from .findings import FindingCode
from .limits import counted_towards, lock_budget, note_freed, note_freed_by, within_limits
from .milestones import Given, Standing, decide_milestones, group_of, look_again_at, period_of
from .money import zero
from .people import remembered
from .programs import current_terms
from .readings import reads
from .referrers import has_account, holder_of, keep_up, keep_up_with
from .rewards import RewardDecision, earned_at
from .store import Store
from .terms import AfterIssue, Beneficiary, Milestones, RewardKind, Terms

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Two orders of one referee with two referrers may collide in the database's own rule of
#: one referrer each; the second try sees the first one's row and decides accordingly.
TRIES = 3

REFUSED = (ReferralStatus.REJECTED, ReferralStatus.EXPIRED)
WAS_QUALIFIED = (ReferralStatus.QUALIFIED.value, ReferralStatus.REVERSED.value)


def settle(order_ref: str, *, store: Store, anew: bool = False) -> Referral | None:
    """Bring the books in line with an order as it stands now. `anew`: under other terms, by
    which what was promised before keeps no place within the limits.

    Returns the order's referral, or None when no claim made it one. Raises what the
    database raises; nothing is half written.
    """
    return trying_again(order_ref, lambda: _settle(order_ref, store, anew))


def trying_again(order_ref: str, do: Callable[[], Result]) -> Result:
    """Do what makes an order a referral, in a transaction; after a collision once more."""
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic(), rows.one_cursor():
                return do()
        except IntegrityError:
            logger.info("Order %s collided with another; deciding again.", order_ref)
    with transaction.atomic(), rows.one_cursor():
        return do()


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
    # Read under the lock: whoever held it may have settled this very order, and what is
    # decided upon must not be older than the lock.
    seen = _look(order_ref, referrer, store)
    books = books_of(order_ref)
    if books is None:
        return None
    books.anew = anew
    if seen.order is None:
        # The order itself was deleted: what the books say of it stays, and stays so.
        books.referral.look_again_at = None
        rows.save(books.referral)
        _settle_milestones_of(books, books.referral.earned_at, seen.at)
        return books.referral
    return _bring_in_line(books, seen.order, referrer, store, seen.at)


def _look(order_ref: str, referrer: Referrer, store: Store) -> Seen:
    """At the order, and at the account of its referrer, who is locked and kept up with."""
    if not has_account(referrer):
        return store.see(order_ref, None)
    seen = store.see(order_ref, referrer.user_ref)
    keep_up_with(seen.customer, referrer, store=store)
    return seen


def settle_claimed(claim: Claim, order_ref: str, *, store: Store) -> Referral | None:
    """Make an order a referral by a claim that was made after it. The referrer is locked, and
    the order nobody's referral yet: both are the caller's to see to."""
    referrer = claim.code.referrer
    return _settle_claimed(
        order_ref, claim, referrer, has_milestones(claim.terms.program_id), store
    )


def _settle_claimed(
    order_ref: str, claim: Claim, referrer: Referrer, milestones: bool, store: Store
) -> Referral | None:
    if claim.status == Claim.Status.USED:
        return _settle_known(order_ref, referrer, store)
    seen = _look(order_ref, referrer, store)
    if seen.order is None:
        return None
    claim.status = Claim.Status.USED
    if claim.account_ref is not None:
        _use_up(claim.account_ref, store)
    referral = _new_referral(seen.order, claim.terms, referrer, seen.at, claim=claim)
    return _bring_in_line(Books(referral, milestones), seen.order, referrer, store, seen.at)


def _use_up(account_ref: str, store: Store) -> None:
    """What was claimed on the account has led to an order."""
    of_account = Claim.objects.filter(account_ref=account_ref, checkout_ref=None, order_ref=None)
    of_account.filter(status=Claim.Status.OPEN).update(status=Claim.Status.USED)
    store.note_claim(account_ref, is_open=False)


def _settle_later(order_ref: str, store: Store) -> Referral | None:
    """An order without a code may be a later one of a referee whose orders count."""
    facts = store.order_facts(order_ref)
    found = first_of(facts.buyer, facts.placed_at) if facts else None
    if facts is None or found is None:
        return None
    first, referrer, milestones = found
    if books_of(order_ref) is not None:
        return _settle_known(order_ref, referrer, store)
    now = store.now()
    keep_up(referrer, store=store)
    referral = _new_referral(facts, first.terms, referrer, now, follows=first, group=first.group)
    books = Books(referral, milestones)
    decision = _decide(facts, books, referrer, store, now)
    if decision.status in REFUSED:
        # An ordinary order of somebody who was referred once: none of the books' business.
        return None
    return _book(books, facts, decision, referrer, store, now)


def _new_referral(
    facts: OrderFacts, terms: TermsVersion, referrer: Referrer, now: datetime, **more: Any
) -> Referral:
    return rows.new(
        Referral,
        program_id=terms.program_id,
        terms=terms,
        referrer_id=referrer.pk,
        order_ref=facts.ref,
        order_number=facts.number,
        channel=facts.channel,
        currency=facts.currency,
        placed_at=facts.placed_at,
        settled_at=now,
        **more,
    )


def _bring_in_line(
    books: Books, facts: OrderFacts, referrer: Referrer, store: Store, now: datetime
) -> Referral:
    decision = _decide(facts, books, referrer, store, now)
    return _book(books, facts, decision, referrer, store, now)


def _book(
    books: Books,
    facts: OrderFacts,
    decision: Decision,
    referrer: Referrer,
    store: Store,
    now: datetime,
) -> Referral:
    """Write what was decided, and what hangs on it: milestones, and the referee's other orders."""
    was_earned_at, was = books.referral.earned_at, books.referral.status
    _write(books, facts, decision, now)
    _settle_milestones_of(books, was_earned_at, now)
    _settle_first_again(books, referrer, store)
    if books.referral.status != was:
        _settle_later_ones_again(books.referral, referrer, store)
    return books.referral


def _settle_later_ones_again(first: Referral, referrer: Referrer, store: Store) -> None:
    """Later orders count as long as the first one stands."""
    terms = first.terms.terms
    if first.follows_id is not None:
        return
    if terms.later_orders is None and terms.discounted_orders == 1:
        return
    later = Q(follows=first)
    if terms.discounted_orders > 1 and first.status in Referral.ACTIVE:
        # One with the code that was heard of before the first.
        referee = remembered(first.referee_user_ref, first.referee_email_key)
        his = Q(referee_email_key__in=referee.email_keys)
        his |= Q(referee_user_ref=first.referee_user_ref or "")
        later |= his & Q(
            program=first.program_id,
            referrer=first.referrer_id,
            follows=None,
            claim__isnull=False,
            status__in=[status.value for status in REFUSED],
        )
    found = Referral.objects.filter(later).order_by("placed_at")
    for order_ref in found.values_list("order_ref", flat=True):
        _settle_known(order_ref, referrer, store)


def _settle_first_again(books: Books, referrer: Referrer, store: Store) -> None:
    """A later order may have brought the first one's referral past a threshold, or back."""
    referral = books.referral
    first = referral.follows if referral.follows_id else None
    if first is not None and any(rule.has_threshold for rule in referral.terms.terms.rewards):
        _settle_known(first.order_ref, referrer, store)


# deciding -----------------------------------------------------------------------------------


def _decide(
    facts: OrderFacts, books: Books, referrer: Referrer, store: Store, now: datetime
) -> Decision:
    referral = books.referral
    _find_first(referral, facts)
    terms = _terms_of(referral)
    if books.anew:
        referral.goods = {}
    # A new dictionary: what has changed is seen by comparison with what was read.
    referral.goods = dict(referral.goods)
    facts = goods.marked(facts, terms, referral.goods, store)
    lock_budget(terms.caps, referral.program_id)
    was_qualified = referral.status in WAS_QUALIFIED
    by_rule = {booked.reward.rule: booked for booked in books.rewards.values()}
    known = history.of_order(
        referral,
        referrer,
        terms,
        facts,
        store=store,
        # Who moves, or sends a friend a present, later keeps what they earned.
        ask_who_they_are=books.anew or not was_qualified,
        counted=_counted(terms, facts, books, now),
        referrer_is_gone=referrer.forgotten_at is not None,
        withdrawn=frozenset(
            rule for rule, booked in by_rule.items() if booked.reward.voided_by_id is not None
        ),
        was_qualified=was_qualified,
        earned_at=referral.earned_at,
        promised={}
        if books.anew
        else {
            rule: Money(booked.reward.amount, booked.reward.currency)
            for rule, booked in by_rule.items()
        },
        delivered={
            rule: Money(booked.delivered, booked.reward.currency)
            for rule, booked in by_rule.items()
        },
    )
    return decide(terms, facts, known, now)


@reads("Terms.discounted_orders", gives=FindingCode.DISCOUNTS_USED)
def _find_first(referral: Referral, facts: OrderFacts) -> None:
    """An order made with a code once more follows the first. One that qualified by itself
    stays what it is."""
    is_open = referral.follows_id is None and referral.status not in Referral.ACTIVE
    if not is_open or referral.claim is None or referral.status in WAS_QUALIFIED:
        return
    if referral.terms.terms.discounted_orders > 1:
        first = history.first_with_code(
            facts.buyer,
            program_id=referral.program_id,
            referrer_id=referral.referrer_id,
            except_ref=facts.ref,
        )
        if first is not None:
            referral.follows, referral.group = first, first.group


@reads("Terms.groups")
def _terms_of(referral: Referral) -> Terms:
    """Those of the claim; for a referrer in a group those of the group, as it was when the
    referral first qualified."""
    terms = referral.terms.terms
    if terms.groups and referral.status not in WAS_QUALIFIED and referral.follows_id is None:
        referral.group = history.group_of(referral.referrer_id, referral.program_id)
    return terms.for_group(referral.group)


def _counted(terms: Terms, facts: OrderFacts, books: Books, now: datetime) -> list[Counted]:
    """What counts towards each limit besides this order."""
    referral = books.referral
    earned = earned_at(terms, facts, referral.earned_at, now)
    return counted_towards(
        terms.caps,
        terms,
        earned,
        holder_id=referral.referrer_id,
        pair_id=referral.follows_id or referral.pk or 0,
    )


# writing ------------------------------------------------------------------------------------


def _write(books: Books, facts: OrderFacts, decision: Decision, now: datetime) -> None:
    sheet = rows.Sheet()
    referral = books.referral
    if referral.claim is not None:
        sheet.save(referral.claim)
    referral.status = decision.status.value
    if referral.referee_forgotten_at is None:
        referral.referee_user_ref = facts.buyer.user_ref
        referral.referee_email_key = facts.buyer.email_key
    referral.findings = [finding.to_json() for finding in decision.findings]
    referral.earned_at = decision.earned_at
    referral.net = decision.net.amount
    referral.look_again_at = decision.look_again_at
    referral.settled_at = now
    sheet.save(referral)
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
            booked = Booked(new_reward(referral.program_id, holder_id, decided, now))
            booked.reward.referral = referral
        put_reward(booked, decided, sheet, earned_at=decision.earned_at, zone=zone, now=now)
    _take_back_what_is_no_longer_promised(books, decision, sheet, now)
    if books.has_limits:
        note_freed(books.rewards.values(), sheet)
    sheet.write()


def _take_back_what_is_no_longer_promised(
    books: Books, decision: Decision, sheet: rows.Sheet, now: datetime
) -> None:
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
                after_issue=AfterIssue(reward.after_issue),
            )
            put_reward(booked, dropped, sheet, earned_at=None, zone="UTC", now=now)


def _holder_id(
    referral: Referral, facts: OrderFacts, decided: RewardDecision, now: datetime
) -> int | None:
    """Whose the reward is; None while the buyer is nobody yet."""
    if decided.beneficiary is Beneficiary.REFERRER:
        return referral.referrer_id
    return holder_of(facts.buyer, now).pk if facts.buyer.is_known else None


# milestones ---------------------------------------------------------------------------------


def _settle_milestones_of(books: Books, was_earned_at: datetime | None, now: datetime) -> None:
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
        periods = {period_of(milestones, terms.zone, moment, now): moment for moment in moments}
        for window, moment in periods.items():
            standing = _standing(program, referrer_id, milestones, window)
            given = {
                occurrence: Given(
                    each.reward.currency,
                    each.reward.earned_at,
                    each.delivered,
                    is_held=bool(each.reward.amount) or each.reward.is_cut,
                )
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
                    reward = new_reward(program.pk, referrer_id, decided.reward, now)
                    reward.occurrence = decided.occurrence
                    each = booked[milestones.name, decided.occurrence] = Booked(reward)
                cut = within_limits(
                    decided.reward,
                    each,
                    terms,
                    program_id=program.pk,
                    holder_id=referrer_id,
                    earned_at=decided.reached_at or now,
                )
                write_reward(each, cut, earned_at=decided.reached_at, zone=terms.time_zone, now=now)
                note_freed_by(each)
            _put_into_group(program, referrer_id, milestones, group_of(milestones, standing), now)
            if again := look_again_at(milestones, standing):
                # With the oldest: when it has left the period, the next one is the oldest.
                Referral.objects.filter(
                    program=program,
                    referrer=referrer_id,
                    status=ReferralStatus.QUALIFIED.value,
                    earned_at=standing.oldest,
                ).update(look_again_at=Least("look_again_at", Value(again)))


def _standing(
    program: Program,
    referrer_id: int,
    milestones: Milestones,
    window: tuple[datetime, datetime] | None,
) -> Standing:
    if milestones.for_good and milestones.rolling is not None:
        return best_standing_of(program.pk, referrer_id, milestones.rolling)
    return standing_of(program.pk, referrer_id, window)


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
