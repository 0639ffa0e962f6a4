"""Fixtures of the GraphQL tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import STORE
from tests.graphql import over_http
from tests.graphql.api import Api, SaleorApi, SandboxApi
from tests.scenarios.shop import Shop


@pytest.fixture
def api(shop: Shop, settings: Any) -> Iterator[Api]:
    # Where Saleor's messages may lead; the sandbox allows its own host.
    settings.ALLOWED_CLIENT_HOSTS = ["localhost"]
    if STORE == "sandbox":
        yield SandboxApi()
    elif over_http.IS_WANTED:
        with over_http.served() as served:
            yield served
    else:
        yield SaleorApi()
