"""Whole requests: how many statements they take with us, and how many without."""

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest import mock

from benchmarks.figures import Figure, counted
from benchmarks.inside_saleor.presence import Presence
from benchmarks.inside_saleor.shop import PLAIN_VOUCHER, BenchShop
from benchmarks.measuring import Statements, listed, statements
from saleor_referral_plugin.engine import claims

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
        judged = Statements()
        claimed = requests[name].count(shop.code, functools.partial(judging, judged))
        yield from _claiming(f"{name}, a claim / a plain voucher", claimed, plain, judged)
    adding = Request(lambda code: (shop.create_checkout(), code), lambda pair: shop.add_code(*pair))
    plain = adding.count(PLAIN_VOUCHER, presence.absent)
    judged = Statements()
    claimed = adding.count(shop.code, functools.partial(judging, judged))
    name = "checkoutAddPromoCode, a referral code / a plain voucher"
    yield from _claiming(name, claimed, plain, judged)


@contextmanager
def judging(judged: Statements) -> Iterator[None]:
    """Note what the claim itself asks: judging it when it is made, and again when something has
    changed or the checkout is about to become an order."""
    judged.sent.clear()

    def noted(judge: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(judge)
        def judge_it(*args: Any, **kwargs: Any) -> Any:
            with statements() as seen:
                answer = judge(*args, **kwargs)
            judged.sent += seen.sent
            return answer

        return judge_it

    with (
        mock.patch.object(claims, "objection", noted(claims.objection)),
        mock.patch.object(claims, "_judge_new", noted(claims._judge_new)),
    ):
        yield


def _claiming(
    name: str, ours: Statements, without: Statements, judged: Statements
) -> Iterator[Figure]:
    yield counted(f"{name}: statements to judge the claim", len(judged), remark=str(judged))
    outside = len(ours) - len(without) - len(judged)
    yield counted(
        f"{name}: statements added besides",
        outside,
        aim=WITH_A_CODE,
        remark=str(ours.kinds - without.kinds - judged.kinds),
    )


def _more(name: str, ours: Statements, without: Statements, *, aim: int | None = None) -> Figure:
    added = ours.kinds - without.kinds
    remark = f"{len(ours)} instead of {len(without)}" + (f": {listed(added)}" if added else "")
    return counted(f"{name}: statements added", len(ours) - len(without), aim=aim, remark=remark)
