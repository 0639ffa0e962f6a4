"""A throw-away cluster of the system's PostgreSQL.

Saleor needs extensions that no embedded PostgreSQL carries. The cluster lives in a temporary
folder, listens on a free port of this machine only, keeps nothing safe (no fsync) and is gone
when the block ends.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

EXTENSIONS = ("hstore", "pg_trgm", "btree_gin", "pgcrypto")
TEMPLATE = "template_saleor"
START_ATTEMPTS = 3
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "log_min_messages": "error",
}


class NoPostgres(Exception):
    """No usable PostgreSQL on this machine; says what is missing."""


@dataclass(frozen=True)
class Cluster:
    """`restart` stops the server at once, as a crash would, and starts it again."""

    port: int
    restart: Callable[[], None]

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, *statements: str) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def create_database(self, name: str) -> str:
        """A new database with Saleor's extensions; its address."""
        self.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        return self.url(name)


def find_binaries() -> Path:
    """The folder of the newest initdb and pg_ctl."""
    candidates = []
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        candidates.append(Path(answer.stdout.strip()))
    versions = list(Path("/usr/lib/postgresql").glob("*/bin"))
    candidates += sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    if pg_ctl := shutil.which("pg_ctl"):
        candidates.append(Path(pg_ctl).parent)
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise NoPostgres(
        "no PostgreSQL server found (Debian: apt-get install postgresql postgresql-contrib)"
    )


def as_server_user(folder: Path) -> list[str]:
    """How to start a command as somebody whom PostgreSQL accepts: root it refuses."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("runuser"):
        raise NoPostgres("PostgreSQL refuses to run as root, and there is no runuser")
    try:
        shutil.chown(folder, user="postgres")
    except LookupError:
        raise NoPostgres(
            "PostgreSQL refuses to run as root, and there is no user postgres"
        ) from None
    return ["runuser", "-u", "postgres", "--"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """`settings` of the server beside the usual ones, or in place of them."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="referral-postgres-"))
    try:
        prefix = as_server_user(folder)

        def run(*command: str | Path) -> None:
            # Output goes to a file: the server inherits a pipe and would keep it open.
            with (folder.parent / f"{folder.name}.log").open("a") as log:
                subprocess.run(
                    [*prefix, *map(str, command)],
                    check=True,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )

        data = folder / "data"
        run(
            *(binaries / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        )
        port = _start(run, binaries, folder, data, SETTINGS | settings)

        def restart() -> None:
            pg_ctl = (binaries / "pg_ctl", "restart", "--pgdata", data, "--mode=immediate")
            run(*pg_ctl, "--wait", "--log", folder / "server.log")

        try:
            server = Cluster(port, restart)
            server.execute("postgres", f"CREATE DATABASE {TEMPLATE}")
            try:
                server.execute(TEMPLATE, *(f"CREATE EXTENSION {name}" for name in EXTENSIONS))
            except psycopg.Error as error:
                raise NoPostgres(f"{error} (Debian: apt-get install postgresql-contrib)") from error
            yield server
        finally:
            run(binaries / "pg_ctl", "stop", "--pgdata", data, "--mode=immediate", "--wait")
    except subprocess.CalledProcessError as error:
        log = (folder.parent / f"{folder.name}.log").read_text()
        raise NoPostgres(f"{error}\n{log}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


def _start(
    run: Callable[..., None], binaries: Path, folder: Path, data: Path, settings: Mapping[str, str]
) -> int:
    for attempt in range(1, START_ATTEMPTS + 1):
        port = free_port()
        options = {**settings, "port": str(port), "unix_socket_directories": str(folder)}
        arguments = " ".join(f"-c {name}={value}" for name, value in options.items())
        try:
            run(
                *(binaries / "pg_ctl", "start", "--pgdata", data, "--wait"),
                *("--log", folder / "server.log", "--options", arguments),
            )
        except subprocess.CalledProcessError:
            # Somebody may have taken the port between the look and the start.
            if attempt == START_ATTEMPTS:
                raise
        else:
            return port
    raise AssertionError("unreachable")
