"""What PostgreSQL itself sees to: the ledger's rules, see sql/0002_ledger.sql; that what
happens is noted for whoever listens, see sql/0002_events.sql; and what counts towards budgets,
see sql/0002_budget_use.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("referral", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(SQL / f"0002_{name}.sql").read_text(),
            reverse_sql=(SQL / f"0002_{name}.undo.sql").read_text(),
        )
        for name in ("ledger", "events", "budget_use")
    ]
