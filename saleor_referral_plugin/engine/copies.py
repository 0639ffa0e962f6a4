"""The books of one program as a copy that only this connection sees, to try things out on.

Temporary tables of the same names come before the real ones wherever a table is named, so that
the very code that moves the books runs on them, and neither waits for anybody nor keeps anybody
waiting.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models, transaction

from ..models import (
    BudgetUse,
    Effect,
    FreedRoom,
    LedgerEntry,
    Membership,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
)

_MINE = "program_id = %(program)s"

#: What settling locks or writes, and which rows of it are copied.
COPIED: dict[type[models.Model], str] = {
    Program: "id = %(program)s",
    Membership: _MINE,
    ReferralCode: _MINE,
    Referral: _MINE,
    Reward: _MINE,
    BudgetUse: _MINE,
    LedgerEntry: f"reward_id IN (SELECT id FROM referral_reward WHERE {_MINE})",
    # Whoever has a part in it, referees included; and all who are the same person as another.
    Referrer: f"""id IN (SELECT referrer_id FROM referral_referral WHERE {_MINE}
                          UNION SELECT holder_id FROM referral_reward WHERE {_MINE})
        OR user_ref IN (SELECT referee_user_ref FROM referral_referral WHERE {_MINE})
        OR email_key IN (SELECT referee_email_key FROM referral_referral WHERE {_MINE})
        OR same_as_id IS NOT NULL""",
    # Written only.
    Effect: "false",
    FreedRoom: "false",
}


_COUNTED = """
CREATE TRIGGER count_reward AFTER INSERT OR UPDATE OF amount, earned_at ON referral_reward
   FOR EACH ROW EXECUTE FUNCTION referral_count_reward()
"""


@contextmanager
def copy_of_the_books(program: Program) -> Iterator[None]:
    """Inside, the program's books are a copy; whatever is done to it is gone afterwards."""
    with transaction.atomic():
        try:
            _copy(program)
            yield
        finally:
            transaction.set_rollback(True)


def _copy(program: Program) -> None:
    tables = {model._meta.db_table: rows for model, rows in COPIED.items()}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"CREATE TEMPORARY TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)"
                " ON COMMIT DROP"
            )
        # One statement: the tables are copied as they are at one moment.
        inserts = [
            f"filled_{n} AS (INSERT INTO copy_of_{table} SELECT * FROM {table} WHERE {rows})"
            for n, (table, rows) in enumerate(tables.items())
        ]
        cursor.execute(f"WITH {', '.join(inserts)} SELECT", {"program": program.pk})
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('copy_of_{table}', 'id'),"
                f" (SELECT max(id) + 1 FROM {table}))"
            )
        for table in tables:
            cursor.execute(f"ALTER TABLE copy_of_{table} RENAME TO {table}")
            cursor.execute(f"ANALYZE {table}")
        # A copy has no triggers: nobody is told. What counts towards budgets is counted all the
        # same.
        cursor.execute(_COUNTED)
