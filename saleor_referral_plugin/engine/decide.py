"""The decision: a pure function of terms, facts, history and the time.

No database, no clock, no store. The same function answers the live order, the preview
before buying, the explanation afterwards and a replay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from prices import Money

from .facts import CheckoutFacts, History, OrderFacts
from .findings import Finding, first_failed
from .money import times, zero
from .rewards import RewardDecision, due, earned_at, nothing, promised
from .rules import (
    AGAIN_RULES,
    CLAIM_RULES,
    DISCOUNTED_AGAIN_RULES,
    EARNING_RULES,
    LATER_ORDER_RULES,
    QUALIFYING_RULES,
    Case,
    Rule,
    referrer_there,
)
from .standing import counted
from .terms import Terms


class ReferralStatus(StrEnum):
    ATTRIBUTED = "attributed"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
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
    findings = (*qualifying, *earning, *_ask((referrer_there,), terms, case))

    if first_failed(qualifying) or first_failed(earning):
        if history.was_qualified:
            status = ReferralStatus.REVERSED
        elif first_failed(qualifying):
            status = ReferralStatus.REJECTED
        else:
            status = ReferralStatus.ATTRIBUTED
        none = tuple(nothing(rule, facts, history) for rule in due(terms, history))
        return Decision(status, findings, none, net)

    earned = earned_at(terms, facts, history.earned_at, now)
    rewards, cap = promised(terms, facts, history, earned, now)
    waiting = (r.hold_until for r in rewards if r.hold_until and not r.is_approved)
    return Decision(
        ReferralStatus.QUALIFIED,
        (*findings, cap),
        rewards,
        net,
        earned_at=earned,
        look_again_at=min(waiting, default=None),
    )


def _ask(rules: Iterable[Rule], terms: Terms, case: Case) -> tuple[Finding, ...]:
    return tuple(replace(rule(terms, case), on_order=True) for rule in rules)
