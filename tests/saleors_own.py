"""Saleor's own tests, with our plugin installed and active and without it: what differs?

    python -m tests.saleors_own                                the folders of FOLDERS, newest Saleor
    python -m tests.saleors_own saleor/graphql/giftcard        some of them
    python -m tests.saleors_own saleor/checkout -k voucher     with arguments for pytest

The tests are those of the Saleor checkout (see tests/saleor_runner.py). Each way has a database
made by Saleor's migrations, ours among them or not. Where a test comes out differently, both ways
are run again, one test after the other: what differs then is named with its reason (REASONS), or
fails the run.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.saleor_runner import (
    FOREIGN_VARIABLES,
    SERIES,
    Saleor,
    Unusable,
    Workshop,
    checkouts_folder,
    find,
    open_workshop,
    say,
)
from tests.system_postgres import NoPostgres

APPS = ("checkout", "order", "discount", "giftcard", "payment", "account", "plugins")
FOLDERS = tuple(f"{root}/{app}" for app in APPS for root in ("saleor", "saleor/graphql"))
WORKERS = os.environ.get("REFERRAL_SALEORS_OWN_WORKERS", "2")

#: Tests that come out differently with us, as docs/operations.md has them: the end of the
#: test's name, and why.
REASONS: dict[str, str] = {}


@dataclass(frozen=True)
class Way:
    """`name` is "without" or "with"."""

    name: str
    environment: dict[str, str]
    options: tuple[str, ...] = ()


def ways(saleor: Saleor, workshop: Workshop) -> tuple[Way, Way]:
    """Makes the two databases: Saleor's migrations take minutes."""
    kept = {k: v for k, v in os.environ.items() if k not in FOREIGN_VARIABLES}
    own = kept | {
        "ALLOWED_CLIENT_HOSTS": "localhost,127.0.0.1,www.example.com",
        "PYTHONPATH": os.pathsep.join(map(str, (saleor.checkout, workshop.stage))),
        "SALEOR_TEST_TEMPLATE": "own_without",
        "SECRET_KEY": "only for tests",
    }
    ours = workshop.prepare(saleor)
    overlay = ours["PYTHONPATH"].split(os.pathsep)[1]
    with_us = own | {
        "PYTHONPATH": os.pathsep.join((overlay, own["PYTHONPATH"])),
        "SALEOR_TEST_TEMPLATE": "own_with",
    }
    database = workshop.database
    say(f"{saleor}: making its database, by its own migrations (minutes)")
    migrate(saleor, own | {"DATABASE_URL": database.create_database("own_without")}, workshop)
    database.execute("postgres", "CREATE DATABASE own_with TEMPLATE own_without")
    migrate(saleor, with_us | {"DATABASE_URL": database.url("own_with")}, workshop)
    # The databases of the tests are copies of these; this one is only where they begin.
    address = {"DATABASE_URL": database.create_database("own")}
    return (
        Way("without", own | address),
        Way("with", with_us | address, ("-p", "tests.saleors_own_plugin")),
    )


def migrate(saleor: Saleor, environment: dict[str, str], workshop: Workshop) -> None:
    log = workshop.folder / "migrate.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [saleor.python, "manage.py", "migrate", "--verbosity=0"],
            # With these no shop is filled in to begin with.
            env=environment | {"DJANGO_SETTINGS_MODULE": "saleor.tests.settings"},
            cwd=saleor.checkout,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise Unusable(f"migrate failed\n{log.read_text(errors='replace')[-5000:]}")


def run(
    saleor: Saleor, way: Way, workshop: Workshop, what: Sequence[str], *, workers: str = WORKERS
) -> dict[str, str]:
    """The outcome of each test, by its name."""
    results, log = (workshop.folder / f"own-{way.name}.{suffix}" for suffix in ("xml", "log"))
    results.unlink(missing_ok=True)
    command = [
        *(saleor.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore"),
        *("--ds=tests.saleors_own_settings", "--create-db", f"--numprocesses={workers}"),
        *("--show-capture=no", "--tb=short", f"--junitxml={results}", *way.options, *what),
    ]
    with log.open("wb") as output:
        subprocess.run(
            command,
            env=way.environment,
            cwd=saleor.checkout,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    lines = log.read_text(errors="replace").strip().splitlines()
    # Warnings of Saleor's may come after it.
    closing = [line for line in lines if re.search(r"\d+ (passed|failed|error).* in ", line)]
    say(f"  {way.name} us: {closing[-1] if closing else 'pytest did not come to its end'}")
    if not results.is_file():
        raise Unusable("\n".join(lines[-50:]))
    return outcomes(results)


def outcomes(results: Path) -> dict[str, str]:
    """Of a JUnit file: test -> passed, skipped, or how it failed."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error")]
        if bad:
            found[name] = f"{bad[0].tag}: {(bad[0].get('message') or '').strip()}"
        else:
            found[name] = "skipped" if case.find("skipped") is not None else "passed"
    return found


def kind(outcome: str | None) -> str:
    return "not run" if outcome is None else outcome.partition(":")[0]


def differing(without: dict[str, str], with_us: dict[str, str]) -> list[str]:
    return sorted(
        name
        for name in without.keys() | with_us.keys()
        if kind(without.get(name)) != kind(with_us.get(name))
    )


def node(saleor: Saleor, name: str) -> str:
    """`saleor.order.tests.test_x.TestY::test_z[1]` -> what pytest is called with."""
    dotted, _, test = name.partition("::")
    parts, classes = dotted.split("."), list[str]()
    while parts and not (saleor.checkout / Path(*parts).with_suffix(".py")).is_file():
        classes.insert(0, parts.pop())
    return "::".join((str(Path(*parts).with_suffix(".py")), *classes, test))


def compare(saleor: Saleor, workshop: Workshop, what: Sequence[str]) -> int:
    both = ways(saleor, workshop)
    say(f"{saleor}: {' '.join(what)}")
    first = [run(saleor, way, workshop, what) for way in both]
    suspects = differing(*first)
    second: list[dict[str, str]] = [{}, {}]
    if suspects:
        say(f"{len(suspects)} came out differently: again, one after the other")
        nodes = [node(saleor, name) for name in suspects]
        second = [run(saleor, way, workshop, nodes, workers="0") for way in both]
    unknown = 0
    for name in suspects:
        before, after = (found.get(name) for found in second)
        if kind(before) == kind(after):
            say(f"  {name}: {kind(before)} both ways, alone")
            continue
        reason = next((why for end, why in REASONS.items() if name.endswith(end)), "")
        unknown += not reason
        said = re.sub(r"\s+", " ", after if kind(after) != "passed" else before or "")[:300]
        say(f"  {name}: {kind(before)} without us, {kind(after)} with us: {reason or said}")
    passed = [sum(kind(outcome) == "passed" for outcome in found.values()) for found in first]
    say(
        f"{saleor}: {len(first[0])} tests; {passed[0]} passed without us, {passed[1]} with us; "
        f"{unknown} differ without a reason known"
    )
    return 1 if unknown or not passed[0] else 0


def main(arguments: Sequence[str]) -> int:
    wanted = [name for name in arguments if name in SERIES]
    what = [name for name in arguments if name not in SERIES]
    if not any(name.startswith("saleor") for name in what):
        what += FOLDERS
    folder = checkouts_folder()
    try:
        found = [find(folder, series) for series in wanted or SERIES]
        newest = next((saleor for saleor in reversed(found) if saleor is not None), None)
        if newest is None:
            say(f"NO SALEOR in {folder}: nothing was compared.")
            return 0
        with open_workshop() as workshop:
            return compare(newest, workshop, what)
    except (Unusable, NoPostgres) as problem:
        say(f"Saleor's own tests could not run: {problem}")
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
