"""One mutation per file."""

from .checkout_referral_code_apply import CheckoutReferralCodeApply
from .checkout_referral_code_remove import CheckoutReferralCodeRemove
from .checkout_referral_credits_update import CheckoutReferralCreditsUpdate
from .order_referral_code_apply import OrderReferralCodeApply
from .referral_approve import ReferralApprove
from .referral_claim_create import ReferralClaimCreate
from .referral_claim_delete import ReferralClaimDelete
from .referral_code_update import ReferralCodeUpdate
from .referral_event_replay import ReferralEventReplay
from .referral_sign_up_confirm import ReferralSignUpConfirm
from .referral_sign_up_create import ReferralSignUpCreate
from .referral_webhook_endpoint_create import ReferralWebhookEndpointCreate
from .referral_webhook_endpoint_delete import ReferralWebhookEndpointDelete
from .referral_webhook_endpoint_secret_rotate import ReferralWebhookEndpointSecretRotate
from .referral_webhook_endpoint_update import ReferralWebhookEndpointUpdate
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
    "ReferralEventReplay",
    "ReferralSignUpConfirm",
    "ReferralSignUpCreate",
    "ReferralWebhookEndpointCreate",
    "ReferralWebhookEndpointDelete",
    "ReferralWebhookEndpointSecretRotate",
    "ReferralWebhookEndpointUpdate",
    "ReferrerUpdate",
]
