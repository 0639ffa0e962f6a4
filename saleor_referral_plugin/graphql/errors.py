"""The errors of our mutations."""

from . import host
from .enums import DOC_CATEGORY, ReferralErrorCode


class ReferralError(host.Error):
    code = ReferralErrorCode(
        required=True, description="The error code: of a rule that failed, or of the request."
    )

    class Meta:
        description = "Represents an error in a referral mutation."
        doc_category = DOC_CATEGORY
