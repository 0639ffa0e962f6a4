"""What PostgreSQL does for a statement, as it says itself."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from benchmarks.measuring import Statements

_READS = ("SELECT", "WITH")


@dataclass(frozen=True, slots=True)
class Plans:
    """Of all reading statements together, in the tables that count. `rows`: looked at in tables and
    indexes, whether they were wanted or not. `read_through`: tables read from end to end."""

    blocks: int
    rows: int
    read_through: tuple[str, ...]


def explained(sent: Statements, tables: Collection[str]) -> Plans:
    """Carries them out once more."""
    nodes = []
    blocks = 0
    for sql, params in sent.sent:
        if sql.lstrip().startswith(_READS):
            plan = _plan(sql, params)
            of_statement = list(_nodes(plan))
            if any(node.get("Relation Name") in tables for node in of_statement):
                blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
                nodes += of_statement
    scans = [node for node in nodes if node.get("Relation Name") in tables]
    return Plans(
        blocks,
        sum(map(_rows, scans)),
        tuple(
            node["Relation Name"]
            for node in scans
            # A part that is planned and not needed is not carried out.
            if node["Node Type"] == "Seq Scan" and node["Actual Loops"]
        ),
    )


def _plan(sql: str, params: Any) -> dict[str, Any]:
    # What is locked is let go.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        [(found,)] = cursor.fetchall()
    [explained] = json.loads(found) if isinstance(found, str) else found
    plan: dict[str, Any] = explained["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _rows(node: dict[str, Any]) -> int:
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    each += node.get("Rows Removed by Index Recheck", 0)
    return int(each * node["Actual Loops"])
