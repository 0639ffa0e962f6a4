from typing import Any

import graphene

from ...engine import jobs
from ...engine.drafts import CannotSave, Problem
from ...engine.store import GoodsError, get_store
from ...models import Program
from .. import host
from ..enums import DOC_CATEGORY, ReferralPresetEnum
from ..errors import ReferralError, deciding
from .base import ReferralJobMutation, found, terms_in


class ReferralReplayCreateInput(host.BaseInputObjectType):
    program = graphene.ID(required=True, description="ID of the program whose past it is.")
    preset = ReferralPresetEnum(description="Ready-made terms, instead of `rules`.")
    preset_options = host.JSON(description="Options of the preset.")
    rules = host.JSON(description="Terms, by the names of docs/settings.md.")

    class Meta:
        description = "Draft terms to run over past orders: a preset, or rules."
        doc_category = DOC_CATEGORY


class ReferralReplayCreate(ReferralJobMutation):
    class Arguments:
        input = ReferralReplayCreateInput(required=True, description="The draft.")

    class Meta:
        description = (
            "Runs draft terms over a program's past orders, as a job. Nothing of the program "
            "changes.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, input: dict[str, Any]) -> Any:
        program = found(Program, input["program"], "ReferralProgram", "program")
        by, store = host.requestor(info.context), get_store()
        with deciding():
            terms = terms_in(input)
            if terms is None:
                said = "Say what it gives: rules, or a preset."
                raise CannotSave(Problem("rules", said, code="REQUIRED"))
            try:
                job = jobs.ask_for_replay(program, terms, by=by, store=store)
            except GoodsError as error:
                raise CannotSave.goods(error) from error
        return cls.started(job)
