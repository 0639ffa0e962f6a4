"""Rows read and written by SQL that is put together once for each model.

Django builds the SQL of every query anew, which takes several times as long as sending it.
Settling runs for every change of every referred order, so what it reads and writes goes
through here. The models stay the one description of a row; what a model's `save()` would
do besides (signals, defaults of the database) none of ours needs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import islice
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Subquery
from django.db.models.functions import JSONObject

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


def select(
    sql: str, params: Sequence[Any] | Mapping[str, Any], *, using: str = DEFAULT_DB_ALIAS
) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def run(sql: str, params: Mapping[str, Any]) -> None:
    """A statement that gives nothing back."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, params)


class Sheet:
    """Rows that are written together, by one statement. A new row may name another new one of
    the same sheet: the database makes the keys."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._params: list[Any] = []
        self._new: dict[int, models.Model] = {}

    def save(self, row: models.Model) -> None:
        """Insert the row, or write what has changed since it was taken."""
        if row.pk is None:
            self.insert(row)
            return
        values = _values(row)
        was = getattr(row, _TAKEN, None)
        changed = [n for n, value in enumerate(values) if n and (was is None or value != was[n])]
        if changed:
            self._params += (_adapted(row, n, values[n]) for n in changed)
            self._params.append(row.pk)
            self._parts.append(_update_sql(type(row), tuple(changed)))
            setattr(row, _TAKEN, values)

    def insert(self, row: models.Model, *, unless_there: bool = False) -> None:
        """The row gets its key when the sheet is written. `unless_there`: one that would break
        a unique constraint is left out, and gets no key."""
        values = _values(row)
        named = self._named_by(row)
        self._params += (
            _adapted(row, n, value) for n, value in enumerate(values) if n and n not in named
        )
        self._new[len(self._parts)] = row
        self._parts.append(_insert_sql(type(row), tuple(named.items()), unless_there))

    def _named_by(self, row: models.Model) -> dict[int, int]:
        """The new rows of this sheet that a row names: by column, their places."""
        places = {id(new): place for place, new in self._new.items()}
        named = {}
        for n, field in _relations(type(row)):
            if getattr(row, field.attname) is None and field.is_cached(row):
                place = places.get(id(getattr(row, field.name)))
                if place is not None:
                    named[n] = place
        return named

    def write(self) -> None:
        """The sheet is empty afterwards."""
        if not self._parts:
            return
        parts = ", ".join(f"row{place} AS ({sql})" for place, sql in enumerate(self._parts))
        keys = ", ".join(f"(SELECT id FROM row{place})" for place in self._new) or "1"
        [found] = select(f"WITH {parts} SELECT {keys}", self._params)
        for row, key in zip(self._new.values(), found, strict=False):
            if key is not None:
                row.pk = key
                row._state.adding = False
                row._state.db = connection.alias
        for row in self._new.values():
            for _, field in _relations(type(row)):
                if field.is_cached(row) and (named := getattr(row, field.name)) is not None:
                    setattr(row, field.attname, named.pk)
        self._parts, self._params, self._new = [], [], {}


def save(row: models.Model) -> None:
    """Insert the row, or write what has changed since it was taken."""
    sheet = Sheet()
    sheet.save(row)
    sheet.write()


def insert(row: models.Model, *, unless_there: bool = False) -> None:
    """See `Sheet.insert`."""
    sheet = Sheet()
    sheet.insert(row, unless_there=unless_there)
    sheet.write()


class Param(models.Expression):
    """A place in a prepared query for a value that is given when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Gathered(Subquery):
    """The named columns of the rows that belong to an outer row, in the order of the query: an
    annotation that spares a statement of its own. Each is a plain object; money is exact,
    times are aware, and a key that is no number is a string."""

    template = "(SELECT jsonb_agg(gathered.one) FROM (%(subquery)s) gathered(one))"

    def __init__(self, query: models.QuerySet[Any], *names: str) -> None:
        one = JSONObject(**{name: name for name in names})
        super().__init__(query.values(one=one), output_field=_GatheredRows(query.model, names))


class _GatheredRows(models.JSONField):
    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        super().__init__()
        times = {f.name for f in _fields(model) if isinstance(f, models.DateTimeField)}
        self.times = times.intersection(names)

    def from_db_value(
        self, value: str | None, expression: Any, connection: Any
    ) -> list[SimpleNamespace]:
        found: list[SimpleNamespace] = json.loads(
            value or "[]", parse_float=Decimal, object_hook=self._row
        )
        return found

    def _row(self, values: dict[str, Any]) -> SimpleNamespace:
        for name in self.times:
            if values[name] is not None:
                values[name] = datetime.fromisoformat(values[name])
        return SimpleNamespace(**values)


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
        compiler = self._compiler
        own = compiler.klass_info["select_fields"]
        names = [compiler.select[place][0].target.attname for place in own]
        return compiler.query.model, names, list(compiler.annotation_col_map)

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
def _relations(model: type[models.Model]) -> tuple[tuple[int, Any], ...]:
    """Its foreign keys, and the places of their columns."""
    return tuple((n, field) for n, field in enumerate(_fields(model)) if field.is_relation)


@lru_cache(maxsize=256)
def _insert_sql(
    model: type[models.Model], named: tuple[tuple[int, int], ...], unless_there: bool
) -> str:
    places = dict(named)
    names = ", ".join(f'"{field.column}"' for field in _fields(model)[1:])
    values = ", ".join(
        f"(SELECT id FROM row{places[n]})" if n in places else "%s"
        for n in range(1, len(_fields(model)))
    )
    return (
        f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({values}) '
        f'{"ON CONFLICT DO NOTHING " if unless_there else ""}RETURNING "id"'
    )


@lru_cache(maxsize=256)
def _update_sql(model: type[models.Model], places: tuple[int, ...]) -> str:
    fields = _fields(model)
    changes = ", ".join(f'"{fields[n].column}" = %s' for n in places)
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "id" = %s'
