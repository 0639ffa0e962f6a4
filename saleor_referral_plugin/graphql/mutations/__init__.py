"""One mutation per file."""

from .checkout_referral_code_apply import CheckoutReferralCodeApply
from .checkout_referral_code_remove import CheckoutReferralCodeRemove
from .checkout_referral_credits_update import CheckoutReferralCreditsUpdate
from .order_referral_code_apply import OrderReferralCodeApply
from .referral_approve import ReferralApprove
from .referral_claim_create import ReferralClaimCreate
from .referral_claim_delete import ReferralClaimDelete
from .referral_code_update import ReferralCodeUpdate
from .referral_sign_up_confirm import ReferralSignUpConfirm
from .referral_sign_up_create import ReferralSignUpCreate
from .referrer_update import ReferrerUpdate

__all__ = [
    "CheckoutReferralCodeApply",
    "CheckoutReferralCodeRemove",
    "CheckoutReferralCreditsUpdate",
    "OrderReferralCodeApply",
    "ReferralApprove",
    "ReferralClaimCreate",
    "ReferralClaimDelete",
    "ReferralCodeUpdate",
    "ReferralSignUpConfirm",
    "ReferralSignUpCreate",
    "ReferrerUpdate",
]
