"""Whole requests: how many statements they take with us, and how many without."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Figure, counted
from benchmarks.inside_saleor.presence import Presence
from benchmarks.inside_saleor.shop import PLAIN_VOUCHER, BenchShop
from benchmarks.measuring import Statements, listed, statements

WITH_A_CODE = 1
Around = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Request:
    """`prepare` makes its subject, with a code or without, and is not counted."""

    prepare: Callable[[str | None], Any]
    send: Callable[[Any], object]

    def count(self, code: str | None, around: Around = nullcontext) -> Statements:
        # Once for whatever is loaded but once.
        for _ in range(2):
            subject = self.prepare(code)
            with around(), statements() as seen:
                self.send(subject)
        return seen


def run(shop: BenchShop, presence: Presence) -> Iterator[Figure]:
    requests = {
        "checkoutCreate": Request(lambda _: None, lambda _: shop.create_checkout()),
        "checkoutLinesUpdate": Request(shop.new_checkout, shop.update_lines),
        "checkoutComplete": Request(shop.paid_checkout, shop.complete),
    }
    for name, request in requests.items():
        without = request.count(None, presence.absent)
        yield _more(f"{name}, no code", request.count(None), without, aim=0)
        shop.switch_plugin(False)
        yield _more(f"{name}, no code, plugin inactive", request.count(None), without, aim=0)
        shop.switch_plugin(True)
    for name in ("checkoutLinesUpdate", "checkoutComplete"):
        plain = requests[name].count(PLAIN_VOUCHER, presence.absent)
        claimed = requests[name].count(shop.code)
        yield _more(f"{name}, a claim / a plain voucher", claimed, plain, aim=WITH_A_CODE)
    adding = Request(lambda code: (shop.create_checkout(), code), lambda pair: shop.add_code(*pair))
    plain = adding.count(PLAIN_VOUCHER, presence.absent)
    claimed = adding.count(shop.code)
    yield _more("checkoutAddPromoCode, a referral code / a plain voucher", claimed, plain)


def _more(name: str, ours: Statements, without: Statements, *, aim: int | None = None) -> Figure:
    added = ours.kinds - without.kinds
    remark = f"{len(ours)} instead of {len(without)}" + (f": {listed(added)}" if added else "")
    return counted(f"{name}: statements added", len(ours) - len(without), aim=aim, remark=remark)
