"""The one Django app; Saleor installs it by the name of its entry point."""

from django.apps import AppConfig
from django.conf import settings as django_settings

from .conf import settings


def runs_in_saleor() -> bool:
    return settings.store.startswith("saleor_referral_plugin.saleor.")


class ReferralConfig(AppConfig):
    name = "saleor_referral_plugin"
    label = "referral"
    verbose_name = "Referral program"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers itself

        if not runs_in_saleor():
            return
        from .saleor.versions import installed, is_supported

        untested = getattr(django_settings, "REFERRAL_ALLOW_UNTESTED_SALEOR", False)
        if is_supported(installed()) or untested:
            from .saleor import wiring

            wiring.install()
