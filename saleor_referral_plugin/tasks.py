"""Celery tasks: thin, idempotent, found by Saleor's autodiscovery and by the sandbox's."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import shared_task
from django.conf import settings as django_settings
from django.db import transaction
from kombu.exceptions import OperationalError

from .engine import deliveries, effects, jobs, metrics, room, tables
from .engine import settle as settling
from .engine import sweep as sweeping
from .engine.store import Store, get_store

logger = logging.getLogger(__name__)

#: What a deployment's beat runs, in seconds. `apps.py` puts it in CELERY_BEAT_SCHEDULE.
BEAT_SCHEDULE = {
    "referral-sweep": {"task": "saleor_referral_plugin.tasks.sweep", "schedule": 60.0},
    "referral-deliver-events": {
        "task": "saleor_referral_plugin.tasks.deliver_events",
        "schedule": 10.0,
    },
    "referral-note-spending": {
        "task": "saleor_referral_plugin.tasks.note_spending",
        "schedule": 300.0,
    },
}


#: A broker that cannot be reached is left alone by this process for so many seconds: each try
#: takes some, and a shopper waits. What is due is left to the sweep.
LEFT_ALONE = 30.0
_tried_in_vain_at = float("-inf")


def soon(task: Any, *args: Any) -> None:
    """Have a worker do it once the transaction is committed."""
    transaction.on_commit(lambda: enqueue(task, *args), robust=True)


def enqueue(task: Any, *args: Any) -> None:
    """Have a worker do it, if there is a broker to ask."""
    global _tried_in_vain_at
    if time.monotonic() - _tried_in_vain_at < LEFT_ALONE:
        return
    try:
        task.apply_async(args, retry=False)
    except OperationalError as error:
        _tried_in_vain_at = time.monotonic()
        logger.error("The broker cannot be reached: %s. What is due is left to the sweep.", error)


@contextmanager
def _at_work(store: Store) -> Iterator[None]:
    """Saleor wants to know of any use of the main database. Without our tables there is nothing
    to be done, and staff read in the log what to do; the sweep finds it all once they are there."""
    with store.writing(), tables.wanted(logger, "The referral program waits for its tables."):
        yield


@shared_task(name="saleor_referral_plugin.tasks.settle_order")
def settle_order(order_ref: str) -> None:
    """An order changed: settle it, and carry out at once what that made due."""
    store = get_store()
    with _at_work(store):
        referral = settling.settle(order_ref, store=store)
        if referral is not None:
            metrics.settled(referral.status)
        _carry_out(store)
        is_eager = getattr(django_settings, "CELERY_TASK_ALWAYS_EAGER", False)
        # No broker, hence most likely no beat: what time alone has made due must ride on
        # whatever order comes by.
        if is_eager and sweeping.ride_along(store=store):
            _take_up_jobs()


@shared_task(name="saleor_referral_plugin.tasks.carry_out")
def carry_out() -> None:
    """Staff have decided something: carry out at once what that made due."""
    store = get_store()
    with _at_work(store):
        _carry_out(store)


def carry_out_soon() -> None:
    """The same by a worker, after the transaction. Without a broker it is left to the sweep."""
    soon(carry_out)


def _carry_out(store: Store) -> None:
    sweeping.fill_room(store=store, at_most=room.CHUNK)
    effects.carry_out(store=store)


@shared_task(name="saleor_referral_plugin.tasks.sweep")
def sweep() -> None:
    """Find what no hook told, and do what has become due."""
    store = get_store()
    with _at_work(store):
        swept = sweeping.sweep(store=store)
        if swept.failed:
            logger.error("%s steps of the sweep failed; it will try again.", swept.failed)
        metrics.watch(store)
    _take_up_jobs()


@shared_task(name="saleor_referral_plugin.tasks.work_on_job")
def work_on_job(job_id: int) -> None:
    """Bring to its end what takes long."""
    store = get_store()
    with _at_work(store):
        jobs.work_on(job_id, store=store)


def start_job(job_id: int) -> None:
    """Once the job is committed. A broker that is down delays it until the next sweep."""
    soon(work_on_job, job_id)


def _take_up_jobs() -> None:
    """Those whose message was lost, or whose worker is gone."""
    store = get_store()
    waiting: list[int] = []
    with _at_work(store):
        waiting += jobs.waiting(store=store)
    for job_id in waiting:
        start_job(job_id)


@shared_task(name="saleor_referral_plugin.tasks.note_spending")
def note_spending() -> None:
    """Book what customers spent from their credits."""
    store = get_store()
    with _at_work(store):
        sweeping.note_some_spending(store=store)


@shared_task(name="saleor_referral_plugin.tasks.deliver_events")
def deliver_events() -> None:
    """Tell whoever listens what has happened."""
    store = get_store()
    with _at_work(store):
        deliveries.deliver(store=store)
