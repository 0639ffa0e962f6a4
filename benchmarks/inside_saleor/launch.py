"""Find the newest Saleor, lay our wheel over its environment and run the group in there."""

import subprocess
from pathlib import Path

from benchmarks.figures import Group, load
from tests.saleor_runner import (
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

TITLE = "Inside Saleor"


def measure(pairs: int) -> Group:
    """The group's figures; left out where no Saleor is found."""
    folder = checkouts_folder()
    try:
        saleor = _newest(folder)
        if saleor is None:
            return Group(TITLE, left_out=f"it needs a Saleor, and none was found in {folder}")
        say(f"{saleor}, from {folder}")
        with open_workshop() as workshop:
            return _measure_in(saleor, workshop, pairs)
    except (Unusable, NoPostgres, subprocess.CalledProcessError) as problem:
        say(str(problem))
        first_line = str(problem).partition("\n")[0]
        return Group(TITLE, left_out=f"it could not run: {first_line}", failed=True)


def _newest(folder: Path) -> Saleor | None:
    found = (find(folder, series) for series in reversed(SERIES))
    return next((saleor for saleor in found if saleor is not None), None)


def _measure_in(saleor: Saleor, workshop: Workshop, pairs: int) -> Group:
    environment = workshop.prepare(saleor) | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.inside_saleor.settings",
        "PYTHONHASHSEED": "0",
    }
    results = workshop.folder / "figures.json"
    subprocess.run(
        [
            *(saleor.python, "-W", "ignore", "-m", "benchmarks.inside_saleor"),
            *("--pairs", str(pairs), "--out", results),
        ],
        env=environment,
        cwd=workshop.stage,
        check=True,
    )
    return Group(f"{TITLE}: {saleor}", load(results))
