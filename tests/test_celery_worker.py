"""The periodic path with nothing replaced: Redis, a Celery worker and beat as processes of
their own, beside a shop that only enqueues."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from kombu import pools
from psycopg.conninfo import make_conninfo
from redis import Redis
from redis.exceptions import RedisError

from saleor_referral_plugin.sandbox import shop as sandbox
from saleor_referral_plugin.sandbox.celery_app import app
from tests.scenarios.shop import Customer, Order, Shop
from tests.system_postgres import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
REDIS = shutil.which("redis-server")

needs_redis = pytest.mark.skipif(
    not REDIS, reason="NO redis-server HERE: the Celery worker was not tested."
)
pytestmark = [
    # Committed, or the worker would not see it.
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        os.environ.get("REFERRAL_TEST_STORE", "sandbox") != "sandbox",
        reason="Saleor's own worker is Saleor's own matter.",
    ),
]


def wait_until(what: Callable[[], bool], *, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {PATIENCE} s.\n{log.read_text(errors='replace')}")
        time.sleep(0.2)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    log = tmp_path / "redis.log"
    options = f"--port {port} --bind 127.0.0.1 --save --appendonly no --dir {tmp_path}".split()
    options.insert(options.index("--save") + 1, "")
    with log.open("wb") as output:
        server = subprocess.Popen([str(REDIS), *options], stdout=output, stderr=output)

    def answers() -> bool:
        try:
            return bool(Redis(port=port).ping())
        except RedisError:
            return False

    try:
        wait_until(answers, log=log)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        stop(server)


@pytest.fixture
def worker_log(shop: Shop, broker: str, tmp_path: Path) -> Iterator[Path]:
    """A worker with beat, on the database of this test."""
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    database = make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "--app=saleor_referral_plugin.sandbox.celery_app"]
    options = "--concurrency=1 --loglevel=INFO --without-gossip --without-mingle".split()
    beat = ["--beat", "--scheduler=tests.quick_beat:EverySecond"]
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [*command, "worker", *options, *beat],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database, "CELERY_BROKER_URL": broker},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield log
    finally:
        stop(worker)


@contextmanager
def enqueueing(broker: str) -> Iterator[None]:
    """This process carries out no task: it sends them, like a shop with a broker."""
    changes = {
        "task_always_eager": False,
        "broker_url": broker,
        # Do not wait for one that is not there.
        "broker_transport_options": {"max_retries": 1, "interval_start": 0},
    }
    before = {name: getattr(app.conf, name) for name in changes}
    app.conf.update(changes)
    try:
        yield
    finally:
        app.conf.update(before)
        # What is open leads to a Redis that is about to end.
        pools.reset()
        app._pool = app.amqp._producer_pool = None


def refer_a_friend(shop: Shop) -> tuple[Customer, Order]:
    """A paid order of a friend's."""
    shop.configure(
        referee_discount="10%",
        referrer_credit="10 USD",
        hold_days="14",
        program_running=True,
    )
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="friend@example.net")
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.complete().accepted
    checkout.placed.pay()
    return anna, checkout.placed


def reward_status(shop: Shop, order: Order) -> str | None:
    seen = shop.referral(order)
    return seen.reward_status if seen else None


@needs_redis
def test_a_worker_credits_the_referrer_once_the_hold_is_over(
    shop: Shop, broker: str, worker_log: Path
) -> None:
    with enqueueing(broker):
        anna, order = refer_a_friend(shop)
        wait_until(lambda: reward_status(shop, order) == "pending", log=worker_log)
        assert shop.gift_cards(anna) == []

        # Only the clock moves: what follows is the beat's doing.
        sandbox.move_clock(days=15)
        wait_until(lambda: reward_status(shop, order) == "issued", log=worker_log)

    (card,) = shop.gift_cards(anna)
    assert card.balance == Decimal("10.00")
    assert shop.balance(anna) == Decimal("10.00")
    said = worker_log.read_text()
    assert "saleor_referral_plugin.tasks.settle_order" in said
    assert "saleor_referral_plugin.tasks.sweep" in said


def test_without_its_broker_the_shop_goes_on_and_the_sweep_catches_up(shop: Shop) -> None:
    with enqueueing(f"redis://127.0.0.1:{free_port()}/0"):
        anna, order = refer_a_friend(shop)
    assert shop.referral(order) is None

    shop.run_periodic_tasks()
    assert reward_status(shop, order) == "pending"
    shop.travel(days=15)
    assert [card.balance for card in shop.gift_cards(anna)] == [Decimal("10.00")]
