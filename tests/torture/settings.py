"""The sandbox's settings, for a shop that is tortured."""

import os

from saleor_referral_plugin.sandbox.settings import *  # noqa: F403
from saleor_referral_plugin.sandbox.settings import LOGGING as _LOGGING

# Months pass within minutes, and every event is looked at in the end.
REFERRAL_EVENTS_KEPT_DAYS = 100_000

# One buyer after the other comes from the same few processes.
REFERRAL_RATE_LIMITS = {"same_code": "1000000 per minute"}

# When, and in which process: to be compared with the times of the commits.
LOGGING = _LOGGING | {
    "formatters": {"timed": {"format": "%(asctime)s %(process)d %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "timed"}},
    "root": {"handlers": ["console"], "level": os.environ.get("TORTURE_LOG_LEVEL", "ERROR")},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
