"""Print what can be set and what can be found, or check the committed page against it."""

from pathlib import Path

from ...engine.settings_page import page
from ..printed import PrintingCommand


class Command(PrintingCommand):
    help = "Print every setting of a referral program, and every finding, as a page."
    committed = Path("docs/settings.md")

    def text(self) -> str:
        return page()
