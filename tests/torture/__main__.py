"""Torture the books, and say whether they are right.

python -m tests.torture --orders 2000 --seed 1
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.system_postgres import NoPostgres, cluster
from tests.torture import faults
from tests.torture.machines import Broker, Process, keeper, killed_at_the_end, worker
from tests.torture.trouble import Trouble

DATABASE = "torture"
#: Of a statement's fate, one in so many.
DEATHS, FAILURES = 4000, 600
TROUBLE_EVERY = 3.0
#: How fast the shop's time passes: some hours in a second.
HOURS_A_TURN = 1
#: So many sweeps must be enough for everything to come to rest.
SWEEPS = 12
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
    # What was committed stays, whatever happens to the server.
    with cluster(synchronous_commit="on", max_connections="40") as server:
        broker = Broker(folder)
        environment = {
            "DJANGO_SETTINGS_MODULE": "saleor_referral_plugin.sandbox.settings",
            # Nobody waits for a lock for ever.
            "DATABASE_URL": f"{server.create_database(DATABASE)}?options=-c%20lock_timeout%3D1s",
            "CELERY_BROKER_URL": broker.url,
        }
        os.environ.update(environment)
        _open_shop(orders)
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
        trouble = Trouble(random.Random(seed), server, DATABASE, broker, hand)
        with killed_at_the_end([broker.process, hand, *selling]):
            broker.start()
            _let_it_happen(selling, hand, trouble)
            hand.kill()
            rounds = _sweep_up()
            there, wrong = _verdict()
    if wrong:
        _keep_logs(folder)
    print(f"{there}.")
    return _closing(orders, seed, folder, trouble, rounds, wrong, time.monotonic() - started)


def _open_shop(orders: int) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.torture import world

    world.open_shop(orders)


def _let_it_happen(selling: list[Process], hand: Process, trouble: Trouble) -> None:
    from django.db import DatabaseError, connection

    from saleor_referral_plugin.sandbox import clock

    next_at = time.monotonic() + TROUBLE_EVERY
    while not all(process.has_finished for process in selling):
        for process in (*selling, hand):
            process.see_to_it()
        try:
            clock.move(timedelta(hours=HOURS_A_TURN))
            if time.monotonic() > next_at:
                trouble.make()
                next_at = time.monotonic() + TROUBLE_EVERY
        except DatabaseError:
            # Our own connection went with the others.
            connection.close()
        time.sleep(0.1)


def _sweep_up() -> int:
    """Let every hold end, and sweep until nothing moves any more; how many sweeps it took."""
    from django.db import connection

    from saleor_referral_plugin.engine.store import get_store
    from saleor_referral_plugin.engine.sweep import note_spending, sweep
    from saleor_referral_plugin.models import LedgerEntry, Referral
    from saleor_referral_plugin.sandbox import clock
    from tests.torture import world

    connection.close()
    clock.move(timedelta(hours=2 * world.HOLD_HOURS))
    store, before = get_store(), None
    for number in range(1, SWEEPS + 1):
        sweep(store=store)
        note_spending(store=store)
        state = (LedgerEntry.objects.count(), Referral.objects.count())
        if state == before:
            return number
        before = state
        # Effects that failed are tried again later, and what was seen too late is found within
        # a day.
        clock.move(timedelta(days=1))
    return SWEEPS


def _verdict() -> tuple[str, list[str]]:
    from tests.torture.verdict import faults_found, what_there_is

    return what_there_is(), list(faults_found())


def _keep_logs(folder: Path) -> None:
    kept = Path(tempfile.gettempdir()) / "referral-torture-logs"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.rdb"))
    print(f"What the processes said is in {kept}.")


def _closing(
    orders: int,
    seed: int,
    folder: Path,
    trouble: Trouble,
    rounds: int,
    wrong: list[str],
    seconds: float,
) -> int:
    tally = (folder / "tally").read_bytes() if (folder / "tally").exists() else b""
    print(f"{tally.count(b'd')} processes killed between two statements,", end=" ")
    print(f"{tally.count(b'f')} statements failed;", end=" ")
    print(", ".join(f"{kind} {n}" for kind, n in sorted(trouble.made.items())))
    for sentence in wrong[:SHOWN]:
        print(f"  WRONG: {sentence}")
    outcome = f"{len(wrong)} THINGS ARE WRONG" if wrong else "the books are right"
    print(f"{orders} orders, seed {seed}, {rounds} sweeps at the end, {seconds:.0f} s: {outcome}.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
