"""Rows read and written by SQL that is put together once for each model.

Django builds the SQL of every query anew, which takes several times as long as sending it.
Settling runs for every change of every referred order, so what it reads and writes goes
through here. The models stay the one description of a row; what a model's `save()` would
do besides (signals, defaults of the database) none of ours needs.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import islice
from threading import local
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Subquery
from django.db.models.base import ModelState
from django.db.models.functions import JSONObject
from psycopg.types.datetime import TimestamptzLoader

Row = TypeVar("Row", bound=models.Model)

#: Of amounts and times it makes text, which PostgreSQL reads exactly.
JSON = json.JSONEncoder(default=str, check_circular=False)

#: Where a row keeps the values it was taken with, by the names of its attributes.
_TAKEN = "_taken"

#: The cursor that a thread shares among its statements, if any; and the one it keeps for that.
_shared = local()


@contextmanager
def one_cursor() -> Iterator[None]:
    """All statements inside go through one cursor, on the default connection: to open and
    close one for each takes as long as to send the statement."""
    if getattr(_shared, "cursor", None) is not None:
        yield
        return
    _shared.cursor = _kept_cursor()
    try:
        yield
    finally:
        _shared.cursor = None


def _kept_cursor() -> Any:
    """The one of the last time, as long as the connection is the same: it knows by now how each
    type is read."""
    kept = getattr(_shared, "kept", None)
    if (
        kept is None
        or kept.cursor.connection is not connection.connection
        or kept.cursor.closed
        # Whoever wants to see every statement is shown it by a cursor made for that.
        or connection.queries_logged
    ):
        kept = connection.cursor()
        # Psycopg's own, in C. Django's makes of the same time the same one, in Python.
        kept.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        _shared.kept = None if connection.queries_logged else kept
    return kept


def select(
    sql: str, params: Sequence[Any] | Mapping[str, Any], *, using: str = DEFAULT_DB_ALIAS
) -> list[tuple[Any, ...]]:
    cursor = getattr(_shared, "cursor", None)
    if cursor is not None and using == DEFAULT_DB_ALIAS:
        cursor.execute(sql, params)
        # Psycopg's: the rows are there already, and nothing is left that Django could translate.
        return cursor.cursor.fetchall()  # type: ignore[no-any-return]
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()  # type: ignore[no-any-return]


class Shape(Generic[Row]):
    """The columns of a model that are read, key first. One that is left out is read by itself,
    as Django does, should anybody ask for it."""

    def __init__(self, model: type[Row], *, without: Sequence[str] = ()) -> None:
        self.model = model
        self.fields = [field for field in _fields(model) if field.name not in without]
        self.names = [field.attname for field in self.fields]
        self.json = [field.attname for field in self.fields if isinstance(field, models.JSONField)]

    def columns(self, alias: str) -> str:
        """For a SELECT."""
        return ", ".join(f'"{alias}"."{field.column}"' for field in self.fields)

    def take(self, values: Iterator[Any]) -> Row | None:
        """The instance that the next columns of a row make; None where an outer join found
        none."""
        own = dict(zip(self.names, islice(values, len(self.names)), strict=True))
        if own[self.names[0]] is None:
            return None
        for name in self.json:
            if own[name] is not None:
                own[name] = json.loads(own[name])
        row = _instance(self.model, own)
        row.__dict__[_TAKEN] = own
        return row

    def take_joined(self, values: Iterator[Any]) -> Row:
        """The same for an inner join, which finds a row or none at all."""
        row = self.take(values)
        assert row is not None
        return row


def _instance(model: type[Row], values: Mapping[str, Any]) -> Row:
    """What `from_db` makes, without the signals and the checks of each value that a row from the
    database needs none of."""
    row = model.__new__(model)
    row.__dict__.update(values)
    row._state = ModelState()
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS
    return row


def relate(row: models.Model, **others: models.Model | None) -> None:
    """Let relations lead to what was read with the row; None: to nothing. Setting them does the
    same, and asks of either side besides whether they may be related."""
    row._state.fields_cache.update(others)


def new(model: type[Row], **values: Any) -> Row:
    """An instance that is not in the database yet, with the model's defaults. A relation is given
    by its key, or by the other instance, which may be new itself."""
    plain, made = _defaults(model)
    row = _instance(model, plain | {name: make() for name, make in made})
    row._state.adding, row._state.db = True, None
    for _, field in _relations(model):
        if field.name in values:
            related = values.pop(field.name)
            field.set_cached_value(row, related)
            values[field.attname] = related.pk
    row.__dict__.update(values)
    return row


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
        key = row.__dict__.get("id")
        if key is None:
            self.insert(row)
            return
        was = row.__dict__.get(_TAKEN, {})
        now = {name: row.__dict__[name] for name in _names(type(row)) if name in row.__dict__}
        changed = {
            name: value for name, value in now.items() if name not in was or value != was[name]
        }
        changed.pop("id", None)
        if changed:
            self._params += (_as_json(changed), key)
            self._parts.append(_update_sql(type(row), tuple(changed)))
            row.__dict__[_TAKEN] = now

    def insert(self, row: models.Model, *, unless_there: bool = False) -> None:
        """The row gets its key when the sheet is written. `unless_there`: one that would break
        a unique constraint is left out, and gets no key."""
        named = self._named_by(row)
        self._params.append(_as_json({name: row.__dict__[name] for name in _names(type(row))}))
        self._new[len(self._parts)] = row
        self._parts.append(_insert_sql(type(row), tuple(named.items()), unless_there))

    def _named_by(self, row: models.Model) -> dict[int, int]:
        """The new rows of this sheet that a row names: by column, their places."""
        places = {id(new): place for place, new in self._new.items()}
        its = row._state.fields_cache
        return {
            n: place
            for n, field in _relations(type(row))
            if row.__dict__[field.attname] is None
            and (place := places.get(id(its.get(field.name)))) is not None
        }

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
            its = row._state.fields_cache
            for _, field in _relations(type(row)):
                if (named := its.get(field.name)) is not None:
                    row.__dict__[field.attname] = named.pk
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
        self.decode = json.JSONDecoder(parse_float=Decimal).decode

    def from_db_value(
        self, value: str | None, expression: Any, connection: Any
    ) -> list[SimpleNamespace]:
        return [self._row(each) for each in self.decode(value)] if value else []

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
        found = select(sql, [values[param.name] for param in params])
        if converters:
            found = self._compiler.apply_converters(found, converters)
        return [self._instance(row) for row in found]

    def first(self, **values: Any) -> Row | None:
        return next(iter(self(**values)), None)

    def _instance(self, values: Sequence[Any]) -> Row:
        model, names = self._shape
        return _instance(model, dict(zip(names, values, strict=True)))

    @cached_property
    def _shape(self) -> tuple[type[Row], list[str]]:
        compiler = self._compiler
        own = compiler.klass_info["select_fields"]
        names = [compiler.select[place][0].target.attname for place in own]
        return compiler.query.model, [*names, *compiler.annotation_col_map]

    @cached_property
    def _compiler(self) -> Any:
        return self.query().query.get_compiler(connection=connection)

    @cached_property
    def _built(self) -> tuple[str, Sequence[Param], dict[int, Any]]:
        sql, params = self._compiler.as_sql()
        # What never changes is written into the SQL once and for all.
        places = ("%s" if isinstance(param, Param) else _literal(param) for param in params)
        expressions = [expression for expression, *_ in self._compiler.select]
        converters = self._compiler.get_converters(expressions)
        return (
            sql.replace("%%", "%%%%") % tuple(places),
            [p for p in params if isinstance(p, Param)],
            converters,
        )


def _literal(value: Any) -> str:
    """A value as it is written in SQL that has parameters besides."""
    operations: Any = connection.ops
    return str(operations.compose_sql("%s", [value])).replace("%", "%%")


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple["models.Field[Any, Any]", ...]:
    """Of every model of ours the first is the key, made by the database."""
    return tuple(model._meta.concrete_fields)


@lru_cache(maxsize=64)
def _defaults(
    model: type[models.Model],
) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    """By attribute: those that are always the same, and what makes the others."""
    made = {f.attname: f.default for f in _fields(model) if f.has_default() and callable(f.default)}
    plain = {f.attname: f.get_default() for f in _fields(model) if f.attname not in made}
    return plain, tuple(made.items())


@lru_cache(maxsize=64)
def _names(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in _fields(model))


def array(keys: Iterable[str]) -> str:
    """As PostgreSQL reads it, of keys, which hold neither comma nor quote: one parameter is
    adapted, and not each of a list."""
    return f"{{{','.join(keys)}}}"


def _as_json(values: Mapping[str, Any]) -> str:
    """For `jsonb_populate_record`. One parameter for each row takes a fraction of one for each
    value, to adapt and to quote."""
    return JSON.encode(values)


@lru_cache(maxsize=64)
def _relations(model: type[models.Model]) -> tuple[tuple[int, Any], ...]:
    """Its foreign keys, and the places of their columns."""
    return tuple((n, field) for n, field in enumerate(_fields(model)) if field.is_relation)


@lru_cache(maxsize=256)
def _insert_sql(
    model: type[models.Model], named: tuple[tuple[int, int], ...], unless_there: bool
) -> str:
    table, places = model._meta.db_table, dict(named)
    columns = [f'"{field.column}"' for field in _fields(model)]
    values = (
        f"(SELECT id FROM row{places[n]})" if n in places else columns[n]
        for n in range(1, len(columns))
    )
    return (
        f'INSERT INTO "{table}" ({", ".join(columns[1:])}) SELECT {", ".join(values)} '
        f'FROM jsonb_populate_record(NULL::"{table}", %s) '
        f'{"ON CONFLICT DO NOTHING " if unless_there else ""}RETURNING "id"'
    )


@lru_cache(maxsize=256)
def _update_sql(model: type[models.Model], names: tuple[str, ...]) -> str:
    table = model._meta.db_table
    columns = (field.column for field in _fields(model) if field.attname in names)
    changes = ", ".join(f'"{column}" = new."{column}"' for column in columns)
    return (
        f'UPDATE "{table}" SET {changes} FROM jsonb_populate_record(NULL::"{table}", %s) new '
        f'WHERE "{table}"."id" = %s'
    )
