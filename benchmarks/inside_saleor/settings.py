"""The Saleor suite's settings, without what watches over Saleor's tests and takes time."""

from saleor import settings as production
from saleor.tests.settings import *  # noqa: F403
from saleor.tests.settings import MIDDLEWARE

from tests.saleor.settings import DATABASES, INSTALLED_APPS, MIGRATION_MODULES, PLUGINS

MIDDLEWARE = [name for name in MIDDLEWARE if not name.endswith("restrict_writer_middleware")]
CELERY_RESTRICT_WRITER_METHOD = production.CELERY_RESTRICT_WRITER_METHOD
TELEMETRY_TRACER_CLASS = production.TELEMETRY_TRACER_CLASS
TELEMETRY_METER_CLASS = production.TELEMETRY_METER_CLASS

__all__ = ["DATABASES", "INSTALLED_APPS", "MIDDLEWARE", "MIGRATION_MODULES", "PLUGINS"]
