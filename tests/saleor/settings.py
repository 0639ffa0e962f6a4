"""Saleor's own test settings, with every plugin that an installed Saleor finds.

Of Saleor's apps only the tables are made, not its years of migrations (minutes); of ours
the migrations run, because the ledger's rules are in them.
"""

import os

from saleor.settings import PLUGINS as PLUGINS_FOUND
from saleor.tests.settings import *  # noqa: F403
from saleor.tests.settings import DATABASES, INSTALLED_APPS

PLUGINS = PLUGINS_FOUND


class _OnlyOurs:
    """MIGRATION_MODULES that knows no migrations but our own."""

    def __contains__(self, label: str) -> bool:
        return label != "referral"

    def __getitem__(self, label: str) -> None:
        return None


MIGRATION_MODULES = _OnlyOurs()

if template := os.environ.get("SALEOR_TEST_TEMPLATE"):
    # A database with nothing but the extensions, which Saleor's migrations would make.
    DATABASES["default"]["TEST"] = {"TEMPLATE": template}

__all__ = ["DATABASES", "INSTALLED_APPS", "MIGRATION_MODULES", "PLUGINS"]
