"""What draft terms would have made of past orders. Writes nothing.

Each order is decided as it stands now, in the order they were placed, with limits counted
over the replay itself: what was really given does not count towards them.

Some orders are in memory at a time. Of those before them a replay keeps what the draft counts: the
sums of each limit and of each milestone that gives a group, by referrer and period, and nothing
where there are none.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from prices import Money

from ..models import Membership, Program, Referral, Reward, TermsVersion
from . import goods, history
from .decide import ReferralStatus, decide
from .facts import Used
from .findings import Finding
from .milestones import Standing, group_of, period_of
from .readings import reads
from .rewards import RewardDecision, cap_window, earned_at
from .settle import WAS_QUALIFIED
from .store import Store
from .terms import Beneficiary, Milestones, Span, Terms

#: Rows read, and in memory, at a time.
BATCH = 200

#: What was earned so long before its order was placed is forgotten: Saleor may take the money
#: while there is only a checkout yet.
PAID_AHEAD = timedelta(days=31)

Window = tuple[datetime, datetime] | None
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Replayed:
    """One order under the draft: what it would give, and what it did, by rule. `group`: by
    whose terms of the draft; empty for those of everybody else."""

    order_ref: str
    referrer_id: int
    status: ReferralStatus
    findings: tuple[Finding, ...]
    would_give: Mapping[str, Money]
    gave: Mapping[str, Money]
    group: str = ""

    @property
    def differs(self) -> bool:
        return _some(self.would_give) != _some(self.gave)


@dataclass(slots=True)
class Cost:
    """A whole replay: sums by currency or unit, of the draft and of what really happened."""

    orders: int = 0
    qualified: int = 0
    different: int = 0
    would_give: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    gave: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@reads("Terms.groups", "Terms.milestones", "Terms.caps")
def replay(terms: Terms, program: Program, *, store: Store) -> Iterator[Replayed]:
    """The program's past orders under draft terms, first placed first. Raises GoodsError for
    goods that the store does not have."""
    now = store.now()
    if terms.goods:
        terms = terms.but(goods=store.find_goods(terms.goods))
    groups = _Groups(terms, program)
    limits = _Limits(groups.terms_of.values())
    for referral in _past(program):
        facts = store.order_facts(referral.order_ref)
        if facts is None:
            continue
        facts = goods.marked(facts, terms, {}, store)
        earned = earned_at(terms, facts, None, now)
        group = groups.of(referral, earned)
        of_group = groups.terms_of[group]
        known = history.of_order(referral, referral.referrer, of_group, facts, store=store)
        used = limits.used(of_group, referral.referrer_id, earned)
        decision = decide(of_group, facts, replace(known, used=used), now)
        if decision.earned_at is not None:
            since = facts.placed_at - PAID_AHEAD
            limits.count(referral.referrer_id, decision.earned_at, decision.rewards, since)
            groups.count(referral.referrer_id, decision.earned_at, decision.net, since)
        gave = Reward.objects.filter(referral=referral).values_list("rule", "amount", "currency")
        yield Replayed(
            referral.order_ref,
            referral.referrer_id,
            decision.status,
            decision.findings,
            {reward.rule: reward.amount for reward in decision.rewards},
            {rule: Money(amount, unit) for rule, amount, unit in gave},
            group,
        )


def cost_of(orders: Iterable[Replayed]) -> Cost:
    cost = Cost()
    for order in orders:
        cost.orders += 1
        cost.qualified += order.status is ReferralStatus.QUALIFIED
        cost.different += order.differs
        for sums, given in ((cost.would_give, order.would_give), (cost.gave, order.gave)):
            for money in given.values():
                sums[money.currency] += money.amount
    return cost


def past_orders(program: Program) -> QuerySet[Referral]:
    """What is replayed: the first orders of its referees."""
    past: QuerySet[Referral] = Referral.objects.filter(program=program, follows=None)
    return past.exclude(order_ref__contains=":")


def _past(program: Program) -> Iterator[Referral]:
    members = Membership.objects.filter(program=program, referrer=OuterRef("referrer"))
    past = past_orders(program).annotate(group_now=Subquery(members.values("group")[:1]))
    past = past.select_related("referrer", "claim").defer("findings", "claim__findings")
    return past.order_by("placed_at", "pk").iterator(BATCH)


@dataclass(slots=True)
class _Sum:
    """What counts together: a number, and sums by currency or unit."""

    count: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, money: Money) -> None:
        self.count += 1
        before = self.amounts.get(money.currency, Decimal(0))
        self.amounts[money.currency] = before + money.amount

    def at_least(self, other: "_Sum") -> None:
        self.count = max(self.count, other.count)
        for unit, amount in other.amounts.items():
            self.amounts[unit] = max(self.amounts.get(unit, amount), amount)


class _Tally:
    """What was counted of each referrer: the sums of calendar periods, or of a life; of a rolling
    period each by itself, as long as it can matter."""

    def __init__(self, rolling: Span | None, window_of: Callable[[datetime], Window]) -> None:
        self.rolling = rolling
        self.window_of = window_of
        self.sums: dict[int, dict[Window, _Sum]] = defaultdict(dict)
        self.each: dict[int, deque[tuple[datetime, Money]]] = defaultdict(deque)

    def add(self, who: int, at: datetime, money: Money, since: datetime) -> None:
        """`since`: nothing will be asked for at an earlier time."""
        if self.rolling is not None:
            each, reach = self.each[who], self.rolling.before(since, UTC)
            while each and each[0][0] < reach:
                each.popleft()
            each.append((at, money))
            return
        sums, window = self.sums[who], self.window_of(at)
        if window not in sums:
            for old in [other for other in sums if other and other[1] < since]:
                del sums[old]
            sums[window] = _Sum()
        sums[window].add(money)

    def sum_at(self, who: int, at: datetime) -> _Sum:
        """What counts together around a moment."""
        window = self.window_of(at)
        if self.rolling is None:
            return self.sums[who].get(window) or _Sum() if who in self.sums else _Sum()
        found = _Sum()
        for when, money in self.each.get(who, ()):
            if window is not None and window[0] <= when < window[1]:
                found.add(money)
        return found


#: Whose a budget is.
ALL = 0


class _Limits:
    """What the replay has given so far, towards each limit: per referrer, or for all. One in the
    terms of a group counts what was given in any. A limit per referee counts one order alone."""

    def __init__(self, all_terms: Iterable[Terms]) -> None:
        self.tallies = {
            cap: _Tally(cap.rolling, partial(cap_window, terms, cap))
            for terms in all_terms
            for cap in terms.caps
            if not cap.per_referee and (cap.whole_program or cap.to is Beneficiary.REFERRER)
        }

    def used(self, terms: Terms, referrer_id: int, earned: datetime) -> tuple[Used, ...]:
        used = []
        for cap in terms.caps:
            who = ALL if cap.whole_program else referrer_id
            tally = self.tallies.get(cap)
            found = _Sum() if tally is None else tally.sum_at(who, earned)
            used.append(Used(found.count, dict(found.amounts)))
        return tuple(used)

    def count(
        self, referrer_id: int, earned: datetime, rewards: Iterable[RewardDecision], since: datetime
    ) -> None:
        for cap, tally in self.tallies.items():
            who = ALL if cap.whole_program else referrer_id
            for reward in rewards:
                if reward.beneficiary is cap.to and reward.amount:
                    tally.add(who, earned, reward.amount, since)


class _Groups:
    """In which group a referrer is: the one of the time, where the order was judged by terms
    with groups; else the one of now; and where the draft's milestones put referrers into groups,
    the one that they would have put them into by then."""

    def __init__(self, terms: Terms, program: Program) -> None:
        self.terms_of = {"": terms}
        self.terms_of |= {group.name: terms.for_group(group.name) for group in terms.groups}
        versions = TermsVersion.objects.filter(program=program) if terms.groups else []
        self.judged_by_group = {version.pk for version in versions if version.terms.groups}
        self.ladders = [
            (ladder, _Tally(ladder.rolling, partial(_period_at, ladder, terms.zone)))
            for ladder in terms.milestones
            if terms.groups and any(step.group for step in ladder.steps)
        ]
        self.best: dict[tuple[str, int], _Sum] = defaultdict(_Sum)

    def of(self, referral: Referral, at: datetime) -> str:
        """Empty for none, or for one of which the draft says nothing."""
        was_judged = referral.terms_id in self.judged_by_group and referral.status in WAS_QUALIFIED
        group: str = referral.group if was_judged else getattr(referral, "group_now", None) or ""
        for ladder, tally in self.ladders:
            if group in {"", *(step.group for step in ladder.steps)}:
                found = tally.sum_at(referral.referrer_id, at)
                if ladder.for_good:
                    found.at_least(self.best[ladder.name, referral.referrer_id])
                group = group_of(ladder, Standing(found.count, found.amounts)) or ""
        return group if group in self.terms_of else ""

    def count(self, referrer_id: int, earned: datetime, net: Money, since: datetime) -> None:
        for ladder, tally in self.ladders:
            tally.add(referrer_id, earned, net, since)
            if ladder.for_good:
                self.best[ladder.name, referrer_id].at_least(tally.sum_at(referrer_id, earned))


def _period_at(ladder: Milestones, zone: ZoneInfo, at: datetime) -> Window:
    return period_of(ladder, zone, at, at)


def _some(given: Mapping[str, Money]) -> dict[str, Money]:
    return {rule: money for rule, money in given.items() if money}
