"""Tables as they are in a shop with so many codes and referrals.

Each size has a schema of its own with the tables that grow; all else is read where it is. The
search path says which of them is seen, so that all sizes take turns in one connection. The rows
are made by PostgreSQL itself, and indexed when they are all there.

In every size the first referrer is as popular, and everybody else who refers at all has as many
referrals: it is the tables that grow, not what one person sees of them.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.programs import current_program, current_terms
from saleor_referral_plugin.models import (
    BudgetUse,
    Claim,
    KnownOrder,
    LedgerEntry,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
)

#: The popular referrer has a thousand pages of referrals, and some.
POPULAR = 20_040
#: So many referrals has everybody else who has any.
EACH = 10
#: What happened last, and over how many days all of it did.
LAST, DAYS = datetime(2026, 11, 1, tzinfo=UTC), 720

GROWING = tuple(
    model._meta.db_table
    for model in (
        Referrer,
        ReferralCode,
        Claim,
        Referral,
        Reward,
        BudgetUse,
        LedgerEntry,
        KnownOrder,
    )
)


@dataclass(frozen=True, slots=True)
class Size:
    schema: str
    codes: int
    referrals: int
    popular: int = POPULAR

    def __str__(self) -> str:
        return f"{self.codes:,} codes"

    @property
    def others(self) -> int:
        """How many besides the popular one have referrals."""
        return (self.referrals - self.popular) // EACH


SIZES = (
    Size("few", 10_000, 30_000),
    Size("many", 1_000_000, 1_000_000),
    Size("most", 10_000_000, 1_000_000),
)

#: The stores' references are written so.
_UUID = "lpad(to_hex(n), 32, '0')::uuid::text"

# The number of the referrer of the n-th referral, and when it was placed. The popular one's are
# spread among the others'.
_REFERRALS = """
CREATE UNLOGGED TABLE {schema}.numbers AS
SELECT n, CASE WHEN mine > before THEN 1 ELSE 2 + (n - mine) %% %(others)s END AS referrer,
       %(last)s - make_interval(secs => (%(referrals)s - n) * %(days)s * 86400.0 / %(referrals)s)
           AS at,
       CASE WHEN n * 7919 %% 1000 < 900 THEN 'qualified'
            WHEN n * 7919 %% 1000 < 950 THEN 'rejected'
            WHEN n * 7919 %% 1000 < 990 THEN 'attributed'
            WHEN n * 7919 %% 1000 < 999 THEN 'in_review'
            ELSE 'reversed' END AS status
  FROM (SELECT n, n * %(popular)s / %(referrals)s AS mine,
               (n - 1) * %(popular)s / %(referrals)s AS before
          FROM generate_series(1, %(referrals)s::bigint) n) numbered
"""

#: A code is a number in hexadecimal digits, all of which codes are written with; multiplied, so
#: that neighbours are not.
_ROWS = {
    Referrer: """
INSERT INTO {table} (id, user_ref, email_key, display_name, created_at)
SELECT n, coalesce((%(known)s::text[])[n], {uuid}), md5(n::text) || md5((-n)::text), '',
       %(last)s - make_interval(secs => (%(codes)s - n) * %(days)s * 86400.0 / %(codes)s)
  FROM generate_series(1, %(codes)s::bigint) n
""",
    ReferralCode: """
INSERT INTO {table} (id, referrer_id, program_id, code, written, is_active, created_at)
SELECT n, n, %(program)s, lpad(upper(to_hex(n * 2654435761 %% 1099511627776)), 10, '0'), '', true,
       %(last)s - make_interval(secs => (%(codes)s - n) * %(days)s * 86400.0 / %(codes)s)
  FROM generate_series(1, %(codes)s::bigint) n
""",
    Claim: """
INSERT INTO {table} (id, checkout_ref, code_id, terms_id, typed, source, status, buyer_email_key,
       findings, created_at, judged_at)
SELECT n, {uuid}, referrer, %(terms)s, 'typed', 'promo_code', 'used',
       md5('friend' || n) || md5('of' || n), %(passed)s::jsonb, at, at
  FROM {schema}.numbers
""",
    Referral: """
INSERT INTO {table} (id, program_id, terms_id, referrer_id, claim_id, "group", net, goods,
       order_ref, order_number, channel, currency, referee_email_key, status, findings, placed_at,
       earned_at, settled_at)
SELECT n, %(program)s, %(terms)s, referrer, n, '', 100, '{{}}', {uuid}, n::text, 'default',
       'USD', md5('friend' || n) || md5('of' || n), status,
       CASE WHEN status = 'rejected' THEN %(failed)s::jsonb ELSE %(passed)s::jsonb END,
       at, CASE WHEN status = 'qualified' THEN at END, at
  FROM {schema}.numbers
""",
    Reward: """
INSERT INTO {table} (id, program_id, referral_id, holder_id, beneficiary, rule, occurrence, kind,
       currency, amount, status, earned_at, hold_until, use, after_issue, issued_at, credit_ref,
       sent_by, sent_note, is_cut, is_cut_by_budget, created_at)
SELECT n, %(program)s, n, referrer, 'referrer', 'referrer', '', 'store_credit', 'USD', 10, 'issued',
       at, at, 'on_request', 'debt', at, {uuid}, '', '', false, false, at
  FROM {schema}.numbers WHERE status = 'qualified'
""",
    BudgetUse: """
INSERT INTO {table} (program_id, beneficiary, currency, day, number, amount, is_sum)
SELECT %(program)s, 'referrer', 'USD', (at AT TIME ZONE 'UTC')::date, count(*), 10 * count(*),
       true
  FROM {schema}.numbers WHERE status = 'qualified' GROUP BY 4
""",
    LedgerEntry: """
INSERT INTO {table} (id, reward_id, holder_id, kind, currency, amount, created_at)
SELECT 2 * n - place, n, referrer, kind, 'USD', 10, at
  FROM {schema}.numbers, (VALUES (1, 'promised'), (0, 'delivered')) kinds (place, kind)
 WHERE status = 'qualified'
""",
    KnownOrder: """
INSERT INTO {table} (order_ref, email_key, is_forgotten)
SELECT {uuid}, md5('friend' || n) || md5('of' || n), false
  FROM {schema}.numbers
""",
}


def fill(size: Size, known: Sequence[str]) -> float:
    """Make the schema; the seconds it took. The first referrers are the `known` customers."""
    started = time.perf_counter()
    program = current_program()
    version = current_terms(program) if program else None
    assert program is not None
    assert version is not None
    values = {
        "codes": size.codes,
        "referrals": size.referrals,
        "popular": size.popular,
        "others": size.others,
        "known": list(known),
        "program": program.pk,
        "terms": version.pk,
        "last": LAST,
        "days": DAYS,
        "passed": _findings(passed=True),
        "failed": _findings(passed=False),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem TO '512MB'")
        cursor.execute(f"CREATE SCHEMA {size.schema}")
        cursor.execute(_REFERRALS.format(schema=size.schema), values)
        for model, insert in _ROWS.items():
            table = f"{size.schema}.{model._meta.db_table}"
            # What is only measured needs no log.
            cursor.execute(
                f"CREATE UNLOGGED TABLE {table}"
                f" (LIKE public.{model._meta.db_table} INCLUDING ALL EXCLUDING INDEXES)"
            )
            cursor.execute(insert.format(table=table, schema=size.schema, uuid=_UUID), values)
            if model is not KnownOrder:
                cursor.execute(f"SELECT max(id) + 1 FROM {table}")
                [following] = cursor.fetchone()
                cursor.execute(f"ALTER TABLE {table} ALTER id RESTART WITH {following}")
            for index in _indexes(model._meta.db_table):
                cursor.execute(index.replace(" ON public.", f" ON {size.schema}."))
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("RESET maintenance_work_mem")
    return time.perf_counter() - started


def drop(sizes: Iterable[Size]) -> None:
    with connection.cursor() as cursor:
        for size in sizes:
            cursor.execute(f"DROP SCHEMA IF EXISTS {size.schema} CASCADE")


@contextmanager
def seen(size: Size) -> Iterator[None]:
    """Inside the block its tables are those that grow."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {size.schema}, public")
        try:
            yield
        finally:
            cursor.execute("RESET search_path")


def code(number: int) -> str:
    """The code of the n-th referrer."""
    return f"{number * 2654435761 % 2**40:010X}"


def _indexes(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s",
            [table],
        )
        return [definition for (definition,) in cursor.fetchall()]


def _findings(*, passed: bool) -> str:
    codes = (FindingCode.NOT_NEW_CUSTOMER, FindingCode.ALREADY_REFERRED, FindingCode.NOT_PAID)
    first, *others = codes
    found = [Finding(first, passed), *(Finding(code, True) for code in others)]
    return json.dumps([finding.to_json() for finding in found])
