"""Saleor with us, and the same process without us.

Without us, our plugin is not among the plugins, and every function of Saleor's that we wrap is
the one that Saleor wrote. What stays are our tables, which nobody asks, and our fields in the
schema, which no document here selects.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from django.conf import settings
from django.test import override_settings

import saleor_referral_plugin

PACKAGE = str(Path(saleor_referral_plugin.__file__).parent)
OURS = "saleor_referral_plugin.plugin.ReferralPlugin"


@dataclass(frozen=True)
class Seam:
    """A place of Saleor's where a wrapper of ours stands."""

    owner: Any
    name: str
    ours: Any
    original: Any

    def __str__(self) -> str:
        return f"{self.owner.__name__.rpartition('.')[2]}.{self.name}"


class Presence:
    """Every module that takes part must have been imported by now."""

    def __init__(self) -> None:
        plugins: list[str] = settings.PLUGINS  # type: ignore[misc]
        assert OURS in plugins
        self.others = [path for path in plugins if path != OURS]
        self.seams = list(_seams())
        assert self.seams, "None of our wrappers was found."

    def __str__(self) -> str:
        return f"no plugin, and Saleor's own {', '.join(map(str, self.seams))}"

    @contextmanager
    def absent(self) -> Iterator[None]:
        """Inside the block we are not there."""
        for seam in self.seams:
            setattr(seam.owner, seam.name, seam.original)
        try:
            with override_settings(PLUGINS=self.others):
                yield
        finally:
            for seam in self.seams:
                setattr(seam.owner, seam.name, seam.ours)


def _seams() -> Iterator[Seam]:
    for module_name, module in sorted(sys.modules.items()):
        if module_name.partition(".")[0] != "saleor":
            continue
        for _, value in sorted(vars(module).items()):
            if isinstance(value, type) and value.__module__ == module_name:
                yield from _seams_of(value)
        yield from _seams_of(module)


def _seams_of(owner: Any) -> Iterator[Seam]:
    for name, value in sorted(vars(owner).items()):
        function = getattr(value, "__func__", value)
        if not isinstance(function, FunctionType) or not hasattr(function, "__wrapped__"):
            continue
        if function.__code__.co_filename.startswith(PACKAGE):
            original = function.__wrapped__
            bound = type(value)(original) if function is not value else original
            yield Seam(owner, name, value, bound)
