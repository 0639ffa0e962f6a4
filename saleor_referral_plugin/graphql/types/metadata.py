"""Saleor's metadata on our objects: its interface, its inputs, and our own table behind."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from promise import Promise

from ...engine.metadata import Key
from ...models import Metadata
from .. import host
from ..dataloaders import MetadataLoader


class WithMetadata:
    """What a type needs that has `host.ObjectWithMetadata` among its interfaces. Its roots have a
    key, `id`."""

    @staticmethod
    def resolve_metadata(root: Any, info: Any) -> Promise:
        return _load(root, info, lambda found: items(found.public))

    @staticmethod
    def resolve_metafield(root: Any, info: Any, *, key: str) -> Promise:
        return _load(root, info, lambda found: found.public.get(key))

    @staticmethod
    def resolve_metafields(root: Any, info: Any, *, keys: Collection[str] | None = None) -> Promise:
        return _load(root, info, lambda found: _only(found.public, keys))

    @staticmethod
    def resolve_private_metadata(root: Any, info: Any) -> Promise:
        _must_be_staff(info)
        return _load(root, info, lambda found: items(found.private))

    @staticmethod
    def resolve_private_metafield(root: Any, info: Any, *, key: str) -> Promise:
        _must_be_staff(info)
        return _load(root, info, lambda found: found.private.get(key))

    @staticmethod
    def resolve_private_metafields(
        root: Any, info: Any, *, keys: Collection[str] | None = None
    ) -> Promise:
        _must_be_staff(info)
        return _load(root, info, lambda found: _only(found.private, keys))


def items(values: Mapping[str, str]) -> list[dict[str, str]]:
    """As Saleor lists them."""
    return [{"key": key, "value": value} for key, value in sorted(values.items())]


def _load(root: Any, info: Any, seen: Callable[[Metadata], Any]) -> Promise:
    key = Key(info.parent_type.name, root.id)
    return MetadataLoader(info.context).load(key).then(seen)


def _only(values: Mapping[str, str], keys: Collection[str] | None) -> Mapping[str, str]:
    if keys is None:
        return values
    return {key: value for key, value in values.items() if key in keys}


def _must_be_staff(info: Any) -> None:
    if not host.may(info.context, host.MANAGE_DISCOUNTS):
        raise host.PermissionDenied(permissions=[host.MANAGE_DISCOUNTS])
