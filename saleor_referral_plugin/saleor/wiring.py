"""What the plugin hooks into besides Saleor's plugin interface, installed once at start."""

from django.conf import settings

from ..tasks import BEAT_SCHEDULE
from . import asking, guard, promo_codes, reserved_codes, schema


def install() -> None:
    guard.install()
    promo_codes.install()
    asking.install()
    reserved_codes.install()
    schema.install()
    # A copy: the deployment's own schedule may be shared or frozen.
    settings.CELERY_BEAT_SCHEDULE = {
        **getattr(settings, "CELERY_BEAT_SCHEDULE", {}),
        **BEAT_SCHEDULE,
    }
