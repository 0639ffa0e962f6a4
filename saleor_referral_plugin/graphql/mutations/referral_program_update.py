from typing import Any

import graphene

from ...engine import changes
from ...engine.store import get_store
from ...models import Program
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from ..types.programs import ReferralProgram, changed
from .base import ReferralProgramInput, fields_in, found, terms_in


class ReferralProgramUpdate(host.BaseMutation):
    program = graphene.Field(ReferralProgram, description="The program as it is now.")

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the program.")
        input = ReferralProgramInput(required=True, description="What changes.")
        reason = graphene.String(required=True, description="Why, for whoever asks later.")

    class Meta:
        description = (
            "Changes a referral program. Other terms are a new version, for the codes to come; the "
            "same again are none. The program `default` is the one of the plugin's page: what is "
            "set here stays until a field of the page is changed there.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(
        cls, _root: Any, info: Any, /, *, id: str, input: dict[str, Any], reason: str
    ) -> Any:
        program, by = found(Program, id, "ReferralProgram"), host.requestor(info.context)
        with deciding():
            program = changes.update(
                program,
                terms=terms_in(input),
                by=by,
                reason=reason,
                store=get_store(),
                **fields_in(input),
            )
        return cls(program=changed(info.context, program))
