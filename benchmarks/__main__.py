"""Run the benchmarks, print their figures and write bench.json.

    python -m benchmarks                     all groups
    python -m benchmarks engine              one of them
    python -m benchmarks saleor --pairs 200  with more pairs than usual
    python -m benchmarks replay --pairs 500  a replay over 500 orders, and over four times as many

A figure that misses its aim is said at the end; only a group that could not be measured
makes the run fail.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import engine
from benchmarks.figures import Group, closing_lines, publish, table
from benchmarks.inside_saleor import launch

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 60


def measure_engine(pairs: int) -> Group:
    return Group(engine.TITLE, engine.run(pairs))


def measure_replay(pairs: int) -> Group:
    return Group(engine.REPLAY, engine.run_replay(pairs))


GROUPS: dict[str, Callable[[int], Group]] = {
    "engine": measure_engine,
    "replay": measure_replay,
    "saleor": launch.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" or ".join(GROUPS))
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"usually {PAIRS}")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    groups = []
    for name in arguments.groups or GROUPS:
        groups.append(GROUPS[name](arguments.pairs))
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
