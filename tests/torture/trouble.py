"""What goes wrong around the processes."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from tests.system_postgres import Cluster
from tests.torture.machines import Broker, Process

#: What is underway then, and hooks that are lost besides, are found by the daily sweep.
MOST_HOURS = 36
TABLES = ("referral_referrer", "referral_referral", "referral_reward", "referral_effect")


@dataclass
class Trouble:
    """Draws one trouble after the other, and counts them."""

    draw: random.Random
    cluster: Cluster
    database: str
    broker: Broker
    worker: Process
    made: Counter[str] = field(default_factory=Counter)

    def make(self) -> None:
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
        ]
        kind = self.draw.choice(kinds)
        kind()
        self.made[kind.__name__.replace("_", " ")] += 1

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

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.cluster.url(self.database), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]
