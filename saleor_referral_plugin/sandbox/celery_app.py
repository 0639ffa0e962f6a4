"""The sandbox's Celery: eager without CELERY_BROKER_URL, like a Saleor without a broker.

A real worker with the periodic tasks:
`celery -A saleor_referral_plugin.sandbox.celery_app worker --beat`
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_referral_plugin.sandbox.settings")

app = Celery("referral_sandbox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
