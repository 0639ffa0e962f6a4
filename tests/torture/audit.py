"""Whoever watches from the start what is to be compared in the end."""

from pathlib import Path

from django.db import connection
from django.utils import timezone

from saleor_referral_plugin.models import WebhookEndpoint

SECRET = "whsec_dG9ydHVyZSB0b3J0dXJlIHRvcnR1cmU="
#: The endpoint whose deliveries are all kept.
KEPT = "https://stopped.example/"
#: What the listener wants to hear.
HEARD = ["referral.qualified", "referral.rejected", "referral.reversed", "reward.clawed_back"]


def begin() -> None:
    """From now on changes are noted by triggers of our own."""
    with connection.cursor() as cursor:
        cursor.execute(Path(__file__).with_name("audit.sql").read_text())


def have_events_kept() -> None:
    """Every event, for an endpoint that is stopped: it has its deliveries, and none is made."""
    now = timezone.now()
    WebhookEndpoint.objects.create(url=KEPT, secret=SECRET, created_at=now, stopped_at=now)


def have_events_sent(url: str) -> None:
    WebhookEndpoint.objects.create(url=url, events=HEARD, secret=SECRET, created_at=timezone.now())
