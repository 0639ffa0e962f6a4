"""A Saleor that serves: with one of the databases made for it, and with the plugin or without."""

import os

from saleor.tests.settings import *  # noqa: F403

from benchmarks.inside_saleor import settings as bench
from benchmarks.inside_saleor.settings import DATABASES, INSTALLED_APPS, PLUGINS

OURS = "saleor_referral_plugin"

MIDDLEWARE = bench.MIDDLEWARE
CELERY_RESTRICT_WRITER_METHOD = bench.CELERY_RESTRICT_WRITER_METHOD
TELEMETRY_TRACER_CLASS = bench.TELEMETRY_TRACER_CLASS
TELEMETRY_METER_CLASS = bench.TELEMETRY_METER_CLASS

#: Nobody is told that this Saleor runs, and a line for each request would be measured along.
SEND_USAGE_TELEMETRY = False
LOGGING_CONFIG = None

for database in DATABASES.values():
    database["NAME"] = os.environ["BENCH_DATABASE"]
if "BENCH_WITHOUT_US" in os.environ:
    PLUGINS = [path for path in PLUGINS if not path.startswith(OURS)]
    INSTALLED_APPS = [name for name in INSTALLED_APPS if name != OURS]
