"""A statement of ours that fails must not spoil a transaction of Saleor's."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection, transaction


def apart() -> AbstractContextManager[Any]:
    """A savepoint where Saleor is in a transaction; nothing, which costs nothing, elsewhere."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()
