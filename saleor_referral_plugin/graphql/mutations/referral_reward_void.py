from ...engine import staff
from .staff import OfReward


class ReferralRewardVoid(OfReward):
    class Meta:
        description = (
            "Withdraws a reward: what was credited is taken back, and what was spent of it is a "
            "debt. Undone by `referralRewardRestore`."
        )

    do = staticmethod(staff.void)
