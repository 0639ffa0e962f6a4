"""Figures: what was measured, what it should be, and how both are printed and written."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import wrap

WIDTH = 118
INDENT = "      "
#: What anyone may rely on in bench.json; spread and remarks are for people.
PUBLISHED = ("name", "value", "unit", "aim", "holds")


@dataclass(frozen=True)
class Figure:
    """One measured number. `aim` is the most it should be; None: it is only reported."""

    name: str
    value: float
    unit: str
    aim: float | None = None
    spread: str = ""
    remark: str = ""

    @property
    def holds(self) -> bool | None:
        return None if self.aim is None else self.value <= self.aim


@dataclass(frozen=True)
class Group:
    """The figures of one group, or why there are none: `failed` when there should be."""

    title: str
    figures: tuple[Figure, ...] = ()
    left_out: str = ""
    failed: bool = False


def counted(name: str, value: float, *, aim: float | None = None, remark: str = "") -> Figure:
    return Figure(name, value, "statements", aim, remark=remark)


def save(figures: Iterable[Figure], path: Path) -> None:
    """Everything known of the figures, for `load`."""
    path.write_text(json.dumps([asdict(figure) for figure in figures]))


def load(path: Path) -> tuple[Figure, ...]:
    return tuple(Figure(**fields) for fields in json.loads(path.read_text()))


def publish(groups: Iterable[Group], path: Path) -> None:
    """Write bench.json."""
    rows = [
        {name: getattr(figure, name) for name in PUBLISHED}
        for group in groups
        for figure in group.figures
    ]
    path.write_text(json.dumps(rows, indent=2) + "\n")


def table(group: Group) -> str:
    """The group as people read it."""
    if group.left_out:
        return f"{group.title}\n  LEFT OUT: {group.left_out}"
    rows = [("", "value", "middle half", "aim", "holds"), *map(_row, group.figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [group.title, _line(rows[0], widths)]
    for figure, row in zip(group.figures, rows[1:], strict=True):
        lines.append(_line(row, widths))
        lines += wrap(figure.remark, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join(lines)


def closing_lines(groups: Sequence[Group]) -> list[str]:
    """What a reader in a hurry must know."""
    figures = [figure for group in groups for figure in group.figures]
    aimed = [figure for figure in figures if figure.aim is not None]
    missed = [figure for figure in aimed if not figure.holds]
    lines = [f"{len(figures)} figures, {len(aimed)} of them with an aim: {len(missed)} miss it."]
    lines += [
        f"  {figure.name}: {_number(figure)}, aim {figure.aim:g} at most" for figure in missed
    ]
    lines += [f"LEFT OUT: {group.title}: {group.left_out}" for group in groups if group.left_out]
    return lines


def _row(figure: Figure) -> tuple[str, ...]:
    aim = "" if figure.aim is None else f"<= {figure.aim:g}"
    holds = {None: "", True: "yes", False: "NO"}[figure.holds]
    return (figure.name, _number(figure), figure.spread, aim, holds)


def _number(figure: Figure) -> str:
    if float(figure.value).is_integer() and figure.unit != "ratio":
        return f"{figure.value:,.0f} {figure.unit}"
    return f"{figure.value:,.3f} {figure.unit}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    cells[1] = row[1].rjust(widths[1])
    return f"  {'  '.join(cells)}".rstrip()
