"""Run the benchmarks, print their figures and write bench.json.

    python -m benchmarks                     all groups
    python -m benchmarks engine              one of them
    python -m benchmarks saleor --pairs 200  with more pairs than usual
    python -m benchmarks bulk --orders 100000
                                             many orders at once: swept, and replayed
    python -m benchmarks growth --largest 10000000
                                             among ten million codes, too, which takes longer

A figure that misses its aim is said at the end; only a group that could not be measured
makes the run fail.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import engine, growth, workers
from benchmarks.figures import Group, closing_lines, publish, table
from benchmarks.inside_saleor import launch

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 60
LARGEST = 1_000_000
ORDERS = 2_000


@dataclass(frozen=True)
class Asked:
    """How much is to be measured."""

    pairs: int
    largest: int
    orders: int


GROUPS: dict[str, Callable[[Asked], Group]] = {
    "engine": lambda asked: Group(engine.TITLE, engine.run(asked.pairs)),
    "bulk": lambda asked: Group(engine.BULK, engine.run_bulk(asked.orders)),
    "growth": lambda asked: Group(growth.TITLE, growth.run(asked.pairs, asked.largest)),
    "workers": lambda asked: workers.run(asked.orders // 4),
    "saleor": lambda asked: launch.measure("inside_saleor", asked.pairs),
    "otherwise": lambda asked: launch.measure("otherwise", asked.pairs),
    "starting": lambda asked: launch.measure("starting", asked.pairs),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" or ".join(GROUPS))
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"usually {PAIRS}")
    parser.add_argument(
        "--largest", type=int, default=LARGEST, help=f"codes, usually up to {LARGEST:,}"
    )
    parser.add_argument("--orders", type=int, default=ORDERS, help=f"at once, usually {ORDERS:,}")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    groups = []
    for name in arguments.groups or GROUPS:
        groups.append(GROUPS[name](Asked(arguments.pairs, arguments.largest, arguments.orders)))
        print(f"\n{table(groups[-1])}", flush=True)
    publish(groups, arguments.out)
    print("", *closing_lines(groups), _machine(), f"Written to {arguments.out}.", sep="\n")
    return int(any(group.failed for group in groups))


def _machine() -> str:
    """Whether the times can be trusted: what else ran on this machine."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return f"Measured on {cores} cores with a load of {load:.1f}; 1 is the benchmarks' own."


if __name__ == "__main__":
    # A polite end runs the clean-up, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
