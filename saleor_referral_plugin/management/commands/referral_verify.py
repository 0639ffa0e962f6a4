"""Check the books."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...engine.store import get_store
from ...engine.sweep import note_spending
from ...engine.verify import verify


class Command(BaseCommand):
    help = "Check that ledger, decisions and the store's credits agree, reward by reward."

    def handle(self, *args: Any, **options: Any) -> None:
        store = get_store()
        with store.writing():
            # What customers spent since the last sweep is no difference.
            note_spending(store=store)
            differences = [str(difference) for difference in verify(store=store)]
        for line in differences:
            self.stderr.write(line)
        if differences:
            raise CommandError(f"{len(differences)} differences found.")
        self.stdout.write("The books agree.")
