from ...engine import changes
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import ReferralProgramMutation


class ReferralProgramUnarchive(ReferralProgramMutation):
    class Meta:
        description = (
            "Takes a program out of the archive. It stays closed.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    change = staticmethod(changes.unarchive)
