"""Deliveries: what happened is sent to whoever wants it, each event at least once.

A delivery is taken by one short statement that also says when another worker may take it; the
request is made while nothing is locked; its result is one statement again. Killed anywhere, it
is sent once more, with the same id. Of one subject a later event waits for an earlier one.

What an endpoint refuses is tried again for days, longer and longer apart. An endpoint that
answers nothing at all rests in between, so that one that is dead takes no time of the others; one
that has taken nothing for days is stopped, and what it has not got waits for the owner.
"""

import logging
import random
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import requests_hardened
from django.db import transaction
from requests_hardened.ip_filter import InvalidIPAddress

from .. import __version__
from ..conf import settings
from ..models import Event, EventDelivery, WebhookEndpoint
from . import events, rows, webhooks
from .spreading import spread
from .store import Store
from .waits import wait

logger = logging.getLogger(__name__)

Status = EventDelivery.Status

#: What the shop's apps hear of an event, and of an endpoint that was stopped.
TO_APPS = "referral_event"
STOPPED = "referral_webhook_endpoint_stopped"

#: To connect, and between two bytes of the answer, in seconds.
TIMEOUT = (5, 10)
#: After that, nothing more is heard of a worker: longer than any request takes.
LEASE = timedelta(minutes=5)
#: After a failure, again in half a minute, 1 min, 2 min ... at most 3 hours, more or less.
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=3)
JITTER = 0.2
#: So long is tried what an endpoint does not take.
TRIED_FOR = timedelta(days=5)
#: Answers that say something of the one event; any other failure is the endpoint's own.
OF_THE_EVENT = frozenset(range(400, 500)) - {401, 403, 404, 407, 408, 410, 421, 425, 429}
GONE = 410

#: Whoever else takes one skips it. Not one for which an earlier one of its subject waits.
_TAKE = """
UPDATE referral_eventdelivery taken
   SET attempts = attempts + 1, tried_at = %(now)s, due_at = %(lease)s
 WHERE id = (
       SELECT delivery.id
         FROM referral_eventdelivery delivery
         JOIN referral_webhookendpoint endpoint ON endpoint.id = delivery.endpoint_id
        WHERE delivery.endpoint_id = %(endpoint)s
          AND delivery.status = 'pending' AND delivery.due_at <= %(now)s
          AND endpoint.is_active AND endpoint.stopped_at IS NULL
          AND (endpoint.rests_until IS NULL OR endpoint.rests_until <= %(now)s)
          AND NOT EXISTS (
              SELECT FROM referral_eventdelivery earlier
               WHERE earlier.endpoint_id = delivery.endpoint_id
                 AND earlier.subject = delivery.subject
                 AND earlier.status = 'pending' AND earlier.id < delivery.id)
        ORDER BY delivery.due_at, delivery.id
        LIMIT 1
          FOR UPDATE OF delivery SKIP LOCKED)
RETURNING id
"""
#: A batch at a time, the deliveries first.
_FORGET = """
WITH old AS (
     SELECT id FROM referral_event
      WHERE happened_at < %(before)s ORDER BY happened_at LIMIT %(limit)s),
gone AS (DELETE FROM referral_eventdelivery WHERE event_id IN (SELECT id FROM old))
DELETE FROM referral_event WHERE id IN (SELECT id FROM old)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try went: the answer's status, if there was one, and what was wrong, for people.
    `of_the_event`: the endpoint does not want this one, and may well take another."""

    status: int | None = None
    error: str = ""
    of_the_event: bool = False


def deliver(*, store: Store, seconds: float = 10) -> int:
    """Send what is due, and begin nothing after so many seconds. Returns how many were taken.

    Never inside a transaction: whatever it locks would be locked while others answer.
    """
    spread(store.now())
    taken, ends = 0, time.monotonic() + seconds
    active = WebhookEndpoint.objects.filter(is_active=True, stopped_at=None)
    # In turn: whoever gets much does not keep the others waiting.
    turns = deque(active.values_list("pk", flat=True))
    while turns and time.monotonic() < ends:
        delivery = _take(turns[0], store.now())
        if delivery is None:
            turns.popleft()
            continue
        taken += _try(delivery, store)
        turns.rotate(-1)
    return taken


def _take(endpoint_id: int, now: datetime) -> EventDelivery | None:
    with transaction.atomic(durable=True):
        params = {"endpoint": endpoint_id, "now": now, "lease": now + LEASE}
        found = rows.select(_TAKE, params)
    if not found:
        return None
    relations = ("endpoint", "event__program", "event__referrer")
    return EventDelivery.objects.select_related(*relations).filter(pk=found[0][0]).first()


def _try(delivery: EventDelivery, store: Store) -> bool:
    if not delivery.endpoint.url:
        return _tell_apps(delivery, store)
    try:
        outcome = _post(delivery.endpoint, delivery.event, store.now())
    except Exception as error:
        # It must not keep the others waiting.
        logger.exception("Event %s could not be sent.", delivery.event_id)
        outcome = Outcome(error=_trouble(error), of_the_event=True)
    if not outcome.error:
        return _note_success(delivery, outcome, store.now())
    _note_failure(delivery, outcome, store)
    return False


def _tell_apps(delivery: EventDelivery, store: Store) -> bool:
    """Saleor keeps, signs and repeats it from here on."""
    try:
        with transaction.atomic():
            _note_success(delivery, Outcome(), store.now())
            store.tell("", TO_APPS, events.body_of(delivery.event))
    except Exception as error:
        logger.exception("Apps could not be told of event %s.", delivery.event_id)
        outcome = Outcome(error=f"{type(error).__name__}.", of_the_event=True)
        _note_failure(delivery, outcome, store)
        return False
    return True


# sending -------------------------------------------------------------------------------------


def _post(endpoint: WebhookEndpoint, event: Event, now: datetime) -> Outcome:
    body = events.written(events.body_of(event))
    headers = webhooks.headers_for(endpoint, events.id_of(event), body, now=now)
    headers["Content-Type"] = "application/json"
    try:
        # What it says besides is of no interest, and could be without end.
        with _client().send_request(
            "POST", endpoint.url, data=body.encode(), headers=headers, stream=True
        ) as answer:
            return _said(answer.status_code)
    except (requests.RequestException, OSError) as error:
        return Outcome(error=_trouble(error))


def _client() -> Any:
    """As Saleor's own: into no private network, and no redirect is followed."""
    return requests_hardened.Manager(
        requests_hardened.Config(
            ip_filter_enable=settings.http_ip_filter,
            ip_filter_allow_loopback_ips=settings.http_to_loopback,
            never_redirect=True,
            default_timeout=TIMEOUT,
            user_agent_override=f"saleor-referral-plugin/{__version__}",
        )
    )


def _said(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status)
    return Outcome(status, f"It answered {status}.", status in OF_THE_EVENT)


def _trouble(error: Exception) -> str:
    """In words, without the address: there may be a secret in it."""
    match error:
        case InvalidIPAddress():
            return "The address leads into a private network."
        case requests.Timeout():
            return "It did not answer in time."
        case requests.exceptions.SSLError():
            return "Its certificate is not in order."
        case requests.ConnectionError():
            return "It cannot be reached."
    return f"Nothing could be sent ({type(error).__name__})."


# what came of it -----------------------------------------------------------------------------


def _mine(delivery: EventDelivery) -> Any:
    """The delivery as long as it is this very try: not what was replayed, or taken by another,
    meanwhile."""
    return EventDelivery.objects.filter(
        pk=delivery.pk, status=Status.PENDING, attempts=delivery.attempts
    )


def _note_success(delivery: EventDelivery, outcome: Outcome, now: datetime) -> bool:
    _mine(delivery).update(status=Status.SUCCESS, response_status=outcome.status, error="")
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(
        last_success_at=now, failing_since=None, failures=0, rests_until=None
    )
    return True


@transaction.atomic
def _note_failure(delivery: EventDelivery, outcome: Outcome, store: Store) -> None:
    now = store.now()
    # It may have been deleted meanwhile, and its deliveries with it.
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
    if endpoint is None:
        return
    endpoint.failing_since = endpoint.failing_since or now
    if outcome.of_the_event:
        due_at = now + _wait(delivery.attempts)
    else:
        endpoint.failures += 1
        due_at = endpoint.rests_until = now + _wait(endpoint.failures)
    takes_others = (
        endpoint.last_success_at is not None and endpoint.last_success_at >= delivery.created_at
    )
    is_given_up = takes_others and now - delivery.created_at >= TRIED_FOR
    _mine(delivery).update(
        status=Status.FAILED if is_given_up else Status.PENDING,
        due_at=due_at,
        response_status=outcome.status,
        error=outcome.error,
    )
    if endpoint.url and (
        outcome.status == GONE
        or now - max(endpoint.failing_since, delivery.created_at) >= TRIED_FOR
    ):
        _stop(endpoint, outcome, store)
    endpoint.save(update_fields=["failing_since", "failures", "rests_until", "stopped_at"])


def _wait(failures: int) -> timedelta:
    """Give or take, so that those who failed together do not come back together."""
    exactly = wait(failures, first=FIRST_RETRY, last=LAST_RETRY)
    return exactly * random.uniform(1 - JITTER, 1 + JITTER)


def _stop(endpoint: WebhookEndpoint, outcome: Outcome, store: Store) -> None:
    """The owner is told: in the log, on the plugin's page, and by the apps that listen."""
    if endpoint.stopped_at is not None:
        return
    now = store.now()
    endpoint.stopped_at = now
    host = urlsplit(endpoint.url).hostname
    logger.error(
        "Events are no longer sent to %s (endpoint %s): %s What happens meanwhile waits.",
        host,
        endpoint.pk,
        outcome.error,
    )
    said = {"endpoint_id": endpoint.pk, "host": host, "error": outcome.error}
    with transaction.atomic():
        store.tell("", STOPPED, said)


# keeping in order ----------------------------------------------------------------------------


def follow_apps(*, store: Store) -> None:
    """An endpoint stands for the shop's apps as long as one of them listens."""
    listen = store.apps_listen()
    if listen:
        WebhookEndpoint.objects.get_or_create(url="", defaults={"created_at": store.now()})
    WebhookEndpoint.objects.filter(url="", is_active=not listen).update(is_active=listen)


def forget_old(*, store: Store, limit: int = 10_000) -> None:
    """What happened too long ago can be sent no more."""
    before = store.now() - timedelta(days=settings.events_kept_days)
    with transaction.atomic():
        rows.run(_FORGET, {"before": before, "limit": limit})
