"""Do now what Celery beat does every minute; for cron, or after trouble."""

from typing import Any

from django.core.management.base import BaseCommand

from ...engine import jobs
from ...engine.deliveries import deliver
from ...engine.store import get_store
from ...engine.sweep import note_spending, sweep

SECONDS = 60.0


class Command(BaseCommand):
    help = (
        "Settle orders whose events never came, end holds, expire credits, carry out effects, "
        "tell others what happened."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        store = get_store()
        with store.writing():
            swept = sweep(store=store)
            noted = note_spending(store=store)
            for job_id in jobs.waiting(store=store):
                jobs.work_on(job_id, store=store)
            told = deliver(store=store, seconds=SECONDS)
        self.stdout.write(
            f"{swept.orders_read} orders read, {swept.settled} settled, {swept.failed} failed, "
            f"{swept.expired} credits expired, {swept.effects} effects carried out, "
            f"spending noted on {noted} credits, {told} events told."
        )
