"""One mutation per file."""

from .checkout_referral_code_apply import CheckoutReferralCodeApply
from .checkout_referral_code_remove import CheckoutReferralCodeRemove
from .checkout_referral_credits_update import CheckoutReferralCreditsUpdate
from .order_referral_code_apply import OrderReferralCodeApply
from .referral_action_create import ReferralActionCreate
from .referral_action_delete import ReferralActionDelete
from .referral_approve import ReferralApprove
from .referral_attach import ReferralAttach
from .referral_balance_adjust import ReferralBalanceAdjust
from .referral_bulk_approve import ReferralBulkApprove
from .referral_bulk_reject import ReferralBulkReject
from .referral_claim_create import ReferralClaimCreate
from .referral_claim_delete import ReferralClaimDelete
from .referral_code_update import ReferralCodeUpdate
from .referral_decision_undo import ReferralDecisionUndo
from .referral_detach import ReferralDetach
from .referral_event_replay import ReferralEventReplay
from .referral_job_cancel import ReferralJobCancel
from .referral_metadata_delete import ReferralMetadataDelete
from .referral_metadata_update import ReferralMetadataUpdate
from .referral_override import ReferralOverride
from .referral_personal_data_erase import ReferralPersonalDataErase
from .referral_program_archive import ReferralProgramArchive
from .referral_program_close import ReferralProgramClose
from .referral_program_create import ReferralProgramCreate
from .referral_program_delete import ReferralProgramDelete
from .referral_program_open import ReferralProgramOpen
from .referral_program_pause import ReferralProgramPause
from .referral_program_unarchive import ReferralProgramUnarchive
from .referral_program_update import ReferralProgramUpdate
from .referral_reject import ReferralReject
from .referral_replay_create import ReferralReplayCreate
from .referral_retroactive_preview_create import ReferralRetroactivePreviewCreate
from .referral_retroactive_run_create import ReferralRetroactiveRunCreate
from .referral_reward_bulk_mark_as_sent import ReferralRewardBulkMarkAsSent
from .referral_reward_bulk_void import ReferralRewardBulkVoid
from .referral_reward_issue_again import ReferralRewardIssueAgain
from .referral_reward_mark_as_not_sent import ReferralRewardMarkAsNotSent
from .referral_reward_mark_as_sent import ReferralRewardMarkAsSent
from .referral_reward_restore import ReferralRewardRestore
from .referral_reward_void import ReferralRewardVoid
from .referral_sign_up_confirm import ReferralSignUpConfirm
from .referral_sign_up_create import ReferralSignUpCreate
from .referral_webhook_endpoint_create import ReferralWebhookEndpointCreate
from .referral_webhook_endpoint_delete import ReferralWebhookEndpointDelete
from .referral_webhook_endpoint_secret_rotate import ReferralWebhookEndpointSecretRotate
from .referral_webhook_endpoint_update import ReferralWebhookEndpointUpdate
from .referrer_block import ReferrerBlock
from .referrer_invite import ReferrerInvite
from .referrer_merge import ReferrerMerge
from .referrer_unblock import ReferrerUnblock
from .referrer_uninvite import ReferrerUninvite
from .referrer_unmerge import ReferrerUnmerge
from .referrer_update import ReferrerUpdate

__all__ = [
    "CheckoutReferralCodeApply",
    "CheckoutReferralCodeRemove",
    "CheckoutReferralCreditsUpdate",
    "OrderReferralCodeApply",
    "ReferralActionCreate",
    "ReferralActionDelete",
    "ReferralApprove",
    "ReferralAttach",
    "ReferralBalanceAdjust",
    "ReferralBulkApprove",
    "ReferralBulkReject",
    "ReferralClaimCreate",
    "ReferralClaimDelete",
    "ReferralCodeUpdate",
    "ReferralDecisionUndo",
    "ReferralDetach",
    "ReferralEventReplay",
    "ReferralJobCancel",
    "ReferralMetadataDelete",
    "ReferralMetadataUpdate",
    "ReferralOverride",
    "ReferralPersonalDataErase",
    "ReferralProgramArchive",
    "ReferralProgramClose",
    "ReferralProgramCreate",
    "ReferralProgramDelete",
    "ReferralProgramOpen",
    "ReferralProgramPause",
    "ReferralProgramUnarchive",
    "ReferralProgramUpdate",
    "ReferralReject",
    "ReferralReplayCreate",
    "ReferralRetroactivePreviewCreate",
    "ReferralRetroactiveRunCreate",
    "ReferralRewardBulkMarkAsSent",
    "ReferralRewardBulkVoid",
    "ReferralRewardIssueAgain",
    "ReferralRewardMarkAsNotSent",
    "ReferralRewardMarkAsSent",
    "ReferralRewardRestore",
    "ReferralRewardVoid",
    "ReferralSignUpConfirm",
    "ReferralSignUpCreate",
    "ReferralWebhookEndpointCreate",
    "ReferralWebhookEndpointDelete",
    "ReferralWebhookEndpointSecretRotate",
    "ReferralWebhookEndpointUpdate",
    "ReferrerBlock",
    "ReferrerInvite",
    "ReferrerMerge",
    "ReferrerUnblock",
    "ReferrerUninvite",
    "ReferrerUnmerge",
    "ReferrerUpdate",
]
