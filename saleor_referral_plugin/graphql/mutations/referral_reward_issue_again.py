from ...engine import staff
from .staff import OfReward


class ReferralRewardIssueAgain(OfReward):
    class Meta:
        description = (
            "Issues a reward again that is lost: a credit whose gift card is gone goes on a new "
            "one; what was sent outside the shop is to be sent once more."
        )

    do = staticmethod(staff.issue_again)
