"""How fast a replay goes over past orders, and how much memory it takes for more of them."""

import gc
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator

from benchmarks.engine.orders import BenchShop, friends_orders
from benchmarks.figures import Figure
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import current_program, current_terms
from saleor_referral_plugin.engine.replay import replay
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, Span, Terms
from saleor_referral_plugin.models import Program

#: How much of what many orders take beside few is not noise.
AIM = 1.2
#: After so many orders memory is looked at.
EVERY = 50


def run(shop: BenchShop, orders: int) -> Iterator[Figure]:
    """Over so many orders, and over four times as many."""
    program = current_program()
    version = current_terms(program) if program else None
    assert program is not None
    assert version is not None
    free = version.terms.but(caps=())
    far = Amounts.of({"USD": 1_000_000})
    life = Cap(amount=far, period=CapPeriod.LIFE, whole_program=True)
    rolling = Cap(amount=far, period=CapPeriod.ROLLING, rolling=Span(days=90))
    limited = free.but(caps=(life, rolling))

    _settled(shop, orders, "few")
    _peak(limited, program)  # What is read once for all.
    few = {name: _peak(terms, program) for name, terms in _drafts(free, limited)}
    _settled(shop, 3 * orders, "more")
    for name, terms in _drafts(free, limited):
        started = time.perf_counter()
        count = _replay(terms, program)
        speed = count / (time.perf_counter() - started)
        many = _peak(terms, program)
        yield Figure(f"replay, {name}: speed", speed, "orders/s", remark=f"{count:,} orders")
        yield Figure(
            f"replay, {name}: memory for {count:,} orders / for {orders:,}",
            many / few[name],
            "ratio",
            AIM if terms is free else None,
            remark=f"{many / 1024:,.0f} to {few[name] / 1024:,.0f} KiB",
        )


def _drafts(free: Terms, limited: Terms) -> tuple[tuple[str, Terms], ...]:
    return ("no limits", free), ("a budget and a rolling limit", limited)


def _settled(shop: BenchShop, count: int, prefix: str) -> None:
    for order in friends_orders(shop, count, prefix):
        settle(order.ref, store=get_store())


def _replay(terms: Terms, program: Program) -> int:
    """How many orders there were; none is kept."""
    replayed = enumerate(replay(terms, program, store=get_store()), start=1)
    [(count, _)] = deque(replayed, maxlen=1)
    return count


def _peak(terms: Terms, program: Program) -> int:
    """The most memory that the replay has in use, in bytes: rows of Django hang together in
    circles, and when Python clears those away is its own affair."""
    most = 0
    tracemalloc.start()
    for place, _ in enumerate(replay(terms, program, store=get_store())):
        if place % EVERY == 0:
            gc.collect()
            most = max(most, tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return most
