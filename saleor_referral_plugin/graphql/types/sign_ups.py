"""Somebody on a waiting list, for whoever reads their mail."""

from typing import Any

import graphene

from ...engine import rates, selectors, waitlist
from ...engine.codes import code_of
from ...engine.ranking import places_of
from ...engine.store import get_store
from ...models import SignUp
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import answering_later


class ReferralSignUp(host.BaseObjectType):
    program_name = graphene.String(required=True, description="What the program is called.")
    confirmed_at = host.DateTime(description="When the address was confirmed. Null: not yet.")
    code = graphene.String(description="The code to share. Null before confirmation.")
    link = graphene.String(
        source=graphene.String(
            description="Where the link is shared, such as `newsletter`: its `utm_source`."
        ),
        channel=graphene.String(description="Slug of the channel that the link leads to."),
        description="The link to share. Null before confirmation, or without an address.",
    )
    referrals = graphene.Int(required=True, description="Confirmed sign-ups with this code.")
    rank = graphene.Int(
        description="Among all who have brought somebody; ties share one. Null: nobody yet."
    )

    class Meta:
        description = "Somebody on a program's waiting list, as they see it themselves."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_program_name(root: SignUp, _info: Any) -> str:
        return root.program.name

    @staticmethod
    def resolve_code(root: SignUp, _info: Any) -> str | None:
        if root.confirmed_at is None:
            return None
        store = get_store()
        with store.writing():
            return str(code_of(root.person, root.program, store=store))

    @staticmethod
    def resolve_link(
        root: SignUp, _info: Any, *, source: str = "", channel: str = ""
    ) -> str | None:
        if root.confirmed_at is None:
            return None
        store = get_store()
        with store.writing():
            code = code_of(root.person, root.program, store=store)
        return selectors.link_to(root.program, code, source=source, channel=channel)

    @staticmethod
    def resolve_referrals(root: SignUp, info: Any) -> int:
        place = _place_of(root, info.context)
        return place.referrals if place else 0

    @staticmethod
    def resolve_rank(root: SignUp, info: Any) -> int | None:
        place = _place_of(root, info.context)
        return place.rank if place else None


def _place_of(sign_up: SignUp, context: Any) -> Any:
    using = host.database(context)
    found = places_of(sign_up.program, [sign_up.person_id], window=None, using=using)
    return found.get(sign_up.person_id)


def load_sign_up(context: Any, token: str) -> SignUp | None:
    """None for a token of nobody's; who tries many has to wait."""
    found = waitlist.find(token, using=host.database(context))
    with answering_later(host.language(context)):
        rates.check(rates.UNKNOWN_CODE, host.client(context), store=get_store(), cost=found is None)
    return found
