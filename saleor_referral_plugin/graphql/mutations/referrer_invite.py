from collections.abc import Mapping
from typing import Any

import graphene
from django.db.models import Model

from graphql import GraphQLError

from ...engine import staff
from ...engine.facts import CustomerFacts
from ...engine.store import Store
from ...models import Program
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import wrong
from ..ids import ref_in
from ..types.referrers import Referrer
from .base import found, not_found
from .staff import StaffMutation, reason_argument


class ReferrerInviteInput(host.BaseInputObjectType):
    user = graphene.ID(required=True, description="The ID of the customer's account.")
    program = graphene.ID(required=True, description="The ID of the program.")
    group = graphene.String(
        description="The program's group that they are in from now on. Default: none."
    )

    class Meta:
        description = "Who takes part in what."
        doc_category = DOC_CATEGORY


class ReferrerInvite(StaffMutation):
    referrer = graphene.Field(Referrer, description="The customer as a referrer.")

    class Arguments:
        input = ReferrerInviteInput(required=True, description="Who takes part in what.")
        reason = reason_argument()

    class Meta:
        description = (
            "Lets a customer take part in a program that is by invitation, or puts them into one "
            "of a program's groups. Undone by `referrerUninvite`."
        )

    field_of = {"NO_SUCH_GROUP": "group"}

    @classmethod
    def decide(
        cls, *, by: str, store: Store, input: dict[str, Any], reason: str
    ) -> Mapping[str, Model]:
        referrer = staff.invite(
            _customer(input["user"], store),
            found(Program, input["program"], "ReferralProgram", "program"),
            group=input.get("group") or "",
            by=by,
            reason=reason,
            store=store,
        )
        return {"referrer": referrer}


def _customer(global_id: str, store: Store) -> CustomerFacts:
    try:
        customer = store.customer(ref_in(global_id, "User"))
    except GraphQLError as error:
        raise wrong("user", "GRAPHQL_ERROR", str(error)) from error
    if customer is None:
        raise not_found("user", global_id)
    return customer
