from ...engine import changes
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import ReferralProgramMutation


class ReferralProgramDelete(ReferralProgramMutation):
    class Meta:
        description = (
            "Deletes a program on which nothing hangs: no code, no claim, no referral, no reward, "
            "nobody who takes part. The answer is the program as it was, and so is the record.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    change = staticmethod(changes.delete)
