"""One mutation per file."""

from .checkout_referral_code_apply import CheckoutReferralCodeApply
from .checkout_referral_code_remove import CheckoutReferralCodeRemove
from .checkout_referral_credits_update import CheckoutReferralCreditsUpdate
from .referral_approve import ReferralApprove
from .referral_code_update import ReferralCodeUpdate
from .referral_sign_up_confirm import ReferralSignUpConfirm
from .referral_sign_up_create import ReferralSignUpCreate
from .referrer_update import ReferrerUpdate

__all__ = [
    "CheckoutReferralCodeApply",
    "CheckoutReferralCodeRemove",
    "CheckoutReferralCreditsUpdate",
    "ReferralApprove",
    "ReferralCodeUpdate",
    "ReferralSignUpConfirm",
    "ReferralSignUpCreate",
    "ReferrerUpdate",
]
