"""Saleor's API over a real socket, from the server that Saleor itself is run by.

`REFERRAL_TEST_OVER_HTTP=1 make saleor ARGS="tests/graphql"` runs all of the API's tests so. Those
that come from an address of their own, or look at the process that answers, cannot pass there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Any
from unittest.mock import patch

from tests.graphql.api import SaleorApi

IS_WANTED = bool(os.environ.get("REFERRAL_TEST_OVER_HTTP"))
PATIENCE = 30


class HttpApi(SaleorApi):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def post(
        self, body: dict[str, Any], token: str, address: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        import requests

        sent = {"Authorization": f"Bearer {token}"} if token else {}
        response = requests.post(f"{self.url}/graphql/", json=body, headers=sent, timeout=PATIENCE)
        return dict(response.json())


@contextmanager
def served() -> Iterator[HttpApi]:
    """For as long as the block lasts."""
    import uvicorn
    from saleor.celeryconf import app as celery_app

    config = uvicorn.Config("saleor.asgi:application", port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    # Celery's plugin for pytest has put an app of its own there, which other threads would use.
    with patch("celery._state.default_app", celery_app):
        thread.start()
        deadline = monotonic() + PATIENCE
        while not server.started:
            assert monotonic() < deadline
            sleep(0.05)
        [listening] = server.servers
        yield HttpApi(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        server.should_exit = True
        thread.join(PATIENCE)
