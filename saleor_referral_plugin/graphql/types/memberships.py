"""Where a referrer belongs, and what they share."""

from typing import Any

import graphene
from promise import Promise

from ...models import Membership, ReferralCode
from .. import host
from ..dataloaders import ProgramByIdLoader
from ..enums import DOC_CATEGORY
from .programs import ReferralProgram, load_for_staff


class ReferralMembership(host.BaseObjectType):
    program = graphene.Field(ReferralProgram, required=True, description="The program.")
    group = graphene.String(description="The group that they are in. Null: in none.")
    created_at = host.DateTime(required=True, description="Since when.")
    by = graphene.String(description="Who invited them. Null: the program did by itself.")

    class Meta:
        description = "A referrer who was invited to a program, or put into one of its groups."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_program(root: Membership, info: Any) -> Promise:
        return load_for_staff(info.context, root.program_id)

    @staticmethod
    def resolve_group(root: Membership, _info: Any) -> str | None:
        return root.group or None

    @staticmethod
    def resolve_created_at(root: Membership, _info: Any) -> Any:
        return root.since

    @staticmethod
    def resolve_by(root: Membership, _info: Any) -> str | None:
        return root.by or None


class ReferrerCode(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the code.")
    code = graphene.String(required=True, description="The code, as people write it.")
    program_name = graphene.String(
        required=True, description="What the program is called that it is for."
    )
    is_active = graphene.Boolean(required=True, description="Whether it can be claimed.")
    created_at = host.DateTime(required=True, description="When it was made.")
    replaced_at = host.DateTime(
        description="When a newer one took its place: it is shown no more, and works on."
    )

    class Meta:
        description = "A code of a referrer's, whether it is still shown to them or not."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = ReferralCode

    @staticmethod
    def resolve_code(root: ReferralCode, _info: Any) -> str:
        return str(root)

    @staticmethod
    def resolve_program_name(root: ReferralCode, info: Any) -> Promise:
        program = ProgramByIdLoader(info.context).load(root.program_id)
        return program.then(lambda found: found.name)
