"""The API over a real socket, from the server that Saleor itself is run by."""

from collections.abc import Iterator
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import requests
import uvicorn
from saleor.celeryconf import app as celery_app

from tests.graphql import test_api_guide as guide
from tests.graphql.api import SaleorApi
from tests.graphql.test_everybodys_rights import (
    ANONYMOUS,
    APP_WITH,
    APP_WITHOUT,
    EMPTY_HERE,
    OWNER,
    STAFF_WITH,
    Scene,
    rule_of,
    shown_to,
)
from tests.scenarios.shop import Shop

PATIENCE = 30


class HttpApi(SaleorApi):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def post(
        self, body: dict[str, Any], token: str, address: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        response = requests.post(f"{self.url}/graphql/", json=body, headers=sent, timeout=PATIENCE)
        return dict(response.json())


@pytest.fixture
def http_api(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpApi]:
    settings.ALLOWED_CLIENT_HOSTS = ["localhost"]
    # Celery's plugin for pytest has put an app of its own there, which other threads would use.
    monkeypatch.setattr("celery._state.default_app", celery_app)
    config = uvicorn.Config("saleor.asgi:application", port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    deadline = monotonic() + PATIENCE
    while not server.started:
        assert monotonic() < deadline
        sleep(0.05)
    [listening] = server.servers
    yield HttpApi(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    server.should_exit = True
    thread.join(PATIENCE)


def test_every_answer_of_the_guide_is_the_real_one_over_http(
    shop: Shop, http_api: HttpApi, settings: Any
) -> None:
    guide.test_every_answer_of_the_guide_is_the_real_one(shop, http_api, settings)


def test_everybody_sees_over_http_what_they_may_and_nothing_else(
    shop: Shop, http_api: HttpApi
) -> None:
    # given
    scene = Scene(shop, http_api)
    askers = (ANONYMOUS, OWNER, STAFF_WITH, APP_WITH, APP_WITHOUT)

    # when
    shown = {asker: shown_to(scene, asker) for asker in askers}

    # then
    wrong = [
        f"{asker} {'sees' if field in shown[asker] else 'does not see'} {field}"
        for asker in askers
        for field, may in sorted(rule_of().items())
        if field not in EMPTY_HERE and (field in shown[asker]) != (asker in may)
    ]
    assert wrong == []
