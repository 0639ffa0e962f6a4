from typing import Any

import graphene

from ...engine import rates
from ...engine.findings import Refused
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import CheckoutReferralMutation


class CheckoutReferralCodeApply(CheckoutReferralMutation):
    class Arguments:
        id = graphene.ID(required=True, description="The checkout's ID.")
        code = graphene.String(
            required=True,
            description="The referral code, in any letter case, with or without hyphen.",
        )

    class Meta:
        description = (
            "Claims a referral code for a checkout. Its discount takes the place of any voucher; "
            "a code that is refused changes nothing."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        webhook_events_info = host.CHECKOUT_UPDATED

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str, code: str) -> Any:
        checkout = host.find_checkout(cls, info, id)
        try:
            with rates.counting_unknown_codes(host.client(info.context), store=get_store()):
                host.apply_code(info, checkout, code)
        except Refused as refused:
            return cls.handle_refusal(refused, checkout)
        return cls(checkout=checkout)
