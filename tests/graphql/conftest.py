"""Fixtures of the GraphQL tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import STORE
from tests.graphql import over_http
from tests.graphql.api import Api, SandboxApi
from tests.scenarios.shop import Shop

# Two definitions, as there are of the shop.
if STORE == "saleor":

    @pytest.fixture(scope="session")
    def server() -> Iterator[str]:
        """The address of Saleor's own server, which answers from this process."""
        with over_http.served() as address:
            yield address

    @pytest.fixture
    def api(shop: Shop, settings: Any, server: str, monkeypatch: pytest.MonkeyPatch) -> Api:
        from saleor.celeryconf import app as celery_app

        # Where Saleor's messages may lead; the sandbox allows its own host.
        settings.ALLOWED_CLIENT_HOSTS = ["localhost"]
        # Celery's plugin for pytest has put an app of its own there, which the server's threads
        # would use.
        monkeypatch.setattr("celery._state.default_app", celery_app)
        return over_http.HttpApi(server)

else:

    @pytest.fixture
    def api(shop: Shop) -> Api:
        return SandboxApi()
