from ...engine import staff
from .staff import OfReferral


class ReferralOverride(OfReferral):
    class Meta:
        description = (
            "Lets a referral count in spite of its failed findings, but for those that nobody can "
            "change, such as a cancelled order. Undone by `referralDecisionUndo`."
        )

    do = staticmethod(staff.override)
