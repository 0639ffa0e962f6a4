"""The sandbox as a Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "saleor_referral_plugin.sandbox"
    label = "referral_sandbox"
    verbose_name = "Sandbox shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The shared tasks need an app to belong to before anyone calls them.
        from . import celery_app  # noqa: F401
