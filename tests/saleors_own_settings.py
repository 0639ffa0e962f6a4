"""Saleor's own settings for its tests, on a database that is migrated already."""

import os

from saleor.tests.settings import *  # noqa: F403
from saleor.tests.settings import DATABASES

DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ["SALEOR_TEST_TEMPLATE"]}
