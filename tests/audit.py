"""Known vulnerabilities of what this package installs: its run-time dependencies and what they
pull in, in the versions that are installed here. What PyPI knows of each (the advisories of OSV)
says so.

    python -m tests.audit

Saleor's own dependencies are Saleor's to look after. Where PyPI cannot be asked, as behind a mirror
that carries the index alone, that is said, and the exit code is 77: neither well nor ill.
"""

import os
import re
import sys
import tomllib
from collections.abc import Collection
from importlib import metadata
from pathlib import Path
from typing import Any

import requests
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PYPI = "https://pypi.org/pypi"
NOT_POSSIBLE = 77
TIMEOUT = 20


class CannotAsk(Exception):
    """PyPI does not say."""


def required() -> list[str]:
    """As pyproject.toml lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


def installed(requirements: Collection[str]) -> dict[str, str]:
    """Version by name, of all that is needed."""
    found: dict[str, str] = {}
    waiting = [(Requirement(each), "") for each in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        extras = ["", *requirement.extras]
        if name in found and extras == [""]:
            continue
        distribution = metadata.distribution(requirement.name)
        found[name] = distribution.version
        for each in distribution.requires or ():
            waiting += [(Requirement(each), wanted) for wanted in extras]
    return dict(sorted(found.items()))


def vulnerabilities(name: str, version: str, pypi: str) -> list[str]:
    """What is known of one version, a line each. Raises CannotAsk."""
    try:
        answer = requests.get(f"{pypi}/{name}/{version}/json", timeout=TIMEOUT)
        answer.raise_for_status()
        known: list[dict[str, Any]] = answer.json()["vulnerabilities"]
    except (requests.RequestException, ValueError, KeyError) as error:
        raise CannotAsk(f"{name} {version}: {error}") from error
    return [
        f"{name} {version}: {', '.join([each['id'], *each['aliases']])}, "
        f"mended in {', '.join(each['fixed_in']) or 'no version yet'}: {each['link']}"
        for each in known
        if not each.get("withdrawn")
    ]


def main(pypi: str, requirements: Collection[str]) -> int:
    found: list[str] = []
    versions = installed(requirements)
    try:
        for name, version in versions.items():
            found += vulnerabilities(name, version, pypi)
    except CannotAsk as error:
        print(f"NOT AUDITED: {pypi} cannot be asked about {error}", file=sys.stderr)
        return 1 if found else NOT_POSSIBLE
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"Nothing is known against {len(versions)} packages.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("PYPI_JSON", PYPI), required()))
