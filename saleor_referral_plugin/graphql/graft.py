"""Our fields on the store's types, and what they cost."""

from typing import Any

import graphene
from django.core.exceptions import ImproperlyConfigured

from . import host
from .enums import DOC_CATEGORY, ReferralErrorCode
from .errors import unless_unavailable
from .mutations import (
    CheckoutReferralCodeApply,
    CheckoutReferralCodeRemove,
    CheckoutReferralCreditsUpdate,
    OrderReferralCodeApply,
    ReferralActionCreate,
    ReferralActionDelete,
    ReferralApprove,
    ReferralAttach,
    ReferralBalanceAdjust,
    ReferralBulkApprove,
    ReferralBulkReject,
    ReferralClaimCreate,
    ReferralClaimDelete,
    ReferralCodeUpdate,
    ReferralDecisionUndo,
    ReferralDetach,
    ReferralEventReplay,
    ReferralJobCancel,
    ReferralMetadataDelete,
    ReferralMetadataUpdate,
    ReferralOverride,
    ReferralPersonalDataErase,
    ReferralProgramArchive,
    ReferralProgramClose,
    ReferralProgramCreate,
    ReferralProgramDelete,
    ReferralProgramOpen,
    ReferralProgramPause,
    ReferralProgramUnarchive,
    ReferralProgramUpdate,
    ReferralReject,
    ReferralReplayCreate,
    ReferralRetroactivePreviewCreate,
    ReferralRetroactiveRunCreate,
    ReferralRewardBulkMarkAsSent,
    ReferralRewardBulkVoid,
    ReferralRewardIssueAgain,
    ReferralRewardMarkAsNotSent,
    ReferralRewardMarkAsSent,
    ReferralRewardRestore,
    ReferralRewardVoid,
    ReferralSignUpConfirm,
    ReferralSignUpCreate,
    ReferralWebhookEndpointCreate,
    ReferralWebhookEndpointDelete,
    ReferralWebhookEndpointSecretRotate,
    ReferralWebhookEndpointUpdate,
    ReferrerBlock,
    ReferrerInvite,
    ReferrerMerge,
    ReferrerUnblock,
    ReferrerUninvite,
    ReferrerUnmerge,
    ReferrerUpdate,
)
from .staff import STAFF_QUERIES
from .types.claims import (
    CheckoutReferral,
    OrderReferral,
    ReferralClaim,
    load_account_claim,
    load_checkout_referral,
    load_order_referral,
)
from .types.codes import ReferralCode, load_code
from .types.credits import CheckoutReferralCredits, load_credits
from .types.events import (
    PERMISSION,
    ReferralEventCountableConnection,
    ReferralWebhookEndpoint,
    load_endpoints,
    load_events,
)
from .types.previews import CheckoutReferralPreview, load_preview
from .types.programs import ReferralProgram, load_program
from .types.referrers import Referrer, load_referrer
from .types.sign_ups import ReferralSignUp, load_sign_up
from .where import ReferralEventWhereInput

#: In the order in which they are made: so Saleor's schema has them.
QUERIES = {
    **{name: query.field for name, query in STAFF_QUERIES.items()},
    "referral_code": host.BaseField(
        ReferralCode,
        code=graphene.String(
            required=True,
            description="The referral code, in any letter case, with or without hyphen.",
        ),
        channel=graphene.String(required=True, description="Slug of the channel."),
        resolver=lambda _root, info, *, code, channel: load_code(info.context, code, channel),
        description=(
            "What a referral code gives in a channel. Null for every code that cannot be used "
            "there, whatever the reason. Who tries too many gets an error, "
            "`ReferralRateLimited`, with `extensions.referral.retryAt`."
        ),
        doc_category=DOC_CATEGORY,
    ),
    "referral_program": host.BaseField(
        ReferralProgram,
        id=graphene.ID(description="ID of the program."),
        slug=graphene.String(description="Slug of the program: `default` is the plugin's page."),
        channel=graphene.String(
            description=(
                "Slug of the channel. Only those who have the permission "
                f"{host.MANAGE_DISCOUNTS.name} need not name one."
            )
        ),
        resolver=lambda _root, info, *, channel=None, id=None, slug=None: load_program(
            info.context, channel, id=id, slug=slug
        ),
        description=(
            "What a program gives in a channel. Null for one that does not run there, or is by "
            "invitation; those who have the permission "
            f"{host.MANAGE_DISCOUNTS.name} see every program."
        ),
        doc_category=DOC_CATEGORY,
    ),
    "referral_sign_up": host.BaseField(
        ReferralSignUp,
        token=graphene.String(
            required=True, description="The token from the message to the address."
        ),
        resolver=lambda _root, info, *, token: load_sign_up(info.context, token),
        description="Somebody on a waiting list. Null for a token of nobody's.",
        doc_category=DOC_CATEGORY,
    ),
    "checkout_referral_preview": host.BaseField(
        CheckoutReferralPreview,
        id=graphene.ID(required=True, description="The checkout's ID."),
        code=graphene.String(
            required=True,
            description="The referral code, in any letter case, with or without hyphen.",
        ),
        resolver=lambda _root, info, *, id, code: host.load_checkout(info, id).then(
            lambda root: root and load_preview(info.context, root, code)
        ),
        description=(
            "What a referral code would do on a checkout, and why not, without trying it. Null for "
            "a checkout that is not there. Who tries too many codes that are none gets an error, "
            "`ReferralRateLimited`."
        ),
        doc_category=DOC_CATEGORY,
    ),
    "referral_events": host.ConnectionField(
        ReferralEventCountableConnection,
        where=ReferralEventWhereInput(description="Where filtering options."),
        resolver=lambda _root, info, **arguments: load_events(info, **arguments),
        description=(
            "What happened in the last weeks, newest first, and how far it has come on its way "
            f"to whoever wants to know. What nobody wants is not kept.\n\n{PERMISSION}"
        ),
        doc_category=DOC_CATEGORY,
    ),
    "referral_webhook_endpoints": host.BaseField(
        host.NonNullList(ReferralWebhookEndpoint),
        resolver=lambda _root, info: load_endpoints(info),
        description=f"The addresses that events are sent to.\n\n{PERMISSION}",
        doc_category=DOC_CATEGORY,
    ),
}

MUTATIONS = {
    "checkout_referral_code_apply": CheckoutReferralCodeApply.Field(),
    "checkout_referral_code_remove": CheckoutReferralCodeRemove.Field(),
    "checkout_referral_credits_update": CheckoutReferralCreditsUpdate.Field(),
    "order_referral_code_apply": OrderReferralCodeApply.Field(),
    "referral_action_create": ReferralActionCreate.Field(),
    "referral_action_delete": ReferralActionDelete.Field(),
    "referral_approve": ReferralApprove.Field(),
    "referral_attach": ReferralAttach.Field(),
    "referral_balance_adjust": ReferralBalanceAdjust.Field(),
    "referral_bulk_approve": ReferralBulkApprove.Field(),
    "referral_bulk_reject": ReferralBulkReject.Field(),
    "referral_claim_create": ReferralClaimCreate.Field(),
    "referral_claim_delete": ReferralClaimDelete.Field(),
    "referral_code_update": ReferralCodeUpdate.Field(),
    "referral_decision_undo": ReferralDecisionUndo.Field(),
    "referral_detach": ReferralDetach.Field(),
    "referral_event_replay": ReferralEventReplay.Field(),
    "referral_job_cancel": ReferralJobCancel.Field(),
    "referral_metadata_delete": ReferralMetadataDelete.Field(),
    "referral_metadata_update": ReferralMetadataUpdate.Field(),
    "referral_override": ReferralOverride.Field(),
    "referral_personal_data_erase": ReferralPersonalDataErase.Field(),
    "referral_program_archive": ReferralProgramArchive.Field(),
    "referral_program_close": ReferralProgramClose.Field(),
    "referral_program_create": ReferralProgramCreate.Field(),
    "referral_program_delete": ReferralProgramDelete.Field(),
    "referral_program_open": ReferralProgramOpen.Field(),
    "referral_program_pause": ReferralProgramPause.Field(),
    "referral_program_unarchive": ReferralProgramUnarchive.Field(),
    "referral_program_update": ReferralProgramUpdate.Field(),
    "referral_reject": ReferralReject.Field(),
    "referral_replay_create": ReferralReplayCreate.Field(),
    "referral_retroactive_preview_create": ReferralRetroactivePreviewCreate.Field(),
    "referral_retroactive_run_create": ReferralRetroactiveRunCreate.Field(),
    "referral_reward_bulk_mark_as_sent": ReferralRewardBulkMarkAsSent.Field(),
    "referral_reward_bulk_void": ReferralRewardBulkVoid.Field(),
    "referral_reward_issue_again": ReferralRewardIssueAgain.Field(),
    "referral_reward_mark_as_not_sent": ReferralRewardMarkAsNotSent.Field(),
    "referral_reward_mark_as_sent": ReferralRewardMarkAsSent.Field(),
    "referral_reward_restore": ReferralRewardRestore.Field(),
    "referral_reward_void": ReferralRewardVoid.Field(),
    "referral_sign_up_confirm": ReferralSignUpConfirm.Field(),
    "referral_sign_up_create": ReferralSignUpCreate.Field(),
    "referral_webhook_endpoint_create": ReferralWebhookEndpointCreate.Field(),
    "referral_webhook_endpoint_delete": ReferralWebhookEndpointDelete.Field(),
    "referral_webhook_endpoint_secret_rotate": ReferralWebhookEndpointSecretRotate.Field(),
    "referral_webhook_endpoint_update": ReferralWebhookEndpointUpdate.Field(),
    "referrer_block": ReferrerBlock.Field(),
    "referrer_invite": ReferrerInvite.Field(),
    "referrer_merge": ReferrerMerge.Field(),
    "referrer_unblock": ReferrerUnblock.Field(),
    "referrer_uninvite": ReferrerUninvite.Field(),
    "referrer_unmerge": ReferrerUnmerge.Field(),
    "referrer_update": ReferrerUpdate.Field(),
}

#: Fields on types that the store has already.
FIELDS: dict[Any, dict[str, graphene.Field]] = {
    host.User: {
        "referral": host.BaseField(
            Referrer,
            resolver=lambda root, info: load_referrer(info.context, root),
            description=(
                "The customer as a referrer: code, link, balances, rewards and referrals. "
                "A customer becomes one by asking for this the first time.\n\n"
                "Requires one of the following permissions: "
                f"{host.OWNER.name}, {host.MANAGE_DISCOUNTS.name}."
            ),
        ),
        "referral_claim": host.BaseField(
            ReferralClaim,
            resolver=lambda root, info: load_account_claim(info.context, root),
            description=(
                "The referral code that is claimed on the account, and goes on the next checkouts "
                "by itself. Null when there is none.\n\n"
                "Requires one of the following permissions: "
                f"{host.OWNER.name}, {host.MANAGE_DISCOUNTS.name}."
            ),
        ),
    },
    host.Checkout: {
        "referral": host.BaseField(
            CheckoutReferral,
            resolver=lambda root, info: load_checkout_referral(info.context, root),
            description=(
                "What referral codes do on the checkout, and why not. Null while none was tried, "
                "and after it was taken off."
            ),
        ),
        "referral_credits": host.BaseField(
            CheckoutReferralCredits,
            resolver=lambda root, info: load_credits(info.context, root),
            description=(
                "The customer's own credits that fit the checkout. Null for anybody else.\n\n"
                f"Requires one of the following permissions: {host.OWNER.name}."
            ),
        ),
    },
    host.Order: {
        "referral": host.BaseField(
            OrderReferral,
            resolver=lambda root, info: load_order_referral(info.context, root),
            description=(
                "The referral that the order made. Null for an order without a referral code, "
                "and for the moment until a new order is settled."
            ),
        )
    },
    host.CheckoutError: {
        "referral_error_code": graphene.Field(
            ReferralErrorCode,
            description="Why a referral code was refused. Null for every other error.",
        ),
        "referral_retry_at": graphene.Field(
            host.DateTime,
            description="When to try again after too many codes that are none.",
        ),
    },
}

#: For a store that limits the cost of a query, in Saleor's form.
_PER_ROW = {"complexity": 1, "multipliers": ["first", "last"]}
COSTS: dict[str, dict[str, dict[str, Any]]] = {
    "Query": {
        "referralCode": {"complexity": 1},
        "referralJob": {"complexity": 1},
        "referralJobs": _PER_ROW,
        "referralProgram": {"complexity": 1},
        "referralProgramPresets": {"complexity": 1},
        "referralProgramPreview": {"complexity": 10},
        "referralProgramRulesSchema": {"complexity": 1},
        "referralSignUp": {"complexity": 1},
        "checkoutReferralPreview": {"complexity": 10},
        "referralEvents": _PER_ROW,
        "referralWebhookEndpoints": {"complexity": 1},
        "referral": {"complexity": 1},
        "referralClaims": _PER_ROW,
        "referralLedgerBalances": {"complexity": 10},
        "referralLedgerEntries": _PER_ROW,
        "referralPersonalData": {"complexity": 20},
        "referralPrograms": _PER_ROW,
        "referralReward": {"complexity": 1},
        "referralRewards": _PER_ROW,
        "referrals": _PER_ROW,
        "referrer": {"complexity": 1},
        "referrers": _PER_ROW,
    },
    "User": {"referral": {"complexity": 1}, "referralClaim": {"complexity": 1}},
    "Checkout": {"referral": {"complexity": 1}, "referralCredits": {"complexity": 1}},
    "Order": {"referral": {"complexity": 1}},
    "CheckoutReferral": {"conflict": {"complexity": 1}, "missing": {"complexity": 1}},
    "OrderReferral": {"discount": {"complexity": 1}},
    "Referrer": {
        "balances": {"complexity": 1},
        "programs": {"complexity": 5},
        "rewards": _PER_ROW,
        "referrals": _PER_ROW,
        "user": {"complexity": 1},
        "blockedBy": {"complexity": 1},
        "decisions": {"complexity": 1},
        "memberships": {"complexity": 1},
        "codes": {"complexity": 1},
        "claims": _PER_ROW,
        "ledgerEntries": _PER_ROW,
    },
    "ReferralEvent": {
        "deliveries": {"complexity": 1},
        "payload": {"complexity": 1},
        "referral": {"complexity": 1},
        "referrer": {"complexity": 1},
        "reward": {"complexity": 1},
    },
    "ReferralEventDelivery": {"endpoint": {"complexity": 1}},
    "ReferralMembership": {"program": {"complexity": 1}},
    "ReferrerCode": {"programName": {"complexity": 1}},
    "ReferralDecision": {"user": {"complexity": 1}, "app": {"complexity": 1}},
    "ReferralLedgerEntry": {"reward": {"complexity": 1}, "holder": {"complexity": 1}},
    "ReferralTerms": {"claimCount": {"complexity": 1}, "referralCount": {"complexity": 1}},
    "ReferralClaim": {
        "program": {"complexity": 1},
        "terms": {"complexity": 1},
        "referrer": {"complexity": 1},
        "referral": {"complexity": 1},
        "checkout": {"complexity": 1},
        "order": {"complexity": 1},
        "user": {"complexity": 1},
    },
    "Referee": {"user": {"complexity": 1}},
    "ReferralBalance": {"expiring": {"complexity": 1}},
    "ReferrerProgram": {"code": {"complexity": 1}, "progress": {"complexity": 1}},
    "ReferralProgram": {
        "budgets": {"complexity": 1},
        "changes": _PER_ROW,
        "inFlight": {"complexity": 5},
        "leaderboards": {"complexity": 1},
        "ledgerBalances": {"complexity": 5},
        "rules": {"complexity": 1},
        "version": {"complexity": 1},
        "versions": _PER_ROW,
    },
    "ReferralLeaderboard": {"places": _PER_ROW, "own": {"complexity": 1}},
    "ReferralPlace": {"displayName": {"complexity": 1}},
    "ReferralSignUp": {"referrals": {"complexity": 1}, "rank": {"complexity": 1}},
    "Referral": {
        "programName": {"complexity": 1},
        "referee": {"complexity": 1},
        "rewards": {"complexity": 1},
        "order": {"complexity": 1},
        "referrer": {"complexity": 1},
        "program": {"complexity": 1},
        "terms": {"complexity": 1},
        "claim": {"complexity": 1},
        "follows": {"complexity": 1},
        "laterOrders": {"complexity": 1},
        "decisions": {"complexity": 1},
        "actions": {"complexity": 1},
    },
    "ReferralJob": {"program": {"complexity": 1}, "version": {"complexity": 1}},
    "ReferralCoupon": {"code": {"complexity": 1}, "isUsed": {"complexity": 1}},
    "ReferralReward": {
        "findings": {"complexity": 1},
        "programName": {"complexity": 1},
        "referral": {"complexity": 1},
        "holder": {"complexity": 1},
        "program": {"complexity": 1},
        "giftCard": {"complexity": 1},
        "voidedBy": {"complexity": 1},
        "decisions": {"complexity": 1},
        "ledgerBalance": {"complexity": 1},
        "ledgerEntries": {"complexity": 1},
    },
}


def graft(*, query: Any, mutation: Any) -> None:
    """Put our fields on the store's types, before the store builds its schema. `query` and
    `mutation` are the roots, or classes they will inherit from."""
    for root, fields in ((query, QUERIES), (mutation, MUTATIONS)):
        _add(root, fields)
        for name, field in fields.items():
            # Classes that inherit from the root read its attributes, not its fields.
            setattr(root, name, field)
    for name, guarded in STAFF_QUERIES.items():
        setattr(query, f"resolve_{name}", staticmethod(unless_unavailable(guarded.resolve)))
    for target, fields in FIELDS.items():
        _add(target, fields)


def _add(target: Any, fields: dict[str, graphene.Field]) -> None:
    for name, field in fields.items():
        if name in target._meta.fields:
            raise ImproperlyConfigured(f"{target._meta.name} has a field {name} already.")
        if field.resolver is not None:
            field.resolver = unless_unavailable(field.resolver)
        target._meta.fields[name] = field
