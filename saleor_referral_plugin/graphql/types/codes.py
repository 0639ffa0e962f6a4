"""What a code gives, for anybody who has it."""

from dataclasses import dataclass
from typing import Any

import graphene
from promise import Promise

from ...engine import codes, selectors
from ...engine.facts import Channel
from .. import host
from ..dataloaders import load_channel
from ..enums import DOC_CATEGORY
from .offers import OfferSeen, ReferralOffer, offer_in


@dataclass(frozen=True, slots=True)
class CodeSeen:
    code: str
    offer: OfferSeen


class ReferralCode(host.BaseObjectType):
    code = graphene.String(required=True, description="The code, as people write it.")
    offer = graphene.Field(
        ReferralOffer, required=True, description="What it gives in the channel asked about."
    )

    class Meta:
        description = "A code that one customer shares with others. It does not say whose it is."
        doc_category = DOC_CATEGORY


def load_code(context: Any, typed: str, channel: str) -> Promise:
    """None for every code that cannot be used in the channel, whatever the reason."""

    def seen(found: Channel | None) -> CodeSeen | None:
        version = selectors.running_terms_of_code(typed, using=host.database(context))
        offer = offer_in(version.terms, found) if version else None
        return CodeSeen(codes.show(codes.normalise(typed)), offer) if offer else None

    return load_channel(context, channel).then(seen)
