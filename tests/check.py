"""Everything that must hold before a change lands, in one run.

    python -m tests.check               all of it, Saleor suite included
    python -m tests.check lint          style, types, rings, migrations, schema, the released
                                        schema, settings, the schema of events, known
                                        vulnerabilities of what we install
    python -m tests.check schema        one step, by its name

No step stops the others: a run says all that is wrong.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import saleor_runner, typescript
from tests.audit import NOT_POSSIBLE
from tests.saleor_runner import ROOT, counts, say

SANDBOX_SETTINGS = "saleor_referral_plugin.sandbox.settings"
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]


LINT = (
    Step("style", (*PYTHON, "ruff", "check", ".")),
    Step("format", (*PYTHON, "ruff", "format", "--check", ".")),
    Step("types", (*PYTHON, "mypy")),
    Step("rings", (str(Path(sys.executable).with_name("lint-imports")), "--no-cache")),
    Step(
        "migrations",
        (
            *(*PYTHON, "django", "makemigrations", "--check", "--dry-run"),
            *("--settings", SANDBOX_SETTINGS),
        ),
    ),
    Step("schema", (*PYTHON, "saleor_referral_plugin.sandbox", "referral_schema", "--check")),
    Step("released", (*PYTHON, "tests.released_schema")),
    Step("settings", (*PYTHON, "saleor_referral_plugin.sandbox", "referral_settings", "--check")),
    Step(
        "events", (*PYTHON, "saleor_referral_plugin.sandbox", "referral_events_schema", "--check")
    ),
    Step("audit", (*PYTHON, "tests.audit")),
)
TESTS = Step("tests", (*PYTHON, "pytest", "tests", "--ignore=tests/saleor", "--numprocesses=auto"))


@dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, passed: int, failed: int, skipped: int) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def carry_out(step: Step, *more: str) -> tuple[bool, str]:
    """Whether a step went well, and its line in the summary."""
    say(f"\n== {step.name}: {' '.join((Path(step.command[0]).name, *step.command[1:]))}")
    started = time.monotonic()
    done = subprocess.run([*step.command, *more], cwd=ROOT, stdin=subprocess.DEVNULL)
    # A step that could not be done is no failure, and is not passed over in silence.
    said = {0: "ok", NOT_POSSIBLE: "NOT DONE"}.get(done.returncode, "FAILED")
    seconds = time.monotonic() - started
    return said != "FAILED", f"{step.name:<12} {said:<8} {seconds:6.1f} s"


def run_lint(steps: Sequence[Step] = LINT) -> tuple[bool, list[str]]:
    results = [carry_out(step) for step in steps]
    return all(ok for ok, _ in results), [line for _, line in results]


def run_everything() -> int:
    totals = Totals()
    lint_ok, lines = run_lint()
    with tempfile.TemporaryDirectory(prefix="referral-check-") as folder:
        results = Path(folder) / "results.xml"
        tests_ok, line = carry_out(TESTS, f"--junitxml={results}")
        here = Totals(*counts(results))
    totals.add(here.passed, here.failed, here.skipped)
    lines.append(f"{line}   {here}")

    say("\n== saleor: the same scenarios, in a real Saleor")
    outcomes = saleor_runner.run_all(sparing=True)
    saleor_runner.print_logs(outcomes)
    for outcome in outcomes:
        totals.add(outcome.passed, outcome.failed, outcome.skipped)

    everything = lint_ok and tests_ok and all(outcome.ok for outcome in outcomes)
    say("\n== summary")
    for line in lines:
        say(line)
    if not shutil.which("redis-server"):
        say("NO redis-server HERE: the test with a real Celery worker was skipped.")
    if not typescript.is_possible():
        say("NO npm HERE: that a storefront's types are made and compile was not tested.")
    say(str(totals))
    for line in saleor_runner.closing_lines(outcomes):
        say(line)
    say("Everything that ran is in order." if everything else "SOMETHING FAILED: see above.")
    return 0 if everything else 1


def main(arguments: Sequence[str]) -> int:
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if not arguments:
        return run_everything()
    steps = {step.name: (step,) for step in (*LINT, TESTS)} | {"lint": LINT}
    wanted = [step for name in arguments for step in steps[name]]
    ok, lines = run_lint(wanted)
    say("")
    for line in lines:
        say(line)
    return 0 if ok else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
