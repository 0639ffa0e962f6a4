from collections.abc import Iterable
from typing import Any

import graphene

from ...engine import metadata as keeping
from .. import host
from ..errors import deciding
from .metadata import MetadataMutation, key_of


class ReferralMetadataUpdate(MetadataMutation):
    class Arguments:
        id = graphene.ID(required=True, description="The ID of the object.")
        metadata = host.NonNullList(
            host.MetadataInput,
            description="What everybody may read who may see the object. Keys not named stay.",
        )
        private_metadata = host.NonNullList(
            host.MetadataInput, description="What only staff and apps may read."
        )

    class Meta:
        description = (
            "Keeps something of your own beside a program, a referrer, a referral or a reward."
        )

    @classmethod
    def perform_mutation(
        cls,
        _root: Any,
        _info: Any,
        /,
        *,
        id: str,
        metadata: Iterable[Any] | None = None,
        private_metadata: Iterable[Any] | None = None,
    ) -> Any:
        key = key_of(id)
        with deciding(REQUIRED="metadata", INVALID="metadata"):
            kept = keeping.update(key, public=_by_key(metadata), private=_by_key(private_metadata))
        return cls.answer(kept)


def _by_key(items: Iterable[Any] | None) -> dict[str, str]:
    return {item.key: item.value for item in items or ()}
