"""Whose request brings metadata to a checkout: Saleor's hooks are not told, and who tries codes
that way is to be counted as by any other."""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from saleor.graphql.checkout.mutations import CheckoutCreate
from saleor.graphql.meta.mutations.base import BaseMetadataMutation

#: The request's context, and the keys of the metadata that it sets by itself.
_asking: ContextVar[tuple[Any, frozenset[str]] | None] = ContextVar("referral_asking", default=None)


def install() -> None:
    # Looked up by these names whenever they are called, in all supported versions.
    _note(CheckoutCreate, "perform_mutation")
    _note(BaseMetadataMutation, "perform_model_extra_actions")


def client() -> str:
    """Who counts as one when tries are counted; empty for what the shop does by itself."""
    asking = _asking.get()
    if asking is None:
        return ""
    # The host of our schema is imported after the wraps are in.
    from .graphql_host import client as client_of

    return client_of(asking[0])


def sets_metadata(key: str) -> bool:
    """Is it what the request came for?"""
    asking = _asking.get()
    return asking is not None and key in asking[1]


def _note(mutation: Any, name: str) -> None:
    original: Callable[..., Any] = getattr(mutation, name).__func__

    @functools.wraps(original)
    def noting(cls: Any, root: Any, info: Any, /, *args: Any, **data: Any) -> Any:
        given = data.get("input")
        keys = frozenset(each.key for each in given) if isinstance(given, list) else frozenset()
        token = _asking.set((info.context, keys))
        try:
            return original(cls, root, info, *args, **data)
        finally:
            _asking.reset(token)

    setattr(mutation, name, classmethod(noting))
