"""How the program is doing: what waits, what fails, what is refused and what is owed. For a person,
for monitoring and for metrics; a few short queries, each by an index, but for the money."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ..models import Bookmark, WebhookEndpoint
from . import jobs, metrics, rows
from .known_orders import SWEPT
from .store import Store
from .totals import Totals, totals_of_shop

logger = logging.getLogger(__name__)

#: Beat sweeps every minute: later than that something is wrong.
TOO_LATE = timedelta(minutes=15)
#: What has failed for so long will not go away by itself.
TOO_LONG = timedelta(hours=6)
#: The money is added up from the whole ledger: not more often than this, by whoever comes first.
MONEY_EVERY = timedelta(hours=1)
#: The time that refusals are counted for.
PERIOD = timedelta(days=1)

_WAITING = """
SELECT (SELECT min(look_again_at) FROM referral_referral WHERE look_again_at <= %(now)s),
       (SELECT count(*) FROM referral_referral WHERE look_again_at <= %(now)s),
       (SELECT min(due_at) FROM referral_effect WHERE done_at IS NULL AND due_at <= %(now)s),
       (SELECT count(*) FROM referral_effect WHERE done_at IS NULL AND due_at <= %(now)s),
       (SELECT count(*) FROM referral_effect WHERE done_at IS NULL AND attempts > 0),
       (SELECT min(created_at) FROM referral_effect WHERE done_at IS NULL AND attempts > 0),
       (SELECT count(*) FROM referral_eventdelivery WHERE status = 'pending'),
       (SELECT min(created_at) FROM referral_eventdelivery WHERE status = 'pending'),
       (SELECT count(*) FROM referral_unsettledorder),
       (SELECT min(since) FROM referral_unsettledorder)
"""
_REFUSED = """
SELECT (SELECT finding ->> 'code' FROM jsonb_array_elements(claim.findings) finding
         WHERE NOT (finding -> 'passed')::boolean LIMIT 1), count(*)
  FROM referral_claim claim
 WHERE claim.created_at > %(since)s AND claim.status = 'refused'
 GROUP BY 1 ORDER BY 2 DESC, 1
"""
_MONEY_IS_DUE = """
INSERT INTO referral_bookmark AS shown (name, position) VALUES ('money shown', %(now)s)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position
       WHERE shown.position <= %(before)s OR shown.position > %(now)s
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at a moment.

    swept_at        up to when the sweep has read the store's orders; None: it has read none
    lag             seconds since the oldest thing that should be settled and is not: an order that
                    changed, or a moment that came. An order's own event has settled most by then.
    due             referrals that must be looked at by now
    unsettled       orders that could not be settled, and are tried again; seconds since the first
    effects         credits, coupons and messages that are due, failed among them, and seconds
                    since the oldest of those that failed
    events          events that endpoints have not taken; seconds since the oldest
    stopped         endpoints that nothing is sent to any more
    jobs            long jobs that nobody works on
    refused         codes refused within a day, by reason
    """

    at: datetime
    swept_at: datetime | None
    lag: float
    due: int
    unsettled: int
    unsettled_for: float
    effects_waiting: int
    effects_late: float
    effects_failed: int
    effects_failing_for: float
    events_waiting: int
    events_late: float
    stopped: int
    jobs: int
    refused: dict[str, int]

    def troubles(self) -> Iterator[str]:
        """What somebody must look at, a sentence each."""
        late, long = TOO_LATE.total_seconds(), TOO_LONG.total_seconds()
        if self.lag > late:
            yield f"Something should have been settled {_said(self.lag)} ago: does beat run?"
        if self.unsettled_for > late:
            yield (
                f"{self.unsettled} orders cannot be settled, the first for "
                f"{_said(self.unsettled_for)}: the log says why."
            )
        if self.effects_late > late and self.effects_failed < self.effects_waiting:
            yield f"Credits or messages have been due for {_said(self.effects_late)}."
        if self.effects_failing_for > long:
            yield (
                f"{self.effects_failed} credits or messages fail, the first for "
                f"{_said(self.effects_failing_for)}: referral_inspect says why."
            )
        if self.stopped:
            yield f"{self.stopped} webhook endpoints are stopped: nothing is sent there any more."
        if self.jobs:
            yield f"{self.jobs} long jobs wait for a worker."

    def as_json(self) -> dict[str, Any]:
        troubles = list(self.troubles())
        return {"is_stuck": bool(troubles), "troubles": troubles, **asdict(self)}


def standing(*, store: Store) -> Standing:
    """How things stand now."""
    now = store.now()
    swept_at = Bookmark.objects.filter(name=SWEPT).values_list("position", flat=True).first()
    unread = _oldest_unread(store, swept_at)
    [found] = rows.select(_WAITING, {"now": now})
    due_since, due, effect, waiting, failed, failing, events, event, unsettled, since = found
    refused = rows.select(_REFUSED, {"since": now - PERIOD})
    return Standing(
        at=now,
        swept_at=swept_at,
        lag=max(_age(now, unread), _age(now, due_since)),
        due=due,
        unsettled=unsettled,
        unsettled_for=_age(now, since),
        effects_waiting=waiting,
        effects_late=_age(now, effect),
        effects_failed=failed,
        effects_failing_for=_age(now, failing),
        events_waiting=events,
        events_late=_age(now, event),
        stopped=WebhookEndpoint.objects.filter(is_active=True, stopped_at__isnull=False).count(),
        jobs=len(jobs.waiting(store=store)),
        refused={code or "unknown": count for code, count in refused},
    )


def show(store: Store) -> None:
    """As gauges. Trouble here must trouble nothing else."""
    try:
        with transaction.atomic():
            now = standing(store=store)
            money = _money_if_due(store)
    except Exception:
        logger.exception("How the program is doing could not be read.")
        return
    metrics.show(
        {
            "unsettled.lag": now.lag,
            "unsettled.due": now.due,
            "unsettled.failed": now.unsettled,
            "effects.waiting": now.effects_waiting,
            "effects.failed": now.effects_failed,
            "events.waiting": now.events_waiting,
        },
        money,
    )


def _money_if_due(store: Store) -> list[Totals]:
    now = store.now()
    is_due = rows.select(_MONEY_IS_DUE, {"now": now, "before": now - MONEY_EVERY})
    return totals_of_shop() if is_due else []


def _oldest_unread(store: Store, swept_at: datetime | None) -> datetime | None:
    behind = swept_at and swept_at + timedelta(microseconds=1)
    return next((o.changed_at for o in store.orders_changed_since(behind, limit=1)), None)


def _age(now: datetime, moment: datetime | None) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _said(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
