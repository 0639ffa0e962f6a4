"""Fixtures of the GraphQL tests."""

from typing import Any

import pytest

from tests.conftest import STORE
from tests.graphql.api import Api, SaleorApi, SandboxApi
from tests.scenarios.shop import Shop


@pytest.fixture
def api(shop: Shop, settings: Any) -> Api:
    # Where Saleor's messages may lead; the sandbox allows its own host.
    settings.ALLOWED_CLIENT_HOSTS = ["localhost"]
    return SaleorApi() if STORE == "saleor" else SandboxApi()
