"""What the shop has, and which of it a program is about. Its slugs are never changed: they are
its ids."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q

from ..engine import goods
from ..engine.terms import Goods
from .models import Category, Product
from .models import Collection as ProductCollection

KINDS: dict[str, Any] = {
    "products": Product,
    "collections": ProductCollection,
    "categories": Category,
}


def find(wanted: Goods) -> Goods:
    return goods.found(wanted, _look_up)


def _look_up(kind: str, slugs: Collection[str], ids: Collection[str]) -> Iterable[tuple[str, str]]:
    rows = KINDS[kind].objects.filter(pk__in={*slugs, *ids})
    return [(slug, slug) for slug in rows.values_list("pk", flat=True)]


def among(products: Collection[str], wanted: Goods) -> frozenset[str]:
    """Which of some products are among the goods."""
    found = Product.objects.filter(pk__in=products)
    if wanted.names_some:
        found = found.filter(_any(wanted.products, wanted.collections, wanted.categories))
    if wanted.names_exceptions:
        excepted = _any(wanted.except_products, wanted.except_collections, wanted.except_categories)
        found = found.exclude(pk__in=Product.objects.filter(excepted).values("pk"))
    return frozenset(found.values_list("pk", flat=True))


def _any(products: Iterable[str], collections: Iterable[str], categories: Iterable[str]) -> Q:
    return (
        Q(pk__in=goods.ids(products))
        | Q(collections__in=goods.ids(collections))
        | Q(category__in=goods.ids(categories))
    )
