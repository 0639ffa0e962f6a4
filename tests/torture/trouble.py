"""What goes wrong around the processes."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from tests.listener import Listener
from tests.system_postgres import Cluster
from tests.torture.machines import Broker, Process

#: What is underway then, and hooks that are lost besides, are found by the daily sweep.
MOST_HOURS = 36
#: In one go.
DEADLOCKS = 5
_SOME_REWARDS = """
SELECT FROM referral_reward WHERE id IN (
       SELECT id FROM referral_reward ORDER BY id DESC LIMIT 40) FOR UPDATE
"""
_THEIR_REFERRERS = """
SELECT FROM referral_referrer WHERE id IN (
       SELECT holder_id FROM referral_reward ORDER BY id DESC LIMIT 40) FOR UPDATE
"""
TABLES = ("referral_referrer", "referral_referral", "referral_reward", "referral_effect")


#: Each kind so often in a short run, and once more for so many orders.
AT_LEAST, ORDERS_FOR_ONE_MORE = 2, 4000


@dataclass
class Trouble:
    """Makes every kind of trouble equally often, spread over the orders that are begun."""

    draw: random.Random
    cluster: Cluster
    database: str
    broker: Broker
    worker: Process
    listener: Listener
    orders: int
    made: Counter[str] = field(default_factory=Counter)
    #: When each was made: by the world's clock.
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        kinds: list[Callable[[], None]] = [
            self.clock_jumps,
            self.clock_jumps,
            self.broker_forgets,
            self.broker_restarts,
            self.worker_is_killed,
            self.database_restarts,
            self.connections_are_cut,
            self.connections_run_out,
            self.table_is_locked,
            self.rows_are_locked_the_other_way_round,
            self.plugin_is_off,
            self.listener_is_deaf,
        ]
        self.waiting = kinds * (AT_LEAST + self.orders // ORDERS_FOR_ONE_MORE)
        self.draw.shuffle(self.waiting)
        self.every = self.orders / (len(self.waiting) + 1)

    def make(self, begun: int) -> None:
        """The next one, if so many orders have been begun that it is its turn."""
        if not self.waiting or begun < self.every * (self.made.total() + 1):
            return
        kind = self.waiting.pop()
        name = kind.__name__.replace("_", " ")
        # One that the database's own trouble prevents was made all the same.
        self.made[name] += 1
        self.log.append(f"{datetime.now(UTC):%H:%M:%S.%f} {name}")
        kind()

    def clock_jumps(self) -> None:
        from saleor_referral_plugin.sandbox import clock

        clock.move(timedelta(hours=self.draw.randrange(1, MOST_HOURS)))

    def broker_forgets(self) -> None:
        self.broker.forget()

    def broker_restarts(self) -> None:
        self.broker.restart()

    def worker_is_killed(self) -> None:
        self.worker.kill()

    def database_restarts(self) -> None:
        self.cluster.restart()

    def connections_are_cut(self) -> None:
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
        )

    def connections_run_out(self) -> None:
        """Nobody gets a new one for a moment."""
        held = []
        try:
            for _ in range(500):
                held.append(psycopg.connect(self.cluster.url(self.database)))
        except psycopg.OperationalError:
            time.sleep(0.5)
        finally:
            for connection in held:
                connection.close()

    def table_is_locked(self) -> None:
        """Longer than anybody waits: their statements fail."""
        with psycopg.connect(self.cluster.url(self.database)) as connection:
            table = self.draw.choice(TABLES)
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")  # type: ignore[arg-type]
            time.sleep(1.5)

    def rows_are_locked_the_other_way_round(self) -> None:
        """Whoever settles locks a referrer, and then the rewards: a real deadlock."""
        for _ in range(DEADLOCKS):
            with (
                contextlib.suppress(psycopg.errors.DeadlockDetected),
                psycopg.connect(self.cluster.url(self.database)) as connection,
            ):
                # The others are waiting for us before we wait for them.
                connection.execute("SET deadlock_timeout = '5s'")
                connection.execute(_SOME_REWARDS)
                time.sleep(0.3)
                connection.execute(_THEIR_REFERRERS)

    def plugin_is_off(self) -> None:
        from saleor_referral_plugin.sandbox.models import PluginPage

        PluginPage.objects.update_or_create(pk=1, defaults={"is_active": False})
        time.sleep(0.5)
        PluginPage.objects.update(is_active=True)

    def listener_is_deaf(self) -> None:
        self.listener.answers.extend([500, 503, 400])

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.cluster.url(self.database), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
