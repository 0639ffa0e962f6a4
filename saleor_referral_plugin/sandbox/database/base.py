"""So that settings can be read, types checked and schemas printed without a server."""

from typing import Any

from django.db.backends.postgresql import base

from ..postgres import server_params


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | server_params()
