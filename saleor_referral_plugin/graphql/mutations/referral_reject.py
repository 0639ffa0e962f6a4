from ...engine import staff
from .staff import OfReferral


class ReferralReject(OfReferral):
    class Meta:
        description = (
            "Rejects a referral, whatever the rules say: it does not count, and what was credited "
            "is taken back. The sign-up of a waiting list is found not to be real. Undone by "
            "`referralDecisionUndo`."
        )

    do = staticmethod(staff.reject)
