"""A Saleor database for tests that really commit.

Hooks run after the commit and the ledger's constraints are checked by it, so a test cannot
run inside one rolled-back transaction; and Django's own flush takes seconds here, because it
makes Saleor's permissions anew each time.
"""

from django.db import connection

#: Made once with the tables, and not by tests.
KEPT = {"django_migrations", "django_content_type", "permission_permission"}


def complete() -> None:
    """Make what Saleor's migrations make besides tables, and its code relies on."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS order_order_number_seq")


def empty() -> None:
    """Empty every table that a test may have written to, in one statement."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        names = ", ".join(
            connection.ops.quote_name(table) for table in sorted(set(tables) - KEPT)
        )
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
