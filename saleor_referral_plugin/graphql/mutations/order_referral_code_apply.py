from typing import Any

import graphene

from ...engine import claims, rates
from ...engine.findings import FindingCode, Refused
from ...engine.people import person
from ...engine.store import get_store
from .. import host
from ..dataloaders import ReferralByOrderLoader
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, refusal
from ..types.claims import OrderReferral, load_order_referral
from .base import asking_customer


class OrderReferralCodeApply(host.BaseMutation):
    order = graphene.Field(host.Order, description="The order, unchanged.")
    referral = graphene.Field(OrderReferral, description="The referral that the order makes.")

    class Arguments:
        id = graphene.ID(required=True, description="The order's ID.")
        code = graphene.String(
            required=True,
            description="The referral code, in any letter case, with or without hyphen.",
        )

    class Meta:
        description = (
            "Claims a referral code that the customer forgot when they placed an order of theirs. "
            "The order gets no discount any more; its referrer is rewarded where the program "
            "allows it, after a review where it asks for one.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str, code: str) -> Any:
        customer, store = asking_customer(info), get_store()
        order = host.find_order(cls, info, id)
        buyer = person(customer.user_ref, customer.email)
        ref = host.order(order).ref
        try:
            with rates.counting_unknown_codes(host.client(info.context), store=store):
                claims.claim_for_order(ref, code, store=store, by=buyer)
        except Refused as refused:
            field = "id" if refused.finding.code is FindingCode.ORDER_NOT_YOURS else "code"
            raise refusal(refused, field, host.language(info.context)) from refused
        ReferralByOrderLoader(info.context).clear(ref)
        return cls(order=order)

    @staticmethod
    def resolve_referral(root: Any, info: Any) -> Any:
        return root.order and load_order_referral(info.context, root.order)
