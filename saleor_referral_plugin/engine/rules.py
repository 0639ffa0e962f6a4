"""The rules of a referral program, one small function each.

A rule looks at the terms and a case and gives a Finding; all of them run, none stops at the
first refusal. Adding a rule means: a function here, a code in findings.py, its sentence in
each language of sentences/, and its place in CLAIM_RULES, QUALIFYING_RULES, EARNING_RULES or
REVIEW_RULES.
The settings it looks at stand above it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from prices import Money

from .facts import CheckoutFacts, History, OrderFacts, Person, ReferrerFacts, Verdict
from .findings import Audience, Finding, FindingCode
from .money import as_data, times
from .readings import reads
from .terms import EarnedWhen, MinimumOf, Terms


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at: a checkout, or an order made from one; or an account alone,
    which is in no channel and has no goods.

    at     now, or when the order was placed
    goods  value of those that the program is about before the discount, as the shop enters
           prices; of an order, what stands of it
    has_goods  is there any of them?
    """

    channel: str
    currency: str
    at: datetime
    goods: Money
    buyer: Person
    email_domain: str
    parties: frozenset[str]
    history: History
    has_goods: bool = True
    order: OrderFacts | None = None

    @classmethod
    def of_checkout(cls, facts: CheckoutFacts, history: History, now: datetime) -> "Case":
        return cls(
            facts.channel,
            facts.currency,
            now,
            facts.goods,
            facts.buyer,
            facts.email_domain,
            facts.parties,
            history,
            facts.has_goods,
        )

    @classmethod
    def of_account(
        cls, buyer: Person, email_domain: str, history: History, now: datetime
    ) -> "Case":
        nothing = Money(Decimal(0), "")
        return cls("", "", now, nothing, buyer, email_domain, frozenset(), history)

    @classmethod
    def of_order(cls, facts: OrderFacts, history: History) -> "Case":
        kept = times(facts.goods, facts.kept)
        return cls(
            facts.channel,
            facts.currency,
            facts.placed_at,
            kept,
            facts.buyer,
            facts.email_domain,
            facts.parties,
            history,
            facts.has_goods,
            facts,
        )

    @property
    def claimed_at(self) -> datetime:
        return self.history.claimed_at or self.at


def _order(case: Case) -> OrderFacts:
    if case.order is None:
        raise TypeError("This rule looks at orders only.")
    return case.order


@reads(
    "Terms.channels",
    "Terms.claims_until",
    "Terms.discount",
    "Terms.rewards",
    "RewardRule.to",
    "RewardRule.kind",
    "RewardRule.worth",
    "RewardRule.coupon",
    gives=FindingCode.PROGRAM_NOT_RUNNING,
)
def program_running(terms: Terms, case: Case) -> Finding:
    """The program takes claims, in this channel (if any) and currency; a code claimed in time
    keeps its promise."""
    why_not = terms.why_not_in(case.channel, case.currency) if case.channel else ""
    is_open = terms.claims_until is None or case.claimed_at < terms.claims_until
    # Whose first order stands was promised the discount on the next.
    is_open |= case.history.follows is not None
    return Finding(
        FindingCode.PROGRAM_NOT_RUNNING,
        case.history.is_running and is_open and not why_not,
        {"channel": case.channel, "currency": case.currency},
    )


@reads(
    "Terms.orders_until", "Terms.claim_valid", "Terms.time_zone", gives=FindingCode.CLAIM_EXPIRED
)
def in_time(terms: Terms, case: Case) -> Finding:
    """The order comes within the span that a claim is valid, its last moment included, and
    before the program closes for orders."""
    ends = []
    if terms.orders_until is not None:
        ends.append(terms.orders_until - timedelta(microseconds=1))
    if terms.claim_valid is not None:
        ends.append(terms.claim_valid.after(case.claimed_at, terms.zone))
    if not ends:
        return Finding(FindingCode.CLAIM_EXPIRED, True)
    until = min(ends).astimezone(terms.zone)
    return Finding(FindingCode.CLAIM_EXPIRED, case.at <= until, {"until": until.isoformat()})


@reads(gives=FindingCode.OTHER_CODE_HELD)
def first_code(terms: Terms, case: Case) -> Finding:
    """A code on the checkout stays that goes before this one: the first one, where the first
    counts, or one of a program with a higher priority."""
    return Finding(FindingCode.OTHER_CODE_HELD, not case.history.holds_other_code)


@reads("Terms.discounted_orders", gives=FindingCode.DISCOUNTS_USED)
def discounts_left(terms: Terms, case: Case) -> Finding:
    """The code is good for another order of the same friend."""
    first = case.history.follows
    return Finding(
        FindingCode.DISCOUNTS_USED,
        first is None or first.discounted < terms.discounted_orders,
        {"orders": terms.discounted_orders},
    )


@reads("Terms.open_referrals", gives=FindingCode.TOO_MANY_OPEN)
def room_for_one_more(terms: Terms, case: Case) -> Finding:
    """Not too many of the referrer's referrals wait to be decided."""
    most = terms.open_referrals
    return Finding(FindingCode.TOO_MANY_OPEN, most is None or case.history.open_referrals < most)


@reads(
    "Terms.later_orders",
    "Terms.orders_until",
    "Terms.time_zone",
    gives=FindingCode.LATER_ORDER,
)
def later_order(terms: Terms, case: Case) -> Finding:
    """The first order stands, and a later one is made with the code, or among those that count
    without it, and placed while they do."""
    first, limits = case.history.follows, terms.later_orders
    if first is None:
        return Finding(FindingCode.LATER_ORDER, False)
    is_open = terms.orders_until is None or case.at < terms.orders_until
    if case.history.claimed_at is not None:
        return Finding(FindingCode.LATER_ORDER, first.stands and is_open)
    if limits is None:
        return Finding(FindingCode.LATER_ORDER, False)
    in_time = limits.within is None or case.at <= limits.within.after(first.placed_at, terms.zone)
    is_counted = limits.count is None or first.later_orders < limits.count
    return Finding(FindingCode.LATER_ORDER, first.stands and in_time and is_open and is_counted)


@reads(gives=FindingCode.OWN_CODE)
def not_own_code(terms: Terms, case: Case) -> Finding:
    """Nobody is rewarded for their own order: neither by account nor by e-mail."""
    own = (case.history.referrer, *case.history.referrer_also)
    return Finding(FindingCode.OWN_CODE, not any(case.buyer.is_same_as(one) for one in own))


@reads("Terms.exclude_related", gives=FindingCode.RELATED_PARTY)
def not_related(terms: Terms, case: Case) -> Finding:
    """The referrer is neither recipient nor payer, if the terms exclude that."""
    related = case.parties & case.history.referrer_parties
    return Finding(FindingCode.RELATED_PARTY, not (terms.exclude_related and related))


@reads("Terms.excluded_domains", gives=FindingCode.EXCLUDED_DOMAIN)
def domain_allowed(terms: Terms, case: Case) -> Finding:
    """The friend's e-mail address is at no excluded domain."""
    labels = case.email_domain.split(".")
    names = {".".join(labels[n:]) for n in range(len(labels))}
    excluded = names & {domain.lower() for domain in terms.excluded_domains}
    return Finding(FindingCode.EXCLUDED_DOMAIN, not excluded)


@reads("Terms.referrer", "Terms.time_zone", gives=FindingCode.REFERRER_NOT_ELIGIBLE)
def referrer_eligible(terms: Terms, case: Case) -> Finding:
    """The referrer is what the terms ask for. Of one whose account is gone nothing is asked."""
    known = case.history.referrer_facts
    passed = known is None or is_what_is_asked(terms, known, case.at)
    return Finding(FindingCode.REFERRER_NOT_ELIGIBLE, passed)


def is_what_is_asked(terms: Terms, known: ReferrerFacts, at: datetime) -> bool:
    """Is a customer, at a moment, what the terms ask of referrers?"""
    wanted = terms.referrer
    if not wanted:
        return True
    since = known.registered_at
    is_old_enough = wanted.customer_for is None or (
        since is not None and at >= wanted.customer_for.after(since, terms.zone)
    )
    lives_there = not wanted.countries or known.country in wanted.countries
    has_bought = not wanted.has_bought or known.orders > 0
    is_in_group = not wanted.in_groups or known.group in wanted.in_groups
    may_be_there = known.group not in wanted.not_in_groups
    may_be_staff = not (wanted.exclude_staff and known.is_staff)
    return (
        is_old_enough
        and lives_there
        and has_bought
        and is_in_group
        and may_be_there
        and may_be_staff
    )


@reads("Terms.exclude_staff", gives=FindingCode.STAFF_ACCOUNT)
def not_staff(terms: Terms, case: Case) -> Finding:
    """The buyer's account is none of the shop's staff, if the terms exclude them."""
    known = case.history.referee_facts
    is_staff = known is not None and known.is_staff
    return Finding(FindingCode.STAFF_ACCOUNT, not (terms.exclude_staff and is_staff))


@reads("Terms.referee_account_within", "Terms.time_zone", gives=FindingCode.ACCOUNT_NOT_NEW)
def account_new(terms: Terms, case: Case) -> Finding:
    """The buyer's account was made within so long of the claim, before or after. A guest can
    make one until the checkout completes, as long as the time is not over."""
    span, known = terms.referee_account_within, case.history.referee_facts
    if span is None or known is None:
        return Finding(FindingCode.ACCOUNT_NOT_NEW, True)
    first = span.before(case.claimed_at, terms.zone)
    last = span.after(case.claimed_at, terms.zone)
    if known.registered_at is None:
        is_in_time = case.order is None and not case.history.is_completing and case.at <= last
    else:
        is_in_time = first <= known.registered_at <= last
    # What was good once is not asked of again, and says no more later than now.
    detail = {} if is_in_time else {"span": span.model_dump(exclude_defaults=True)}
    return Finding(FindingCode.ACCOUNT_NOT_NEW, is_in_time, detail)


@reads("Terms.new_customers_only", gives=FindingCode.NOT_NEW_CUSTOMER)
def new_customer(terms: Terms, case: Case) -> Finding:
    """No earlier order that stands, if the terms want new customers only."""
    passed = not terms.new_customers_only or not case.history.earlier_orders
    return Finding(FindingCode.NOT_NEW_CUSTOMER, passed)


@reads(gives=FindingCode.ALREADY_REFERRED)
def not_referred_before(terms: Terms, case: Case) -> Finding:
    """The first referrer keeps the friend."""
    return Finding(FindingCode.ALREADY_REFERRED, not case.history.referred_before)


@reads("Terms.goods", gives=FindingCode.NO_SUCH_GOODS)
def has_goods(terms: Terms, case: Case) -> Finding:
    """Something is among it that the program is about."""
    return Finding(FindingCode.NO_SUCH_GOODS, not terms.goods or case.has_goods)


@reads("Terms.minimum", "Terms.minimum_of", gives=FindingCode.BELOW_MINIMUM)
def minimum_reached(terms: Terms, case: Case) -> Finding:
    """The goods, less what was given back, are worth the minimum of their currency. What a
    checkout is worth net is not known before its taxes are: its goods are looked at."""
    minimum = terms.minimum.get(case.currency)
    worth = case.goods
    if terms.minimum_of is MinimumOf.NET and case.order is not None:
        worth = times(case.order.net_goods, case.order.kept)
    if minimum is None or worth >= minimum:
        return Finding(FindingCode.BELOW_MINIMUM, True)
    return Finding(
        FindingCode.BELOW_MINIMUM,
        False,
        {"minimum": as_data(minimum), "missing": as_data(minimum - worth)},
    )


@reads(gives=FindingCode.CODE_TAKEN_OFF)
def code_still_on(terms: Terms, case: Case) -> Finding:
    """The order was made with the referral discount, or its code was claimed later."""
    is_on = bool(_order(case).voucher_code)
    return Finding(FindingCode.CODE_TAKEN_OFF, is_on or case.history.claimed_late)


@reads("Terms.claim_after", "Terms.time_zone", gives=FindingCode.CLAIM_TOO_LATE)
def soon_enough(terms: Terms, case: Case) -> Finding:
    """A code that was forgotten is claimed within the span after the order, its last moment
    included."""
    span = terms.claim_after
    passed = span is not None and case.claimed_at <= span.after(case.at, terms.zone)
    return Finding(FindingCode.CLAIM_TOO_LATE, passed)


@reads(gives=FindingCode.CODE_TOO_NEW)
def code_was_there(terms: Terms, case: Case) -> Finding:
    """What did not exist when the order was placed cannot have been forgotten."""
    made_at = case.history.code_made_at
    return Finding(FindingCode.CODE_TOO_NEW, made_at is None or made_at <= case.at)


@reads("Terms.review_late_claims", gives=FindingCode.CLAIMED_LATE)
def claimed_in_time(terms: Terms, case: Case) -> Finding:
    """The code was claimed before the order, if a person is to look at those that were not."""
    is_late = case.history.claimed_late and terms.review_late_claims
    return Finding(FindingCode.CLAIMED_LATE, not is_late)


@reads(gives=FindingCode.ORDER_VOID)
def not_void(terms: Terms, case: Case) -> Finding:
    """Neither cancelled nor expired."""
    return Finding(FindingCode.ORDER_VOID, not _order(case).is_void)


@reads(gives=FindingCode.MONEY_BACK)
def something_kept(terms: Terms, case: Case) -> Finding:
    """Not everything was refunded, charged back or returned. (Of a cancelled order nothing
    stands either; that it was cancelled says another rule.)"""
    order = _order(case)
    return Finding(FindingCode.MONEY_BACK, order.is_void or order.kept > 0)


@reads(gives=FindingCode.NOT_CONFIRMED)
def confirmed(terms: Terms, case: Case) -> Finding:
    """The shop has confirmed the order."""
    return Finding(FindingCode.NOT_CONFIRMED, _order(case).is_confirmed)


@reads("Terms.earned_when", gives=FindingCode.NOT_PAID)
def paid(terms: Terms, case: Case) -> Finding:
    """Paid in full once, if the terms ask for payment."""
    passed = terms.earned_when is not EarnedWhen.PAID or _order(case).is_paid
    return Finding(FindingCode.NOT_PAID, passed)


@reads("Terms.earned_when", gives=FindingCode.NOT_FULFILLED)
def fulfilled(terms: Terms, case: Case) -> Finding:
    """Sent in full, if the terms ask for it."""
    passed = terms.earned_when is not EarnedWhen.FULFILLED or _order(case).is_fulfilled
    return Finding(FindingCode.NOT_FULFILLED, passed)


@reads(gives=FindingCode.REFERRER_GONE)
def referrer_there(terms: Terms, case: Case) -> Finding:
    """The referrer still has an account that can be credited."""
    return Finding(
        FindingCode.REFERRER_GONE,
        not case.history.referrer_is_gone,
        audience=Audience.STAFF,
    )


@reads(gives=FindingCode.REFERRER_BLOCKED)
def referrer_not_blocked(terms: Terms, case: Case) -> Finding:
    """Staff have not blocked the referrer."""
    return Finding(
        FindingCode.REFERRER_BLOCKED,
        not case.history.referrer_is_blocked,
        audience=Audience.STAFF,
    )


def said_by_staff(history: History) -> tuple[Finding, ...]:
    """What a person decided, in a plain sentence; who and why is for staff."""
    findings: tuple[Finding, ...] = ()
    ruling = history.ruling
    if ruling is not None:
        passed = ruling.verdict is not Verdict.REJECT
        why = {"decision": ruling.verdict.value, "by": ruling.by, "reason": ruling.reason}
        findings = (
            Finding(FindingCode.STAFF_DECISION, passed, on_order=True),
            Finding(FindingCode.STAFF_REASON, passed, why, Audience.STAFF, on_order=True),
        )
    if history.withdrawn:
        rewards = ", ".join(sorted(history.withdrawn))
        withdrawn = Finding(
            FindingCode.REWARD_WITHDRAWN, False, {"rewards": rewards}, on_order=True
        )
        findings = (*findings, withdrawn)
    return findings


Rule = Callable[[Terms, Case], Finding]

#: In the order in which a shopper should hear of them.
CLAIM_RULES: tuple[Rule, ...] = (
    program_running,
    in_time,
    not_own_code,
    not_related,
    domain_allowed,
    not_staff,
    referrer_eligible,
    account_new,
    new_customer,
    not_referred_before,
    room_for_one_more,
    first_code,
    has_goods,
    minimum_reached,
)

#: The same where the friend of before enters the code once more. Who moved since, or is no new
#: customer any more, was promised it all the same.
AGAIN_RULES: tuple[Rule, ...] = (
    program_running,
    in_time,
    not_own_code,
    not_related,
    discounts_left,
    first_code,
    has_goods,
    minimum_reached,
)

#: The same for an account, before there is any checkout.
ACCOUNT_RULES: tuple[Rule, ...] = (
    program_running,
    in_time,
    not_own_code,
    domain_allowed,
    referrer_eligible,
    new_customer,
    not_referred_before,
    room_for_one_more,
    first_code,
)

#: What ends a claim on an account for good. Everything else may do for the next checkout.
LASTING = frozenset(
    {
        FindingCode.CLAIM_EXPIRED,
        FindingCode.OWN_CODE,
        FindingCode.EXCLUDED_DOMAIN,
        FindingCode.NOT_NEW_CUSTOMER,
        FindingCode.ALREADY_REFERRED,
    }
)

#: What makes an order no referral at all. The program may since have been switched off:
#: a promise made stands.
QUALIFYING_RULES: tuple[Rule, ...] = (
    not_void,
    something_kept,
    code_still_on,
    in_time,
    not_own_code,
    not_related,
    domain_allowed,
    not_staff,
    referrer_eligible,
    account_new,
    new_customer,
    not_referred_before,
    has_goods,
    minimum_reached,
)

#: What is asked of an order when a code is claimed for it that was forgotten.
LATE_CLAIM_RULES: tuple[Rule, ...] = (
    program_running,
    soon_enough,
    code_was_there,
    *QUALIFYING_RULES,
    room_for_one_more,
)

#: The same for a later order of the referee, which carries no code.
LATER_ORDER_RULES: tuple[Rule, ...] = (
    not_void,
    something_kept,
    later_order,
    not_own_code,
    not_related,
    has_goods,
    minimum_reached,
)

#: And for one that was made with the code once more.
DISCOUNTED_AGAIN_RULES: tuple[Rule, ...] = (
    not_void,
    something_kept,
    code_still_on,
    in_time,
    later_order,
    discounts_left,
    not_own_code,
    not_related,
    has_goods,
    minimum_reached,
)

#: What may still become true by waiting.
EARNING_RULES: tuple[Rule, ...] = (confirmed, paid, fulfilled)

#: What a person should look at before an order counts that has earned its rewards.
REVIEW_RULES: tuple[Rule, ...] = (claimed_in_time, referrer_not_blocked)

#: What no person overrides: there is nothing to reward, nobody is rewarded for their own
#: order, and the friend has another referrer already.
FIRM = frozenset(
    {
        FindingCode.ORDER_VOID,
        FindingCode.MONEY_BACK,
        FindingCode.OWN_CODE,
        FindingCode.ALREADY_REFERRED,
    }
)
