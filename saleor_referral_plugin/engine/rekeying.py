"""A new key for the hashes that stand for e-mail addresses, in a shop that is open.

Each hash is hashed once more with the new key (see `people`): for that nobody's address is needed,
so nothing is left behind, neither guests nor orders that are gone. Batch by batch, each a short
transaction that waits for no row: what somebody works on is left for the next pass. A hash says
with how many keys it was made, hence whoever was stopped goes on where they were, and what another
process has written by the old key meanwhile is found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction

from ..conf import settings
from ..models import Claim, KnownOrder, Referral, Referrer
from . import rows
from .people import mark_of, newest

#: What remembers addresses, and where. Referrers last: who they are is asked most of all.
COLUMNS: tuple[tuple[type[models.Model], str], ...] = (
    (KnownOrder, "email_key"),
    (Claim, "buyer_email_key"),
    (Referral, "referee_email_key"),
    (Referrer, "email_key"),
)

_BATCH = """
SELECT {pk}, {column} FROM {table}
 WHERE {pk} > %(after)s AND {column} IS NOT NULL AND NOT starts_with({column}, %(mark)s)
 ORDER BY {pk} LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED
"""
_WRITE = """
UPDATE {table} SET {column} = made.key
  FROM unnest(%(pks)s::{type}[], %(keys)s::text[]) AS made (pk, key)
 WHERE {table}.{pk} = made.pk
"""
_COUNT = """
SELECT count(*) FROM {table}
 WHERE {column} IS NOT NULL AND NOT starts_with({column}, %(mark)s)
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """So many rows of a table are made anew. `twice`: keys of rows that could not be, because the
    same person is there by the new key already."""

    table: str
    done: int
    twice: tuple[Any, ...] = ()


def left() -> dict[str, int]:
    """How many rows, by table, are not by the newest key yet."""
    return {
        str(model._meta.verbose_name_plural): int(
            rows.select(_sql(_COUNT, model, column), {"mark": _mark()})[0][0]
        )
        for model, column in COLUMNS
    }


def rekey(*, now: datetime, size: int = 1000) -> Iterator[Batch]:
    """Once through all tables."""
    for model, column in COLUMNS:
        after: Any = "" if _is_text(model) else 0
        while True:
            with transaction.atomic():
                found = rows.select(
                    _sql(_BATCH, model, column),
                    {"after": after, "mark": _mark(), "limit": size},
                )
                if not found:
                    break
                twice = tuple(_write(model, column, found, now))
            after = found[-1][0]
            name = str(model._meta.verbose_name_plural)
            yield Batch(name, len(found) - len(twice), twice)


def _write(
    model: type[models.Model], column: str, found: list[tuple[Any, ...]], now: datetime
) -> Iterator[Any]:
    """Gives the keys of those that could not be written."""
    made = {"pks": [pk for pk, _ in found], "keys": [newest(key) for _, key in found]}
    try:
        with transaction.atomic():
            rows.run(_sql(_WRITE, model, column), made)
        return
    except IntegrityError:
        if len(found) == 1:
            yield found[0][0]
            if model is Referral:
                # Whose of the two it is, is decided again: the other is seen by either key.
                Referral.objects.filter(pk=found[0][0]).update(look_again_at=now)
            return
    for each in found:
        yield from _write(model, column, [each], now)


def _mark() -> str:
    return mark_of(len(settings.hash_keys))


def _is_text(model: type[models.Model]) -> bool:
    return isinstance(model._meta.pk, models.CharField)


def _sql(sql: str, model: type[models.Model], column: str) -> str:
    pk = model._meta.pk
    assert pk is not None
    return sql.format(
        table=model._meta.db_table,
        column=column,
        pk=pk.column,
        type="text" if _is_text(model) else "bigint",
    )
