"""Connections whose pages are loaded for all parents at once.

Saleor's own connections ask once per parent, or load all rows of each. Here the parents
that stand in one list share one query per connection, which reads no more than the page.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Model, Q, Value, Window
from django.db.models.functions import Coalesce, RowNumber
from graphene.relay import PageInfo
from promise import Promise

from graphql import GraphQLError

from . import host

#: Stands for "never" where rows are sorted by a time that need not come.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


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
    node: Model
    cursor: str


@dataclass(frozen=True, slots=True)
class LoadedPage:
    edges: list[Edge]
    page_info: PageInfo


class PageLoader(host.DataLoader):
    """Loads a page of `model` for each key (parent id, Page), by default newest rows first."""

    model: type[Model]
    parent: str
    newest_by: str

    def batch_load(self, keys: Sequence[tuple[int, Page]]) -> list[LoadedPage]:
        parents_by_page: dict[Page, list[int]] = {}
        for parent, page in keys:
            parents_by_page.setdefault(page, []).append(parent)
        found = {
            (parent, page): rows
            for page, parents in parents_by_page.items()
            for parent, rows in self._rows(page, parents).items()
        }
        return [self._loaded(page, found[parent, page]) for parent, page in keys]

    def _rows(self, page: Page, parents: list[int]) -> dict[int, list[Model]]:
        """One row more than the page holds, to see whether it is the last, in its order."""
        falls = page.descending != page.is_backwards
        order = [F(name).desc() if falls else F(name).asc() for name in ("sorted_by", "pk")]
        rows: dict[int, list[Model]] = {parent: [] for parent in parents}
        queryset = (
            self.model._default_manager.using(self.database_connection_name)
            .filter(page.where.condition, **{f"{self.parent}__in": parents})
            .annotate(sorted_by=self._sorted_by(page))
            .filter(self._beyond(page, falls))
            .annotate(place=Window(RowNumber(), partition_by=self.parent, order_by=order))
            .filter(place__lte=(page.size or 0) + 1)
            .order_by("place")
        )
        for row in queryset:
            rows[getattr(row, f"{self.parent}_id")].append(row)
        return rows

    def _loaded(self, page: Page, rows: list[Model]) -> LoadedPage:
        is_more = len(rows) > (page.size or 0)
        rows = rows[: page.size]
        if page.is_backwards:
            rows.reverse()
        edges = [Edge(row, _cursor(row)) for row in rows]
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

    def _sorted_by(self, page: Page) -> Any:
        column = self._column(page)
        if not column.null:
            return F(column.name)
        return Coalesce(F(column.name), Value(NEVER), output_field=column)

    def _beyond(self, page: Page, falls: bool) -> Q:
        """Rows behind the cursor's, in the order of reading."""
        if page.cursor is None:
            return Q()
        try:
            said, key = map(str, json.loads(base64.b64decode(page.cursor, validate=True)))
            value, pk = self._column(page).to_python(said), int(key)
        except (binascii.Error, TypeError, UnicodeError, ValidationError, ValueError):
            raise GraphQLError("Received cursor is invalid.") from None
        beyond = "lt" if falls else "gt"
        same = Q(sorted_by=value) & Q(**{f"pk__{beyond}": pk})
        return Q(**{f"sorted_by__{beyond}": value}) | same

    def _column(self, page: Page) -> Any:
        return self.model._meta.get_field(page.sort or self.newest_by)


def _cursor(row: Any) -> str:
    value = row.sorted_by
    said = value.isoformat() if isinstance(value, datetime) else str(value)
    return base64.b64encode(json.dumps([said, str(row.pk)]).encode()).decode()


class CountLoader(host.DataLoader):
    """How many rows of `model` count, for each key (parent id, Where)."""

    model: type[Model]
    parent: str

    def batch_load(self, keys: Sequence[tuple[int, Where]]) -> list[int]:
        counts: dict[tuple[int, Where], int] = {}
        for where in {where for _, where in keys}:
            parents = [parent for parent, asked in keys if asked == where]
            rows = (
                self.model._default_manager.using(self.database_connection_name)
                .filter(where.condition, **{f"{self.parent}__in": parents})
                .order_by()
                .values_list(self.parent)
                .annotate(Count("pk"))
            )
            counts |= {(parent, where): count for parent, count in rows}
        return [counts.get(key, 0) for key in keys]


class Connected:
    """A connection that has been asked for; what of it is not selected is not loaded."""

    def __init__(
        self, info: Any, pages: type[PageLoader], counts: type[CountLoader], parent: int, page: Page
    ) -> None:
        page.check(info.field_name)
        self.name = info.field_name
        self.pages = pages(info.context)
        self.counts = counts(info.context)
        self.parent = parent
        self.page = page

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
        return self.loaded.then(lambda loaded: loaded.edges)

    @property
    def page_info(self) -> Promise:
        return self.loaded.then(lambda loaded: loaded.page_info)

    @property
    def total_count(self) -> Promise:
        return self.counts.load((self.parent, self.page.where))
