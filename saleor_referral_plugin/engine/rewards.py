"""What a qualified referral gives, and to whom: amounts, limits and dates. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from prices import Money

from .facts import History, OrderFacts, Used
from .findings import Finding, FindingCode
from .money import as_data, times, total, zero
from .readings import reads
from .terms import (
    AfterIssue,
    Beneficiary,
    Cap,
    CapPeriod,
    Coupon,
    CreditUse,
    EarnedWhen,
    Overflow,
    Per,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)


@dataclass(frozen=True, slots=True)
class RewardDecision:
    """What one beneficiary gets by one rule. `amount` is in the order's currency or in the
    points' unit, and zero when nothing is due (any more). `is_cut`: a limit leaves less than the
    terms promise; `is_cut_by_budget`: one that all referrers share would alone."""

    beneficiary: Beneficiary
    rule: str
    amount: Money
    hold_until: datetime | None = None
    is_approved: bool = False
    kind: RewardKind = RewardKind.CREDIT
    valid: Span | None = None
    use: CreditUse = CreditUse.ON_REQUEST
    remind: Span | None = None
    is_cut: bool = False
    is_cut_by_budget: bool = False
    after_issue: AfterIssue = AfterIssue.DEBT
    coupon: Coupon | None = None


def nothing(rule: RewardRule, facts: OrderFacts, history: History) -> RewardDecision:
    """A reward that is not due. What is delivered and can not be taken back stays."""
    kept = _beyond_reach(rule, facts, history) or zero(unit_of(rule, facts.currency))
    return _decided(rule, kept, is_approved=bool(kept))


@reads(
    "RewardRule.name",
    "RewardRule.to",
    "RewardRule.kind",
    "RewardRule.valid",
    "RewardRule.use",
    "RewardRule.remind",
    "RewardRule.after_issue",
    "RewardRule.coupon",
)
def _decided(
    rule: RewardRule,
    amount: Money,
    *,
    hold_until: datetime | None = None,
    is_approved: bool,
    is_cut: bool = False,
    is_cut_by_budget: bool = False,
) -> RewardDecision:
    return RewardDecision(
        rule.to,
        rule.name,
        amount,
        hold_until,
        is_approved,
        rule.kind,
        rule.valid,
        rule.use,
        rule.remind,
        is_cut,
        is_cut_by_budget,
        rule.after_issue,
        rule.coupon,
    )


@reads(
    "Terms.rewards",
    "Terms.caps",
    "Terms.time_zone",
    "RewardRule.to",
    "RewardRule.hold",
)
def promised(
    terms: Terms, facts: OrderFacts, history: History, earned: datetime, now: datetime
) -> tuple[tuple[RewardDecision, ...], tuple[Finding, ...]]:
    """The rewards that the terms promise, cut to what the limits leave, and the findings that
    say so."""
    rules = due(terms, history)
    before = [
        (rule.to, history.promised[rule.name])
        for rule in rules
        if rule.name in history.promised and rule.name not in history.withdrawn
    ]
    room = _Room(terms.caps, history.used, before)
    stays = {rule.name: _beyond_reach(rule, facts, history) for rule in rules}
    for rule in rules:
        # It takes its room first: what is still to be given must fit beside it.
        room.count(rule.to, stays[rule.name])
    decisions = []
    in_time = Finding(FindingCode.ISSUED_TOO_LATE, True)
    for rule in rules:
        since, amount = _earned_since(rule, history, earned), stays[rule.name]
        has_come_far = amount is not None or (
            rule.name not in history.withdrawn and _is_past_threshold(rule, terms, facts, history)
        )
        if since is None or not has_come_far:
            decisions.append(nothing(rule, facts, history))
            continue
        hold_until = rule.hold.after(since, terms.zone)
        if amount is None and _is_too_late(rule, hold_until):
            decisions.append(nothing(rule, facts, history))
            in_time = _too_late(rule, terms)
            continue
        worth = _worth(rule, facts) if amount is None else amount
        by_budget = False
        if amount is None:
            amount, by_budget = room.cut(rule.to, worth)
        decisions.append(
            _decided(
                rule,
                amount,
                hold_until=hold_until,
                is_approved=now >= hold_until,
                is_cut=amount < worth,
                is_cut_by_budget=by_budget,
            )
        )
    return tuple(decisions), (room.finding, in_time)


@reads("RewardRule.issue_until", gives=FindingCode.ISSUED_TOO_LATE)
def _is_too_late(rule: RewardRule, hold_until: datetime) -> bool:
    """Does the hold end after the latest date to issue?"""
    return rule.issue_until is not None and hold_until > rule.issue_until


@reads("RewardRule.issue_until", "Terms.time_zone", gives=FindingCode.ISSUED_TOO_LATE)
def _too_late(rule: RewardRule, terms: Terms) -> Finding:
    until = rule.issue_until.astimezone(terms.zone).isoformat() if rule.issue_until else ""
    return Finding(FindingCode.ISSUED_TOO_LATE, False, {"until": until})


@reads("RewardRule.action")
def _earned_since(rule: RewardRule, history: History, earned: datetime) -> datetime | None:
    """From when on the hold runs: the order's date, or the later one of the action that the
    reward waits for; None while that is not done."""
    if rule.action is None:
        return earned
    done_at = history.actions.get(rule.action)
    return None if done_at is None else max(earned, done_at)


@reads("Terms.rewards", "RewardRule.per")
def due(terms: Terms, history: History) -> list[RewardRule]:
    """The rewards that an order may earn: a later one those that are given for each order."""
    is_later = history.follows is not None
    return [rule for rule in terms.rewards if rule.per is Per.ORDER or not is_later]


class Left(NamedTuple):
    """What limits leave of a reward. `by_budget`: one that all referrers share leaves less than
    all of it, whatever the others leave."""

    amount: Money
    by_budget: bool


def limited(caps: Iterable[Cap], used: Iterable[Used], amount: Money, before: Money) -> Left:
    """What limits leave of a referrer's reward that belongs to no referral. `before`: what of
    it was promised so far."""
    room = _Room(caps, used, [(Beneficiary.REFERRER, before)])
    return room.cut(Beneficiary.REFERRER, amount)


def unit_of(rule: RewardRule, currency: str) -> str:
    """In what a reward is counted: the order's currency, or a unit of its own."""
    if rule.kind is RewardKind.CREDIT:
        return currency
    return rule.worth.amounts.by_currency[0][0]


@reads("RewardRule.kind", "RewardRule.to", "RewardRule.after_issue")
def _beyond_reach(rule: RewardRule, facts: OrderFacts, history: History) -> Money | None:
    """What was delivered and stays, whatever becomes of the order: to a referrer who is gone
    (and gets no more), outside the shop, or because the terms say so and no person has withdrawn
    it. None where the books are free to follow."""
    delivered = history.delivered.get(rule.name)
    if rule.to is Beneficiary.REFERRER and history.referrer_is_gone:
        return delivered or zero(unit_of(rule, facts.currency))
    is_kept = rule.after_issue is AfterIssue.KEEP and rule.name not in history.withdrawn
    if delivered and (rule.kind is RewardKind.CUSTOM or is_kept):
        return delivered
    return None


@reads("RewardRule.from_orders", "RewardRule.from_spend", "RewardRule.within", "Terms.time_zone")
def _is_past_threshold(rule: RewardRule, terms: Terms, facts: OrderFacts, history: History) -> bool:
    """Has the referee ordered often and enough? Only the first order earns such a reward, and
    all orders of the referee are counted for it."""
    if not rule.has_threshold:
        return True
    until = None if rule.within is None else rule.within.after(facts.placed_at, terms.zone)
    counted = [o for o in history.other_orders if until is None or o.placed_at <= until]
    least = rule.from_spend.get(facts.currency)
    if rule.from_spend and least is None:
        return False
    same = [order.net for order in counted if order.net.currency == facts.currency]
    spent = total((times(facts.net_goods, facts.kept), *same), facts.currency)
    return len(counted) + 1 >= rule.from_orders and (least is None or spent >= least)


@reads(
    "RewardRule.worth",
    "RewardRule.kind",
    "RewardRule.least",
    "RewardRule.most",
    "RewardRule.never_above_net",
    "RewardRule.proportional",
)
def _worth(rule: RewardRule, facts: OrderFacts) -> Money:
    """Before any limit. A percentage is one exact product, rounded half up once."""
    unit = unit_of(rule, facts.currency)
    if rule.worth.percent is None:
        amount = rule.worth.amounts.get(unit) or zero(unit)
        if rule.proportional:
            amount = times(amount, facts.kept)
    else:
        amount = times(facts.net_goods, facts.kept * Fraction(rule.worth.percent) / 100)
        if facts.net_goods:
            amount = max(amount, rule.least.get(unit) or amount)
        amount = min(amount, rule.most.get(unit) or amount)
    if rule.never_above_net and rule.kind is RewardKind.CREDIT:
        amount = min(amount, times(facts.net_goods, facts.kept))
    return amount


@reads("Terms.earned_when")
def earned_at(terms: Terms, facts: OrderFacts, booked: datetime | None, now: datetime) -> datetime:
    """When the order earned its rewards: the store's own date where it has one, so that a
    hook that came late does not lengthen the hold; else the date booked when it was first
    seen, so that looking again does not lengthen it either."""
    match terms.earned_when:
        case EarnedWhen.ORDERED:
            at: datetime | None = facts.placed_at
        case EarnedWhen.PAID:
            at = facts.paid_at
        case EarnedWhen.FULFILLED:
            at = facts.fulfilled_at
    at = at or booked
    return at if at is not None and at <= now else now


@reads("Cap.period", "Cap.rolling", "Terms.time_zone", gives=FindingCode.CAP_REACHED)
def cap_window(terms: Terms, cap: Cap, earned: datetime) -> tuple[datetime, datetime] | None:
    """The period around a moment, start included and end not, in which a limit counts; None:
    for life. Of a rolling one, all that shares some period of its length with the moment."""
    if cap.rolling is not None:
        # What lies the whole length apart shares none, before as after.
        start = cap.rolling.before(earned, terms.zone) + timedelta.resolution
        return start, cap.rolling.after(earned, terms.zone)
    return calendar_period(cap.period, terms.zone, earned)


@lru_cache(maxsize=1024)
def calendar_period(
    period: CapPeriod, zone: ZoneInfo, moment: datetime
) -> tuple[datetime, datetime] | None:
    """The calendar month or year around a moment, start included and end not; None: for life."""
    if period is CapPeriod.CALENDAR_MONTH:
        start = _midnight(moment, zone).replace(day=1)
        december = start.month == 12
        end = start.replace(year=start.year + december, month=1 if december else start.month + 1)
    elif period is CapPeriod.CALENDAR_YEAR:
        start = _midnight(moment, zone).replace(month=1, day=1)
        end = start.replace(year=start.year + 1)
    else:
        return None
    return start.astimezone(UTC), end.astimezone(UTC)


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _period(cap: Cap) -> str | dict[str, int]:
    """As data; a rolling one as what its span says."""
    if cap.rolling is None:
        return cap.period.value
    return cap.rolling.model_dump(exclude_defaults=True)


def _limit(cap: Cap, amount: Money) -> Any:
    """As data: of how many, or of what in the amount's currency."""
    most = cap.amount.get(amount.currency)
    return cap.count if most is None else as_data(most)


@dataclass(slots=True)
class _Counter:
    cap: Cap
    count: int
    amounts: dict[str, Decimal]


@dataclass(slots=True)
class _Room:
    """What the limits leave, less with each reward given."""

    caps: Iterable[Cap]
    used: Iterable[Used]
    before: Sequence[tuple[Beneficiary, Money]]
    finding: Finding = field(default_factory=lambda: Finding(FindingCode.CAP_REACHED, True))
    _counters: list[_Counter] = field(init=False)

    def __post_init__(self) -> None:
        used = list(self.used)
        self._counters = [
            _Counter(cap, used[n].count, dict(used[n].amounts))
            if n < len(used)
            else _Counter(cap, 0, {})
            for n, cap in enumerate(self.caps)
        ]
        for counter in self._counters:
            self._keep_place(counter)

    def _keep_place(self, counter: _Counter) -> None:
        """What was promised before fits still, whatever others were given since by terms with
        wider limits."""
        cap = counter.cap
        before = [amount for to, amount in self.before if to is cap.to and amount]
        if cap.count is not None:
            counter.count = min(counter.count, cap.count - len(before))
        for unit, used in counter.amounts.items():
            most = cap.amount.get(unit)
            if most is not None:
                left = most - total((a for a in before if a.currency == unit), unit)
                counter.amounts[unit] = min(used, left.amount)

    @reads(
        "Cap.to",
        "Cap.count",
        "Cap.amount",
        "Cap.overflow",
        "Cap.whole_program",
        gives=FindingCode.CAP_REACHED,
    )
    def cut(self, to: Beneficiary, worth: Money) -> Left:
        """What of a reward the limits leave; it is counted towards them."""
        amount, by_budget = worth, False
        for counter in self._counters_of(to):
            if counter.cap.whole_program and self._left(counter, worth) < worth:
                by_budget = True
            left = self._left(counter, amount)
            if left < amount and self.finding.passed:
                detail = {"limit": _limit(counter.cap, amount), "period": _period(counter.cap)}
                self.finding = Finding(FindingCode.CAP_REACHED, False, detail)
            amount = left
        self.count(to, amount)
        return Left(amount, by_budget)

    def count(self, to: Beneficiary, amount: Money | None) -> None:
        """A reward of so much is given, whatever the limits leave."""
        for counter in self._counters_of(to):
            if amount:
                counter.count += 1
                before = counter.amounts.get(amount.currency, Decimal(0))
                counter.amounts[amount.currency] = before + amount.amount

    def _counters_of(self, to: Beneficiary) -> list[_Counter]:
        return [counter for counter in self._counters if counter.cap.to is to]

    def _left(self, counter: _Counter, amount: Money) -> Money:
        """What one limit leaves of an amount."""
        cap, nothing_left = counter.cap, zero(amount.currency)
        if not amount:
            return amount
        if cap.count is not None:
            return amount if counter.count < cap.count else nothing_left
        most = cap.amount.get(amount.currency)
        if most is None:
            return amount
        used = Money(counter.amounts.get(amount.currency, Decimal(0)), amount.currency)
        if used + amount <= most:
            return amount
        return max(most - used, nothing_left) if cap.overflow is Overflow.CUT else nothing_left
