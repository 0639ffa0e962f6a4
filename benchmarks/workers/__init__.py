"""Orders settled by Celery workers, on real Redis and the sandbox's PostgreSQL."""

import shutil

from benchmarks.engine import database
from benchmarks.figures import Group

TITLE = "Settling by Celery workers, on the sandbox's PostgreSQL"


def run(orders: int) -> Group:
    if shutil.which("redis-server") is None:
        return Group(TITLE, left_out="it needs redis-server (Debian: apt-get install redis-server)")
    with database():
        from benchmarks.workers import settling

        return Group(TITLE, tuple(settling.run(orders)))
