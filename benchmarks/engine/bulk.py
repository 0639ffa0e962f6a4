"""Many orders at once: settled by the sweep, beside a COPY of what that writes; and replayed, how
fast and in how much memory."""

import gc
import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from benchmarks.engine.bare_sql import WRITTEN
from benchmarks.engine.many import many_friends_orders
from benchmarks.engine.orders import BenchShop, forget_all_orders
from benchmarks.figures import Figure
from benchmarks.measuring import cpu_of
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import current_program, current_terms
from saleor_referral_plugin.engine.replay import replay
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, Span, Terms
from saleor_referral_plugin.models import Program

#: Of the time of a COPY.
AIM = 10
#: How much of what all orders take beside the first quarter of them is not noise.
FLAT = 1.2
#: After so many orders memory is looked at.
EVERY = 500


def run(shop: BenchShop, orders: int) -> Iterator[Figure]:
    yield from _settled(shop, orders)
    yield from _replayed()


def _settled(shop: BenchShop, orders: int) -> Iterator[Figure]:
    # Whatever is made but once.
    many_friends_orders(shop, 10, "first")
    sweep(store=get_store())
    forget_all_orders()
    many_friends_orders(shop, orders, "bulk")
    with _spent() as sweeping:
        swept = sweep(store=get_store())
    assert swept.settled >= orders, swept
    assert not swept.failed, swept
    written, copying = _copied()
    words = f"sweep, {orders:,} unsettled orders / a COPY of what it writes"
    for clock, ours, base in (
        ("time", sweeping.seconds, copying.seconds),
        ("CPU, PostgreSQL's too", sweeping.cpu, copying.cpu),
    ):
        yield Figure(
            f"{words}: {clock}",
            ours / base,
            "ratio",
            AIM,
            remark=f"{ours:.2f} s to {base:.2f} s for {written:,} rows",
        )
    yield Figure("sweep, unsettled orders: speed", orders / sweeping.seconds, "orders/s")


@dataclass
class Spent:
    """`cpu`: of this process and of its connection's in PostgreSQL."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def _spent() -> Iterator[Spent]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [server] = cursor.fetchone()
    spent = Spent()
    cpu, started = time.process_time() + cpu_of(server), time.perf_counter()
    yield spent
    spent.seconds = time.perf_counter() - started
    spent.cpu = time.process_time() + cpu_of(server) - cpu


def _copied() -> tuple[int, Spent]:
    """How many rows there are in the books, and what a COPY of them takes, into tables with the
    same indexes."""
    count, all_spent = 0, Spent()
    with connection.cursor() as cursor:
        for table in WRITTEN:
            rows = io.BytesIO()
            with cursor.copy(f"COPY {table} TO STDOUT") as out:
                for part in out:
                    rows.write(part)
            cursor.execute(f"CREATE TABLE copied (LIKE {table} INCLUDING ALL)")
            with _spent() as spent, cursor.copy("COPY copied FROM STDIN") as to:
                to.write(rows.getvalue())
            all_spent.seconds += spent.seconds
            all_spent.cpu += spent.cpu
            count += cursor.rowcount
            cursor.execute("DROP TABLE copied")
    return count, all_spent


def _replayed() -> Iterator[Figure]:
    program = current_program()
    version = current_terms(program) if program else None
    assert program is not None
    assert version is not None
    free = version.terms.but(caps=())
    far = Amounts.of({"USD": 1_000_000})
    life = Cap(amount=far, period=CapPeriod.LIFE, whole_program=True)
    rolling = Cap(amount=far, period=CapPeriod.ROLLING, rolling=Span(days=90))
    limited = free.but(caps=(life, rolling))
    for name, terms in (("no limits", free), ("a budget and a rolling limit", limited)):
        yield from _replay(name, terms, program)


def _replay(name: str, terms: Terms, program: Program) -> Iterator[Figure]:
    total = program.referrals.count()
    memory: list[int] = []
    gc.collect()
    started = time.perf_counter()
    for place, _ in enumerate(replay(terms, program, store=get_store())):
        if place % EVERY == 0:
            memory.append(_in_use())
    seconds = time.perf_counter() - started
    memory.append(_in_use())
    yield Figure(f"replay, {name}: speed", total / seconds, "orders/s", remark=f"{total:,} orders")
    first = max(memory[: len(memory) // 4 + 1])
    yield Figure(
        f"replay, {name}: memory for all / for the first quarter",
        max(memory) / first,
        "ratio",
        FLAT if not terms.caps else None,
        remark=f"{max(memory) / 2**20:,.1f} to {first / 2**20:,.1f} MB, the whole process",
    )


def _in_use() -> int:
    """Memory of this process that is really there, in bytes."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
