from ...engine import staff
from .staff import OfReferrals, ids_argument, policy_argument, reason_argument


class ReferralBulkApprove(OfReferrals):
    class Arguments:
        ids = ids_argument("referrals")
        reason = reason_argument()
        error_policy = policy_argument()

    class Meta:
        description = "Approves referrals, each as `referralApprove` does."

    do = staticmethod(staff.approve)
