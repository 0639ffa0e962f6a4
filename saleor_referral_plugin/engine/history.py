"""What the books and the store know of a buyer and of a referrer, beyond the checkout or the
order at hand. Two queries, the books' and the store's: a shopper may be waiting.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q
from prices import Money

from ..models import Action, Membership, Referral, Referrer, StaffDecision
from . import rows
from .counting import Counted, kinds_of, sql_of, used_in, values_of
from .decide import ReferralStatus
from .facts import (
    Followed,
    History,
    OrderFacts,
    OtherOrder,
    Person,
    RefereeFacts,
    ReferrerFacts,
    Ruling,
    Used,
    Verdict,
)
from .findings import FindingCode
from .known_orders import KNOWN
from .people import person, remembered
from .readings import reads
from .store import Store
from .terms import Terms

#: Rows may become visible a little later than their timestamp says; a shopper is waiting.
LATE = timedelta(seconds=10)
#: How many orders newer than the last sweep are looked through. With a sweep every minute
#: there are few; more wait only while a large shop is being indexed first.
RECENT = 20_000

#: NULL equals nothing: what is not known of the buyer finds nothing.
_BOOKS = """
SELECT (SELECT position FROM referral_bookmark WHERE name = '{known}'),
       ARRAY(SELECT order_ref FROM referral_knownorder
              WHERE email_key = ANY(%(email_keys)s::text[])),
       EXISTS (SELECT FROM referral_referral
                WHERE program_id = %(program)s
                  AND status IN ({active})
                  AND follows_id IS NULL
                  AND order_ref <> %(except_ref)s
                  AND (referee_email_key = ANY(%(email_keys)s::text[])
                       OR referee_user_ref = %(user_ref)s)),
       {used}
"""


#: Whoever attaches an order to a referrer, or detaches it, has looked at it.
_AS_GOOD_AS = {
    StaffDecision.Kind.ATTACH.value: Verdict.APPROVE,
    StaffDecision.Kind.DETACH.value: Verdict.REJECT,
}


@dataclass(frozen=True, slots=True)
class Known:
    """See `facts.History`; `used` is in the order of what was to be counted."""

    earlier_orders: int = 0
    referred_before: bool = False
    used: tuple[Used, ...] = ()


@reads(
    "Terms.new_customers_only",
    "Terms.new_after",
    "Terms.new_in",
    "Terms.time_zone",
    gives=FindingCode.NOT_NEW_CUSTOMER,
)
def look_up(
    buyer: Person,
    terms: Terms,
    *,
    store: Store,
    program_id: int,
    at: datetime,
    except_ref: str = "",
    except_referral: int | None = None,
    counted: Sequence[Counted] = (),
) -> Known:
    """The buyer's earlier orders (if they matter to the terms) and whether another order of
    theirs is a referral in the program; and what counts towards limits, leaving out one order
    and its referral.

    Of somebody not known yet nothing is asked.
    """
    if not buyer.is_known and not counted:
        return Known()
    [(indexed_to, refs, referred_before, used)] = rows.select(
        _books_sql(kinds_of(counted)),
        {
            "email_keys": rows.array(buyer.email_keys),
            "user_ref": buyer.user_ref,
            "program": program_id,
            "except_ref": except_ref,
            **values_of(counted),
            "except_referral": except_referral,
        },
    )
    known = Known(referred_before=referred_before, used=used_in(used, len(counted)))
    if not terms.new_customers_only or not buyer.is_known:
        return known
    named = set(refs)
    standing = store.standing_orders(
        refs=named,
        user_ref=buyer.user_ref,
        changed_since=indexed_to and indexed_to - LATE,
        at_most=RECENT,
        placed_before=at,
    )
    new_after = terms.new_after
    counts_from = None if new_after is None else new_after.before(at, terms.zone)
    earlier = {
        order.ref
        for order in standing
        if (counts_from is None or order.placed_at >= counts_from)
        and (not terms.new_in or order.channel in terms.new_in)
        # Those that no sweep has seen yet are compared in memory: nothing is written while a
        # shopper waits.
        and (order.ref in named or person(order.user_ref, order.email).is_same_as(buyer))
    }
    return replace(known, earlier_orders=len(earlier - {except_ref}))


def of_order(
    referral: Referral,
    referrer: Referrer,
    terms: Terms,
    facts: OrderFacts,
    *,
    store: Store,
    ask_who_they_are: bool = True,
    counted: Sequence[Counted] = (),
    **decided: Any,
) -> History:
    """What is known of an order's referral, besides what was decided about it before: that is
    given, by its name in History."""
    known = look_up(
        facts.buyer,
        terms,
        store=store,
        program_id=referral.program_id,
        at=facts.placed_at,
        except_ref=facts.ref,
        except_referral=referral.pk,
        counted=counted,
    )
    referrer_facts, referee_facts, parties = None, None, frozenset[str]()
    if ask_who_they_are:
        referrer_facts = facts_of(
            referrer, terms, facts.placed_at, store, program_id=referral.program_id
        )
        referee_facts = referee_facts_of(facts.buyer, terms, store)
        parties = parties_of(referrer, terms, facts.parties, store)
    return History(
        referrer=_person(referrer),
        referrer_also=_also(referrer),
        referrer_facts=referrer_facts,
        referee_facts=referee_facts,
        referrer_parties=parties,
        claimed_at=referral.claim.created_at if referral.claim else None,
        claimed_late=referral.claim is not None and referral.claim.order_ref is not None,
        earlier_orders=known.earlier_orders,
        referred_before=known.referred_before,
        referrer_is_blocked=referrer.blocked_by_id is not None,
        ruling=_ruling(referral),
        follows=_followed(referral),
        other_orders=_other_orders(referral, terms),
        actions=_actions(referral, terms),
        used=known.used,
        **decided,
    )


def about(referrer: Referrer) -> History:
    """Who the referrer is."""
    return History(referrer=_person(referrer), referrer_also=_also(referrer))


def _also(referrer: Referrer) -> tuple[Person, ...]:
    """No query for somebody whom staff have not merged with anybody."""
    if referrer.same_as_id is None:
        return ()
    others = Referrer.objects.filter(same_as=referrer.same_as_id).exclude(pk=referrer.pk)
    return tuple(map(_person, others))


def _person(referrer: Referrer) -> Person:
    return remembered(referrer.user_ref, referrer.email_key)


def _ruling(referral: Referral) -> Ruling | None:
    """What a person decided of the referral; no query where nobody has."""
    decision = referral.decided_by if referral.decided_by_id else None
    if decision is None:
        return None
    verdict = _AS_GOOD_AS.get(decision.kind) or Verdict(decision.kind)
    return Ruling(verdict, decision.by, decision.reason)


def _followed(referral: Referral) -> Followed | None:
    """The first order of a referral as a later one sees it."""
    first = referral.follows if referral.follows_id else None
    if first is None:
        return None
    known = follow(first, except_ref=referral.order_ref)
    if referral.claim is not None:
        return known
    return replace(known, stands=first.status == ReferralStatus.QUALIFIED.value)


def follow(first: Referral, *, except_ref: str = "") -> Followed:
    """A first order as it is seen by another with its code."""
    others = Referral.objects.filter(follows=first, status__in=Referral.ACTIVE)
    counts = others.exclude(order_ref=except_ref).aggregate(
        all=Count("pk"), with_code=Count("claim")
    )
    return Followed(
        first.placed_at,
        counts["all"] - counts["with_code"],
        stands=first.status in Referral.ACTIVE,
        discounted=1 + counts["with_code"],
    )


@reads("Terms.discounted_orders", gives=FindingCode.DISCOUNTS_USED)
def first_with_code(
    buyer: Person, *, program_id: int, referrer_id: int, except_ref: str = ""
) -> Referral | None:
    """The first order that a buyer made with a referrer's code, if by its terms the code is for
    more than one."""
    if not buyer.is_known:
        return None
    # NULL equals nothing: what is not known of the buyer finds nothing.
    his = Q(referee_email_key__in=buyer.email_keys) | Q(referee_user_ref=buyer.user_ref or "")
    found = Referral.objects.filter(
        his,
        program=program_id,
        referrer=referrer_id,
        follows=None,
        claim__isnull=False,
        status__in=Referral.ACTIVE,
    ).exclude(order_ref=except_ref)
    first = found.select_related("terms__program").order_by("placed_at").first()
    return first if first and first.terms.terms.discounted_orders > 1 else None


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


@reads("Terms.exclude_related", gives=FindingCode.RELATED_PARTY)
def parties_of(
    referrer: Referrer, terms: Terms, parties: Collection[str], store: Store
) -> frozenset[str]:
    """The referrer's own, where the terms compare them and there is something to compare."""
    if not (terms.exclude_related and parties and referrer.user_ref):
        return frozenset()
    return store.parties_of(referrer.user_ref) | set(_person(referrer).email_keys)


@reads("Terms.referrer", gives=FindingCode.REFERRER_NOT_ELIGIBLE)
def facts_of(
    referrer: Referrer, terms: Terms, at: datetime, store: Store, *, program_id: int
) -> ReferrerFacts | None:
    """What the terms ask of a referrer; None where they ask nothing."""
    customer = store.customer(referrer.user_ref) if terms.referrer and referrer.user_ref else None
    if customer is None:
        return None
    orders = 0
    if terms.referrer.has_bought:
        mine = store.standing_orders(
            refs=(), user_ref=referrer.user_ref, changed_since=at, at_most=0, placed_before=at
        )
        orders = len(list(mine))
    group = group_of(referrer.pk, program_id) if terms.referrer.names_groups else ""
    return ReferrerFacts(customer.registered_at, customer.country, orders, group, customer.is_staff)


@reads("Terms.exclude_staff", "Terms.referee_account_within")
def referee_facts_of(buyer: Person, terms: Terms, store: Store) -> RefereeFacts | None:
    """What the terms ask of the buyer's account; None where they ask nothing."""
    if not (terms.exclude_staff or terms.referee_account_within):
        return None
    customer = store.customer(buyer.user_ref) if buyer.user_ref else None
    if customer is None:
        return RefereeFacts()
    return RefereeFacts(customer.registered_at, customer.is_staff)


def group_of(referrer_id: int, program_id: int) -> str:
    """The referrer's group in the program now; empty for none."""
    members = Membership.objects.filter(program=program_id, referrer=referrer_id)
    return members.values_list("group", flat=True).first() or ""


@lru_cache
def _books_sql(kinds: frozenset[str]) -> str:
    active = ", ".join(f"'{status}'" for status in Referral.ACTIVE)
    return _BOOKS.format(known=KNOWN, active=active, used=sql_of(kinds))
