from ...engine import staff
from .staff import OfRewards, ids_argument, policy_argument, reason_argument


class ReferralRewardBulkVoid(OfRewards):
    class Arguments:
        ids = ids_argument("rewards")
        reason = reason_argument()
        error_policy = policy_argument()

    class Meta:
        description = "Withdraws rewards, each as `referralRewardVoid` does."

    do = staticmethod(staff.void)
