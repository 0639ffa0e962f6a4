from typing import Any

import graphene
from django.core.exceptions import ValidationError

from ...engine import claims, rates
from ...engine.facts import CustomerFacts
from ...engine.findings import Refused
from ...engine.store import get_store
from ...models import Claim
from .. import host
from ..dataloaders import AccountClaimLoader
from ..enums import DOC_CATEGORY, ReferralErrorCode
from ..errors import ReferralError, refusal, wrong
from ..types.claims import ReferralClaim
from .base import asking_customer


class ReferralClaimCreate(host.BaseMutation):
    claim = graphene.Field(ReferralClaim, description="The claim on the account.")

    class Arguments:
        code = graphene.String(
            description="The referral code, in any letter case, with or without hyphen."
        )
        checkout_id = graphene.ID(
            description=(
                "The ID of a checkout that the customer made before logging in: its code is "
                "claimed as of then. Either this or a code."
            )
        )

    class Meta:
        description = (
            "Claims a referral code on the customer's account: it goes on their next checkouts by "
            "itself, until one becomes an order. A code that is refused changes nothing.\n\n"
            f"Requires one of the following permissions: {host.AUTHENTICATED_USER.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.AUTHENTICATED_USER,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(
        cls,
        _root: Any,
        info: Any,
        /,
        *,
        code: str | None = None,
        checkout_id: str | None = None,
    ) -> Any:
        if (code is None) == (checkout_id is None):
            raise ValidationError(
                "Give either a code or the ID of a checkout.",
                code=ReferralErrorCode.GRAPHQL_ERROR.value,
            )
        customer = asking_customer(info)
        field = "checkout_id" if code is None else "code"
        try:
            if code is not None:
                with rates.counting_unknown_codes(host.client(info.context), store=get_store()):
                    claim = claims.claim_on_account(customer, code, store=get_store())
            else:
                claim = cls._of_guest(customer, info, checkout_id)
        except Refused as refused:
            raise refusal(refused, field, host.language(info.context)) from refused
        # What the request has read before is no longer so.
        AccountClaimLoader(info.context).clear(customer.user_ref)
        return cls(claim=claim)

    @classmethod
    def _of_guest(cls, customer: CustomerFacts, info: Any, checkout_id: str | None) -> Claim:
        checkout = host.find_checkout(cls, info, checkout_id, "checkout_id")
        ref = host.checkout(checkout).ref
        claim = claims.take_into_account(customer, ref, store=get_store())
        if claim is None:
            raise wrong("checkout_id", "NOT_FOUND", "No referral code of yours is on the checkout.")
        return claim
