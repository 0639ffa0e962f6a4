"""The group itself, run by Saleor's Python: figures go to the file named by `--out`."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from benchmarks.figures import Figure, save


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with _database(), _tasks_elsewhere():
        save(_figures(arguments.pairs), arguments.out)


def _figures(pairs: int) -> list[Figure]:
    from benchmarks.inside_saleor import hooks, requests, speed
    from benchmarks.inside_saleor.presence import Presence
    from benchmarks.inside_saleor.shop import BenchShop

    with BenchShop.open() as shop:
        assert isinstance(shop, BenchShop)
        shop.start()
        presence = Presence()
        print(f"Without us: {presence}", flush=True)
        return [
            *hooks.run(shop),
            *requests.run(shop, presence),
            *speed.run(shop, presence, pairs),
        ]


@contextmanager
def _database() -> Iterator[None]:
    """Saleor's tables and ours. Nobody drops them: the whole server is thrown away."""
    import django

    # One line for each request would be measured along.
    logging.disable(logging.WARNING)
    django.setup()
    from django.test.utils import (
        setup_databases,
        setup_test_environment,
        teardown_test_environment,
    )

    from tests.saleor import database

    setup_test_environment(debug=False)
    setup_databases(verbosity=0, interactive=False)
    database.complete()
    try:
        yield
    finally:
        teardown_test_environment()


@contextmanager
def _tasks_elsewhere() -> Iterator[None]:
    """As with a broker: a task is sent, and somebody else runs it. Saleor's own, too."""
    from celery import Task

    with mock.patch.object(Task, "apply_async"):
        yield


if __name__ == "__main__":
    main()
