"""Print our part of the GraphQL schema, or check the committed one against it."""

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

COMMITTED = Path("graphql/schema.graphql")


class Command(BaseCommand):
    help = "Print the part of the GraphQL schema that the referral program adds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            nargs="?",
            type=Path,
            const=COMMITTED,
            metavar="FILE",
            help=f"compare with a file (default: {COMMITTED}), and fail if it differs",
        )

    def handle(self, *args: Any, check: Path | None = None, **options: Any) -> None:
        # Only now: importing the types needs all of the store's own.
        from ...graphql.host import built_schema
        from ...graphql.sdl import print_sdl

        sdl = print_sdl(built_schema())
        if check is None:
            self.stdout.write(sdl, ending="")
            return
        committed = check.read_text(encoding="utf-8") if check.exists() else ""
        difference = difflib.unified_diff(
            committed.splitlines(), sdl.splitlines(), str(check), "the code", lineterm=""
        )
        if lines := list(difference):
            self.stderr.write("\n".join(lines))
            raise CommandError(f"{check} is not what the code says: write it anew.")
        self.stdout.write(f"{check} is what the code says.")
