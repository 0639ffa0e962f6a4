"""The decision: a pure function of terms, facts, history and the time.

No database, no clock, no store. The same function answers the live order, the preview
before buying, the explanation afterwards and a replay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from prices import Money

from .facts import CheckoutFacts, History, OrderFacts
from .findings import Finding, FindingCode, first_failed
from .money import say, share, zero
from .rules import CLAIM_RULES, EARNING_RULES, QUALIFYING_RULES, Case, Rule, referrer_there
from .terms import CapPeriod, EarnedWhen, Terms


class ReferralStatus(StrEnum):
    ATTRIBUTED = "attributed"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
    REVERSED = "reversed"


class Beneficiary(StrEnum):
    REFERRER = "referrer"
    REFEREE = "referee"


@dataclass(frozen=True, slots=True)
class RewardDecision:
    """What one beneficiary gets. `amount` is zero when nothing is due (any more)."""

    beneficiary: Beneficiary
    rule: str
    amount: Money
    hold_until: datetime | None
    is_approved: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """`look_again_at`: when time alone may change the decision; None if never."""

    status: ReferralStatus
    findings: tuple[Finding, ...]
    rewards: tuple[RewardDecision, ...]
    earned_at: datetime | None = None
    look_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimDecision:
    """Whether a code may stay on a checkout, what it is worth there, and why not."""

    findings: tuple[Finding, ...]
    discount: Money | None

    @property
    def refusal(self) -> Finding | None:
        return first_failed(self.findings)


def judge_claim(terms: Terms, facts: CheckoutFacts, history: History) -> ClaimDecision:
    """May this buyer have the discount on this checkout? Asked at the claim, whenever the
    checkout changes, and once more when it completes."""
    case = Case.of_checkout(facts, history)
    findings = tuple(rule(terms, case) for rule in CLAIM_RULES)
    worth = terms.discount.of(facts.goods)
    return ClaimDecision(findings, None if worth is None else min(worth, facts.goods))


def decide(terms: Terms, facts: OrderFacts, history: History, now: datetime) -> Decision:
    """What the books should say about an order made with a claim. `now` is aware."""
    case = Case.of_order(facts, history)
    qualifying = _ask(QUALIFYING_RULES, terms, case)
    earning = _ask(EARNING_RULES, terms, case)
    findings = (*qualifying, *earning, *_ask((referrer_there,), terms, case))

    if first_failed(qualifying) or first_failed(earning):
        if history.was_qualified:
            status = ReferralStatus.REVERSED
        elif first_failed(qualifying):
            status = ReferralStatus.REJECTED
        else:
            status = ReferralStatus.ATTRIBUTED
        nothing = RewardDecision(Beneficiary.REFERRER, "credit", zero(facts.currency), None, False)
        if history.referrer_is_gone and history.delivered is not None:
            nothing = RewardDecision(Beneficiary.REFERRER, "credit", history.delivered, None, True)
        return Decision(status, findings, (nothing,))

    earned = earned_at(terms, facts, history.earned_at, now)
    amount, cap = _credit(terms, facts, history)
    hold_until = earned + timedelta(days=terms.hold_days)
    is_approved = now >= hold_until
    return Decision(
        ReferralStatus.QUALIFIED,
        (*findings, cap),
        (RewardDecision(Beneficiary.REFERRER, "credit", amount, hold_until, is_approved),),
        earned_at=earned,
        look_again_at=None if is_approved else hold_until,
    )


def _ask(rules: Iterable[Rule], terms: Terms, case: Case) -> tuple[Finding, ...]:
    return tuple(replace(rule(terms, case), on_order=True) for rule in rules)


def earned_at(terms: Terms, facts: OrderFacts, booked: datetime | None, now: datetime) -> datetime:
    """When the order earned its reward: the store's own date where it has one, so that a
    hook that came late does not lengthen the hold; else the date booked when it was first
    seen, so that looking again does not lengthen it either."""
    at = facts.paid_at if terms.earned_when is EarnedWhen.PAID else facts.fulfilled_at
    at = at or booked
    return at if at is not None and at <= now else now


def cap_window(terms: Terms, earned: datetime) -> tuple[datetime, datetime] | None:
    """The period, start included and end not, in which the caps count; None: for life."""
    day = earned.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match terms.cap_period:
        case CapPeriod.CALENDAR_MONTH:
            start = day.replace(day=1)
            return start, (start + timedelta(days=32)).replace(day=1)
        case CapPeriod.CALENDAR_YEAR:
            start = day.replace(month=1, day=1)
            return start, start.replace(year=start.year + 1)
    return None


def _credit(terms: Terms, facts: OrderFacts, history: History) -> tuple[Money, Finding]:
    """The referrer's credit, cut to what the caps leave, and the finding that says so."""
    passed = Finding(FindingCode.CAP_REACHED, True)
    if history.referrer_is_gone:
        return history.delivered or zero(facts.currency), passed
    if terms.credit.percent is not None:
        # One product, rounded once.
        amount = share(facts.net_goods, facts.kept * Fraction(terms.credit.percent) / 100)
    else:
        amount = terms.credit.amounts.get(facts.currency) or zero(facts.currency)

    period = terms.cap_period.value
    if terms.cap_count is not None and history.credits_count >= terms.cap_count:
        detail = {"limit": f"{terms.cap_count} credits", "period": period}
        return zero(facts.currency), Finding(FindingCode.CAP_REACHED, False, detail)
    limit = terms.cap_amount.get(facts.currency)
    if limit is not None:
        used = history.credits_amount or zero(facts.currency)
        room = max(limit - used, zero(facts.currency))
        if amount > room:
            detail = {"limit": say(limit), "period": period}
            return room, Finding(FindingCode.CAP_REACHED, False, detail)
    return amount, passed
