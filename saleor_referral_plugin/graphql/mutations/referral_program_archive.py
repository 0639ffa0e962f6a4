from ...engine import changes
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import ReferralProgramMutation


class ReferralProgramArchive(ReferralProgramMutation):
    class Meta:
        description = (
            "Archives a program that is closed: lists leave it out. What it has promised is "
            "kept.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    change = staticmethod(changes.archive)
