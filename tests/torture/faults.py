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

from django.db.backends.signals import connection_created

#: Once in so many statements, on average.
DEATH = "TORTURE_DEATH"
FAILURE = "TORTURE_FAILURE"
SEED = "TORTURE_SEED"
#: A file that gets a letter for each of them.
TALLY = "TORTURE_TALLY"
KILLED = "k"
#: What PostgreSQL itself raises, which ends the transaction: by letter, what it is and its code.
FAILURES = {
    "s": ("serialization failures", "40001"),
    "d": ("deadlocks", "40P01"),
    "l": ("lock timeouts", "55P03"),
    "c": ("statements cancelled", "57014"),
    "f": ("full disks", "53100"),
}


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

    def _tally(self, letter: str) -> None:
        with Path(os.environ[TALLY]).open("ab", buffering=0) as tally:
            tally.write(letter.encode())

    def strike(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self._perhaps_die()
        if self.draw.randrange(self.failure) == 0:
            letter = self.draw.choice(list(FAILURES))
            self._tally(letter)
            fail(context["connection"], FAILURES[letter][1])
        answer = execute(sql, params, many, context)
        self._perhaps_die()
        return answer

    def _perhaps_die(self) -> None:
        if self.draw.randrange(2 * self.death) == 0:
            self._tally(KILLED)
            os.kill(os.getpid(), signal.SIGKILL)


def fail(connection: Any, sqlstate: str) -> None:
    """Have PostgreSQL itself fail at a statement of this connection."""
    with connection.wrap_database_errors:
        connection.connection.execute(
            f"DO $$BEGIN RAISE 'so the torturer says' USING ERRCODE = '{sqlstate}'; END$$"
        )
