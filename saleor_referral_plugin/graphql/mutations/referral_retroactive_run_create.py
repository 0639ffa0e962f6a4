from collections.abc import Mapping

import graphene
from django.db.models import Model

from ...engine import jobs
from ...engine.store import Store
from ...models import Job
from ...tasks import start_job
from ..types.jobs import ReferralJob
from .base import found
from .staff import StaffMutation, reason_argument


class ReferralRetroactiveRunCreate(StaffMutation):
    job = graphene.Field(ReferralJob, description="The job: ask for it again to follow it.")

    class Arguments:
        preview = graphene.ID(
            required=True, description="The ID of the job that has previewed the newest terms."
        )
        reason = reason_argument()

    class Meta:
        description = (
            "Lets the terms that were previewed hold for a program's past referrals, too, as a "
            "job. What was promised follows, and with it what was credited. Refused once there are "
            "newer terms; what a run was interrupted in, another goes on with."
        )

    field_of = dict.fromkeys(("NO_PREVIEW", "TERMS_CHANGED", "RUN_DONE", "RUN_GOING_ON"), "preview")

    @classmethod
    def decide(cls, *, by: str, store: Store, preview: str, reason: str) -> Mapping[str, Model]:
        previewed = found(Job, preview, "ReferralJob", "preview")
        job = jobs.ask_for_run(previewed, by=by, reason=reason, store=store)
        start_job(job.pk)
        return {"job": job}
