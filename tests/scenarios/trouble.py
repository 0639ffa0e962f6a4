"""What can be wrong with our tables: nobody migrated, or not far enough."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection


@contextmanager
def without_tables() -> Iterator[None]:
    """While inside, none of our tables is there: as where the migration was forgotten."""
    tables = [model._meta.db_table for model in apps.get_app_config("referral").get_models()]
    _run("CREATE SCHEMA away", *(f"ALTER TABLE {table} SET SCHEMA away" for table in tables))
    try:
        yield
    finally:
        back = (f"ALTER TABLE away.{table} SET SCHEMA public" for table in tables)
        _run(*back, "DROP SCHEMA away")


@contextmanager
def without_column(table: str, column: str) -> Iterator[None]:
    """While inside, one of our columns is not there yet: new code on the tables of before."""
    _run(f"ALTER TABLE {table} RENAME COLUMN {column} TO not_yet")
    try:
        yield
    finally:
        _run(f"ALTER TABLE {table} RENAME COLUMN not_yet TO {column}")


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def columns_of_later() -> Iterator[None]:
    """While inside, each of our tables has two columns that this code does not know, as the rule
    for migrations has them: one that may be null, one with a default in the database."""
    later = {"later_note": "text NULL", "later_number": "integer NOT NULL DEFAULT 0"}
    tables = [model._meta.db_table for model in apps.get_app_config("referral").get_models()]
    for name, kind in later.items():
        _run(*(f"ALTER TABLE {table} ADD COLUMN {name} {kind}" for table in tables))
    try:
        yield
    finally:
        for name in later:
            _run(*(f"ALTER TABLE {table} DROP COLUMN {name}" for table in tables))
