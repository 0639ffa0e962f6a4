"""The sandbox as a Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "saleor_referral_plugin.sandbox"
    label = "referral_sandbox"
    verbose_name = "Sandbox shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ..tasks import BEAT_SCHEDULE

        # The shared tasks belong to this app from the moment it is made.
        from .celery_app import app

        app.conf.beat_schedule = BEAT_SCHEDULE
