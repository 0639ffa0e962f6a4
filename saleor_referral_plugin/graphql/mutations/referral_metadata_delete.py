from collections.abc import Collection
from typing import Any

import graphene

from ...engine import metadata as keeping
from .. import host
from .metadata import MetadataMutation, key_of


class ReferralMetadataDelete(MetadataMutation):
    class Arguments:
        id = graphene.ID(required=True, description="The ID of the object.")
        keys = host.NonNullList(graphene.String, description="Keys of public metadata.")
        private_keys = host.NonNullList(graphene.String, description="Keys of private metadata.")

    class Meta:
        description = (
            "Takes away what was kept beside a program, a referrer, a referral or a reward."
        )

    @classmethod
    def perform_mutation(
        cls,
        _root: Any,
        _info: Any,
        /,
        *,
        id: str,
        keys: Collection[str] | None = None,
        private_keys: Collection[str] | None = None,
    ) -> Any:
        kept = keeping.delete(key_of(id), public=keys or (), private=private_keys or ())
        return cls.answer(kept)
