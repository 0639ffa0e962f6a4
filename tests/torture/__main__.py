"""Torture the books, and say whether they are right.

python -m tests.torture --orders 2000 --seed 1
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.listener import Listener, listening
from tests.system_postgres import NoPostgres, cluster
from tests.torture import faults
from tests.torture.keeper import has_begun as keeper_has_begun
from tests.torture.machines import Broker, Process, keeper, killed_at_the_end, worker
from tests.torture.trouble import Trouble

if TYPE_CHECKING:
    from tests.torture.verdict import Wrong

DATABASE = "torture"
#: Of a statement's fate, one in so many.
DEATHS, FAILURES = 4000, 600
#: The shop's time passes with its orders.
ORDERS_A_DAY = 200
#: So often the processes are looked after, in seconds.
TURN = 0.1
SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keepers", type=int, default=2, help="processes that sell")
    asked = parser.parse_args()
    if not shutil.which("redis-server"):
        print("NO redis-server HERE: nothing was tortured.")
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="referral-torture-") as folder:
            return _torture(asked.orders, asked.seed, asked.keepers, Path(folder))
    except NoPostgres as problem:
        print(f"NO PostgreSQL HERE that could be restarted: nothing was tortured. {problem}")
        return 0


def _torture(orders: int, seed: int, keepers: int, folder: Path) -> int:
    started = time.monotonic()
    with (
        # What was committed stays, whatever happens to the server; and it says when it was.
        cluster(
            synchronous_commit="on",
            max_connections="40",
            track_commit_timestamp="on",
            deadlock_timeout="100ms",
        ) as server,
        listening() as listener,
    ):
        broker = Broker(folder)
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.torture.settings",
            # Nobody waits for a lock for ever.
            "DATABASE_URL": f"{server.create_database(DATABASE)}?options=-c%20lock_timeout%3D1s",
            "CELERY_BROKER_URL": broker.url,
        }
        os.environ.update(environment)
        _open_shop(orders, listener)
        told = {
            faults.SEED: str(seed),
            faults.DEATH: str(DEATHS),
            faults.FAILURE: str(FAILURES),
            faults.TALLY: str(folder / "tally"),
        }
        hand = worker(folder, told)
        selling = [
            keeper(folder, told, seed=seed, first=n, every=keepers, until=orders)
            for n in range(keepers)
        ]
        trouble = Trouble(
            random.Random(seed), server, DATABASE, broker, hand, listener, orders=orders
        )
        with killed_at_the_end([broker, hand, *selling]):
            broker.start()
            _let_it_happen(selling, hand, trouble, folder)
            hand.kill()
        sold_in = time.monotonic() - started
        rounds = _sweep_up()
        there, wrong = _verdict(listener)
        if wrong:
            print(f"What is needed to understand it is in {_keep(folder, trouble, wrong)}.")
        deadlocks = _deadlocks()
    print(f"{there}.")
    print(f"{_what_broke(folder, trouble)}, {deadlocks} real deadlocks")
    for each in wrong[:SHOWN]:
        print(f"  WRONG: {each}")
    outcome = f"{len(wrong)} THINGS ARE WRONG" if wrong else "the books are right"
    took = f"{sold_in:.0f} s and {time.monotonic() - started - sold_in:.0f} s to look at them"
    print(f"{orders} orders, seed {seed}, {rounds} sweeps at the end, {took}: {outcome}.")
    return int(bool(wrong))


def _open_shop(orders: int, listener: Listener) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.torture import audit, world

    audit.begin()
    audit.have_events_kept()
    audit.have_events_sent(listener.url)
    world.open_shop(orders)


def _let_it_happen(selling: list[Process], hand: Process, trouble: Trouble, folder: Path) -> None:
    from django.db import DatabaseError, InterfaceError, connection

    from saleor_referral_plugin.sandbox import clock

    passed = 0
    while not all(process.has_finished for process in selling):
        for process in (*selling, hand):
            process.see_to_it()
        try:
            # A file that is just being written is empty.
            begun = max(passed, *keeper_has_begun(folder), 0)
            clock.move((begun - passed) * timedelta(days=1) / ORDERS_A_DAY)
            passed = begun
            trouble.make(begun)
        except (DatabaseError, InterfaceError, psycopg.OperationalError):
            # Our own connection went with the others.
            connection.close()
        time.sleep(TURN)


def _sweep_up() -> int:
    from django.db import connection

    from saleor_referral_plugin.engine.store import get_store
    from tests.torture import world

    connection.close()
    world.have_patience()
    return world.come_to_rest(get_store())


def _verdict(listener: Listener) -> tuple[str, list["Wrong"]]:
    from tests.torture.verdict import everything_wrong, what_there_is

    heard = [json.loads(heard.body)["id"] for heard in listener.heard]
    return what_there_is(), list(everything_wrong(heard))


def _keep(folder: Path, trouble: Trouble, wrong: list["Wrong"]) -> Path:
    from tests.torture import evidence

    kept = Path(tempfile.gettempdir()) / "referral-torture"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.rdb"))
    (kept / "trouble").write_text("\n".join(trouble.log))
    evidence.write(kept / "evidence", wrong[:SHOWN])
    return kept


def _deadlocks() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(deadlocks) FROM pg_stat_database")
        return int(cursor.fetchone()[0])


def _what_broke(folder: Path, trouble: Trouble) -> str:
    tally = Counter((folder / "tally").read_text() if (folder / "tally").exists() else "")
    made = [f"{tally[faults.KILLED]} processes killed between two statements"]
    made += [f"{tally[letter]} {name}" for letter, (name, _) in faults.FAILURES.items()]
    return ", ".join(made + [f"{kind} {n}" for kind, n in sorted(trouble.made.items())])


if __name__ == "__main__":
    sys.exit(main())
