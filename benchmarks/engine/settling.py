"""What settling one order takes, beside the bare SQL that writes the same rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.engine.bare_sql import BareSql, Statement
from benchmarks.engine.orders import BenchShop, FriendsOrder, friends_orders, sweep_has_read
from benchmarks.figures import Figure, counted
from benchmarks.measuring import Contestant, race, ratio, statements
from saleor_referral_plugin.engine.facts import OrderFacts, PlacedOrder
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store

AIM = 3
WARM_UP = 3
#: Table names of the sandbox, as opposed to ours.
STORE = "referral_sandbox_"


def run(shop: BenchShop, rounds: int) -> Iterator[Figure]:
    # One lap each of three contestants, and two orders to learn from.
    count = 3 * (rounds + WARM_UP) + 2
    orders = friends_orders(shop, count, "settled")
    yield from _figures("a paid order", orders, rounds)
    with shop.losing_hooks():
        for order in orders:
            order.order.refund()
    sweep_has_read()
    yield from _figures("its refund", orders, rounds)
    yield _count("settle, nothing new: statements", orders[0])


class GivenStore:
    """The store, with the answers that settling asks for already there: what is left is the
    engine's own work."""

    def __init__(self, order_ref: str) -> None:
        self.store = get_store()
        self.facts = self.store.order_facts(order_ref)
        self.time = self.store.now()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def now(self) -> Any:
        return self.time

    def order_facts(self, order_ref: str) -> OrderFacts | None:
        return self.facts

    def standing_orders(self, **_: Any) -> set[str]:
        return set()

    def orders_changed_since(self, *_: Any, **__: Any) -> list[PlacedOrder]:
        return []


def _figures(what: str, orders: Sequence[FriendsOrder], rounds: int) -> Iterator[Figure]:
    first, second, *others = orders
    before = first.books
    yield _count(f"settle, {what}: statements", first)
    bare = BareSql(before, first.books)
    to_write = bare.prepare(second.books)
    bare.write(to_write)
    assert bare.wrote(second.books), "The bare SQL does not write what settling writes."

    laps = race(_contestants(bare, iter(others)), rounds=rounds, warm_up=WARM_UP)
    title = f"settle, {what} / its {len(to_write)} rows by bare SQL"
    for clock, word in (("cpu", "CPU"), ("wall", "time")):
        yield ratio(f"{title}: {word}", laps, "settle", "bare", clock=clock, aim=AIM)
    yield ratio(f"{title}: CPU, store's facts given", laps, "given", "bare")


def _contestants(bare: BareSql, orders: Iterator[FriendsOrder]) -> dict[str, Contestant]:
    store = get_store()

    def settle_with(store_of: Callable[[str], Any]) -> Contestant:
        return Contestant(
            prepare=lambda: _with_store(next(orders).ref, store_of),
            act=lambda subject: settle(subject[0], store=subject[1]),
        )

    def prepare_bare() -> list[Statement]:
        return bare.prepare(next(orders).books)

    return {
        "settle": settle_with(lambda _: store),
        "bare": Contestant(prepare=prepare_bare, act=bare.write),
        "given": settle_with(GivenStore),
    }


def _with_store(order_ref: str, store_of: Callable[[str], Any]) -> tuple[str, Any]:
    return order_ref, store_of(order_ref)


def _count(name: str, order: FriendsOrder) -> Figure:
    with statements() as seen:
        settle(order.ref, store=get_store())
    return counted(name, len(seen), remark=seen.tally(STORE))
