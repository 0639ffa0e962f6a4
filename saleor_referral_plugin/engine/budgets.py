"""What is left of a program's budgets: its limits over all referrers together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Value

from ..models import LedgerEntry, Program, Reward, TermsVersion
from .ledger import DELIVERY
from .programs import current_terms
from .readings import reads
from .rewards import cap_window
from .terms import Beneficiary, Cap, CapPeriod

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
    return budgets_in([version], now=now, using=using)[0] if version else []


def budgets_in(
    versions: Sequence[TermsVersion], *, now: datetime, using: str = "default"
) -> list[list[Budget]]:
    """The same for the newest terms of several programs, in two queries."""
    caps = [list(_caps(version, now)) for version in versions]
    sums = _Sums([each for of_version in caps for each in of_version], using)
    return [[_budget(each, sums) for each in of_version] for of_version in caps]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one limit counts."""

    program_id: int
    group: str
    cap: Cap
    window: tuple[datetime, datetime] | None

    @property
    def rewards(self) -> Q:
        counted = Q(program=self.program_id, beneficiary=self.cap.to.value)
        if self.window is not None:
            counted &= Q(earned_at__gte=self.window[0], earned_at__lt=self.window[1])
        return counted


@reads("Terms.caps", "Cap.whole_program", "Cap.to", "Cap.period")
def _caps(version: TermsVersion, now: datetime) -> Iterator[_Counted]:
    terms = version.terms
    each = [("", terms), *((group.name, terms.for_group(group.name)) for group in terms.groups)]
    for group, of_group in each:
        for cap in of_group.caps:
            if cap.whole_program:
                yield _Counted(version.program_id, group, cap, cap_window(of_group, cap, now))


class _Sums:
    """What counts towards each of some limits, by currency or unit."""

    def __init__(self, counted: Sequence[_Counted], using: str) -> None:
        self.promised: dict[tuple[_Counted, str], tuple[Decimal, int, int]] = {}
        self.delivered: dict[tuple[_Counted, str], Decimal] = {}
        rewards, entries = [], []
        for place, each in enumerate(counted):
            of_limit = Reward.objects.using(using).filter(each.rewards).order_by()
            delivered = LedgerEntry.objects.using(using).filter(
                kind__in=DELIVERY, reward__in=of_limit
            )
            rewards.append(
                _by_unit(place, of_limit).annotate(
                    total=Sum("amount"),
                    number=Count("pk", filter=IS_PROMISED),
                    issued=Count("pk", filter=IS_PROMISED & Q(issued_at__isnull=False)),
                )
            )
            entries.append(_by_unit(place, delivered.order_by()).annotate(total=Sum("amount")))
        for place, unit, amount, number, issued in _all(rewards):
            self.promised[counted[place], unit] = (amount, number, issued)
        for place, unit, amount in _all(entries):
            self.delivered[counted[place], unit] = amount

    def number(self, counted: _Counted) -> tuple[int, int]:
        """Of rewards promised, and of those issued."""
        found = [sums for (each, _), sums in self.promised.items() if each == counted]
        return sum(number for _, number, _ in found), sum(issued for _, _, issued in found)

    def amount(self, counted: _Counted, unit: str) -> tuple[Decimal, Decimal]:
        """Promised, and delivered."""
        promised, _, _ = self.promised.get((counted, unit), (Decimal(0), 0, 0))
        return promised, self.delivered.get((counted, unit), Decimal(0))


def _by_unit(place: int, found: QuerySet[Any]) -> Any:
    return found.annotate(place=Value(place)).values_list("place", "currency")


def _all(queries: list[Any]) -> Any:
    return queries[0].union(*queries[1:], all=True) if queries else ()


@reads("Cap.count", "Cap.amount")
def _budget(counted: _Counted, sums: _Sums) -> Budget:
    cap = counted.cap
    if cap.count:
        promised, issued = sums.number(counted)
        lines = [Line(None, Decimal(cap.count), Decimal(promised), Decimal(issued))]
    else:
        lines = [
            Line(unit, limit, *sums.amount(counted, unit)) for unit, limit in cap.amount.by_currency
        ]
    return Budget(counted.group, cap.to, cap.period, counted.window, tuple(lines))
