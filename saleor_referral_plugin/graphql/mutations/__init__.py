"""One mutation per file."""

from .checkout_referral_code_apply import CheckoutReferralCodeApply
from .checkout_referral_code_remove import CheckoutReferralCodeRemove

__all__ = ["CheckoutReferralCodeApply", "CheckoutReferralCodeRemove"]
