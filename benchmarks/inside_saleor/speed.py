"""Processor time of requests with us and without, paired and taking turns."""

import statistics
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.inside_saleor.own_time import own_time
from benchmarks.inside_saleor.presence import Presence
from benchmarks.inside_saleor.shop import PLAIN_VOUCHER, BenchShop
from benchmarks.measuring import Contestant, race, ratio, spread
from tests.scenarios.saleor_shop import SaleorCheckout

COMPLETING = 1.02


def run(shop: BenchShop, presence: Presence, pairs: int) -> Iterator[Figure]:
    yield from _completing(shop, presence, pairs)
    shop.sweep_has_read()
    yield from _adding_a_code(shop, presence, pairs)


def _completing(shop: BenchShop, presence: Presence, pairs: int) -> Iterator[Figure]:
    without = Contestant(shop.paid_checkout, shop.complete, presence.absent)
    laps = race(
        {
            "without": without,
            "with": Contestant(shop.paid_checkout, shop.complete),
            "without again": without,
        },
        rounds=pairs,
    )
    yield ratio(
        "checkoutComplete, no code, with us / without us: CPU",
        laps,
        "with",
        "without",
        aim=COMPLETING,
        again="without again",
    )
    usual = statistics.median(lap.cpu for lap in laps["without"])
    shares, calls = [], 0
    for _ in range(pairs):
        checkout = shop.paid_checkout()
        with own_time() as spent:
            shop.complete(checkout)
        shares.append(1 + spent.seconds / usual)
        calls = spent.calls
    yield Figure(
        "checkoutComplete, no code, our own code on top of it: CPU",
        statistics.median(shares),
        "ratio",
        COMPLETING,
        spread(shares),
        f"{calls} calls into the plugin, {(statistics.median(shares) - 1) * usual * 1000:.2f} ms",
    )


def _adding_a_code(shop: BenchShop, presence: Presence, pairs: int) -> Iterator[Figure]:
    def plain(checkout: SaleorCheckout) -> None:
        shop.add_code(checkout, PLAIN_VOUCHER)

    def referral(checkout: SaleorCheckout) -> None:
        shop.add_code(checkout, shop.code)

    without = Contestant(shop.create_checkout, plain, presence.absent)
    laps = race(
        {
            "plain, without": without,
            "plain, with": Contestant(shop.create_checkout, plain),
            "referral": Contestant(shop.create_checkout, referral),
            "plain, without again": without,
        },
        rounds=pairs,
    )
    for name, ours in (
        ("a plain voucher with us / without us", "plain, with"),
        ("a referral code / a plain voucher without us", "referral"),
    ):
        yield ratio(
            f"checkoutAddPromoCode, {name}: CPU",
            laps,
            ours,
            "plain, without",
            again="plain, without again",
        )
