"""Saleor's API over a real socket, from the server that Saleor itself is run by."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Any
from unittest.mock import patch

from tests.graphql.api import SaleorApi

PATIENCE = 30
_FORWARDED = "X-Forwarded-For"


class HttpApi(SaleorApi):
    """We are to it the shop's load balancer, on the same machine, which says who has connected."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def post(
        self, body: dict[str, Any], token: str, address: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        import requests

        sent = {_name(key): value for key, value in headers.items()}
        # It writes its client's address behind what that client has sent.
        before = [sent[_FORWARDED]] if _FORWARDED in sent else []
        sent[_FORWARDED] = ", ".join([*before, address])
        if token:
            sent["Authorization"] = f"Bearer {token}"
        response = requests.post(f"{self.url}/graphql/", json=body, headers=sent, timeout=PATIENCE)
        return dict(response.json())

    @contextmanager
    def on_this_connection(self) -> Iterator[None]:
        from django.core.signals import request_finished, request_started
        from django.db import close_old_connections, connections

        ours = {alias: connections[alias] for alias in connections}
        with ExitStack() as afterwards:
            for connection in ours.values():
                connection.inc_thread_sharing()
                afterwards.callback(connection.dec_thread_sharing)
            # Each request has a thread of its own, which would make its own and close them.
            patched = patch.object(connections, "create_connection", ours.__getitem__)
            afterwards.enter_context(patched)
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)
                afterwards.callback(signal.connect, close_old_connections)
            yield


def _name(key: str) -> str:
    """Of a header that Django names so."""
    return key.removeprefix("HTTP_").replace("_", "-").title()


@contextmanager
def served() -> Iterator[str]:
    """Its address, for as long as the block lasts."""
    import uvicorn

    config = uvicorn.Config("saleor.asgi:application", port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    deadline = monotonic() + PATIENCE
    while not server.started:
        assert monotonic() < deadline
        sleep(0.05)
    [listening] = server.servers
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)
