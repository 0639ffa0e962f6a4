"""Who has ordered before: an index of the store's whole order history by keyed hash.

It lets "new customer" mean what it says: guest orders count, orders from before this app
was installed count, and `A.b+x@gmail.com` is `ab@gmail.com`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q

from ..models import Bookmark, KnownOrder
from .facts import Person, PlacedOrder
from .people import email_key, person
from .store import Store

#: Up to where the history is in the index, and up to where the sweep has dealt with it.
KNOWN = "known"
SWEPT = "swept"
#: Rows may become visible a little later than their timestamp says.
OVERLAP = timedelta(minutes=5)
BATCH = 1000
#: The same, where a shopper waits.
LATE = timedelta(seconds=10)
#: How many batches newer than the last sweep a claim looks through: with a sweep every
#: minute there is one, short; far more wait only while a large shop is being indexed first.
RECENT_PAGES = 20


def remember(orders: Iterable[PlacedOrder]) -> None:
    KnownOrder.objects.bulk_create(
        [
            KnownOrder(
                order_ref=order.ref,
                email_key=email_key(order.email),
                user_ref=order.user_ref,
                placed_at=order.placed_at,
            )
            for order in orders
        ],
        update_conflicts=True,
        unique_fields=["order_ref"],
        update_fields=["email_key", "user_ref", "placed_at"],
    )


def read_on(store: Store) -> Iterator[list[PlacedOrder]]:
    """Read what changed since the last sweep, batch by batch, and remember it.

    SWEPT moves behind each batch the caller has dealt with, so a sweep that is killed goes
    on where it stopped. Reading the same orders twice does no harm.
    """
    position = _position(SWEPT)
    for orders in _pages(store, position - OVERLAP if position else None):
        remember(orders)
        _move(KNOWN, orders[-1].changed_at)
        yield orders
        _move(SWEPT, orders[-1].changed_at)


def _pages(store: Store, since: datetime | None) -> Iterator[list[PlacedOrder]]:
    """The orders changed since then, oldest change first, BATCH at a time."""
    after = ""
    while orders := list(store.orders_changed_since(since, after=after, limit=BATCH)):
        yield orders
        since, after = orders[-1].changed_at, orders[-1].ref
        if len(orders) < BATCH:
            return


def _position(name: str) -> datetime | None:
    return Bookmark.objects.filter(name=name).values_list("position", flat=True).first()


def _move(name: str, position: datetime) -> None:
    """Only forwards, whoever else is reading."""
    Bookmark.objects.get_or_create(name=name)
    behind = Q(position__isnull=True) | Q(position__lt=position)
    Bookmark.objects.filter(behind, name=name).update(position=position)


def earlier_orders(
    store: Store, buyer: Person, *, placed_before: datetime, except_ref: str | None = None
) -> int:
    """How many of the buyer's orders stand that were placed before the given moment."""
    if not buyer.is_known:
        return 0
    mine = Q()
    if buyer.email_key:
        mine |= Q(email_key=buyer.email_key)
    if buyer.user_ref:
        mine |= Q(user_ref=buyer.user_ref)
    refs = set(KnownOrder.objects.filter(mine).values_list("order_ref", flat=True))
    refs |= _recent(store, buyer)
    if not refs and not buyer.user_ref:
        return 0
    standing = store.standing_orders(
        refs=refs, user_ref=buyer.user_ref, placed_before=placed_before
    )
    return len(standing - {except_ref})


def _recent(store: Store, buyer: Person) -> set[str]:
    """The buyer's orders that no sweep has seen yet, compared in memory: nothing is
    written while a shopper waits."""
    position = _position(KNOWN)
    pages = islice(_pages(store, position - LATE if position else None), RECENT_PAGES)
    return {
        order.ref
        for page in pages
        for order in page
        if person(order.user_ref, order.email).is_same_as(buyer)
    }
