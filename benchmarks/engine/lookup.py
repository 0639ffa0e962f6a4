"""Finding a code among few and among many.

Two schemas hold the same two tables, one filled with ten thousand codes and one with a
million; the search path says which of them a lap sees. So both take turns in one connection.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.figures import Figure
from benchmarks.measuring import Contestant, race, ratio_of_medians, statements
from saleor_referral_plugin.engine.codes import ALPHABET, LENGTH, find
from saleor_referral_plugin.engine.programs import current_program
from saleor_referral_plugin.models import ReferralCode, Referrer

SIZES = {"few": 10_000, "many": 1_000_000}
AIM = 1.2
#: Lookups in one lap; one alone is too short for the clock.
LOOKUPS = 20
TABLES = (Referrer._meta.db_table, ReferralCode._meta.db_table)


def run(rounds: int) -> Iterator[Figure]:
    codes = {schema: _fill(schema, size) for schema, size in SIZES.items()}
    try:
        contestants = {}
        for schema in SIZES:
            contestants[schema] = _contestant(schema, codes[schema], find)
            contestants[f"{schema}, bare"] = _contestant(
                schema, codes[schema], _bare_find(codes[schema][0])
            )
        laps = race(contestants, rounds=rounds)
        sizes = " / among ".join(f"{SIZES[schema]:,}" for schema in ("many", "few"))
        for words, end in (("time", ""), ("time of its SQL alone", ", bare")):
            yield ratio_of_medians(
                f"finding a code among {sizes}: {words}", laps, f"many{end}", f"few{end}", aim=AIM
            )
        for schema, size in SIZES.items():
            scans = _tables_read_through(schema, codes[schema][0])
            yield Figure(
                f"finding a code among {size:,}: tables read from end to end",
                len(scans),
                "tables",
                0,
                remark=", ".join(scans) or "its plan uses the indexes",
            )
    finally:
        _search("public")
        for schema in SIZES:
            _execute(f"DROP SCHEMA {schema} CASCADE")


def _contestant(schema: str, codes: list[str], look_up: Callable[[str], Any]) -> Contestant:
    draw = random.Random(schema)

    def prepare() -> list[str]:
        _search(schema)
        return draw.sample(codes, LOOKUPS)

    def act(wanted: list[str]) -> None:
        for code in wanted:
            assert look_up(code) is not None

    return Contestant(prepare, act)


def _bare_find(known: str) -> Callable[[str], Any]:
    """What `find` sends, without what Django makes of it."""
    with statements() as seen:
        find(known)
    ((sql, params),) = seen.sent

    def look_up(code: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, [code if value == known else value for value in params])
            return cursor.fetchone()

    return look_up


def _fill(schema: str, count: int) -> list[str]:
    """Make a schema with so many referrers, each with a code; the codes."""
    program = current_program()
    assert program is not None
    codes = [_code(n) for n in random.Random(schema).sample(range(32**LENGTH), count)]
    _execute(f"CREATE SCHEMA {schema}")
    for table in TABLES:
        _execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
    _search(schema)
    referrers, codes_table = TABLES
    now = timezone.now()
    _execute(
        f"INSERT INTO {referrers} (id, user_ref, email_key, display_name, created_at)"
        " SELECT n, n::text, md5(n::text), '', %s FROM generate_series(1, %s) n",
        [now, count],
    )
    columns = "id, referrer_id, program_id, code, written, is_active, created_at"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {codes_table} ({columns}) FROM STDIN") as to,
    ):
        for n, code in enumerate(codes, start=1):
            to.write_row((n, n, program.pk, code, "", True, now))
    for table in TABLES:
        _execute(f"VACUUM ANALYZE {table}")
    return codes


def _code(number: int) -> str:
    letters = (ALPHABET[number >> shift & 31] for shift in range(0, 5 * LENGTH, 5))
    return "".join(letters)


def _tables_read_through(schema: str, code: str) -> list[str]:
    _search(schema)
    with statements() as seen:
        find(code)
    scans: list[str] = []
    for sql, params in seen.sent:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0]
        scans += _sequential(json.loads(plan) if isinstance(plan, str) else plan)
    return [table for table in scans if table in TABLES]


def _sequential(plan: Any) -> list[str]:
    """The tables that a plan reads from end to end, at any depth."""
    if isinstance(plan, list):
        return [table for part in plan for table in _sequential(part)]
    own = [plan["Relation Name"]] if plan.get("Node Type") == "Seq Scan" else []
    return own + _sequential([*plan.get("Plans", ()), *filter(None, [plan.get("Plan")])])


def _search(schema: str) -> None:
    _execute(f"SET search_path TO {', '.join(dict.fromkeys((schema, 'public')))}")


def _execute(sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
