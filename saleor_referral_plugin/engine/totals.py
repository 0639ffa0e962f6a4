"""What the ledger adds up to: of one reward, of one program, or of the whole shop. In one query
each, added up by PostgreSQL."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from prices import Money

from ..models import LedgerEntry
from . import rows
from .ledger import DELIVERY

Kind = LedgerEntry.Kind


@dataclass(frozen=True, slots=True)
class Totals:
    """In one currency, or one unit of points; all of them counted upwards.

    rewards    how many of them have something pending
    promised   what was promised, and is by the last decision of each reward
    delivered  put in holders' hands
    taken_back taken out of them again
    spent      used on orders, less what cancelled orders gave back
    expired    ran out unused
    waived     no longer deserved, spent, and let go
    pending    promised and not delivered yet
    debt       delivered, no longer deserved, and spent: the holder's next credit pays it
    """

    currency: str
    rewards: int
    promised: Money
    delivered: Money
    taken_back: Money
    spent: Money
    expired: Money
    waived: Money
    pending: Money
    debt: Money

    @property
    def available(self) -> Money:
        """In holders' hands and spendable: what the shop owes."""
        return self.delivered - self.taken_back - self.spent - self.expired


def _listed(kinds: Iterable[Kind]) -> str:
    return ", ".join(f"'{kind.value}'" for kind in kinds)


#: What the entries of each kind sum up to, and what is owed: more promised than delivered, or less.
_TOTALS = f"""
SELECT {{key}}, entry.currency, entry.kind, SUM(entry.amount), COUNT(*)
  FROM referral_ledgerentry entry {{among}}
 GROUP BY 1, 2, 3
UNION ALL
SELECT key, currency, CASE WHEN owed > 0 THEN 'pending' ELSE 'debt' END, SUM(ABS(owed)), COUNT(*)
  FROM (SELECT {{key}} AS key, entry.currency, SUM(entry.owed) AS owed
          FROM (SELECT reward_id, currency,
                       CASE kind WHEN '{Kind.PROMISED.value}' THEN amount ELSE -amount END AS owed
                  FROM referral_ledgerentry
                 WHERE kind IN ({_listed((Kind.PROMISED, *DELIVERY))})) entry {{among}}
         GROUP BY entry.reward_id, 1, 2) each_reward
 WHERE owed <> 0
 GROUP BY 1, 2, 3
"""
_OF_SHOP = _TOTALS.format(key="0", among="")
_OF_PROGRAMS = _TOTALS.format(
    key="reward.program_id",
    among="JOIN referral_reward reward ON reward.id = entry.reward_id"
    " WHERE reward.program_id = ANY(%(ids)s)",
)
_OF_REWARDS = _TOTALS.format(key="entry.reward_id", among="WHERE entry.reward_id = ANY(%(ids)s)")


def totals_of_shop(*, using: str = "default") -> list[Totals]:
    """By currency or unit."""
    return [totals for _, totals in _found(_OF_SHOP, (), using)]


def totals_of_programs(
    program_ids: Collection[int], *, using: str = "default"
) -> dict[int, list[Totals]]:
    """By program, each by currency or unit."""
    found: dict[int, list[Totals]] = {pk: [] for pk in program_ids}
    for key, totals in _found(_OF_PROGRAMS, program_ids, using):
        found[key].append(totals)
    return found


def totals_of_rewards(reward_ids: Collection[int], *, using: str = "default") -> dict[int, Totals]:
    """By reward; those without an entry are not in it."""
    return dict(_found(_OF_REWARDS, reward_ids, using))


def nothing_in(currency: str) -> Totals:
    return _totals(currency, {}, 0)


def _found(sql: str, ids: Collection[int], using: str) -> Iterator[tuple[int, Totals]]:
    amounts: dict[tuple[int, str], dict[str, Decimal]] = {}
    pending: dict[tuple[int, str], int] = {}
    for key, currency, name, amount, number in rows.select(sql, {"ids": list(ids)}, using=using):
        amounts.setdefault((key, currency), {})[name] = amount
        if name == "pending":
            pending[key, currency] = number
    for (key, currency), of in sorted(amounts.items()):
        yield key, _totals(currency, of, pending.get((key, currency), 0))


def _totals(currency: str, amounts: Mapping[str, Decimal], pending: int) -> Totals:
    """Entries of what goes out are negative."""

    def of(name: str, sign: int = 1) -> Money:
        return Money(sign * amounts.get(name, Decimal(0)), currency)

    return Totals(
        currency=currency,
        rewards=pending,
        promised=of(Kind.PROMISED),
        delivered=of(Kind.DELIVERED),
        taken_back=of(Kind.TAKEN_BACK, -1),
        spent=of(Kind.SPENT, -1),
        expired=of(Kind.EXPIRED, -1),
        waived=of(Kind.WAIVED, -1),
        pending=of("pending"),
        debt=of("debt"),
    )
