"""Rows read and written by SQL that is put together once for each model.

Django builds the SQL of every query anew, which takes several times as long as sending it.
Settling runs for every change of every referred order, so what it reads and writes goes
through here. The models stay the one description of a row; what a model's `save()` would
do besides (signals, defaults of the database) none of ours needs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, Generic, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)

#: Where a row keeps the values it was taken with.
_TAKEN = "_taken"


@lru_cache(maxsize=64)
def columns(model: type[models.Model], alias: str) -> str:
    """The columns of a model for a SELECT, as `take` wants them."""
    return ", ".join(f'"{alias}"."{field.column}"' for field in _fields(model))


def take(model: type[Row], values: Iterator[Any]) -> Row | None:
    """The instance that the next columns of a row make; None where an outer join found none."""
    fields = _fields(model)
    own = list(islice(values, len(fields)))
    if own[0] is None:
        return None
    for place in _json_places(model):
        if own[place] is not None:
            own[place] = json.loads(own[place])
    row = model.from_db(connection.alias, [field.attname for field in fields], own)
    setattr(row, _TAKEN, own)
    return row


def take_joined(model: type[Row], values: Iterator[Any]) -> Row:
    """The same for an inner join, which finds a row or none at all."""
    row = take(model, values)
    assert row is not None
    return row


def select(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def save(row: models.Model) -> None:
    """Insert the row, or write what has changed since it was taken."""
    if row.pk is None:
        insert([row])
        return
    values = _values(row)
    was = getattr(row, _TAKEN, None)
    changed = [n for n, value in enumerate(values) if n and (was is None or value != was[n])]
    if changed:
        sql = _update_sql(type(row), tuple(changed))
        with connection.cursor() as cursor:
            cursor.execute(sql, [*(_adapted(row, n, values[n]) for n in changed), row.pk])
        setattr(row, _TAKEN, values)


def insert(rows: Sequence[models.Model], *, unless_there: bool = False) -> None:
    """Insert rows of one model in one statement and give them their keys. `unless_there`:
    those that would break a unique constraint are left out, and get no key."""
    if not rows:
        return
    sql = _insert_sql(type(rows[0]), len(rows), unless_there)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [_adapted(row, n, value) for row in rows for n, value in enumerate(_values(row)) if n],
        )
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, () if unless_there else keys, strict=not unless_there):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias


class Param(models.Expression):
    """A place in a prepared query for a value that is given when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Prepared(Generic[Row]):
    """A query whose SQL Django builds the first time only. Its values are `Param`s; it gives
    instances with their annotations, and no relations."""

    def __init__(self, query: Callable[[], models.QuerySet[Row]]) -> None:
        self.query = query

    def __call__(self, **values: Any) -> list[Row]:
        sql, params, converters = self._built
        with connection.cursor() as cursor:
            cursor.execute(sql, [values[p.name] if isinstance(p, Param) else p for p in params])
            found = cursor.fetchall()
        if converters:
            found = self._compiler.apply_converters(found, converters)
        return [self._instance(row) for row in found]

    def first(self, **values: Any) -> Row | None:
        return next(iter(self(**values)), None)

    def _instance(self, values: Sequence[Any]) -> Row:
        model, names, annotations = self._shape
        row: Row = model.from_db(connection.alias, names, values[: len(names)])
        for name, value in zip(annotations, values[len(names) :], strict=True):
            setattr(row, name, value)
        return row

    @cached_property
    def _shape(self) -> tuple[type[Row], list[str], list[str]]:
        query = self._compiler.query
        names = [field.attname for field in query.model._meta.concrete_fields]
        return query.model, names, list(query.annotation_select)

    @cached_property
    def _compiler(self) -> Any:
        return self.query().query.get_compiler(connection=connection)

    @cached_property
    def _built(self) -> tuple[str, Sequence[Any], dict[int, Any]]:
        sql, params = self._compiler.as_sql()
        expressions = [expression for expression, *_ in self._compiler.select]
        return sql, params, self._compiler.get_converters(expressions)


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple["models.Field[Any, Any]", ...]:
    """Of every model of ours the first is the key, made by the database."""
    return tuple(model._meta.concrete_fields)


@lru_cache(maxsize=64)
def _json_places(model: type[models.Model]) -> tuple[int, ...]:
    return tuple(n for n, field in enumerate(_fields(model)) if isinstance(field, models.JSONField))


def _values(row: models.Model) -> list[Any]:
    return [getattr(row, field.attname) for field in _fields(type(row))]


def _adapted(row: models.Model, place: int, value: Any) -> Any:
    if value is not None and place in _json_places(type(row)):
        return connection.ops.adapt_json_value(value, None)
    return value


@lru_cache(maxsize=64)
def _insert_sql(model: type[models.Model], count: int, unless_there: bool) -> str:
    names = [f'"{field.column}"' for field in _fields(model)[1:]]
    one = f"({', '.join(['%s'] * len(names))})"
    return (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) '
        f"VALUES {', '.join([one] * count)} "
        f'{"ON CONFLICT DO NOTHING " if unless_there else ""}RETURNING "id"'
    )


@lru_cache(maxsize=256)
def _update_sql(model: type[models.Model], places: tuple[int, ...]) -> str:
    fields = _fields(model)
    changes = ", ".join(f'"{fields[n].column}" = %s' for n in places)
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "id" = %s'
