from typing import Any

import graphene

from ...engine import jobs
from ...engine.store import get_store
from ...models import Program
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from .base import ReferralJobMutation, found


class ReferralRetroactivePreviewCreate(ReferralJobMutation):
    class Arguments:
        program = graphene.ID(required=True, description="The ID of the program.")

    class Meta:
        description = (
            "Finds what it would move to let a program's newest terms hold for its past referrals, "
            "too, as a job. Nothing is moved.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, program: str) -> Any:
        row = found(Program, program, "ReferralProgram", "program")
        with deciding(NO_TERMS="program", KIND_CHANGED="program"):
            job = jobs.ask_for_preview(row, by=host.requestor(info.context), store=get_store())
        return cls.started(job)
