from ...engine import staff
from .staff import OfReferral


class ReferralApprove(OfReferral):
    class Meta:
        description = (
            "Approves a referral that is not decided yet, such as one in review: it counts as "
            "soon as its order has earned the rewards. Undone by `referralDecisionUndo`."
        )

    do = staticmethod(staff.approve)
