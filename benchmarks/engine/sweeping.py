"""The sweep over ten thousand orders, one in a hundred of them ours and its hooks lost."""

import time
from collections.abc import Iterator

from benchmarks.engine.orders import (
    BenchShop,
    forget_all_orders,
    friends_orders,
    orders_without_code,
    sweep_has_read_nothing,
)
from benchmarks.figures import Figure, counted
from benchmarks.measuring import Statements, statements
from saleor_referral_plugin.engine.known_orders import BATCH
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import Swept, sweep

ORDERS = 10_000
OURS = ORDERS // 100


def run(shop: BenchShop) -> Iterator[Figure]:
    forget_all_orders()
    orders_without_code(ORDERS - OURS)
    swept, seen, seconds = _sweep()
    assert swept.orders_read >= ORDERS - OURS, swept
    yield counted(
        f"sweep, orders without a code: statements for {BATCH:,}",
        len(seen) * BATCH / swept.orders_read,
        remark=f"{swept.orders_read:,} orders, {len(seen)} statements",
    )
    yield Figure("sweep, orders without a code: speed", swept.orders_read / seconds, "orders/s")

    friends_orders(shop, OURS, "swept")
    sweep_has_read_nothing()
    swept, seen, seconds = _sweep()
    assert swept.settled >= OURS, swept
    yield counted(
        f"sweep over {ORDERS:,} orders, {OURS} of them unsettled referrals",
        len(seen),
        remark=f"{swept.orders_read / seconds:,.0f} orders/s",
    )
    swept, seen, _ = _sweep()
    yield counted("sweep, nothing new", len(seen), remark=f"{swept.orders_read} orders read again")


def _sweep() -> tuple[Swept, Statements, float]:
    with statements() as seen:
        started = time.perf_counter()
        swept = sweep(store=get_store())
        return swept, seen, time.perf_counter() - started
