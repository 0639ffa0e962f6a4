from collections.abc import Mapping
from typing import Any

import graphene
from django.db.models import Model

from graphql import GraphQLError

from ...engine import codes, staff
from ...engine.store import Store
from ...models import Program
from ...models import Referrer as ReferrerRow
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import wrong
from ..ids import order_ref_in
from ..types.referrals import Referral
from .base import found, program_or_default
from .staff import StaffMutation, reason_argument


class ReferralAttachInput(host.BaseInputObjectType):
    order = graphene.ID(required=True, description="The ID of the order.")
    code = graphene.String(
        description="The code of whoever recommended the buyer, which says the program, too."
    )
    referrer = graphene.ID(description="Instead of a code: the ID of the referrer.")
    program = graphene.ID(
        description="With a referrer: the ID of the program. Default: the one of the plugin's page."
    )

    class Meta:
        description = "Which order, and whose. Either a code or a referrer is required."
        doc_category = DOC_CATEGORY


class ReferralAttach(StaffMutation):
    referral = graphene.Field(Referral, description="The referral that the order is now.")

    class Arguments:
        input = ReferralAttachInput(required=True, description="Which order, and whose.")
        reason = reason_argument()

    class Meta:
        description = (
            "Makes an order, whenever it was placed, a referral of somebody under the program's "
            "newest terms. It needs no review; what the rules refuse can be overridden. Undone by "
            "`referralDetach`."
        )

    field_of = {
        "NO_ORDER": "order",
        "ATTACHED_ALREADY": "order",
        "CANNOT_BE_OVERRIDDEN": "order",
        "HOLDER_GONE": "referrer",
        "NO_TERMS": "program",
    }

    @classmethod
    def decide(
        cls, *, by: str, store: Store, input: dict[str, Any], reason: str
    ) -> Mapping[str, Model]:
        try:
            order_ref = order_ref_in(input["order"])
        except GraphQLError as error:
            raise wrong("order", "GRAPHQL_ERROR", str(error)) from error
        referrer, program = _whose(input)
        made = staff.attach(order_ref, referrer, program=program, by=by, reason=reason, store=store)
        return {"referral": made}


def _whose(input: dict[str, Any]) -> tuple[ReferrerRow, Program]:
    typed, referrer = input.get("code"), input.get("referrer")
    if (typed is None) == (referrer is None):
        said = "One of the arguments is required, and not both: 'code', 'referrer'."
        raise wrong("code", "GRAPHQL_ERROR", said)
    if referrer is not None:
        whose = found(ReferrerRow, referrer, "Referrer", "referrer")
        return whose, program_or_default(input.get("program"))
    code = codes.find(typed or "", of_blocked=True)
    if code is None:
        raise wrong("code", "NOT_FOUND", "The code is nobody's.")
    return code.referrer, code.program
