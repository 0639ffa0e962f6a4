"""The Saleor suite: our wheel in a real Saleor, for every version found in one folder.

The folder is SALEOR_CHECKOUTS (default: ~/.cache/saleor-referral-plugin/saleor). Of each
version it holds a checkout and the environment to run it, side by side:

    3.23/         Saleor's source
    3.23.venv/    its Python environment, made by Saleor's own instructions

    python -m tests.saleor_runner                   every version found
    python -m tests.saleor_runner 3.23 -k refund    one version, with arguments for pytest

What is tested is the wheel as a shop installs it, not this source tree: it is built once and
laid over each environment, which itself is left as it was.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.system_postgres import TEMPLATE, Cluster, NoPostgres, cluster

ROOT = Path(__file__).resolve().parent.parent
SERIES = ("3.21", "3.22", "3.23")
SUITE = ("tests/scenarios", "tests/saleor", "tests/graphql")
#: Where time is short: of three versions, in how many a file of these runs.
SPARED = {"tests/scenarios": 1, "tests/saleor": 2, "tests/graphql": 1}
#: Three on two cores keep both busy to the end; two would leave one idle for the third.
AT_ONCE = 3
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
TIME_LIMIT = 30 * 60
#: What the tests need beyond what a Saleor development environment holds.
TEST_REQUIREMENTS = ("hypothesis>=6.100,<7", "time-machine>=2.15,<4")
#: What would lead a test run away from the databases and brokers made for it.
FOREIGN_VARIABLES = (
    "BROKER_URL",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "DATABASE_URL_REPLICA",
    "DJANGO_SETTINGS_MODULE",
    "PYTEST_ADDOPTS",
    "PYTHONHOME",
    "REDIS_URL",
    "VIRTUAL_ENV",
)


#: Test runs that have not ended, so that an interrupted run ends them.
_running: set[subprocess.Popen[bytes]] = set()


class Unusable(Exception):
    """A Saleor is there and cannot be run; says why."""


@dataclass(frozen=True)
class Saleor:
    series: str
    version: str
    checkout: Path
    python: Path

    def __str__(self) -> str:
        return f"Saleor {self.version}"


@dataclass(frozen=True)
class Outcome:
    """The closing line about one version, and whether it is good news."""

    line: str
    ok: bool
    ran: bool = False
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    log: str = ""


def checkouts_folder() -> Path:
    if named := os.environ.get("SALEOR_CHECKOUTS"):
        return Path(named).expanduser().resolve()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "saleor-referral-plugin" / "saleor"


def find(folder: Path, series: str) -> Saleor | None:
    """The Saleor of a series in the folder; None when neither part of it is there."""
    checkout, environment = folder / series, folder / f"{series}.venv"
    if not checkout.is_dir() and not environment.is_dir():
        return None
    python = environment / "bin" / "python"
    about = checkout / "saleor" / "__init__.py"
    for path in (about, python):
        if not path.is_file():
            raise Unusable(f"{path} is missing")
    match = re.search(r'^__version__ = "([^"]+)"', about.read_text(), re.MULTILINE)
    if match is None:
        raise Unusable(f"{about} names no version")
    if not match[1].startswith(f"{series}."):
        raise Unusable(f"{checkout} holds Saleor {match[1]}")
    return Saleor(series, match[1], checkout, python)


@dataclass(frozen=True)
class Workshop:
    """What all versions share: our wheel, a copy of our tests, a PostgreSQL."""

    folder: Path
    wheel: Path
    database: Cluster

    @property
    def stage(self) -> Path:
        return self.folder / "stage"

    def prepare(self, saleor: Saleor) -> dict[str, str]:
        """Lay the wheel over the version's environment; the variables to run it with."""
        overlay = self.folder / f"overlay-{saleor.series}"
        pip(
            saleor,
            "install",
            "-qq",
            "--no-deps",
            "--target",
            overlay,
            self.wheel,
            *self.missing(saleor),
        )
        name = f"saleor_{saleor.series.replace('.', '_')}"
        environment = {
            key: value for key, value in os.environ.items() if key not in FOREIGN_VARIABLES
        }
        environment |= {
            "ALLOWED_CLIENT_HOSTS": "localhost,127.0.0.1,www.example.com",
            "DATABASE_URL": self.database.create_database(name),
            "DJANGO_SETTINGS_MODULE": "tests.saleor.settings",
            "PYTHONPATH": os.pathsep.join(map(str, (self.stage, overlay, saleor.checkout))),
            "REFERRAL_TEST_STORE": "saleor",
            "SALEOR_CHECKOUT": str(saleor.checkout),
            "SALEOR_TEST_TEMPLATE": TEMPLATE,
            "SALEOR_VERSION": saleor.version,
            "SECRET_KEY": "only for tests",
        }
        self.check_entry_point(saleor, environment, overlay)
        return environment

    def missing(self, saleor: Saleor) -> list[str]:
        """What pip would add to the environment. It must not move what is there."""
        report = self.folder / f"report-{saleor.series}.json"
        pip(
            saleor,
            *("install", "-qq", "--dry-run", "--report", report, self.wheel, *TEST_REQUIREMENTS),
        )
        there = {
            normalise(item["name"]): item["version"]
            for item in json.loads(pip(saleor, "list", "--format=json"))
        }
        new: list[str] = []
        for item in json.loads(report.read_text())["install"]:
            name, version = normalise(item["metadata"]["name"]), item["metadata"]["version"]
            if name == normalise("saleor-referral-plugin"):
                continue
            if name in there:
                raise Unusable(f"our wheel would move {name} from {there[name]} to {version}")
            new.append(f"{name}=={version}")
        return new

    def check_entry_point(self, saleor: Saleor, environment: dict[str, str], overlay: Path) -> None:
        """Saleor must find the plugin by itself, and in the overlay, not in a source tree."""
        code = (
            "from importlib import metadata, util\n"
            "found = [e.name for e in metadata.entry_points(group='saleor.plugins')]\n"
            "print(found, util.find_spec('saleor_referral_plugin').origin)\n"
        )
        said = subprocess.run(
            [saleor.python, "-c", code],
            env=environment,
            cwd=self.stage,
            capture_output=True,
            text=True,
        )
        expected = f"['saleor_referral_plugin'] {overlay}/saleor_referral_plugin/__init__.py"
        if said.stdout.strip() != expected:
            raise Unusable(f"wrong plugin found: {said.stdout}{said.stderr}")


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pip(saleor: Saleor, *arguments: str | Path) -> str:
    """Run our pip on the version's environment, which may have none of its own."""
    done = subprocess.run(
        [*PIP, "--python", saleor.python, *arguments], capture_output=True, text=True
    )
    if done.returncode:
        raise Unusable(f"pip {arguments[0]} failed\n{done.stdout}{done.stderr}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build from a copy: setuptools leaves things behind, and takes up what it finds."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "saleor_referral_plugin",
        source / "saleor_referral_plugin",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    command = (*PIP, "wheel", "-qq", "--no-deps", "--no-build-isolation")
    subprocess.run([*command, "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_tests(stage: Path) -> None:
    """The tests, and what they read; without the package, so that the wheel is what runs."""
    stage.mkdir()
    for name in ("pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, stage)
    for name in ("tests", "graphql", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, stage / name, ignore=shutil.ignore_patterns("__pycache__"))


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory(prefix="referral-saleor-") as name, cluster() as database:
        folder = Path(name).resolve()
        copy_tests(folder / "stage")
        yield Workshop(folder, build_wheel(folder), database)


def run(saleor: Saleor, workshop: Workshop, arguments: Sequence[str]) -> Outcome:
    """Run the suite in one version."""
    started = time.monotonic()
    log, results = (workshop.folder / f"{saleor.series}.{suffix}" for suffix in ("log", "xml"))
    try:
        environment = workshop.prepare(saleor)
    except Unusable as problem:
        return Outcome(f"{saleor}: could not run", ok=False, log=str(problem))
    say(f"{saleor}: running the suite")
    with log.open("wb") as output:
        # A session of its own, so that a run over time ends with all that it started.
        process = subprocess.Popen(
            [saleor.python, "-m", "pytest", f"--junitxml={results}", *(arguments or SUITE)],
            env=environment,
            cwd=workshop.stage,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        try:
            code: int | None = process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            code = None
            end(process)
        finally:
            _running.discard(process)
    passed, failed, skipped = counts(results)
    line = f"{saleor}: {passed} passed"
    if failed:
        line += f", {failed} failed"
    if skipped:
        line += f", {skipped} skipped"
    if code is None:
        line += f", stopped after {TIME_LIMIT // 60} minutes"
    elif code and not failed:
        line += f", pytest ended with {code}"
    line += f" in {time.monotonic() - started:.0f} s"
    text = log.read_text(errors="replace")
    return Outcome(line, code == 0 and passed > 0, True, passed, failed, skipped, text)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a test run with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def counts(results: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped, from a JUnit file; nothing when there is none."""
    if not results.is_file():
        return 0, 0, 0
    passed = failed = skipped = 0
    for suite in ElementTree.parse(results).getroot().iter("testsuite"):
        total, bad, left_out = (
            sum(int(suite.get(key, 0)) for key in keys)
            for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        passed, failed, skipped = passed + total - bad - left_out, failed + bad, skipped + left_out
    return passed, failed, skipped


def shares() -> dict[str, list[str]]:
    """What of the suite each version runs where time is short: together all of it. The longer a
    file, the longer it takes: it goes to those that have the least so far."""
    files = [
        (file.stat().st_size, f"{folder}/{file.name}", in_how_many)
        for folder, in_how_many in SPARED.items()
        for file in (ROOT / folder).glob("test_*.py")
    ]
    share: dict[str, list[str]] = {series: [] for series in SERIES}
    load = dict.fromkeys(SERIES, 0)
    for size, name, in_how_many in sorted(files, reverse=True):
        for series in sorted(SERIES, key=load.__getitem__)[:in_how_many]:
            share[series].append(name)
            load[series] += size
    return {series: sorted(names) for series, names in share.items()}


def say(text: str) -> None:
    print(text, flush=True)


def run_all(arguments: Sequence[str] = (), *, sparing: bool = False) -> list[Outcome]:
    """One outcome for each version we support, in order. `sparing`: see SPARED; a version that
    is there alone runs everything."""
    wanted = [name for name in arguments if name in SERIES] or list(SERIES)
    for_pytest = [name for name in arguments if name not in SERIES]
    if for_pytest and not any(name.startswith("tests/") for name in for_pytest):
        for_pytest += SUITE
    folder = checkouts_folder()
    outcomes: dict[str, Outcome] = {}
    found: list[Saleor] = []
    for series in wanted:
        try:
            saleor = find(folder, series)
        except Unusable as problem:
            outcomes[series] = Outcome(f"Saleor {series}: could not run: {problem}", ok=False)
        else:
            if saleor is not None:
                found.append(saleor)
            else:
                outcomes[series] = Outcome(f"Saleor {series}: not found in {folder}", ok=True)
    share = shares() if sparing and len(found) == len(SERIES) else {}
    if found:
        say(f"Saleor suite: {', '.join(map(str, found))}, from {folder}")
        if share:
            say("Every file in one of them at least; `make saleor` runs everything in each.")
        try:
            with open_workshop() as workshop, ThreadPoolExecutor(AT_ONCE) as pool:
                runs = [
                    pool.submit(run, saleor, workshop, share.get(saleor.series, for_pytest))
                    for saleor in found
                ]
                try:
                    for saleor, future in zip(found, runs, strict=True):
                        outcomes[saleor.series] = future.result()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    for process in list(_running):
                        end(process)
                    raise
        except (NoPostgres, subprocess.CalledProcessError) as problem:
            for saleor in found:
                outcomes.setdefault(
                    saleor.series, Outcome(f"{saleor}: could not run", ok=False, log=str(problem))
                )
    return [outcomes[series] for series in wanted]


def closing_lines(outcomes: Sequence[Outcome]) -> list[str]:
    lines = [outcome.line for outcome in outcomes]
    if not any(outcome.ran for outcome in outcomes):
        lines += [
            "THE SALEOR SUITE DID NOT RUN. All that passed here passed without a real Saleor.",
            "CONTRIBUTING.md says how to run it.",
        ]
    return lines


def print_logs(outcomes: Sequence[Outcome], *, even_good: bool = False) -> None:
    for outcome in outcomes:
        if outcome.log and (even_good or not outcome.ok):
            say(f"\n---- {outcome.line}\n{outcome.log}\n---- end of {outcome.line}")


def main(arguments: Sequence[str]) -> int:
    outcomes = run_all(arguments)
    # Who asks for a part of it wants to see it run.
    print_logs(outcomes, even_good=bool(arguments))
    say("")
    for line in closing_lines(outcomes):
        say(line)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    # A polite end runs the clean-up, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
