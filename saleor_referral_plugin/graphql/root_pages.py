"""Connections at the root: a page of all rows there are. Their one parent has the key 0."""

from django.db.models import F, Model

from .pages import CountLoader, Page, PageLoader, Where

ROOT = 0


class RootPageLoader(PageLoader):
    parent = ""

    def _rows(self, page: Page, parents: list[int]) -> dict[int, list[Model]]:
        falls = page.descending != page.is_backwards
        order = [F(name).desc() if falls else F(name).asc() for name in ("sorted_by", "pk")]
        rows = (
            self.model._default_manager.using(self.database_connection_name)
            .filter(page.where.condition)
            .annotate(sorted_by=self._sorted_by(page))
            .filter(self._beyond(page, falls))
            .order_by(*order)
        )
        found = list(rows[: (page.size or 0) + 1])
        return dict.fromkeys(parents, found)


class RootCountLoader(CountLoader):
    parent = ""

    def batch_load(self, keys: list[tuple[int, Where]]) -> list[int]:
        rows = self.model._default_manager.using(self.database_connection_name)
        return [rows.filter(where.condition).count() for _, where in keys]
