"""The one Django app; Saleor installs it by the name of its entry point."""

from django.apps import AppConfig


class ReferralConfig(AppConfig):
    name = "saleor_referral_plugin"
    label = "referral"
    verbose_name = "Referral program"
    default_auto_field = "django.db.models.BigAutoField"
