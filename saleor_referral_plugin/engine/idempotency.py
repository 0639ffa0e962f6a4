"""Requests that carry a key of the client's own: sent again, they are answered again, and carried
out once."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction

from ..models import AnsweredRequest
from . import rows
from .people import keyed, newest
from .store import Store

#: How long an answer is remembered.
KEPT = timedelta(days=30)
LONGEST_KEY = 255

#: Whoever sends the same key meanwhile waits here until the first is answered. Either way the row
#: is locked, so that nobody forgets it before it is read.
_CLAIM = """
INSERT INTO referral_answeredrequest AS known (by, key, asked, at)
VALUES (%(by)s, %(key)s, %(asked)s, %(now)s)
ON CONFLICT (by, key) DO UPDATE SET key = excluded.key
RETURNING known.id, known.asked, known.answer
"""


class KeyReused(Exception):
    """The key came with another request before."""


def once(
    do: Callable[[], Any], *, by: str, key: str | None, asked: Mapping[str, Any], store: Store
) -> Any:
    """Do it in a transaction and return what it returns, which JSON can say; for a `key` that the
    same requestor has used for the same before, return what was returned then. What `do` raises
    undoes everything and is not remembered.

    Raises KeyReused for a key that came with something else.
    """
    with transaction.atomic():
        if key is None:
            return do()
        now, what = store.now(), keyed(json.dumps(asked, sort_keys=True, default=str))
        [(pk, known, answer)] = rows.select(
            _CLAIM, {"by": by, "key": key, "asked": what, "now": now}
        )
        if answer is None:
            answer = do()
            AnsweredRequest.objects.filter(pk=pk).update(answer=answer)
            return answer
        # It may be from before the key changed.
        if newest(known) != newest(what):
            raise KeyReused
        return json.loads(answer)


def forget_old(*, store: Store) -> int:
    """Drop the answers that nobody will ask for again."""
    return AnsweredRequest.objects.filter(at__lt=store.now() - KEPT).delete()[0]
