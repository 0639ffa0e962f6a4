"""Which goods of a checkout or an order a program is about.

An order keeps what was found when it was first seen: a product that is moved to another
collection later moves no reward.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from .facts import CheckoutFacts, OrderFacts
from .findings import FindingCode
from .money import total
from .readings import reads
from .store import GoodsError, Store
from .terms import Goods, Terms

#: (kind, slugs, ids) -> (id, slug) of those there are. Kinds are "products", "collections" and
#: "categories".
LookUp = Callable[[str, Collection[str], Collection[str]], Iterable[tuple[str, str]]]


def found(goods: Goods, look_up: LookUp) -> Goods:
    """What `Store.find_goods` does, by what a store knows."""
    changes: dict[str, tuple[str, ...]] = {}
    for name in Goods.model_fields:
        written: tuple[str, ...] = getattr(goods, name)
        if not written:
            continue
        kind = name.removeprefix("except_")
        split = {ref: ref.partition("#") for ref in written}
        there = list(
            look_up(
                kind,
                {slug for slug, _, key in split.values() if not key},
                {key for _, _, key in split.values() if key},
            )
        )
        by_slug = {slug: key for key, slug in there}
        keys = {key for key, _ in there}
        for ref, (slug, _, key) in split.items():
            if (key not in keys) if key else (slug not in by_slug):
                noun = {"products": "product", "collections": "collection"}.get(kind, "category")
                raise GoodsError("unknown_goods", f'There is no {noun} "{ref[:60]}".')
        changes[name] = tuple(
            ref if key else f"{slug}#{by_slug[slug]}" for ref, (slug, _, key) in split.items()
        )
    return goods.but(**changes)


def ids(references: Iterable[str]) -> set[str]:
    """The store's ids of goods that were found."""
    return {reference.partition("#")[2] for reference in references}


@reads("Terms.goods", gives=FindingCode.NO_SUCH_GOODS)
def of_checkout(facts: CheckoutFacts, terms: Terms, store: Store) -> CheckoutFacts:
    """The checkout as far as the program is about its goods."""
    if not terms.goods:
        return facts
    among = store.goods_among({line.item for line in facts.lines}, terms.goods)
    values = [line.goods for line in facts.lines if line.item in among]
    return replace(facts, goods=total(values, facts.currency), has_goods=bool(values))


@reads("Terms.goods", gives=FindingCode.NO_SUCH_GOODS)
def marked(facts: OrderFacts, terms: Terms, known: dict[str, bool], store: Store) -> OrderFacts:
    """The order with its lines marked: does the program count them? `known` is what was found
    before, by line; what is new is added."""
    if not terms.goods:
        return facts
    new = [line for line in facts.lines if line.ref not in known]
    if new:
        among = store.goods_among({line.item for line in new}, terms.goods)
        known.update((line.ref, line.item in among) for line in new)
    lines = tuple(replace(line, counts=known[line.ref]) for line in facts.lines)
    return replace(facts, lines=lines)
