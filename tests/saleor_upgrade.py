"""Saleor is upgraded under books that are not empty.

    python -m tests.saleor_upgrade

The oldest Saleor found makes its database, by its own migrations and ours, and a story of ours
happens in it. Each newer Saleor found then migrates that very database, checks the books, and goes
on with the story. See tests/saleor_upgrade_story.py for what is told.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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

STORY = "tests.saleor_upgrade_story"


def carry_out(
    saleor: Saleor, environment: dict[str, str], workshop: Workshop, what: str, *arguments: str
) -> None:
    """Run a Python module in a Saleor."""
    started = time.monotonic()
    log = workshop.folder / "upgrade.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [saleor.python, "-W", "ignore", "-m", what, *arguments],
            env=environment,
            cwd=workshop.stage,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    said = log.read_text(errors="replace")
    if done.returncode:
        raise Unusable(f"{saleor}: {what} {' '.join(arguments)}\n{said[-8000:]}")
    if what == STORY:
        for line in said.splitlines():
            if line.startswith("- "):
                say(line)
    say(f"{saleor}: {' '.join(arguments)} in {time.monotonic() - started:.0f} s")


def upgrade(saleors: list[Saleor], workshop: Workshop) -> None:
    database = workshop.database.create_database("upgraded")
    kept = str(Path(workshop.folder) / "story.json")
    say(f"{saleors[0]}: making its database, by its own migrations (minutes)")
    for saleor in saleors:
        environment = workshop.prepare(saleor) | {"DATABASE_URL": database}
        migrating = environment | {"DJANGO_SETTINGS_MODULE": "saleor.tests.settings"}
        carry_out(saleor, migrating, workshop, "django", "migrate", "--verbosity=0")
        chapter = "begin" if saleor is saleors[0] else "go_on"
        carry_out(saleor, environment, workshop, STORY, chapter, kept)


def main() -> int:
    folder = checkouts_folder()
    try:
        found = [saleor for series in SERIES if (saleor := find(folder, series))]
        if len(found) < 2:
            say(f"NOT TWO SALEORS in {folder}: nothing was upgraded.")
            return 0
        with open_workshop() as workshop:
            upgrade(found, workshop)
    except (Unusable, NoPostgres) as problem:
        say(f"THE UPGRADE FAILED\n{problem}")
        return 1
    say(f"Upgraded from {found[0].version} to {found[-1].version}: the books agree.")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
