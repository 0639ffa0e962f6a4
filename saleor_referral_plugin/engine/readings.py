"""Which settings are looked at where, and what may be found there.

Written next to each function that looks at settings; `docs/settings.md` is made from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .findings import FindingCode

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Reading:
    """settings  by class and name, such as "Terms.minimum"
    gives     the finding that they decide; None where nothing is refused
    """

    settings: tuple[str, ...]
    gives: FindingCode | None


#: By the name of the function, such as "rules.minimum_reached".
READINGS: dict[str, Reading] = {}


def reads(*settings: str, gives: FindingCode | None = None) -> Callable[[Function], Function]:
    """Note what a function looks at; the function itself stays as it is."""

    def note(function: Function) -> Function:
        module = function.__module__.rpartition(".")[2]
        READINGS[f"{module}.{function.__name__}"] = Reading(settings, gives)
        return function

    return note
