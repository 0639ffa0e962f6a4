"""Leave the shop as if the plugin had never been there, except for the books."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from ...engine.programs import retire_offers, stop_programs
from ...engine.store import get_store
from ...tasks import BEAT_SCHEDULE


class Command(BaseCommand):
    help = (
        "Stop the program and remove vouchers, Celery beat entries, the plugin's settings, and "
        "the webhook endpoints with their secrets and what they have not got. "
        "The books (our own tables), and the gift cards and coupons already issued stay; whoever "
        "knows a coupon's code can then use it. Stop Celery beat "
        "first, and run it before `pip uninstall`."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        store = get_store()
        with store.writing():
            stop_programs()
            vouchers = retire_offers(store=store)
            beat = _delete("django_celery_beat.PeriodicTask", name__in=BEAT_SCHEDULE)
            settings = _delete("plugins.PluginConfiguration", identifier="referral")
            endpoints = _delete("referral.WebhookEndpoint")
            _delete("referral.Event")
        self.stdout.write(
            f"Removed {vouchers} vouchers, {beat} beat entries, {settings} plugin settings, "
            f"{endpoints} webhook endpoints."
        )


def _delete(model: str, **lookup: Any) -> int:
    """Delete rows of a model, if the store has it; returns how many."""
    app_label, name = model.split(".")
    if app_label not in apps.app_configs:
        return 0
    rows = apps.get_model(app_label, name).objects.filter(**lookup)
    count = rows.count()
    rows.delete()
    return count
