from ...engine import staff
from .staff import OfReward


class ReferralRewardRestore(OfReward):
    class Meta:
        description = (
            "Undoes `referralRewardVoid`: the reward is what its order, or what it was given for, "
            "makes of it now."
        )

    do = staticmethod(staff.give_back)
