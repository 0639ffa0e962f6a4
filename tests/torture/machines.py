"""What the shop runs on: PostgreSQL, Redis, a Celery worker with beat, and keepers; each can be
killed and comes back."""

import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.system_postgres import free_port
from tests.torture.keeper import PROGRESS, keep_shop
from tests.torture.worker import work

PATIENCE = 60


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {PATIENCE} s: {what}")
        time.sleep(0.1)


#: A process of ours is a fork of one that has everything imported: dying costs it nothing.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.torture.ready"])


@dataclass
class Process:
    """Something that is started again when it dies, unless it has finished."""

    begin: Callable[[], BaseProcess]
    starts: int = 0
    running: BaseProcess | None = None

    def start(self) -> None:
        self.running = self.begin()
        self.starts += 1

    @property
    def has_finished(self) -> bool:
        return self.running is not None and self.running.exitcode == 0

    def see_to_it(self) -> None:
        """Start it, or start it again."""
        if self.running is None or self.running.exitcode not in (None, 0):
            self.start()

    def kill(self) -> None:
        """And whoever it has started."""
        if self.running is not None:
            pid = str(self.running.pid)
            subprocess.run(["pkill", "-KILL", "-s", pid], stderr=subprocess.DEVNULL)
            self.running.kill()
            self.running.join()


def forked(do: Callable[..., None], log: Path, *args: Any, **environment: str) -> Process:
    """A process that does it, in a session of its own, and writes to the log."""

    def begin() -> BaseProcess:
        process = _FORKS.Process(target=_run, args=(do, log, args, environment))
        process.start()
        return process

    return Process(begin)


def _run(
    do: Callable[..., None], log: Path, args: tuple[Any, ...], environment: dict[str, str]
) -> None:
    os.setsid()
    with log.open("ab", buffering=0) as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.update(environment)
    do(*args)


class Broker:
    """Redis."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        program = shutil.which("redis-server") or "redis-server"
        self.command = (
            *(program, "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        )
        self.running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.running = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        wait_until(self._answers)

    def restart(self) -> None:
        """Killed, and empty afterwards."""
        self.kill()
        self.start()

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()

    def forget(self) -> None:
        Redis(port=self.port).flushall()

    def _answers(self) -> bool:
        try:
            return bool(Redis(port=self.port).ping())
        except RedisError:
            return False


def worker(folder: Path, told: Mapping[str, str]) -> Process:
    """Two children, and beat."""
    return forked(work, folder / "worker.log", folder, **told)


def keeper(
    folder: Path, told: Mapping[str, str], *, seed: int, first: int, every: int, until: int
) -> Process:
    progress = folder / f"{PROGRESS}{first}"
    return forked(keep_shop, folder / "keepers.log", seed, first, every, until, progress, **told)


@contextmanager
def killed_at_the_end(processes: Sequence[Process | Broker]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
