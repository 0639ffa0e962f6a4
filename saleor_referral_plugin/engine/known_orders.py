"""Who has ordered before: an index of the store's whole order history by keyed hash.

It lets "new customer" mean what it says: guest orders count, orders from before this app
was installed count, and `A.b+x@gmail.com` is `ab@gmail.com`.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from ..models import Bookmark
from . import rows
from .facts import PlacedOrder
from .people import email_key
from .store import Store

#: Up to where the history is in the index, and up to where the sweep has dealt with it.
KNOWN = "known"
SWEPT = "swept"
#: Rows may become visible a little later than their timestamp says.
OVERLAP = timedelta(minutes=5)
#: Up to where it has dealt with it for the second time: what became visible much later, such as
#: a transaction underway while a clock was set right, is looked for once a day.
SWEPT_AGAIN = "swept again"
LONG_OVERLAP = timedelta(days=2)
DAILY = timedelta(days=1)
BATCH = 1000

#: What was erased does not come back with the order.
_REMEMBER = """
INSERT INTO referral_knownorder AS known (order_ref, email_key, is_forgotten)
SELECT ref, key, false FROM unnest(%(refs)s::text[], %(keys)s::text[]) AS read (ref, key)
    ON CONFLICT (order_ref) DO UPDATE SET email_key = excluded.email_key
 WHERE NOT known.is_forgotten
"""


def remember(orders: Collection[PlacedOrder]) -> None:
    rows.run(
        _REMEMBER,
        {
            "refs": [order.ref for order in orders],
            "keys": [email_key(order.email) for order in orders],
        },
    )


def read_on(store: Store) -> Iterator[list[PlacedOrder]]:
    """Read what changed since the last sweep, batch by batch, and remember it. Once a day what
    was read before, from two days before the last such day on, is read once more.

    SWEPT and SWEPT_AGAIN move behind each batch the caller has dealt with, so a sweep that is
    killed goes on where it stopped, and days without any sweep are made up for. Reading the
    same orders twice does no harm. No bookmark counts as ahead of the time: a server whose
    clock was wrong for a while must not hide what came after.
    """
    now = store.now()
    swept = _position(SWEPT)
    yield from _read(store, SWEPT, None if swept is None else min(swept, now) - OVERLAP)
    again = _position(SWEPT_AGAIN)
    if again is None:
        # Everything has just been read.
        _set(SWEPT_AGAIN, now)
    elif not now - DAILY < again <= now:
        yield from _read(store, SWEPT_AGAIN, min(again, now) - LONG_OVERLAP)
        _set(SWEPT_AGAIN, now)


def _read(store: Store, bookmark: str, since: datetime | None) -> Iterator[list[PlacedOrder]]:
    for orders in pages(store, since):
        remember(orders)
        read_to = min(orders[-1].changed_at, store.now())
        _move(KNOWN, read_to)
        yield orders
        _move(bookmark, read_to)


def pages(store: Store, since: datetime | None) -> Iterator[list[PlacedOrder]]:
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


def _set(name: str, position: datetime) -> None:
    """Also backwards, where a clock was ahead."""
    Bookmark.objects.update_or_create(name=name, defaults={"position": position})
