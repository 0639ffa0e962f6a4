"""The ledger's rules as constraints and triggers; see sql/0002_ledger.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("referral", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(SQL / "0002_ledger.sql").read_text(),
            reverse_sql=(SQL / "0002_ledger.undo.sql").read_text(),
        )
    ]
