"""Connections whose pages are loaded for all parents at once.

Saleor's own connections ask once per parent, or load all rows of each. Here the parents
that stand in one list share one query per connection, which reads no more than the page.
A connection without a parent, at the root, is of all rows there are.

A page starts behind the row that its cursor names, by the values it is sorted by, so that the
thousandth costs as much as the first. What has no value counts as the latest, as in
PostgreSQL's own order: nulls come first where values fall, last where they rise.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import BigIntegerField, Count, F, Func, Model, OuterRef, Q, QuerySet
from graphene.relay import PageInfo
from promise import Promise

from graphql import GraphQLError

from . import host

#: A parent's id; None: the root.
Parent = int | None


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows count: `said` as the client did, for comparison, and what it means."""

    said: str = ""
    condition: Q = field(default_factory=Q, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a connection were asked for; `sort` is the name of a column, empty for the
    connection's own."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    where: Where = Where()
    sort: str = ""
    descending: bool = True

    def check(self, connection: str) -> None:
        """Raises GraphQLError where Saleor does."""
        for name, number in (("first", self.first), ("last", self.last)):
            if number is None:
                continue
            if number <= 0:
                raise GraphQLError(f"Argument `{name}` must be a non-negative integer.")
            limit = host.page_limit()
            if limit and number > limit:
                raise GraphQLError(
                    f"Requesting {number} records on the `{connection}` connection exceeds the "
                    f"`{name}` limit of {limit} records."
                )
        for one, other in (("last", "first"), ("first", "before"), ("last", "after")):
            if getattr(self, one) and getattr(self, other):
                raise GraphQLError(f"Argument `{one}` cannot be combined with `{other}`.")

    @property
    def size(self) -> int | None:
        return self.first or self.last

    @property
    def is_backwards(self) -> bool:
        return self.last is not None

    @property
    def cursor(self) -> str | None:
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class Edge:
    node: Any
    cursor: str


@dataclass(frozen=True, slots=True)
class LoadedPage:
    edges: list[Edge]
    page_info: PageInfo


class PageLoader(host.DataLoader):
    """Loads a page of `model` for each key (Parent, Page), by default newest rows first, or
    those with the highest `newest_by`. `parent`: the column of the parent; none at the root.
    `with_their`: what each row needs beside it."""

    model: type[Model]
    parent = ""
    newest_by = "created_at"
    with_their: tuple[str, ...] = ()

    def batch_load(self, keys: Sequence[tuple[Parent, Page]]) -> list[LoadedPage]:
        parents_by_page: dict[Page, list[int]] = {}
        found: dict[tuple[Parent, Page], list[Model]] = {}
        for parent, page in keys:
            if parent is None:
                found[parent, page] = self._rows_of_all(page)
            else:
                parents_by_page.setdefault(page, []).append(parent)
        for page, parents in parents_by_page.items():
            for each, rows in self._rows_of(parents, page).items():
                found[each, page] = rows
        return [self._loaded(page, found[parent, page]) for parent, page in keys]

    # One row more than the page holds, to see whether it is the last; in the order of reading.
    def _rows_of_all(self, page: Page) -> list[Model]:
        return list(self._behind_cursor(page).order_by(*self._order(page))[: _size(page) + 1])

    def _rows_of(self, parents: list[int], page: Page) -> dict[int, list[Model]]:
        # Each parent's page by itself, so that an index is read no further than the page.
        mine = self._behind_cursor(page).filter(**{self.parent: OuterRef("pk")})
        keys = mine.order_by(*self._order(page)).values("pk")[: _size(page) + 1]
        wanted = self._parents().filter(pk__in=parents).values_list(_each(ArraySubquery(keys)))
        found = self._rows().filter(pk__in=wanted).annotate(parent_id=F(self.parent))
        rows: dict[int, list[Model]] = {parent: [] for parent in parents}
        row: Any
        for row in found.order_by(*self._order(page)):
            rows[row.parent_id].append(row)
        return rows

    def _parents(self) -> QuerySet[Model]:
        model: Any = self.model
        for name in self.parent.split("__"):
            model = model._meta.get_field(name).related_model
        parents: QuerySet[Model] = model._default_manager.using(self.database_connection_name)
        return parents.order_by()

    def _rows(self) -> QuerySet[Model]:
        rows = self.model._default_manager.using(self.database_connection_name)
        return rows.select_related(*self.with_their) if self.with_their else rows

    def _behind_cursor(self, page: Page) -> QuerySet[Model]:
        return self._rows().filter(page.where.condition, self._beyond(page))

    def _order(self, page: Page) -> list[Any]:
        by = (F(self._column(page).name), F("pk"))
        return [each.desc() if _falls(page) else each.asc() for each in by]

    def _loaded(self, page: Page, rows: list[Model]) -> LoadedPage:
        is_more = len(rows) > _size(page)
        rows = rows[: page.size]
        if page.is_backwards:
            rows.reverse()
        edges = [Edge(row, self._cursor(page, row)) for row in rows]
        has_other = page.cursor is not None
        return LoadedPage(
            edges,
            PageInfo(
                has_next_page=has_other if page.is_backwards else is_more,
                has_previous_page=is_more if page.is_backwards else has_other,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )

    def _beyond(self, page: Page) -> Q:
        """Rows behind the cursor's, in the order of reading."""
        if page.cursor is None:
            return Q()
        value, pk = self._position(page, page.cursor)
        column, falls = self._column(page), _falls(page)
        behind = "lt" if falls else "gt"
        later = Q(**{f"pk__{behind}": pk})
        if value is None:
            same = Q(**{f"{column.name}__isnull": True}) & later
            return same | Q(**{f"{column.name}__isnull": False}) if falls else same
        # The first of the two is what an index can start from.
        at_least = Q(**{f"{column.name}__{behind}e": value})
        beyond = at_least & (Q(**{f"{column.name}__{behind}": value}) | later)
        if column.null and not falls:
            beyond |= Q(**{f"{column.name}__isnull": True})
        return beyond

    def _position(self, page: Page, cursor: str) -> tuple[Any, int]:
        column = self._column(page)
        try:
            said, key = json.loads(base64.b64decode(cursor, validate=True))
            is_null = said is None and column.null
            return None if is_null else column.to_python(str(said)), int(str(key))
        except (binascii.Error, TypeError, UnicodeError, ValidationError, ValueError):
            raise GraphQLError("Received cursor is invalid.") from None

    def _cursor(self, page: Page, row: Model) -> str:
        value = getattr(row, self._column(page).name)
        said = value.isoformat() if isinstance(value, datetime) else value
        position = [None if said is None else str(said), str(row.pk)]
        return base64.b64encode(json.dumps(position).encode()).decode()

    def _column(self, page: Page) -> Any:
        return self.model._meta.get_field(page.sort or self.newest_by)


def _falls(page: Page) -> bool:
    return page.descending != page.is_backwards


def _each(array: ArraySubquery) -> Func:
    return Func(array, function="unnest", output_field=BigIntegerField())


def _size(page: Page) -> int:
    return page.size or 0


class CountLoader(host.DataLoader):
    """How many rows of `model` count, for each key (Parent, Where)."""

    model: type[Model]
    parent = ""

    def batch_load(self, keys: Sequence[tuple[Parent, Where]]) -> list[int]:
        counts: dict[tuple[Parent, Where], int] = {}
        for where in {where for _, where in keys}:
            rows = self.model._default_manager.using(self.database_connection_name).filter(
                where.condition
            )
            parents = {parent for parent, asked in keys if asked == where}
            if None in parents:
                counts[None, where] = rows.count()
            if of := parents - {None}:
                by_parent = rows.filter(**{f"{self.parent}__in": of}).order_by()
                counted = by_parent.values_list(self.parent).annotate(Count("pk"))
                counts |= {(parent, where): count for parent, count in counted}
        return [counts.get(key, 0) for key in keys]


class Connected:
    """A connection that has been asked for; what of it is not selected is not loaded. `seen`
    makes a node of a row."""

    def __init__(
        self,
        info: Any,
        pages: type[PageLoader],
        counts: type[CountLoader],
        parent: Parent,
        page: Page,
        seen: Callable[[Any], Any] | None = None,
    ) -> None:
        page.check(info.field_name)
        self.name = info.field_name
        self.pages = pages(info.context)
        self.counts = counts(info.context)
        self.parent = parent
        self.page = page
        self.seen = seen

    @cached_property
    def loaded(self) -> Promise:
        if self.page.size is None:
            raise GraphQLError(
                "You must provide a `first` or `last` value to properly paginate the "
                f"`{self.name}` connection."
            )
        return self.pages.load((self.parent, self.page))

    @property
    def edges(self) -> Promise:
        return self.loaded.then(self._edges)

    def _edges(self, loaded: LoadedPage) -> list[Edge]:
        seen = self.seen
        if seen is None:
            return loaded.edges
        return [Edge(seen(edge.node), edge.cursor) for edge in loaded.edges]

    @property
    def page_info(self) -> Promise:
        return self.loaded.then(lambda loaded: loaded.page_info)

    @property
    def total_count(self) -> Promise:
        return self.counts.load((self.parent, self.page.where))
