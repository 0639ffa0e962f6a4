"""How things are measured: statements counted, and laps run in pairs.

What is compared takes turns within one process, a lap of each per round, and who goes first
moves on with every round: whatever slows the machine down slows all of them. A ratio is that
of two laps of one round; the figure is the median over the rounds.
"""

import gc
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections

from benchmarks.figures import Figure

_TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "(\w+)"')
_TURNS = re.compile(r"(SAVEPOINT|RELEASE|ROLLBACK)\b")


@dataclass
class Statements:
    """Everything sent to the database, savepoints included; BEGIN and COMMIT are not. `seconds`:
    how long all of it took, until the answer was there."""

    sent: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.sent)

    @property
    def kinds(self) -> Counter[str]:
        """How many of each kind: `SELECT referral_claim`, `SAVEPOINT`."""
        return Counter(_kind(sql) for sql, _ in self.sent)

    def __str__(self) -> str:
        return listed(self.kinds)

    def tally(self, store_prefix: str) -> str:
        """How many the engine sent, how many the store did, and how many are savepoints."""
        turns = sum(bool(_TURNS.match(sql)) for sql, _ in self.sent)
        tables = [match[1] for sql, _ in self.sent if (match := _TABLE.search(sql))]
        store = sum(table.startswith(store_prefix) for table in tables)
        return f"engine {len(self) - turns - store}, store {store}, savepoints {turns}"


def listed(kinds: Counter[str]) -> str:
    """`SELECT referral_claim, 2 SAVEPOINT`"""
    return ", ".join(kind if n == 1 else f"{n} {kind}" for kind, n in kinds.items())


@contextmanager
def statements() -> Iterator[Statements]:
    """What goes to any database inside the block."""
    seen = Statements()

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.sent.append((sql, params))
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seen.seconds += time.perf_counter() - started

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(note))
        yield seen


@dataclass(frozen=True)
class Lap:
    cpu: float
    wall: float


@dataclass(frozen=True)
class Contestant:
    """`prepare` makes the subject of one lap and `act` does what is measured to it. `around`
    is entered before the clock starts."""

    prepare: Callable[[], Any]
    act: Callable[[Any], object]
    around: Callable[[], AbstractContextManager[Any]] = nullcontext


Laps = Mapping[str, Sequence[Lap]]


def race(contestants: Mapping[str, Contestant], *, rounds: int, warm_up: int = 3) -> Laps:
    """Let the contestants take turns. Each round is one lap of each."""
    names = list(contestants)
    laps: dict[str, list[Lap]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        if number == 0:
            # What is there by now stays; collecting it anew before each lap takes long.
            gc.collect()
            gc.freeze()
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            lap = _lap(contestants[name])
            if number >= 0:
                laps[name].append(lap)
    gc.unfreeze()
    return laps


def _lap(contestant: Contestant) -> Lap:
    subject = contestant.prepare()
    gc.collect()
    gc.disable()
    try:
        with contestant.around():
            cpu, wall = time.process_time(), time.perf_counter()
            contestant.act(subject)
            return Lap(time.process_time() - cpu, time.perf_counter() - wall)
    finally:
        gc.enable()


def ratio(
    name: str,
    laps: Laps,
    ours: str,
    base: str,
    *,
    clock: str = "cpu",
    aim: float | None = None,
    again: str | None = None,
) -> Figure:
    """The median, over the rounds, of one contestant's lap through another's.

    `again` names a contestant that did the same as the base. Both laps together are then the
    base, and how far they differ is what this machine cannot tell from nothing.
    """
    bases = (base, again) if again else (base,)
    rounds = sorted(_ratios(laps, ours, bases, clock))
    value = statistics.median(rounds)
    low, high = _bounds_of_median(rounds)
    remarks = [f"median of {len(rounds)}: {_ms(laps[ours], clock)} to {_ms(laps[base], clock)}"]
    if aim is not None and low <= aim < high:
        remarks.append(f"not certain, the median may be {low:.3f} to {high:.3f}")
    if again:
        noise = _ratios(laps, again, (base,), clock)
        remarks.append(f"base to itself {statistics.median(noise):.3f} ({spread(noise)})")
        bottom, _, top = statistics.quantiles(noise, n=4)
        if abs(value - 1) < (top - bottom) / 2:
            remarks.append("noise is larger than the effect")
    return Figure(name, value, "ratio", aim, spread(rounds), "; ".join(remarks))


def ratio_of_medians(
    name: str, laps: Laps, ours: str, base: str, *, clock: str = "wall", aim: float | None = None
) -> Figure:
    """For laps that have no partner: the one's median through the other's."""
    times = {who: [getattr(lap, clock) for lap in laps[who]] for who in (ours, base)}
    value = statistics.median(times[ours]) / statistics.median(times[base])
    remark = f"medians of {len(times[ours])}: {_ms(laps[ours], clock)} to {_ms(laps[base], clock)}"
    middle = [time / statistics.median(times[base]) for time in times[ours]]
    return Figure(name, value, "ratio", aim, spread(middle), remark)


def cpu_of(pid: int) -> float:
    """The CPU time of another process of this machine, and of the children that it has waited for,
    in seconds, to the hundredth; 0 where nobody can tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def spread(values: Sequence[float]) -> str:
    """Where the middle half lies."""
    bottom, _, top = statistics.quantiles(values, n=4)
    return f"{bottom:.3f} to {top:.3f}"


def _kind(sql: str) -> str:
    table = _TABLE.search(sql)
    return f"{sql.split(maxsplit=1)[0]} {table[1] if table else ''}".strip()


def _ratios(laps: Laps, ours: str, bases: Sequence[str], clock: str) -> list[float]:
    """For each round, one contestant's lap through the mean of the bases' laps."""
    times = {name: [getattr(lap, clock) for lap in laps[name]] for name in (ours, *bases)}
    means = map(statistics.mean, zip(*(times[name] for name in bases), strict=True))
    return [time / mean for time, mean in zip(times[ours], means, strict=True)]


def _bounds_of_median(ordered: Sequence[float]) -> tuple[float, float]:
    """Between these the true median lies, with 95 % certainty, whatever the distribution."""
    count = len(ordered)
    rank = max(int((count - 1.96 * count**0.5) / 2), 0)
    return ordered[rank], ordered[-1 - rank]


def _ms(laps: Sequence[Lap], clock: str) -> str:
    return f"{statistics.median(getattr(lap, clock) for lap in laps) * 1000:.2f} ms"
