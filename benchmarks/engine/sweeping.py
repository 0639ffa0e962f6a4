"""The sweep over ten thousand orders, one in a hundred of them ours and its hooks lost."""

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from benchmarks.engine.orders import BenchShop, friends_orders
from benchmarks.figures import Figure, counted
from benchmarks.measuring import Statements, statements
from saleor_referral_plugin.engine.known_orders import BATCH
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import Swept, sweep
from saleor_referral_plugin.models import Bookmark, KnownOrder
from saleor_referral_plugin.sandbox import clock, models

ORDERS = 10_000
OURS = ORDERS // 100


def run(shop: BenchShop) -> Iterator[Figure]:
    _forget_all_orders()
    _orders_without_code(ORDERS - OURS)
    swept, seen, seconds = _sweep()
    assert swept.orders_read >= ORDERS - OURS, swept
    yield counted(
        f"sweep, orders without a code: statements for {BATCH:,}",
        len(seen) * BATCH / swept.orders_read,
        remark=f"{swept.orders_read:,} orders, {len(seen)} statements",
    )
    yield Figure(
        "sweep, orders without a code: speed", swept.orders_read / seconds, "orders/s"
    )

    friends_orders(shop, OURS, "swept")
    _before_everything()
    swept, seen, seconds = _sweep()
    assert swept.settled >= OURS, swept
    yield counted(
        f"sweep over {ORDERS:,} orders, {OURS} of them unsettled referrals",
        len(seen),
        remark=f"{swept.orders_read / seconds:,.0f} orders/s",
    )
    swept, seen, _ = _sweep()
    yield counted(
        "sweep, nothing new", len(seen), remark=f"{swept.orders_read} orders read again"
    )


def _sweep() -> tuple[Swept, Statements, float]:
    with statements() as seen:
        started = time.perf_counter()
        swept = sweep(store=get_store())
        return swept, seen, time.perf_counter() - started


def _forget_all_orders() -> None:
    """Leave nothing to the sweep of what was made so far."""
    models.Order.objects.all().delete()
    KnownOrder.objects.all().delete()
    _before_everything()


def _before_everything() -> None:
    Bookmark.objects.update(position=None)


def _orders_without_code(count: int) -> None:
    """One each minute, up to an hour ago."""
    now = clock.now() - timedelta(hours=1)
    zero = Decimal(0)
    models.Order.objects.bulk_create(
        models.Order(
            channel_id="default",
            email=f"buyer{n}@example.com",
            checkout_token=uuid.uuid4(),
            payment_system=models.PaymentSystem.TRANSACTIONS,
            currency="USD",
            tax_percent=zero,
            goods=Decimal(100),
            discount=zero,
            shipping=zero,
            gift_cards=zero,
            total=Decimal(100),
            placed_at=now - timedelta(minutes=count - n),
            updated_at=now - timedelta(minutes=count - n),
        )
        for n in range(count)
    )
