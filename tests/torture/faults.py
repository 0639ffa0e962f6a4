"""What goes wrong inside a process: it dies, or a statement fails, before or after any of them.

A process is told by the environment how often; the one that sweeps up at the end is told
nothing and fails at nothing.
"""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.signals import connection_created

#: Once in so many statements, on average.
DEATH = "TORTURE_DEATH"
FAILURE = "TORTURE_FAILURE"
SEED = "TORTURE_SEED"
#: A file that gets a letter for each of them.
TALLY = "TORTURE_TALLY"


def expect_them() -> None:
    """From the next connection on."""
    death, failure = int(os.environ.get(DEATH, 0)), int(os.environ.get(FAILURE, 0))
    if death and failure:
        # By process number, too: one that takes another's place must not die at the same spot.
        draw = random.Random(f"{os.environ.get(SEED)}:{os.getpid()}")
        connection_created.connect(_Faults(death, failure, draw).attach, weak=False)


class _Faults:
    def __init__(self, death: int, failure: int, draw: random.Random) -> None:
        self.death, self.failure, self.draw = death, failure, draw

    def attach(self, *, connection: Any, **_: Any) -> None:
        if self.strike not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.strike)

    def _tally(self, letter: bytes) -> None:
        with Path(os.environ[TALLY]).open("ab", buffering=0) as tally:
            tally.write(letter)

    def strike(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self._perhaps_die()
        if self.draw.randrange(self.failure) == 0:
            self._tally(b"f")
            raise OperationalError("could not serialize access (so the torturer says)")
        answer = execute(sql, params, many, context)
        self._perhaps_die()
        return answer

    def _perhaps_die(self) -> None:
        if self.draw.randrange(2 * self.death) == 0:
            self._tally(b"d")
            os.kill(os.getpid(), signal.SIGKILL)
