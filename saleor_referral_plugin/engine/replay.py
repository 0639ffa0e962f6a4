"""What draft terms would have made of past orders. Writes nothing.

Each order is decided as it stands now, in the order they were placed, with limits counted
over the replay itself: what was really given does not count towards them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from prices import Money

from ..models import Program, Referral, Reward
from . import history
from .decide import ReferralStatus, decide
from .facts import Used
from .findings import Finding
from .rewards import RewardDecision, cap_window, earned_at
from .store import Store
from .terms import Beneficiary, Terms

#: Rows read at a time.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Replayed:
    """One order under the draft: what it would give, and what it did, by rule."""

    order_ref: str
    referrer_id: int
    status: ReferralStatus
    findings: tuple[Finding, ...]
    would_give: Mapping[str, Money]
    gave: Mapping[str, Money]

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


def replay(terms: Terms, program: Program, *, store: Store) -> Iterator[Replayed]:
    """The program's past orders under draft terms, first placed first."""
    now = store.now()
    counters = _Counters(terms)
    past = Referral.objects.filter(program=program, follows=None).select_related(
        "referrer", "claim"
    )
    past = past.exclude(order_ref__contains=":")
    for referral in past.order_by("placed_at", "pk").iterator(BATCH):
        facts = store.order_facts(referral.order_ref)
        if facts is None:
            continue
        known = history.of_order(referral, referral.referrer, terms, facts, store=store)
        earned = earned_at(terms, facts, None, now)
        used = counters.used(referral.referrer_id, earned)
        decision = decide(terms, facts, replace(known, used=used), now)
        if decision.earned_at is not None:
            counters.count(referral.referrer_id, decision.earned_at, decision.rewards)
        gave = Reward.objects.filter(referral=referral).values_list("rule", "amount", "currency")
        yield Replayed(
            referral.order_ref,
            referral.referrer_id,
            decision.status,
            decision.findings,
            {reward.rule: reward.amount for reward in decision.rewards},
            {rule: Money(amount, unit) for rule, amount, unit in gave},
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


class _Counters:
    """What the replay has given so far, towards each limit: per referrer, or for all."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.given: dict[tuple[int, int], list[tuple[datetime, Money]]] = defaultdict(list)

    def used(self, referrer_id: int, earned: datetime) -> tuple[Used, ...]:
        return tuple(
            self._used(place, referrer_id, earned) for place in range(len(self.terms.caps))
        )

    def count(self, referrer_id: int, earned: datetime, rewards: Iterable[RewardDecision]) -> None:
        for place, cap in enumerate(self.terms.caps):
            if cap.per_referee or (cap.to is Beneficiary.REFEREE and not cap.whole_program):
                continue
            given = self.given[place, 0 if cap.whole_program else referrer_id]
            given += [(earned, r.amount) for r in rewards if r.beneficiary is cap.to and r.amount]

    def _used(self, place: int, referrer_id: int, earned: datetime) -> Used:
        cap = self.terms.caps[place]
        window = cap_window(self.terms, cap, earned)
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        count = 0
        for at, money in self.given[place, 0 if cap.whole_program else referrer_id]:
            if window is None or window[0] <= at < window[1]:
                amounts[money.currency] += money.amount
                count += 1
        return Used(count, amounts)


def _some(given: Mapping[str, Money]) -> dict[str, Money]:
    return {rule: money for rule, money in given.items() if money}
