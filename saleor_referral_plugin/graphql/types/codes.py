"""What a code gives, for anybody who has it."""

from dataclasses import dataclass
from typing import Any

import graphene
from promise import Promise

from ...engine import rates, selectors
from ...engine.codes import normalise
from ...engine.facts import Channel
from ...engine.store import get_store
from ...engine.terms import Beneficiary
from .. import host
from ..dataloaders import load_channel
from ..enums import DOC_CATEGORY
from ..errors import answering_later
from .offers import OfferSeen, PromiseSeen, ReferralOffer, ReferralPromise, offer_in, promises_in


@dataclass(frozen=True, slots=True)
class CodeSeen:
    code: str
    display_name: str | None
    offer: OfferSeen
    promises: list[PromiseSeen]


class ReferralCode(host.BaseObjectType):
    code = graphene.String(required=True, description="The code, as people write it.")
    display_name = graphene.String(
        description="The name that its owner chose to be seen by. Null: none."
    )
    offer = graphene.Field(
        ReferralOffer, required=True, description="What it gives in the channel asked about."
    )
    promises = graphene.Field(
        host.NonNullList(ReferralPromise),
        required=True,
        description="What whoever uses it is credited besides.",
    )

    class Meta:
        description = (
            "A code that one customer shares with others. It does not say whose it is, but for the "
            "name they chose."
        )
        doc_category = DOC_CATEGORY


def load_code(context: Any, typed: str, channel: str) -> Promise:
    """None for every code that cannot be used in the channel, whatever the reason. Who tries
    many that are none has to wait, and so has everybody for a code asked for too often."""

    def seen(found: Channel | None) -> CodeSeen | None:
        live = selectors.live_code(typed, using=host.database(context))
        answer = _seen(live, found)
        with answering_later(host.language(context)):
            rates.check(
                rates.UNKNOWN_CODE, host.client(context), store=get_store(), cost=answer is None
            )
            rates.check(rates.SAME_CODE, normalise(typed) or typed[:64], store=get_store())
        return answer

    return load_channel(context, channel).then(seen)


def _seen(live: selectors.LiveCode | None, channel: Channel | None) -> CodeSeen | None:
    terms = live.version.terms if live else None
    offer = offer_in(terms, channel) if terms else None
    if live is None or terms is None or offer is None:
        return None
    promises = promises_in(terms, channel)
    return CodeSeen(
        live.shown,
        live.display_name or None,
        offer,
        [each for each in promises if each.beneficiary == Beneficiary.REFEREE.value],
    )
