"""Check the books, and put them right where asked to."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...engine.store import Store, get_store
from ...engine.sweep import note_spending, sweep
from ...engine.verify import repair, verify


class Command(BaseCommand):
    help = (
        "Check that the books agree with the orders, with every decision, and with every credit in "
        "the store. Safe on a live shop."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="settle what differs, deliver what is owed, and check everything once more",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        store = get_store()
        with store.writing():
            # What is due since the last sweep is no difference.
            sweep(store=store)
            note_spending(store=store)
            found = self._verify(store, and_repair=options["repair"])
            if found and options["repair"]:
                self.stdout.write(f"{found} differences found. Checking once more.")
                left = self._verify(store, and_repair=False)
                self.stdout.write(f"{max(found - left, 0)} repaired, {left} left.")
                found = left
        if found:
            raise CommandError(f"{found} differences found.")
        self.stdout.write("The books agree.")

    def _verify(self, store: Store, *, and_repair: bool) -> int:
        found = 0
        for difference in verify(store=store, progress=self._show):
            self._clear()
            self.stderr.write(str(difference))
            found += 1
            if and_repair:
                repair(difference, store=store)
        self._clear()
        return found

    def _show(self, what: str, done: int, of: int | None) -> None:
        """On one line, where somebody watches."""
        if self.stderr.isatty():
            share = "" if of is None else f" of {of:,} ({100 * done // max(of, 1)} %)"
            self.stderr.write(f"\r\033[K{done:,}{share} {what}", ending="")
            self.stderr.flush()

    def _clear(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
