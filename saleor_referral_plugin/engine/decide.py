"""The decision: a pure function of terms, facts, history and the time.

No database, no clock, no store. The same function answers the live order, the preview
before buying, the explanation afterwards and a replay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prices import Money

from .facts import CheckoutFacts, History, OrderFacts, Person, Verdict
from .findings import Finding, FindingCode, first_failed
from .money import times, zero
from .rewards import RewardDecision, due, earned_at, nothing, promised
from .rules import (
    ACCOUNT_RULES,
    AGAIN_RULES,
    CLAIM_RULES,
    DISCOUNTED_AGAIN_RULES,
    EARNING_RULES,
    FIRM,
    LATE_CLAIM_RULES,
    LATER_ORDER_RULES,
    QUALIFYING_RULES,
    REVIEW_RULES,
    Case,
    Rule,
    referrer_there,
    said_by_staff,
)
from .standing import counted
from .terms import Terms


class ReferralStatus(StrEnum):
    ATTRIBUTED = "attributed"
    IN_REVIEW = "in_review"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Decision:
    """`net`: what stands of the goods that count, without discount and tax. `look_again_at`:
    when time alone may change the decision; None if never."""

    status: ReferralStatus
    findings: tuple[Finding, ...]
    rewards: tuple[RewardDecision, ...]
    net: Money
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


def judge_claim(
    terms: Terms, facts: CheckoutFacts, history: History, now: datetime
) -> ClaimDecision:
    """May this buyer have the discount on this checkout? Asked at the claim, whenever the
    checkout changes, and once more when it completes. `now` is aware."""
    case = Case.of_checkout(facts, history, now)
    rules = CLAIM_RULES if history.follows is None else AGAIN_RULES
    findings = tuple(rule(terms, case) for rule in rules)
    if terms.discount is None:
        return ClaimDecision(findings, zero(facts.currency))
    if terms.discount.free_shipping:
        return ClaimDecision(findings, facts.shipping or zero(facts.currency))
    worth = terms.discount.of(facts.goods)
    return ClaimDecision(findings, None if worth is None else min(worth, facts.goods))


def judge_account_claim(
    terms: Terms, buyer: Person, email_domain: str, history: History, now: datetime
) -> tuple[Finding, ...]:
    """May this customer claim the code before any checkout? What depends on one is asked
    there."""
    case = Case.of_account(buyer, email_domain, history, now)
    return tuple(rule(terms, case) for rule in ACCOUNT_RULES)


def judge_late_claim(terms: Terms, facts: OrderFacts, history: History) -> tuple[Finding, ...]:
    """May a code be claimed for this order? Everything is judged as of when it was placed."""
    return _ask(LATE_CLAIM_RULES, terms, Case.of_order(counted(terms, facts), history))


def decide(terms: Terms, facts: OrderFacts, history: History, now: datetime) -> Decision:
    """What the books should say about an order made with a claim. `now` is aware."""
    facts = counted(terms, facts)
    net = times(facts.net_goods, facts.kept)
    case = Case.of_order(facts, history)
    rules = QUALIFYING_RULES
    if history.follows is not None:
        rules = LATER_ORDER_RULES if history.claimed_at is None else DISCOUNTED_AGAIN_RULES
    qualifying = _ask(rules, terms, case)
    earning = _ask(EARNING_RULES, terms, case)
    review = _ask(REVIEW_RULES, terms, case)
    gone = _ask((referrer_there,), terms, case)
    findings = (*qualifying, *earning, *review, *gone, *said_by_staff(history))

    status = _undeserved(qualifying, earning, review, history)
    if status is not None:
        none = tuple(nothing(rule, facts, history) for rule in due(terms, history))
        return Decision(status, findings, none, net)

    earned = earned_at(terms, facts, history.earned_at, now)
    rewards, about_rewards = promised(terms, facts, history, earned, now)
    waiting = (r.hold_until for r in rewards if r.hold_until and not r.is_approved)
    return Decision(
        ReferralStatus.QUALIFIED,
        (*findings, *about_rewards),
        rewards,
        net,
        earned_at=earned,
        look_again_at=min(waiting, default=None),
    )


def _undeserved(
    qualifying: Sequence[Finding],
    earning: Iterable[Finding],
    review: Iterable[Finding],
    history: History,
) -> ReferralStatus | None:
    """What a referral is that has not earned its rewards; None for one that has."""
    verdict = history.ruling.verdict if history.ruling else None
    if verdict is Verdict.OVERRIDE:
        qualifying = [finding for finding in qualifying if finding.code in FIRM]
    is_refused = verdict is Verdict.REJECT or first_failed(qualifying) is not None
    if history.was_qualified:
        # Nobody looks again at what was good once.
        return ReferralStatus.REVERSED if is_refused or first_failed(earning) else None
    if is_refused:
        failed = {finding.code for finding in qualifying if not finding.passed}
        came_too_late = verdict is not Verdict.REJECT and failed == {FindingCode.CLAIM_EXPIRED}
        return ReferralStatus.EXPIRED if came_too_late else ReferralStatus.REJECTED
    if first_failed(earning):
        return ReferralStatus.ATTRIBUTED
    return ReferralStatus.IN_REVIEW if verdict is None and first_failed(review) else None


def _ask(rules: Iterable[Rule], terms: Terms, case: Case) -> tuple[Finding, ...]:
    return tuple(rule(terms, case).of_order() for rule in rules)
