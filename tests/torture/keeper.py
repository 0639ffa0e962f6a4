"""A process of the shop: it lives the lives of its orders, with hooks that cannot be relied on.

    python -m tests.torture.keeper --seed 1 --first 0 --every 2 --until 2000 --progress FILE

Killed and started again with the same arguments it goes on behind the orders it had begun.
"""

import argparse
import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from django.db import DatabaseError, InterfaceError, connection

#: So many orders live side by side in one process.
AT_ONCE = 12
LATE_SECONDS = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--seed", "--first", "--every", "--until"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--progress", type=Path, required=True)
    asked = parser.parse_args()
    django.setup()
    from tests.torture import faults

    faults.expect_them()
    begun = int(asked.progress.read_text() or 0) if asked.progress.exists() else asked.first
    Keeper(asked.seed, asked.progress).keep(range(begun, asked.until, asked.every))


@dataclass
class Order:
    life: Any
    steps: list[str]
    pk: UUID | None = None


class Keeper:
    def __init__(self, seed: int, progress: Path) -> None:
        self.seed, self.progress = seed, progress
        self.draw = random.Random(f"{seed}:{progress.name}:{time.time_ns()}")

    def keep(self, numbers: range) -> None:
        from saleor_referral_plugin.models import ReferralCode
        from saleor_referral_plugin.sandbox.models import Customer

        codes: list[str] = []
        while not codes:
            with _trouble_with_the_database():
                codes = list(ReferralCode.objects.order_by("code").values_list("code", flat=True))
                referrers = list(Customer.objects.order_by("email"))
        with unreliable_hooks(self.draw):
            waiting, alive = iter(numbers), list[Order]()
            while True:
                while len(alive) < AT_ONCE and (number := next(waiting, None)) is not None:
                    alive.append(self._born(number, codes, referrers, numbers.step))
                if not alive:
                    return
                order = self.draw.choice(alive)
                if not order.steps:
                    alive.remove(order)
                    continue
                with _trouble_with_the_database():
                    self._step(order, order.steps.pop(0))

    def _born(self, number: int, codes: list[str], referrers: list[Any], step: int) -> Order:
        from tests.torture import world

        life = world.life(number, self.seed, codes, referrers)
        self.progress.write_text(str(number + step))
        return Order(life, list(life.steps))

    def _step(self, order: Order, step: str) -> None:
        from saleor_referral_plugin.sandbox.shop import ShopError

        # Refused: not every step is possible in every state.
        with contextlib.suppress(ShopError):
            if step == "buy":
                order.pk = self._buy(order.life)
            elif order.pk is not None:
                self._happens(step, order.pk)

    def _buy(self, life: Any) -> UUID:
        from saleor_referral_plugin.sandbox import shop
        from tests.torture import world

        items = [shop.Item(f"thing {n}", price) for n, price in enumerate(life.prices)]
        checkout = shop.create_checkout(
            channel=world.CHANNEL,
            items=items,
            customer=life.customer,
            email=life.email,
            payments=life.payments,
        )
        if life.typed is not None:
            with contextlib.suppress(shop.ShopError):
                shop.add_promo_code(checkout.pk, life.typed)
        for card in life.customer.gift_cards.filter(balance__gt=0)[:2] if life.customer else ():
            with contextlib.suppress(shop.ShopError):
                shop.add_promo_code(checkout.pk, card.code)
        try:
            return shop.complete_checkout(checkout.pk).pk
        except shop.ShopError:
            # The discount is gone; the buyer takes the order without it.
            return shop.complete_checkout(checkout.pk).pk

    def _happens(self, event: str, order_id: UUID) -> None:
        from saleor_referral_plugin.sandbox import shop
        from saleor_referral_plugin.sandbox.models import Order as ShopOrder

        part = self.draw.choice((3, 4, 10))
        if event == "pay_a_part":
            shop.pay(order_id, _part(ShopOrder.objects.get(pk=order_id).total, part))
        elif event == "refund_a_part":
            shop.refund(order_id, _part(ShopOrder.objects.get(pk=order_id).total, part))
        elif event == "reverse_a_refund":
            shop.reverse_refund(order_id)
        else:
            getattr(shop, event)(order_id)


def _part(total: Any, part: int) -> Any:
    return round(total / part, 2)


@contextlib.contextmanager
def _trouble_with_the_database() -> Iterator[None]:
    """It is away, or fails: whoever was buying has seen an error page."""
    try:
        yield
    except (DatabaseError, InterfaceError):
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


if __name__ == "__main__":
    main()
