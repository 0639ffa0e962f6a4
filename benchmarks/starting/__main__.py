"""The group itself, run by Saleor's Python: figures go to the file named by `--out`.

With Saleor's own production settings, a process with our wheel in its path and one without take
turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures import Figure, save
from benchmarks.measuring import spread

#: Each takes half a minute on a slow machine.
ROUNDS = 4
#: A worker that answers requests has the API's schema, one that carries out tasks the apps alone.
_START = """
import json, resource, time
cpu, wall = time.process_time(), time.perf_counter()
import django
django.setup()
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2 ** 20
ready = memory()
from saleor.graphql.api import schema
from django.conf import settings
ours = [path for path in settings.PLUGINS if path.startswith("saleor_referral_plugin")]
print(json.dumps({"cpu": cpu, "wall": wall, "ready": ready, "api": memory(), "ours": len(ours)}))
"""
WORDS = {
    "cpu": ("django.setup(): CPU", "s"),
    "wall": ("django.setup(): time", "s"),
    "ready": ("memory after django.setup()", "MB"),
    "api": ("memory of a process with the API's schema", "MB"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "saleor.settings"}
    paths = environment["PYTHONPATH"].split(os.pathsep)
    alone = [path for path in paths if not Path(path).name.startswith("overlay-")]
    assert len(alone) == len(paths) - 1, paths
    environments = {
        "with": environment,
        "without": environment | {"PYTHONPATH": os.pathsep.join(alone)},
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in environments}
    for number in range(-1, ROUNDS):
        for name in sorted(environments, reverse=bool(number % 2)):
            started = _started(environments[name])
            assert started["ours"] == (name == "with"), started
            # The first of each compiles what was never imported.
            if number >= 0:
                found[name].append(started)
    save([_figure(key, found) for key in WORDS], arguments.out)


def _started(environment: Mapping[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _START],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


def _figure(key: str, found: Mapping[str, list[dict[str, float]]]) -> Figure:
    words, unit = WORDS[key]
    with_us, without = ([each[key] for each in found[name]] for name in ("with", "without"))
    more = [one - other for one, other in zip(with_us, without, strict=True)]
    return Figure(
        f"added to {words}",
        statistics.median(more),
        unit,
        spread=spread(more),
        remark=f"{statistics.median(with_us):.2f} to {statistics.median(without):.2f} {unit}, "
        f"medians of {len(more)} pairs",
    )


if __name__ == "__main__":
    main()
