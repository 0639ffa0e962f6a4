"""Print the JSON schema of what is told of events, or check the committed file against it."""

from pathlib import Path

from ...engine.events import schema
from ..printed import PrintingCommand


class Command(PrintingCommand):
    help = "Print the JSON schema of the events that webhooks bring."
    committed = Path("docs/events.schema.json")

    def text(self) -> str:
        return schema()
