"""Find the newest Saleor, lay our wheel over its environment and run a group in there."""

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

TITLES = {
    "inside_saleor": "Inside Saleor",
    "otherwise": "The plugin, and an app that does it over the API",
    "starting": "Starting Saleor",
}


def measure(module: str, pairs: int) -> Group:
    """The figures of the group in a module of ours; left out where no Saleor is found."""
    title, folder = TITLES[module], checkouts_folder()
    try:
        saleor = _newest(folder)
        if saleor is None:
            return Group(title, left_out=f"it needs a Saleor, and none was found in {folder}")
        say(f"{saleor}, from {folder}")
        with open_workshop() as workshop:
            return _measure_in(saleor, workshop, module, pairs)
    except (Unusable, NoPostgres, subprocess.CalledProcessError) as problem:
        say(str(problem))
        first_line = str(problem).partition("\n")[0]
        return Group(title, left_out=f"it could not run: {first_line}", failed=True)


def _newest(folder: Path) -> Saleor | None:
    found = (find(folder, series) for series in reversed(SERIES))
    return next((saleor for saleor in found if saleor is not None), None)


def _measure_in(saleor: Saleor, workshop: Workshop, module: str, pairs: int) -> Group:
    environment = workshop.prepare(saleor) | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.inside_saleor.settings",
        "PYTHONHASHSEED": "0",
    }
    results = workshop.folder / "figures.json"
    subprocess.run(
        [
            *(saleor.python, "-W", "ignore", "-m", f"benchmarks.{module}"),
            *("--pairs", str(pairs), "--out", results),
        ],
        env=environment,
        cwd=workshop.stage,
        check=True,
    )
    return Group(f"{TITLES[module]}: {saleor}", load(results))
