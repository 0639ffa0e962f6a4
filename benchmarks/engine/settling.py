"""What settling one order takes, beside the bare SQL that writes the same rows.

Settling is given the order's reference, and finds out all else: it locks the referrer, reads the
order and its buyer's history from the store, and the books, decides, and writes the difference by
one statement. The bare SQL reads nothing: it is given each value that settling came to, and writes
all the rows that settling wrote, one statement for each, on the same connection, by Django's
cursor. Both are one transaction, BEGIN and COMMIT included.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.engine.bare_sql import BareSql, Statement
from benchmarks.engine.orders import (
    BenchShop,
    FriendsOrder,
    friends_orders,
    not_waiting_for_the_disk,
    sweep_has_read,
)
from benchmarks.figures import Figure, counted
from benchmarks.measuring import Contestant, Statements, race, ratio, statements
from saleor_referral_plugin.engine.facts import PlacedOrder, Seen
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Claim

AIM = 3
WARM_UP = 3
#: Table names of the sandbox, as opposed to ours.
STORE = "referral_sandbox_"


def run(shop: BenchShop, rounds: int) -> Iterator[Figure]:
    # One lap each of four contestants, and two orders to learn from.
    count = 4 * (rounds + WARM_UP) + 2
    orders = friends_orders(shop, count, "settled")
    yield from _figures("a paid order", orders, rounds)
    with shop.losing_hooks(), not_waiting_for_the_disk():
        for order in orders:
            order.order.refund()
    sweep_has_read()
    yield from _figures("its refund", orders, rounds)
    with statements() as seen:
        settle(orders[0].ref, store=get_store())
    yield counted("settle, nothing new: statements", len(seen), remark=seen.tally(STORE))


class GivenStore:
    """The store, with the answers that settling asks for already there: what is left is the
    engine's own work."""

    def __init__(self, order_ref: str) -> None:
        self.store = get_store()
        self.origin = self.store.order_origin(order_ref)
        claim = Claim.objects.select_related("code__referrer").get(checkout_ref=self.origin[0])
        self.seen = self.store.see(order_ref, claim.code.referrer.user_ref)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def see(self, order_ref: str, user_ref: str | None) -> Seen:
        return self.seen

    def order_origin(self, order_ref: str) -> tuple[str | None, str | None]:
        return self.origin

    def standing_orders(self, **_: Any) -> list[PlacedOrder]:
        return []

    def orders_changed_since(self, *_: Any, **__: Any) -> list[PlacedOrder]:
        return []


def _figures(what: str, orders: Sequence[FriendsOrder], rounds: int) -> Iterator[Figure]:
    first, second, *others = orders
    before = first.books
    with statements() as seen:
        settle(first.ref, store=get_store())
    yield counted(f"settle, {what}: statements", len(seen), remark=seen.tally(STORE))

    bare = BareSql(before, first.books)
    to_write = bare.prepare(second.books)
    bare.write(to_write)
    assert bare.wrote(second.books), "The bare SQL does not write what settling writes."

    laps = race(_contestants(bare, seen, iter(others)), rounds=rounds, warm_up=WARM_UP)
    rows = f"settle, {what} / its {len(to_write)} rows by bare SQL"
    for clock, word in (("cpu", "CPU"), ("wall", "time")):
        yield ratio(f"{rows}: {word}", laps, "settle", "bare", clock=clock, aim=AIM)
    yield ratio(f"{rows}: CPU, the store's facts given", laps, "given", "bare", aim=AIM)
    yield ratio(f"settle, {what} / its own statements by bare SQL: CPU", laps, "settle", "reading")


def _contestants(
    bare: BareSql, seen: Statements, orders: Iterator[FriendsOrder]
) -> dict[str, Contestant]:
    store = get_store()
    reads = [(sql, params) for sql, params in seen.sent if sql.startswith("SELECT")]

    def prepare_bare() -> list[Statement]:
        return bare.prepare(next(orders).books)

    def prepare_given() -> tuple[str, GivenStore]:
        order = next(orders)
        return order.ref, GivenStore(order.ref)

    return {
        "settle": Contestant(lambda: next(orders).ref, lambda ref: settle(ref, store=store)),
        "bare": Contestant(prepare_bare, bare.write),
        "reading": Contestant(prepare_bare, lambda to_write: bare.write(to_write, reads)),
        "given": Contestant(prepare_given, lambda given: settle(given[0], store=given[1])),
    }
