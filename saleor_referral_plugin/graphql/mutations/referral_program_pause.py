from ...engine import changes
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import ReferralProgramMutation


class ReferralProgramPause(ReferralProgramMutation):
    class Meta:
        description = (
            "Pauses a program: it takes no codes for now. Codes claimed before keep their "
            "promise.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    change = staticmethod(changes.pause)
