"""What the rewards should be: from the shop's own tables, by plain arithmetic, one order after
the other. It shares no code with the engine."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from saleor_referral_plugin.models import Claim
from saleor_referral_plugin.sandbox.models import Order
from tests.torture import world


@dataclass(frozen=True)
class Deserved:
    """What an order deserves without any limit, and whose code it was made with."""

    order_ref: str
    program: str
    referrer_id: int
    credit: Decimal
    points: int


def deserved() -> Iterator[Deserved]:
    first_of: dict[str, str] = {}
    orders = Order.objects.order_by("placed_at", "number").prefetch_related("payments", "lines")
    claims = {
        claim.checkout_ref: claim
        for claim in Claim.objects.filter(status__in=("open", "used"))
        .select_related("terms__program", "code")
        .order_by("pk")
    }
    for order in orders:
        is_first = order.cancelled_at is not None or (
            first_of.setdefault(order.email, str(order.pk)) == str(order.pk)
        )
        claim = claims.get(str(order.checkout_token))
        if order.voucher_code is None or claim is None:
            continue
        credit, points = _of(order) if is_first else (Decimal(0), 0)
        yield Deserved(
            str(order.pk), claim.terms.program.slug, claim.code.referrer_id, credit, points
        )


def _of(order: Order) -> tuple[Decimal, int]:
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for payment in order.payments.all():
        moved[payment.kind] += payment.amount
    back = moved["refund"] - moved["refund_reverse"] + moved["chargeback"]
    returned = sum((line.price * line.returned for line in order.lines.all()), Decimal(0))
    gone = max(
        Fraction(back) / Fraction(order.total) if order.total else Fraction(0),
        Fraction(returned) / Fraction(order.goods),
    )
    kept = 0 if order.cancelled_at else max(1 - gone, Fraction(0))
    is_paid = moved["charge"] >= order.total
    is_enough = _rounded(Fraction(order.goods) * kept) >= world.MINIMUM
    if not (kept and is_paid and is_enough):
        return Decimal(0), 0
    net = Fraction(order.goods - order.discount)
    return _rounded(net * kept * world.CREDIT_PERCENT / 100), world.POINTS


def _rounded(value: Fraction) -> Decimal:
    """To the cent, half up."""
    return Decimal(floor(value * 100 + Fraction(1, 2))) / 100
