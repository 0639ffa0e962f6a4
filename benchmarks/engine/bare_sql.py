"""The least that settling could cost: the rows it writes, by plain SQL and nothing else.

What settling wrote for one order is found by comparing the books before and after. The same
inserts and updates can then be made for any other order, through the same connection, with
every value known beforehand but the keys that the database gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from saleor_referral_plugin.models import (
    Claim,
    Effect,
    FreedRoom,
    LedgerEntry,
    Referral,
    Reward,
)

#: All that settling the orders measured writes.
WRITTEN = {
    model._meta.db_table: model
    for model in (Claim, Referral, Reward, LedgerEntry, Effect, FreedRoom)
}
Row = dict[str, Any]
#: SQL and its parameters.
Sent = tuple[str, Any]
#: A row of the books: its table and its primary key.
Key = tuple[str, int]


@dataclass(frozen=True)
class Books:
    """What the books say about one order, and the words by which they name it."""

    names: tuple[str | None, ...]
    rows: Mapping[Key, Row]

    @classmethod
    def of(cls, order_ref: str, checkout_ref: str, order_number: str, email_key: str) -> "Books":
        found: tuple[models.QuerySet[Any], ...] = (
            Claim.objects.filter(checkout_ref=checkout_ref),
            Referral.objects.filter(order_ref=order_ref),
            Reward.objects.filter(referral__order_ref=order_ref),
            LedgerEntry.objects.filter(reward__referral__order_ref=order_ref),
            Effect.objects.filter(reward__referral__order_ref=order_ref),
            FreedRoom.objects.filter(reward__referral__order_ref=order_ref),
        )
        rows = {
            (instance._meta.db_table, instance.pk): _row(instance)
            for instances in found
            for instance in instances.order_by("pk")
        }
        return cls((order_ref, order_number, email_key), rows)


@dataclass(frozen=True)
class Statement:
    """`refers`: columns that hold the key of a row inserted before. `makes`: the row that
    this one inserts, by the key it has in the first order's books."""

    sql: str
    values: Row
    refers: Mapping[str, Key]
    makes: Key | None


class BareSql:
    """Repeats for other orders what was written for a first one."""

    def __init__(self, before: Books, after: Books) -> None:
        self.before = before
        self.after = after
        self.changes = {
            key: changed for key, row in after.rows.items() if (changed := self._changed(key, row))
        }

    def prepare(self, books: Books) -> list[Statement]:
        """The statements for an order whose books are as the first one's were before."""
        known = dict(zip(self.before.rows, books.rows, strict=True))
        names = dict(zip(self.before.names, books.names, strict=True))
        return [self._statement(key, known, names) for key in self.changes]

    def write(self, statements: Sequence[Statement], reads: Sequence[Sent] = ()) -> None:
        """What is measured. `reads` are sent before, and their rows fetched."""
        made: dict[Key, int] = {}
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params in reads:
                cursor.execute(sql, params)
                cursor.fetchall()
            for statement in statements:
                values = statement.values
                for column, key in statement.refers.items():
                    values[column] = made[key]
                cursor.execute(statement.sql, values)
                if statement.makes:
                    made[statement.makes] = cursor.fetchone()[0]

    def wrote(self, books: Books) -> bool:
        """Has this order got what the first one got?"""
        keys = dict(zip(self.after.rows, books.rows, strict=True))
        names = dict(zip(self.after.names, books.names, strict=True))
        return all(
            books.rows[keys[key]][column] == _translated(key, column, value, keys, names)
            for key, changed in self.changes.items()
            for column, value in changed.items()
        )

    def _changed(self, key: Key, after: Row) -> Row:
        before = self.before.rows.get(key)
        return {
            column: value
            for column, value in after.items()
            if before is None or before[column] != value
        }

    def _statement(self, key: Key, known: Mapping[Key, Key], names: Mapping[Any, Any]) -> Statement:
        table, _ = key
        changed = self.changes[key]
        refers = {
            column: target
            for column, value in changed.items()
            if (target := _target(table, column, value)) in self.after.rows and target not in known
        }
        values = {
            column: _field(table, column).get_db_prep_save(
                _translated(key, column, value, known, names), connection
            )
            for column, value in changed.items()
            if column not in refers
        }
        if key in known:
            values["id"] = known[key][1]
            return Statement(_update(table, changed), values, refers, None)
        return Statement(_insert(table, changed), values, refers, key)


def _translated(
    key: Key, column: str, value: Any, keys: Mapping[Key, Key], names: Mapping[Any, Any]
) -> Any:
    """What stands for one order's value in another order's books."""
    target = _target(key[0], column, value)
    if target in keys:
        return keys[target][1]
    return names.get(value, value) if isinstance(value, str) else value


def _target(table: str, column: str, value: Any) -> Key:
    """The row that a foreign key points to; of any other column, one that is nowhere."""
    related = _field(table, column).related_model
    return (related._meta.db_table, value) if related else ("", 0)


def _field(table: str, column: str) -> Any:
    return next(f for f in WRITTEN[table]._meta.concrete_fields if f.column == column)


def _row(instance: models.Model) -> Row:
    return {
        str(field.column): getattr(instance, field.attname)
        for field in instance._meta.concrete_fields
        if not field.primary_key
    }


def _insert(table: str, columns: Row) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(f"%({column})s" for column in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({values}) RETURNING "id"'


def _update(table: str, columns: Row) -> str:
    changes = ", ".join(f'"{column}" = %({column})s' for column in columns)
    return f'UPDATE "{table}" SET {changes} WHERE "id" = %(id)s'
