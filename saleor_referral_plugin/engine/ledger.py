"""The ledger: the only place that writes entries, and the sums that everything reads.

Entries are differences. To make a reward say something else, post what is missing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from prices import Money

from ..models import LedgerEntry, Reward
from . import rows

Kind = LedgerEntry.Kind
DELIVERY = (Kind.DELIVERED, Kind.TAKEN_BACK, Kind.OFFSET, Kind.WAIVED)
ON_CREDIT = (Kind.DELIVERED, Kind.TAKEN_BACK, Kind.SPENT, Kind.EXPIRED)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's rewards in one currency, or one unit of points.

    available  spendable now: what was delivered and neither spent, taken back nor expired
    pending    promised and not yet delivered, holds included
    debt       delivered, no longer deserved, and already spent: the next credit pays it
    earned     promised in all
    """

    currency: str
    available: Money
    pending: Money
    debt: Money
    earned: Money


@dataclass(frozen=True, slots=True)
class Sums:
    """What the ledger says of one reward."""

    promised: Decimal
    delivered: Decimal
    balance: Decimal

    @property
    def owed(self) -> Decimal:
        """What is still to be delivered; negative: to be taken back."""
        return self.promised - self.delivered


NOTHING = Sums(Decimal(0), Decimal(0), Decimal(0))


def entry(reward: Reward, kind: Kind, amount: Decimal, now: datetime) -> LedgerEntry:
    """One entry, not written yet."""
    return rows.new(
        LedgerEntry,
        reward=reward,
        holder_id=reward.holder_id,
        kind=kind,
        currency=reward.currency,
        amount=amount,
        created_at=now,
    )


def post(reward: Reward, kind: Kind, amount: Decimal, *, now: datetime) -> None:
    """Write one entry; zero writes none."""
    if amount:
        rows.insert(entry(reward, kind, amount, now))


def summed(entries: QuerySet[LedgerEntry]) -> Iterator[tuple[int, int, str, Sums]]:
    """(holder, reward, currency, sums) for every reward that has entries, by currency; one
    query."""
    found = (
        entries.order_by("currency")
        .values_list("holder_id", "reward_id", "currency")
        .annotate(
            promised=Sum("amount", filter=Q(kind=Kind.PROMISED), default=Decimal(0)),
            delivered=Sum("amount", filter=Q(kind__in=DELIVERY), default=Decimal(0)),
            # An offset, or what is waived, moves no money on the credit itself.
            balance=Sum("amount", filter=Q(kind__in=ON_CREDIT), default=Decimal(0)),
        )
    )
    for holder_id, reward_id, currency, promised, delivered, balance in found:
        yield holder_id, reward_id, currency, Sums(promised, delivered, balance)


def sums_of(reward_ids: Iterable[int]) -> dict[int, Sums]:
    """The sums of several rewards, in one query."""
    ids = list(reward_ids)
    found = summed(LedgerEntry.objects.filter(reward__in=ids))
    by_reward = {reward_id: sums for _, reward_id, _, sums in found}
    return {reward_id: by_reward.get(reward_id, NOTHING) for reward_id in ids}


def out_of_balance(holder_id: int, currency: str) -> dict[int, Sums]:
    """The holder's rewards of which more, or less, is promised than delivered."""
    found = summed(LedgerEntry.objects.filter(holder=holder_id, currency=currency))
    return {reward_id: sums for _, reward_id, _, sums in found if sums.owed}


def note_spending(reward: Reward, in_store: Decimal, *, now: datetime) -> None:
    """The store says what is left on the credit: what moved without us was spent, or given
    back by a cancelled order."""
    booked = sums_of([reward.pk])[reward.pk].balance
    post(reward, Kind.SPENT, in_store - booked, now=now)


def write_off(reward: Reward, *, now: datetime) -> Decimal:
    """What is left on the credit is gone. Returns how much that was."""
    left = sums_of([reward.pk])[reward.pk].balance
    post(reward, Kind.EXPIRED, -left, now=now)
    return left
