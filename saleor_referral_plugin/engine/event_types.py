"""What can happen, as others are told of it. Pure: the models name these, too."""

from enum import StrEnum


class EventType(StrEnum):
    """`<what>.<what happened to it>`, as Standard Webhooks writes them."""

    CLAIM_MADE = "claim.made"
    CLAIM_REFUSED = "claim.refused"
    REFERRAL_CREATED = "referral.created"
    REFERRAL_ATTRIBUTED = "referral.attributed"
    REFERRAL_IN_REVIEW = "referral.in_review"
    REFERRAL_QUALIFIED = "referral.qualified"
    REFERRAL_REJECTED = "referral.rejected"
    REFERRAL_REVERSED = "referral.reversed"
    REFERRAL_EXPIRED = "referral.expired"
    REWARD_PENDING = "reward.pending"
    REWARD_APPROVED = "reward.approved"
    REWARD_ISSUED = "reward.issued"
    REWARD_CHANGED = "reward.changed"
    REWARD_VOIDED = "reward.voided"
    REWARD_CLAWED_BACK = "reward.clawed_back"
    REWARD_EXPIRED = "reward.expired"
    CREDIT_SPENT = "credit.spent"
    CREDIT_GIVEN_BACK = "credit.given_back"
    CREDIT_EXPIRING = "credit.expiring"
