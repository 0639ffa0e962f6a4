"""Test databases that a killed run has left behind in the embedded PostgreSQL."""

import os
import re
from contextlib import suppress

import psycopg
from psycopg import sql

from saleor_referral_plugin.sandbox import postgres

#: As the sandbox's settings name them, each for the process that made it.
OF_A_PROCESS = re.compile(r"test_referral_(\d+)")


def drop() -> None:
    """Drop those whose process is gone."""
    with postgres._maintenance(postgres.server_params()) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
            maker = OF_A_PROCESS.match(name)
            if maker is None or _is_running(int(maker[1])):
                continue
            # In use after all, or another run was faster.
            with suppress(psycopg.Error):
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
                )


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
