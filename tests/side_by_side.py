"""Doing several things really at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
PATIENCE = 30


def side_by_side(*jobs: Callable[[], T]) -> list[T]:
    """Do all jobs at once, each on a connection of its own; their answers, in order. None
    starts before all can, and one that would wait for ever fails after `PATIENCE`."""
    start = Barrier(len(jobs), timeout=PATIENCE)

    def do(job: Callable[[], T]) -> T:
        try:
            connections["default"].ensure_connection()
            start.wait()
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result(PATIENCE) for done in [pool.submit(do, job) for job in jobs]]
