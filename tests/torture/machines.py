"""What the shop runs on: PostgreSQL, Redis, a Celery worker with beat, and keepers; each can be
killed and comes back."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.system_postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = (sys.executable, "-m")
PATIENCE = 60


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {PATIENCE} s: {what}")
        time.sleep(0.1)


@dataclass
class Process:
    """A program that is started again when it dies, unless it has finished."""

    command: tuple[str, ...]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    starts: int = 0
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # The whole group can be killed: a worker has children.
                start_new_session=True,
            )
        self.starts += 1

    @property
    def has_finished(self) -> bool:
        return self.running is not None and self.running.poll() == 0

    def see_to_it(self) -> None:
        """Start it, or start it again."""
        if self.running is None or self.running.poll() not in (None, 0):
            self.start()

    def kill(self) -> None:
        if self.running is not None:
            subprocess.run(
                ["pkill", "-KILL", "-s", str(self.running.pid)], stderr=subprocess.DEVNULL
            )
            self.running.wait()


class Broker:
    """Redis."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        program = shutil.which("redis-server") or "redis-server"
        self.process = Process(
            (
                *(program, "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(folder)),
            ),
            folder / "redis.log",
        )

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process.start()
        wait_until(self._answers)

    def restart(self) -> None:
        """Killed, and empty afterwards."""
        self.process.kill()
        self.start()

    def forget(self) -> None:
        Redis(port=self.port).flushall()

    def _answers(self) -> bool:
        try:
            return bool(Redis(port=self.port).ping())
        except RedisError:
            return False


def worker(folder: Path, environment: dict[str, str]) -> Process:
    """Two children, and beat every second."""
    return Process(
        (
            *(*PYTHON, "celery", "--app=tests.torture.worker", "worker", "--beat"),
            *("--scheduler=tests.quick_beat:EverySecond", "--concurrency=2"),
            *("--loglevel=CRITICAL", "--without-gossip", "--without-mingle"),
            *("--without-heartbeat", f"--schedule={folder / 'beat'}"),
        ),
        folder / "worker.log",
        environment,
    )


def keeper(
    folder: Path, environment: dict[str, str], *, seed: int, first: int, every: int, until: int
) -> Process:
    return Process(
        (
            *(*PYTHON, "tests.torture.keeper", "--seed", str(seed), "--first", str(first)),
            *("--every", str(every), "--until", str(until)),
            *("--progress", str(folder / f"keeper{first}")),
        ),
        folder / "keepers.log",
        environment,
    )


@contextmanager
def killed_at_the_end(processes: list[Process]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
