from typing import Any

import graphene

from ...engine import changes
from ...engine.drafts import CannotSave, Problem
from ...engine.presets import KINDS
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from ..types.programs import ReferralProgram, changed
from .base import ReferralProgramInput, fields_in, terms_in


class ReferralProgramCreateInput(ReferralProgramInput):
    slug = graphene.String(
        required=True, description="Names the program in links and settings, for good."
    )
    name = graphene.String(required=True, description="What the program is called.")

    class Meta:
        description = "A new referral program. Its terms are a preset, or rules."
        doc_category = DOC_CATEGORY


class ReferralProgramCreate(host.BaseMutation):
    program = graphene.Field(ReferralProgram, description="The new program.")

    class Arguments:
        input = ReferralProgramCreateInput(required=True, description="The program.")
        reason = graphene.String(required=True, description="Why, for whoever asks later.")

    class Meta:
        description = (
            "Creates a referral program, which takes no codes before it is opened.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(
        cls, _root: Any, info: Any, /, *, input: dict[str, Any], reason: str
    ) -> Any:
        with deciding():
            terms = terms_in(input)
            if terms is None:
                said = "Say what it gives: rules, or a preset."
                raise CannotSave(Problem("rules", said, code="REQUIRED"))
            program = changes.create(
                slug=input["slug"],
                terms=terms,
                by=host.requestor(info.context),
                reason=reason,
                store=get_store(),
                **fields_in(input)
                | {"kind": input.get("kind") or KINDS.get(input.get("preset") or "")},
            )
        return cls(program=changed(info.context, program))
