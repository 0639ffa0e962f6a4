"""The engine on the sandbox's PostgreSQL: needs no Saleor."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.figures import Figure

TITLE = "Engine on the sandbox's PostgreSQL"
BULK = "Many orders at once, on the sandbox's PostgreSQL"
#: Laps take milliseconds here, so many can be had.
ROUNDS = 100


def run(pairs: int) -> tuple[Figure, ...]:
    """All figures of the group, measured in a database made for it and dropped again."""
    with database():
        from benchmarks.engine import claiming, settling, sweeping
        from benchmarks.engine.orders import open_shop

        shop = open_shop()
        rounds = max(pairs, ROUNDS)
        return (
            *settling.run(shop, rounds),
            *claiming.run(shop, rounds),
            *sweeping.run(shop),
        )


def run_bulk(orders: int) -> tuple[Figure, ...]:
    """The figures of many orders at once, likewise."""
    with database():
        from benchmarks.engine import bulk
        from benchmarks.engine.orders import open_shop

        return tuple(bulk.run(open_shop(), orders))


@contextmanager
def database() -> Iterator[None]:
    """One of the benchmarks' own, dropped again at the end."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "saleor_referral_plugin.sandbox.settings"
    import django

    django.setup()
    from django.test.utils import setup_databases, teardown_databases

    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)
