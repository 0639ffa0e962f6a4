"""What is left of a program's budgets: its limits over all referrers together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from ..models import LedgerEntry, Program, Reward
from .ledger import DELIVERY
from .programs import current_terms
from .readings import reads
from .rewards import cap_window
from .terms import Beneficiary, Cap, CapPeriod, Terms

IS_PROMISED = Q(amount__gt=0)


@dataclass(frozen=True, slots=True)
class Line:
    """One currency or unit of a budget; `unit` None: a number of rewards.

    promised   what counts towards the limit, delivered or not
    delivered  what of it has reached its holders, and was not taken back
    left       what can still be promised; never below zero, though terms may have lowered the
               limit since
    """

    unit: str | None
    limit: Decimal
    promised: Decimal
    delivered: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.promised, Decimal(0))


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit of the whole program in the period around now, start included and end not (None:
    for life). `group`: it is in the terms of that group; empty: in those of everybody else."""

    group: str
    to: Beneficiary
    period: CapPeriod
    window: tuple[datetime, datetime] | None
    lines: tuple[Line, ...]


def budgets_of(program: Program, *, now: datetime, using: str = "default") -> list[Budget]:
    """The budgets of the program's newest terms, in the order in which they stand there."""
    version = current_terms(program)
    if version is None:
        return []
    terms = version.terms
    each = [("", terms), *((group.name, terms.for_group(group.name)) for group in terms.groups)]
    return [
        budget
        for group, of_group in each
        for budget in _budgets(program, group, of_group, now, using)
    ]


@reads("Terms.caps", "Cap.whole_program", "Cap.to", "Cap.period", "Cap.count", "Cap.amount")
def _budgets(
    program: Program, group: str, terms: Terms, now: datetime, using: str
) -> Iterator[Budget]:
    for cap in terms.caps:
        if cap.whole_program:
            window = cap_window(terms, cap, now)
            rewards = Reward.objects.using(using).filter(program=program, beneficiary=cap.to.value)
            if window is not None:
                rewards = rewards.filter(earned_at__gte=window[0], earned_at__lt=window[1])
            lines = _by_number(cap, rewards) if cap.count else _by_amount(cap, rewards, using)
            yield Budget(group, cap.to, cap.period, window, tuple(lines))


def _by_number(cap: Cap, rewards: QuerySet[Reward]) -> Iterator[Line]:
    counted = rewards.order_by().aggregate(
        promised=Count("pk", filter=IS_PROMISED),
        delivered=Count("pk", filter=IS_PROMISED & Q(issued_at__isnull=False)),
    )
    yield Line(
        None, Decimal(cap.count or 0), Decimal(counted["promised"]), Decimal(counted["delivered"])
    )


def _by_amount(cap: Cap, rewards: QuerySet[Reward], using: str) -> Iterator[Line]:
    promised = dict(rewards.order_by().values_list("currency").annotate(Sum("amount")))
    entries = LedgerEntry.objects.using(using).filter(kind__in=DELIVERY, reward__in=rewards)
    delivered = dict(entries.order_by().values_list("currency").annotate(Sum("amount")))
    nothing = Decimal(0)
    for unit, limit in cap.amount.by_currency:
        yield Line(unit, limit, promised.get(unit, nothing), delivered.get(unit, nothing))
