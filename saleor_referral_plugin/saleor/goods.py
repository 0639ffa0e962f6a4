"""Which goods of Saleor's catalogue a program is about. Lines name them by their variant."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from saleor.product.models import Category, Product, ProductVariant
from saleor.product.models import Collection as ProductCollection

from ..engine import goods
from ..engine.store import GoodsError
from ..engine.terms import Goods

KINDS: dict[str, Any] = {
    "products": Product,
    "collections": ProductCollection,
    "categories": Category,
}

#: Saleor reads all products of a voucher one by one for every checkout that carries it.
LISTED_AT_MOST = 5_000


def find(wanted: Goods) -> Goods:
    return goods.found(wanted, _look_up)


def _look_up(kind: str, slugs: Collection[str], ids: Collection[str]) -> Iterable[tuple[str, str]]:
    keys = [key for key in ids if key.isdecimal()]
    rows = KINDS[kind].objects.filter(Q(slug__in=slugs) | Q(pk__in=keys))
    return [(str(pk), slug) for pk, slug in rows.values_list("pk", "slug")]


def among(variants: Collection[str], wanted: Goods) -> frozenset[str]:
    found = ProductVariant.objects.filter(pk__in=[pk for pk in variants if pk])
    if wanted.names_some:
        found = found.filter(product__in=_any(*_some(wanted)))
    if wanted.names_exceptions:
        found = found.exclude(product__in=_any(*_exceptions(wanted)))
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))


def is_among(product: Any, collections: Iterable[Any], wanted: Goods) -> bool:
    """The same of a product that is at hand with its collections, without a query."""
    if not wanted or product is None:
        return not wanted
    keys = ({product.pk}, {each.pk for each in collections if each}, {product.category_id})
    is_named = any(own & named for own, named in zip(keys, _some(wanted), strict=True))
    is_excepted = any(own & named for own, named in zip(keys, _exceptions(wanted), strict=True))
    return (is_named or not wanted.names_some) and not is_excepted


def listed(wanted: Goods) -> dict[str, set[int]]:
    """The products, collections and categories that a voucher has to list to be about the
    goods. A voucher has no exceptions: a collection or category that holds one is not listed
    itself, but each other product that stands in it. Raises GoodsError where these are too many.
    """
    # Of those named, some may be gone by now.
    products, collections, categories = (
        set(model.objects.filter(pk__in=keys).values_list("pk", flat=True))
        for model, keys in zip(KINDS.values(), _some(wanted), strict=True)
    )
    if not wanted.names_exceptions:
        return {"products": products, "collections": collections, "categories": categories}
    excepted = _any(*_exceptions(wanted))
    candidates = _any(*_some(wanted)) if wanted.names_some else Product.objects.all()
    if not wanted.names_some:
        categories = set(Category.objects.values_list("pk", flat=True))
    categories -= set(
        excepted.filter(category__in=categories).values_list("category_id", flat=True)
    )
    collections -= set(
        excepted.filter(collections__in=collections).values_list("collections", flat=True)
    )
    rest = (
        candidates.exclude(pk__in=excepted.values("pk"))
        .exclude(category__in=categories)
        .exclude(pk__in=Product.objects.filter(collections__in=collections).values("pk"))
    )
    one_by_one = set(rest.values_list("pk", flat=True)[: LISTED_AT_MOST + 1])
    if len(one_by_one) > LISTED_AT_MOST:
        raise GoodsError(
            "too_many_goods",
            f"Beside what is excepted stand more than {LISTED_AT_MOST} products, and Saleor "
            "would need a list of them. Except whole categories, or name what is not excepted.",
        )
    return {"products": one_by_one, "collections": collections, "categories": categories}


def _some(wanted: Goods) -> tuple[set[int], set[int], set[int]]:
    return _keys(wanted.products), _keys(wanted.collections), _keys(wanted.categories)


def _exceptions(wanted: Goods) -> tuple[set[int], set[int], set[int]]:
    return (
        _keys(wanted.except_products),
        _keys(wanted.except_collections),
        _keys(wanted.except_categories),
    )


def _keys(references: Iterable[str]) -> set[int]:
    return {int(key) for key in goods.ids(references)}


def _any(products: set[int], collections: set[int], categories: set[int]) -> QuerySet[Product]:
    # By key: a join with the collections would find a product once for each of them.
    in_collections = Product.objects.filter(collections__in=collections).values("pk")
    return Product.objects.filter(
        Q(pk__in=products) | Q(pk__in=in_collections) | Q(category__in=categories)
    )
