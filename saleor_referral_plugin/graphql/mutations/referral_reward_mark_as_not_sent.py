from ...engine import sending
from .staff import OfReward


class ReferralRewardMarkAsNotSent(OfReward):
    class Meta:
        description = (
            "Undoes `referralRewardMarkAsSent`: the reward is what its order makes of it now."
        )

    do = staticmethod(sending.not_sent_after_all)
