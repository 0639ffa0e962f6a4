"""Our part of the schema, put into Saleor's before Saleor builds it."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_started
from saleor.graphql.core.schema import CoreMutations, CoreQueries
from saleor.graphql.query_cost_map import COST_MAP

from .. import __version__
from ..graphql.graft import COSTS, graft

CACHE_SUFFIX = f"referral-{__version__}"


def install() -> None:
    """Once, while Django starts; must not itself lead to the schema being built."""
    if "saleor.graphql.api" in sys.modules:
        raise ImproperlyConfigured("Saleor's schema was built before the referral fields were in.")
    graft(query=CoreQueries, mutation=CoreMutations)
    for type_name, costs in COSTS.items():
        COST_MAP.setdefault(type_name, {}).update(costs)
    _refresh_introspection()


def _refresh_introspection() -> None:
    """Saleor caches introspection for a week under its own version: ours must count, too."""
    if hasattr(settings, "GRAPHQL_CACHE_SUFFIX"):
        given = settings.GRAPHQL_CACHE_SUFFIX  # type: ignore[misc]
        settings.GRAPHQL_CACHE_SUFFIX = f"{given}-{CACHE_SUFFIX}" if given else CACHE_SUFFIX
    else:
        # Saleor 3.21 has no setting for it, and its views must not be imported yet.
        request_started.connect(_suffix_cache_key, weak=False, dispatch_uid=CACHE_SUFFIX)


def _suffix_cache_key(**_kwargs: Any) -> None:
    if not request_started.disconnect(dispatch_uid=CACHE_SUFFIX):
        return
    from saleor.graphql import views

    generate_cache_key = views.generate_cache_key
    views.generate_cache_key = lambda query: f"{generate_cache_key(query)}-{CACHE_SUFFIX}"
