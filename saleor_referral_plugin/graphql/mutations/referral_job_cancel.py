from typing import Any

import graphene

from ...engine import jobs
from ...engine.store import get_store
from ...models import Job
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding
from .base import ReferralJobMutation, found


class ReferralJobCancel(ReferralJobMutation):
    class Arguments:
        id = graphene.ID(required=True, description="The ID of the job.")

    class Meta:
        description = (
            "Cancels a job, which stops within seconds. What a retroactive run has moved by then "
            "stays moved; another run goes on with the rest.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, *, id: str) -> Any:
        job = found(Job, id, "ReferralJob")
        with deciding():
            job = jobs.cancel(job, by=host.requestor(info.context), store=get_store())
        return cls(job=job)
