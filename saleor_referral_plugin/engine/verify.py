"""Check the books against decisions and against the store's own credits."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..models import Reward
from . import ledger
from .store import Store
from .sweep import batches


@dataclass(frozen=True, slots=True)
class Difference:
    """Something the books say that is not so."""

    reward_id: int
    what: str

    def __str__(self) -> str:
        return f"Reward {self.reward_id}: {self.what}"


def verify(*, store: Store) -> Iterator[Difference]:
    """Every reward whose ledger, decision and credit in the store do not agree."""
    for batch in batches(Reward.objects.order_by("pk")):
        sums = ledger.sums_of(reward.pk for reward in batch)
        balances = store.credit_balances([r.credit_ref for r in batch if r.credit_ref])
        for reward in batch:
            booked = sums[reward.pk]
            if booked.promised != reward.amount:
                yield Difference(
                    reward.pk, f"decided {reward.amount}, ledger promises {booked.promised}"
                )
            if booked.delivered > booked.promised and reward.status not in (
                Reward.Status.CLAWED_BACK,
                Reward.Status.ISSUED,
            ):
                yield Difference(
                    reward.pk, f"{reward.status}, but {booked.delivered} was delivered"
                )
            if reward.status == Reward.Status.ISSUED and booked.owed > 0:
                yield Difference(reward.pk, f"{booked.owed} promised and not delivered")
            if reward.credit_ref is None:
                continue
            balance = balances.get(reward.credit_ref)
            if balance is None:
                if booked.balance:
                    yield Difference(
                        reward.pk, f"ledger says {booked.balance} is left, the credit is gone"
                    )
            elif balance.amount != booked.balance:
                yield Difference(
                    reward.pk,
                    f"ledger says {booked.balance} is left, the store says {balance.amount}",
                )
