"""Are our tables in the database as this code needs them? Not if somebody forgot to migrate.

Asked after something went wrong, by the system check and on the plugin's page; never on the way
of a checkout or an order.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder

from .. import migrations

REMEDY = 'Run "manage.py migrate".'
#: Longer lists are cut: nobody reads them.
NAMED = 3

#: What PostgreSQL says of a table, a column or a function that is not there.
_NOT_THERE = {"42P01", "42703", "42883"}
_COLUMNS = """
SELECT c.relname, a.attname
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relname = ANY(%s) AND pg_table_is_visible(c.oid) AND a.attnum > 0
   AND NOT a.attisdropped
"""


def are_missing(error: BaseException | None) -> bool:
    """Does the error come of tables that are not (yet) as this code needs them?"""
    while error is not None:
        if getattr(error, "sqlstate", None) in _NOT_THERE:
            return True
        error = error.__cause__
    return False


def trouble(*, using: str = "default") -> str:
    """What staff must know and do about our tables; empty: all is well. Three queries."""
    missing, unapplied = _missing(using), _unapplied(using)
    if not missing and not unapplied:
        return ""
    what = [f"{_listed(missing)} not there"] if missing else []
    if unapplied:
        what.append(f"the migrations {_listed(unapplied, verb=False)} have not run")
        remedy = REMEDY
    else:
        remedy = (
            "Its migrations are noted as run all the same: put back what was taken away, from a "
            "backup."
        )
    said = " and ".join(what)
    return f"The database is not as the referral program needs it: {said}. {remedy}"


def log(logger: logging.Logger, message: str, *args: object) -> None:
    """Log the exception that is being handled: in plain words where it is for want of our tables,
    with its traceback otherwise."""
    error = sys.exception()
    if are_missing(error):
        first_line = str(error).partition("\n")[0]
        logger.error(f"{message} The database says: %s. %s", *args, first_line, REMEDY)
    else:
        logger.exception(message, *args)


@contextmanager
def wanted(logger: logging.Logger, message: str, *args: object) -> Iterator[None]:
    """Around what cannot be done without our tables: without them it is left, and logged."""
    try:
        yield
    except DatabaseError as error:
        if not are_missing(error):
            raise
        log(logger, message, *args)


def _missing(using: str) -> list[str]:
    """Tables, and columns of the tables that there are, in the order of the models."""
    models = apps.get_app_config("referral").get_models()
    wanted = {model._meta.db_table: model._meta.local_concrete_fields for model in models}
    with connections[using].cursor() as cursor:
        cursor.execute(_COLUMNS, [list(wanted)])
        found: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    missing = []
    for table, fields in wanted.items():
        if table not in found:
            missing.append(table)
        else:
            missing += [f"{table}.{f.column}" for f in fields if f.column not in found[table]]
    return missing


def _unapplied(using: str) -> list[str]:
    recorder = MigrationRecorder(connections[using])
    if not recorder.has_table():
        return names()
    applied = recorder.migration_qs.filter(app="referral").values_list("name", flat=True)
    return [name for name in names() if name not in set(applied)]


def names() -> list[str]:
    """Our migrations, the oldest first."""
    folder = Path(migrations.__file__).parent
    return sorted(path.stem for path in folder.glob("[0-9]*.py"))


def _listed(items: list[str], *, verb: bool = True) -> str:
    named = ", ".join(items[:NAMED])
    if len(items) > NAMED:
        named += f" and {len(items) - NAMED} more"
    if not verb:
        return named
    return f"{named} {'is' if len(items) == 1 else 'are'}"
