"""What was paid for an order and what went back, from its payment rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .models import Order, Payment

Kind = Payment.Kind


@dataclass(frozen=True, slots=True)
class Movements:
    """Sums of an order's payments, in its currency.

    captured  ever taken; refunded  gone back, less refunds that failed; paid_at  when the
    whole was first there
    """

    captured: Decimal
    refunded: Decimal
    charged_back: Decimal
    paid_at: datetime | None

    @property
    def held(self) -> Decimal:
        """What the shop has now."""
        return self.captured - self.refunded - self.charged_back


def movements_of(order: Order, payments: Iterable[Any] | None = None) -> Movements:
    """From the order's payments, oldest first; read where they are not at hand."""
    sums: dict[str, Decimal] = dict.fromkeys(Kind, Decimal(0))
    paid_at = None if order.total else order.placed_at
    for payment in order.payments.all() if payments is None else payments:
        sums[payment.kind] += payment.amount
        if paid_at is None and sums[Kind.CHARGE] >= order.total:
            paid_at = payment.created_at
    return Movements(
        captured=sums[Kind.CHARGE],
        refunded=sums[Kind.REFUND] - sums[Kind.REFUND_REVERSE],
        charged_back=sums[Kind.CHARGEBACK],
        paid_at=paid_at,
    )
