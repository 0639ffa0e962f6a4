from ...engine import sending
from .staff import OfRewards, ids_argument, note_argument, policy_argument


class ReferralRewardBulkMarkAsSent(OfRewards):
    class Arguments:
        ids = ids_argument("rewards")
        note = note_argument()
        error_policy = policy_argument()

    class Meta:
        description = "Marks rewards as sent, each as `referralRewardMarkAsSent` does."

    do = staticmethod(sending.mark_sent)
