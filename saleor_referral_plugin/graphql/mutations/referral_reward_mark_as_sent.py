import graphene

from ...engine import sending
from .staff import OfReward, note_argument


class ReferralRewardMarkAsSent(OfReward):
    class Arguments:
        id = graphene.ID(required=True, description="The ID of the reward.")
        note = note_argument()

    class Meta:
        description = (
            "Says that an approved reward of the kind CUSTOM was delivered outside the shop. "
            "Undone by `referralRewardMarkAsNotSent`."
        )

    do = staticmethod(sending.mark_sent)
