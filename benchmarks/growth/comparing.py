"""How long the same question takes in tables of each size, and what PostgreSQL reads for it.

Time is that of the statements alone, until their answers are there: what Python does with them
is the same in any size. Of many times it is the shortest: whatever else the machine does only adds
to them. What is read is counted by EXPLAIN (ANALYZE, BUFFERS), and does not depend
on what else the machine does; a block more is one more level of an index.
"""

import gc
from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure
from benchmarks.growth import AIM
from benchmarks.growth.asking import GrownShop, Question, questions
from benchmarks.growth.filling import GROWING, Size, seen
from benchmarks.growth.plans import Plans, explained
from benchmarks.measuring import Statements, spread, statements

WARM_UP = 3


def run(shop: GrownShop, sizes: Sequence[Size], rounds: int) -> Iterator[Figure]:
    for question in questions(shop):
        yield from _compared(question, sizes, rounds)


def _compared(question: Question, sizes: Sequence[Size], rounds: int) -> Iterator[Figure]:
    seconds: dict[str, list[float]] = {size.schema: [] for size in sizes}
    for number in range(-WARM_UP, rounds):
        turn = number % len(sizes)
        for size in (*sizes[turn:], *sizes[:turn]):
            took = _asked(question, size).seconds
            if number >= 0:
                seconds[size.schema].append(took)
    plans = {size.schema: plans_of(question, size) for size in sizes}
    smallest = sizes[0]
    least = _quickly(seconds[smallest.schema])
    for size in sizes[1:]:
        times = seconds[size.schema]
        yield Figure(
            f"{question.name}: time among {size} / {smallest}",
            _quickly(times) / least,
            "ratio",
            None if question.grows else AIM,
            spread([took / least for took in times]),
            f"{_quickly(times) * 1000:.2f} ms to {least * 1000:.2f} ms; blocks read "
            f"{plans[size.schema].blocks:,} to {plans[smallest.schema].blocks:,}, rows "
            f"{plans[size.schema].rows:,} to {plans[smallest.schema].rows:,}"
            + (f"; {question.grows}" if question.grows else ""),
        )
    read_through = sorted({table for found in plans.values() for table in found.read_through})
    yield Figure(
        f"{question.name}: tables read from end to end",
        len(read_through),
        "tables",
        None if question.grows else 0,
        remark=", ".join(read_through),
    )


def _quickly(seconds: Sequence[float]) -> float:
    return min(seconds)


def _asked(question: Question, size: Size) -> Statements:
    with seen(size):
        ask = question.prepare(size)
        gc.disable()
        try:
            with statements() as sent:
                ask()
        finally:
            gc.enable()
    return sent


def plans_of(question: Question, size: Size) -> Plans:
    """How PostgreSQL answers a question in tables of a size."""
    sent = _asked(question, size)
    with seen(size):
        return explained(sent, GROWING)
