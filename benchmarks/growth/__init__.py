"""What is asked most, in a small shop's tables and in a large one's."""

from collections.abc import Iterator

from benchmarks.engine import database
from benchmarks.figures import Figure

TITLE = "Growth, on the sandbox's PostgreSQL"
#: Of the largest time to the smallest.
AIM = 1.2


def run(rounds: int, largest: int) -> tuple[Figure, ...]:
    """All figures of the group; `largest`: up to so many codes."""
    with database():
        return tuple(_figures(rounds, largest))


def _figures(rounds: int, largest: int) -> Iterator[Figure]:
    from benchmarks.growth import comparing, filling
    from benchmarks.growth.asking import open_shop

    sizes = [size for size in filling.SIZES if size.codes <= largest]
    shop = open_shop()
    try:
        for size in sizes:
            seconds = filling.fill(size, shop.known)
            yield Figure(
                f"filling {size.codes:,} codes and {size.referrals:,} referrals",
                seconds,
                "seconds",
            )
        yield from comparing.run(shop, sizes, rounds)
    finally:
        filling.drop(sizes)
