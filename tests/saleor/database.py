"""A Saleor database for tests that really commit.

Hooks run after the commit and the ledger's constraints are checked by it, so a test cannot
run inside one rolled-back transaction; and Django's own flush takes seconds here, because it
makes Saleor's permissions anew each time.
"""

from django.db import connection, transaction

#: Made once with the tables, and not by tests.
KEPT = {"django_migrations", "django_content_type", "permission_permission"}


def complete() -> None:
    """Make what Saleor's migrations make besides tables, and its code relies on."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS order_order_number_seq")


def empty() -> None:
    """Delete what a test has written. Only the few tables that have rows are touched, with
    foreign keys and our append-only ledger's trigger looking away."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - KEPT
        quoted = {table: connection.ops.quote_name(table) for table in sorted(tables)}
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name})"
                for table, name in quoted.items()
            )
        )
        filled = [quoted[table] for (table,) in cursor.fetchall()]
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in filled:
                cursor.execute(f"DELETE FROM {name}")
