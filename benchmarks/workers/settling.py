"""How many orders some workers settle in a second, and what they wait for meanwhile: the orders of
many referrers, and those of one, whose row each of them locks.

What they wait for is what PostgreSQL says of their connections, asked again and again.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from kombu import pools
from psycopg.conninfo import make_conninfo

from benchmarks.engine.many import many_friends_orders
from benchmarks.engine.orders import BenchShop, open_shop, sweep_has_read
from benchmarks.figures import Figure
from saleor_referral_plugin.models import Claim, Referral
from saleor_referral_plugin.sandbox.celery_app import app
from saleor_referral_plugin.sandbox.models import Order
from saleor_referral_plugin.tasks import settle_order
from tests.torture.machines import PYTHON, Broker, Process, killed_at_the_end, wait_until

WORKERS = (1, 2, 4)
#: Settled first by each worker, so that all that is loaded once has been.
WARM_UP = 10
#: Seconds between two looks.
LOOK = 0.02

_WAITS = """
SELECT CASE WHEN state = 'idle in transaction' THEN 'Python, in a transaction'
            WHEN state LIKE 'idle%%' THEN 'Python'
            WHEN wait_event_type IS NULL THEN 'PostgreSQL at work'
            WHEN wait_event_type = 'Lock' THEN 'lock of a row'
            ELSE wait_event_type || ': ' || wait_event END
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = %s
"""
#: As their connections are called.
NAME = "referral_bench_worker"


def run(orders: int) -> Iterator[Figure]:
    shop = open_shop()
    with tempfile.TemporaryDirectory(prefix="referral-workers-") as name:
        folder = Path(name)
        broker = Broker(folder)
        broker.start()
        with killed_at_the_end([broker.process]):
            for words, referrers in (("many referrers", None), ("one referrer", 1)):
                for workers in WORKERS:
                    yield _settled(shop, broker, folder, orders, workers, referrers, words)


def _settled(
    shop: BenchShop,
    broker: Broker,
    folder: Path,
    orders: int,
    workers: int,
    referrers: int | None,
    words: str,
) -> Figure:
    prefix = f"workers{workers}.{referrers}."
    with _worker(broker, folder, workers), _enqueueing(broker):
        first = _orders(shop, WARM_UP * workers, f"first.{prefix}", referrers)
        _send(first)
        wait_until(lambda: _done(first) == len(first))
        refs = _orders(shop, orders, prefix, referrers)
        started = time.perf_counter()
        _send(refs)
        waits = _watched(refs)
        seconds = time.perf_counter() - started
    looks = waits.total()
    shares = ", ".join(f"{what} {count / looks:.0%}" for what, count in waits.most_common(5))
    return Figure(
        f"{workers} {'worker' if workers == 1 else 'workers'}, orders of {words}",
        len(refs) / seconds,
        "orders/s",
        remark=f"{len(refs):,} orders in {seconds:.1f} s: {shares}",
    )


def _orders(shop: BenchShop, count: int, prefix: str, referrers: int | None) -> list[str]:
    many_friends_orders(shop, count, prefix, referrers=referrers)
    sweep_has_read()
    refs = Order.objects.filter(email__startswith=prefix).values_list("pk", flat=True)
    return [str(ref) for ref in refs]


def _send(refs: list[str]) -> None:
    for ref in refs:
        settle_order.delay(ref)


def _done(refs: list[str]) -> int:
    return Referral.objects.filter(order_ref__in=refs).count()


def _watched(refs: list[str]) -> Counter[str]:
    """What the workers waited for, until all is settled."""
    waits: Counter[str] = Counter()
    open_claims = Claim.objects.filter(status=Claim.Status.OPEN, code__is_active=True)
    left, looked = len(refs), 0
    with connection.cursor() as cursor:
        while left:
            cursor.execute(_WAITS, [NAME])
            waits.update(what for (what,) in cursor.fetchall())
            looked += 1
            if looked % 10 == 0:
                left = open_claims.count() and len(refs) - _done(refs)
            time.sleep(LOOK)
    return waits


@contextmanager
def _worker(broker: Broker, folder: Path, children: int) -> Iterator[None]:
    process = Process(
        (
            *(*PYTHON, "celery", "--app=saleor_referral_plugin.sandbox.celery_app", "worker"),
            *(f"--concurrency={children}", "--loglevel=ERROR", "--without-gossip"),
            *("--without-mingle", "--without-heartbeat", "--prefetch-multiplier=1"),
        ),
        folder / "worker.log",
        {"DATABASE_URL": _address(), "CELERY_BROKER_URL": broker.url},
    )
    process.start()
    with killed_at_the_end([process]):
        yield


def _address() -> str:
    """Of the database of the benchmarks, for others."""
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    known = {name: parameters[name] for name in names if parameters.get(name)}
    return make_conninfo(**known, application_name=NAME)


@contextmanager
def _enqueueing(broker: Broker) -> Iterator[None]:
    """This process carries out no task: it sends them."""
    before = {name: getattr(app.conf, name) for name in ("task_always_eager", "broker_url")}
    app.conf.update(task_always_eager=False, broker_url=broker.url)
    _connect_anew()
    try:
        yield
    finally:
        app.conf.update(before)
        _connect_anew()


def _connect_anew() -> None:
    """Also a task that is carried out at once has made a connection."""
    pools.reset()
    app._pool = app.amqp._producer_pool = None
