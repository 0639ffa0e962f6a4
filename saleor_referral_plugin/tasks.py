"""Celery tasks: thin, idempotent, found by Saleor's autodiscovery and by the sandbox's."""

import logging

from celery import shared_task
from django.conf import settings as django_settings
from django.db import transaction

from .engine import deliveries, effects, jobs, room
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


@shared_task(name="saleor_referral_plugin.tasks.settle_order")
def settle_order(order_ref: str) -> None:
    """An order changed: settle it, and carry out at once what that made due."""
    store = get_store()
    with store.writing():
        settling.settle(order_ref, store=store)
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
    with store.writing():
        _carry_out(store)


def carry_out_soon() -> None:
    """The same by a worker, after the transaction. Without a broker it is left to the sweep."""
    transaction.on_commit(lambda: carry_out.apply_async(retry=False), robust=True)


def _carry_out(store: Store) -> None:
    sweeping.fill_room(store=store, at_most=room.CHUNK)
    effects.carry_out(store=store)


@shared_task(name="saleor_referral_plugin.tasks.sweep")
def sweep() -> None:
    """Find what no hook told, and do what has become due."""
    store = get_store()
    with store.writing():
        swept = sweeping.sweep(store=store)
    if swept.failed:
        logger.error("%s steps of the sweep failed; it will try again.", swept.failed)
    _take_up_jobs()


@shared_task(name="saleor_referral_plugin.tasks.work_on_job")
def work_on_job(job_id: int) -> None:
    """Bring to its end what takes long."""
    store = get_store()
    with store.writing():
        jobs.work_on(job_id, store=store)


def start_job(job_id: int) -> None:
    """Once the job is committed. A broker that is down delays it until the next sweep."""
    transaction.on_commit(lambda: work_on_job.apply_async((job_id,), retry=False), robust=True)


def _take_up_jobs() -> None:
    """Those whose message was lost, or whose worker is gone."""
    store = get_store()
    with store.writing():
        waiting = jobs.waiting(store=store)
    for job_id in waiting:
        start_job(job_id)


@shared_task(name="saleor_referral_plugin.tasks.note_spending")
def note_spending() -> None:
    """Book what customers spent from their credits."""
    store = get_store()
    with store.writing():
        sweeping.note_spending(store=store)


@shared_task(name="saleor_referral_plugin.tasks.deliver_events")
def deliver_events() -> None:
    """Tell whoever listens what has happened."""
    store = get_store()
    with store.writing():
        deliveries.deliver(store=store)
