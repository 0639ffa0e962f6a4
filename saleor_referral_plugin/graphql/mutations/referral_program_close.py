from ...engine import changes
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError
from .base import ReferralProgramMutation


class ReferralProgramClose(ReferralProgramMutation):
    class Meta:
        description = (
            "Closes a program: it takes no codes any more. Orders under codes claimed before still "
            "count, as long as those are valid. Undone by `referralProgramOpen`.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_DISCOUNTS.name}."
        )
        doc_category = DOC_CATEGORY
        error_type_class = ReferralError
        permissions = (host.MANAGE_DISCOUNTS,)
        auto_permission_message = False

    change = staticmethod(changes.close)
