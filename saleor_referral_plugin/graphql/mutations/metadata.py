"""What the mutations of metadata have in common."""

from typing import Any

import graphene

from ...engine.metadata import Key
from ...models import Metadata, Program, Referral, Referrer, Reward
from .. import host
from ..errors import wrong
from ..types.metadata import items
from .base import DiscountsMutation, found

MODELS = {
    "ReferralProgram": Program,
    "Referrer": Referrer,
    "Referral": Referral,
    "ReferralReward": Reward,
}


class MetadataMutation(DiscountsMutation):
    metadata = host.NonNullList(
        host.MetadataItem, description="The object's public metadata as it is now."
    )
    private_metadata = host.NonNullList(
        host.MetadataItem, description="The object's private metadata as it is now."
    )

    class Meta:
        abstract = True

    @classmethod
    def answer(cls, kept: Metadata) -> Any:
        return cls(metadata=items(kept.public), private_metadata=items(kept.private))


def key_of(global_id: str) -> Key:
    """Raises ValidationError on `id` where there is no such object."""
    try:
        type_name, _ = graphene.Node.from_global_id(global_id)
    except (ValueError, UnicodeError):
        type_name = ""
    if type_name not in MODELS:
        known = ", ".join(MODELS)
        raise wrong("id", "GRAPHQL_ERROR", f"Invalid ID: {global_id}. Expected: {known}.")
    return Key(type_name, found(MODELS[type_name], global_id, type_name).pk)
