from typing import Any

import graphene

from ...engine import jobs
from ...engine.store import get_store
from ...models import Job
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from .base import ReferralJobMutation, found

CODES = ("NO_PREVIEW", "TERMS_CHANGED", "RUN_DONE", "RUN_GOING_ON")


class ReferralRetroactiveRunCreate(ReferralJobMutation):
    class Arguments:
        preview = graphene.ID(
            required=True, description="The ID of the job that has previewed the newest terms."
        )
        reason = graphene.String(required=True, description="Why, for whoever asks later.")

    class Meta:
        description = (
            "Lets the terms that were previewed hold for a program's past referrals, too, as a "
            "job. What was promised follows, and with it what was credited. Refused once there are "
            "newer terms; what a run was interrupted in, another goes on with.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, preview: str, reason: str) -> Any:
        previewed = found(Job, preview, "ReferralJob", "preview")
        by, store = host.requestor(info.context), get_store()
        with deciding(**dict.fromkeys(CODES, "preview")):
            job = jobs.ask_for_run(previewed, by=by, reason=reason, store=store)
        return cls.started(job)
