"""What is committed as a file and made from the code: printed, or checked against it."""

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class PrintingCommand(BaseCommand):
    committed: Path

    def text(self) -> str:
        """What the file should say."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            nargs="?",
            type=Path,
            const=self.committed,
            metavar="FILE",
            help=f"compare with a file (default: {self.committed}), and fail if it differs",
        )

    def handle(self, *args: Any, check: Path | None = None, **options: Any) -> None:
        text = self.text()
        if check is None:
            self.stdout.write(text, ending="")
            return
        committed = check.read_text(encoding="utf-8") if check.exists() else ""
        difference = difflib.unified_diff(
            committed.splitlines(), text.splitlines(), str(check), "the code", lineterm=""
        )
        if lines := list(difference):
            self.stderr.write("\n".join(lines))
            raise CommandError(f"{check} is not what the code says: write it anew.")
        self.stdout.write(f"{check} is what the code says.")
