"""Fixtures of the GraphQL tests."""

import pytest

from tests.conftest import STORE
from tests.graphql.api import Api, SaleorApi, SandboxApi
from tests.scenarios.shop import Shop


@pytest.fixture
def api(shop: Shop) -> Api:
    return SaleorApi() if STORE == "saleor" else SandboxApi()
