"""A process of the shop: it lives the lives of its orders, with hooks that cannot be relied on.

Killed and started again with the same arguments it goes on behind the orders it had begun.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

#: So many orders live side by side in one process.
AT_ONCE = 8
#: So many of its steps befall the order itself; the others one whose life seemed over.
OWN_STEPS = 0.6
PROGRESS = "keeper-"
LATE_SECONDS = 5


def keep_shop(seed: int, first: int, every: int, until: int, progress: Path) -> None:
    """Live the lives of the orders `first`, `first + every` ... below `until`."""
    from tests.torture import faults

    faults.expect_them()
    begun = int(progress.read_text() or 0) if progress.exists() else first
    Keeper(seed, progress).keep(range(begun, until, every))


def has_begun(folder: Path) -> Iterator[int]:
    """How far each keeper is with the orders' numbers."""
    for progress in folder.glob(f"{PROGRESS}*"):
        yield int(progress.read_text() or 0)


class Order:
    def __init__(self, life: Any) -> None:
        self.life, self.steps = life, iter(life.steps)
        self.pk: UUID | None = None

    def goes_on(self, draw: random.Random) -> bool:
        """The next step of its life; False at its end."""
        from saleor_referral_plugin.sandbox.shop import ShopError
        from tests.torture import lives

        step = next(self.steps, None)
        if step == "buy":
            with contextlib.suppress(ShopError):
                self.pk = lives.buy(self.life)
        elif step is not None and self.pk is not None:
            is_own = draw.random() < OWN_STEPS
            whose = self.pk if is_own else lives.somebody_elses(self.pk, draw)
            lives.happens(step, whose, draw)
        return step is not None


class Keeper:
    def __init__(self, seed: int, progress: Path) -> None:
        self.seed, self.progress = seed, progress
        self.draw = random.Random(f"{seed}:{progress.name}:{time.time_ns()}")

    def keep(self, numbers: range) -> None:
        from tests.torture import world

        cast: world.Cast | None = None
        while cast is None:
            with _trouble_with_the_database():
                cast = world.Cast.gathered()
        with unreliable_hooks(self.draw):
            waiting, alive = iter(numbers), list[Order]()
            while True:
                while len(alive) < AT_ONCE and (number := next(waiting, None)) is not None:
                    self.progress.write_text(str(number + numbers.step))
                    alive.append(Order(world.life(number, self.seed, cast)))
                if not alive:
                    return
                order = self.draw.choice(alive)
                with _trouble_with_the_database():
                    if not order.goes_on(self.draw):
                        alive.remove(order)


@contextlib.contextmanager
def _trouble_with_the_database() -> Iterator[None]:
    """It is away, or fails: whoever was buying has seen an error page."""
    try:
        yield
    except (DatabaseError, InterfaceError):
        if connection.connection is None or not connection.is_usable():
            connection.close()
            time.sleep(0.1)


@contextlib.contextmanager
def unreliable_hooks(draw: random.Random) -> Iterator[None]:
    """Of ten hooks one is lost, one comes twice and one late."""
    from saleor_referral_plugin import tasks

    enqueue: Callable[..., Any] = tasks.settle_order.apply_async

    def unreliably(args: Any, **options: Any) -> None:
        fate = draw.randrange(10)
        if fate == 0:
            return
        if fate == 1:
            enqueue(args, **options)
        if fate == 2:
            options["countdown"] = draw.randrange(LATE_SECONDS)
        enqueue(args, **options)

    tasks.settle_order.apply_async = unreliably
    try:
        yield
    finally:
        tasks.settle_order.apply_async = enqueue
