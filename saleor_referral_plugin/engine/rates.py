"""How often somebody may try something: counted in PostgreSQL, which every process shares, or in
whatever storage of the `limits` library the settings name."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import DatabaseError, transaction
from limits import parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from ..conf import settings
from ..models import RateCount
from . import rows, tables
from .findings import Finding, FindingCode, Refused
from .people import keyed
from .readings import reads
from .store import Store, get_store

logger = logging.getLogger(__name__)

#: Codes that were none, by one client. A page of a storefront's own server that asks for many
#: shoppers is one client, unless it asks with an app's token.
UNKNOWN_CODE = "unknown_code"
#: Looking up what one code gives, by anybody.
SAME_CODE = "same_code"
#: Trying for a code of one's own, by one referrer.
CODE_CHOICE = "code_choice"
#: Signing up, by one client; and of one address, which gets a message each time.
SIGN_UP = "sign_up"
SIGN_UP_ADDRESS = "sign_up_address"

_ADD = """
INSERT INTO referral_ratecount AS known (key, count, until)
VALUES (%(key)s, %(amount)s, %(until)s)
ON CONFLICT (key) DO UPDATE
   SET count = CASE WHEN known.until <= %(now)s THEN 0 ELSE known.count END + excluded.count,
       until = CASE WHEN known.until <= %(now)s THEN excluded.until ELSE known.until END
RETURNING count
"""


def check(limit: str, *who: str, store: Store, cost: bool | int = 1) -> None:
    """Count a try. Raises Refused, with `retry_at`, when there were too many in the window. Not
    inside a transaction, which would take the try back with it."""
    finding = count(limit, *who, store=store, cost=cost)
    if finding is not None:
        raise Refused(finding)


@reads(gives=FindingCode.TOO_MANY_TRIES)
def count(limit: str, *who: str, store: Store, cost: bool | int = 1) -> Finding | None:
    """The same, with the objection as its answer. A `cost` of 0 counts no try and takes as
    long. Nobody in particular (an empty `who`) has no limit, nor has anybody while they cannot
    be counted: trouble of ours must not keep a shopper from a discount."""
    if not all(who):
        return None
    item = parse(settings.rate_limits[limit])
    key = keyed("|".join((limit, *who)))
    limiter = _limiter(settings.rate_limit_storage)
    try:
        with store.writing(), transaction.atomic():
            if limiter.hit(item, key, cost=int(cost)):
                return None
            ends = limiter.get_window_stats(item, key).reset_time
    except StorageError:
        tables.log(logger, "Tries could not be counted.")
        return None
    retry_at = datetime.fromtimestamp(ends, UTC).isoformat(timespec="seconds")
    return Finding(FindingCode.TOO_MANY_TRIES, False, {"retry_at": retry_at})


@contextmanager
def counting_unknown_codes(client: str, *, store: Store) -> Iterator[None]:
    """Around trying a code. Who has tried too many that are none learns of no other either; a
    code that is one counts for nothing."""
    check(UNKNOWN_CODE, client, store=store, cost=0)
    try:
        yield
    except Refused as refused:
        if refused.finding.code is FindingCode.CODE_INVALID:
            check(UNKNOWN_CODE, client, store=store)
        raise


def forget_old(*, store: Store) -> int:
    """Drop the counts whose window is over."""
    return RateCount.objects.filter(until__lt=store.now()).delete()[0]


@lru_cache(maxsize=1)
def _limiter(storage: str) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True))


class PostgresStorage(Storage):
    """A storage for `limits`: one row for each key, one statement for each try."""

    STORAGE_SCHEME = ["referral-postgresql"]

    def __init__(
        self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any
    ) -> None:
        super().__init__(uri, wrap_exceptions)

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = get_store().now()
        values = {"key": key, "amount": amount, "now": now}
        [(count,)] = rows.select(_ADD, values | {"until": now + timedelta(seconds=expiry)})
        return int(count)

    def get(self, key: str) -> int:
        found = RateCount.objects.filter(key=key, until__gt=get_store().now())
        return found.values_list("count", flat=True).first() or 0

    def get_expiry(self, key: str) -> float:
        until = RateCount.objects.filter(key=key).values_list("until", flat=True).first()
        return (until or get_store().now()).timestamp()

    def check(self) -> bool:
        return bool(rows.select("SELECT true", ()))

    def reset(self) -> int | None:
        return RateCount.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        RateCount.objects.filter(key=key).delete()
