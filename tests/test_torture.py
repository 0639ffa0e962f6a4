"""The short form of the torture; `make torture` runs as many orders as are asked for."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDERS = 2000

pytestmark = [
    pytest.mark.skipif(
        not shutil.which("redis-server"), reason="NO redis-server HERE: nothing was tortured."
    ),
    pytest.mark.skipif(
        os.environ.get("REFERRAL_TEST_STORE", "sandbox") != "sandbox",
        reason="It is the sandbox that is tortured.",
    ),
]


def test_the_books_are_right_whatever_breaks_around_them() -> None:
    # given: another seed each time; the closing line says which
    seed = random.SystemRandom().randrange(10**6)
    command = [sys.executable, "-m", "tests.torture", "--orders", str(ORDERS), "--seed", str(seed)]

    # when
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    # then
    assert done.returncode == 0, done.stdout + done.stderr
    closing = done.stdout.splitlines()[-1]
    if closing.startswith("NO PostgreSQL"):
        pytest.skip(closing)
    assert closing.startswith(f"{ORDERS} orders, seed {seed}, ")
    assert closing.endswith(": the books are right.")
