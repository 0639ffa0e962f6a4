"""The engine's words as GraphQL enums, and the codes of our errors."""

from collections.abc import Callable
from enum import Enum

from ..engine.decide import ReferralStatus
from ..engine.drafts import WARNINGS
from ..engine.event_types import EventType
from ..engine.findings import Audience, FindingCode
from ..engine.presets import PRESETS, about
from ..engine.terms import Beneficiary, CapPeriod, EarnedWhen, ProgramKind, RewardKind
from ..models import (
    Claim,
    EventDelivery,
    Job,
    LedgerEntry,
    Program,
    ProgramChange,
    Reward,
    StaffDecision,
)
from . import host

DOC_CATEGORY = "Referrals"

#: What can be wrong with a request, besides what a rule of the program finds.
_GENERIC = {
    "BULK_LIMIT": "There are too many rows.",
    "GRAPHQL_ERROR": "The request makes no sense.",
    "IDEMPOTENCY_KEY_REUSED": "The idempotency key came with another request before.",
    "INVALID": "A value cannot be accepted.",
    "NOT_FOUND": "What was asked for is not there.",
    "REQUIRED": "A value is missing.",
}

#: What staff cannot decide.
_UNDECIDABLE = {
    "NO_ORDER": "The referral is of a sign-up, or of an order that is gone or detached.",
    "NOT_OPEN": "There is no review: only what is not decided yet is approved.",
    "NOT_REFUSED": "It is not refused: only what does not count is overridden.",
    "CANNOT_BE_OVERRIDDEN": "One of the failed findings is not for people to decide.",
    "NOTHING_TO_UNDO": "Nobody has decided anything of it.",
    "ATTACHED_ALREADY": "The order has a referrer: detach it first.",
    "NO_TERMS": "The program has no terms yet.",
    "IS_A_LATER_ORDER": "A later order stays with the referrer of the first; it can be rejected.",
    "NO_SUCH_ACTION": "The referral's terms give nothing for this action.",
    "DELIVERED_OUTSIDE": "It was sent: say first that it was not after all.",
    "NOT_ISSUED": "It never reached anybody.",
    "STILL_THERE": "What was issued is still there.",
    "NOT_CUSTOM": "The reward is delivered by the shop itself.",
    "NOT_APPROVED": "The reward is not approved, or not any more.",
    "NOT_SENT": "The reward was not marked as sent.",
    "HOLDER_GONE": "The account was deleted.",
    "NO_ACCOUNT": "A guest has no account to credit.",
    "NO_SUCH_GROUP": "The program's terms have no such group.",
    "SAME_REFERRER": "They are one and the same.",
    "MERGED_ALREADY": "One of the two is merged with somebody already: undo that first.",
    "ONE_IS_BLOCKED": "One of the two is blocked, and the other is not.",
    "NOT_POSITIVE": "An amount is above 0.",
    "INVALID_AMOUNT": "It has more digits than its currency, or is too great.",
    "INVALID_UNIT": "It is neither a currency nor a unit of the program's points.",
}

#: What is wrong with the addresses that events are sent to.
_UNSENDABLE = {"TOO_MANY": "There are more than there can be."}

#: What staff cannot do with a program, or a job of theirs.
_PROGRAMS = {
    "JOB_OVER": "The job is at its end already.",
    "KIND_CHANGED": "A rule gives something else than it has given: that needs another name.",
    "NO_PREVIEW": "The job is no preview that has come to its end.",
    "RUN_DONE": "What was previewed was carried out already.",
    "RUN_GOING_ON": "Another run of the program is going on.",
    "TERMS_CHANGED": "There are newer terms than those that were previewed.",
    "IN_USE": "Something hangs on the program: it can be closed, and not deleted.",
    "ON_PLUGIN_PAGE": "The program is the one of the plugin's page, which stays.",
    "PROGRAM_ARCHIVED": "The program is archived.",
    "PROGRAM_CLOSED": "The program is closed.",
    "PROGRAM_NOT_CLOSED": "Only a closed program is archived.",
    "UNIQUE": "Another one has the same value.",
}

_ErrorCode = Enum(  # type: ignore[misc]
    "_ErrorCode",
    {
        **{name: name.lower() for name in (*_GENERIC, *_UNDECIDABLE, *_UNSENDABLE, *_PROGRAMS)},
        **{code.name: code.value for code in FindingCode},
    },
)

_FAILED_RULES = {
    "CODE_INVALID": "The code is nobody's, or no longer anybody's.",
    "ADDRESS_INVALID": "What was given is no e-mail address.",
    "NOT_CONFIRMED_ADDRESS": "The e-mail address was not confirmed.",
    "NOT_REAL": "Somebody found that the sign-up is not real.",
    "NOT_INVITED": "The program is by invitation, and the customer was not invited.",
    "PROGRAM_NOT_RUNNING": "The program takes no codes in this channel.",
    "CLAIM_EXPIRED": "The code was claimed too long ago, or the program takes no more orders.",
    "OWN_CODE": "The code is the customer's own.",
    "RELATED_PARTY": "The code's owner receives or pays the order.",
    "EXCLUDED_DOMAIN": "The customer's e-mail address is at an excluded domain.",
    "REFERRER_NOT_ELIGIBLE": "The code's owner is not (yet) what the program asks for.",
    "STAFF_ACCOUNT": "The customer is staff of the shop.",
    "ACCOUNT_NOT_NEW": "The customer's account was not made around the time of the claim.",
    "NOT_NEW_CUSTOMER": "The customer has ordered before.",
    "ALREADY_REFERRED": "The customer has been referred before.",
    "DISCOUNTS_USED": "The customer has used the code for all orders that it is for.",
    "OTHER_CODE_HELD": "Another code was claimed first, and the first one counts.",
    "NO_SUCH_GOODS": "There are none of the goods that the program is about.",
    "BELOW_MINIMUM": "The goods are worth less than the minimum.",
    "ORDER_VOID": "The order was cancelled, or has expired.",
    "NOT_CONFIRMED": "The shop has not confirmed the order yet.",
    "NOT_PAID": "The order is not fully paid yet.",
    "NOT_FULFILLED": "The order is not fully sent yet.",
    "MONEY_BACK": "The order was refunded, charged back or returned.",
    "LATER_ORDER": "The order is a later one of the referee's, and does not count (any more).",
    "CODE_TAKEN_OFF": "The order was made without the code's discount.",
    "REFERRER_GONE": "The referrer no longer has an account.",
    "ORDER_NOT_YOURS": "The order is not the customer's.",
    "CLAIM_TOO_LATE": "The order was placed too long ago for a code to be claimed for it.",
    "CODE_TOO_NEW": "The code was made after the order.",
    "CLAIMED_LATE": "The code was claimed after the order, and staff have not looked at it yet.",
    "REFERRER_BLOCKED": "Staff have blocked the referrer.",
    "STAFF_DECISION": "Staff decided that the order does not count.",
    "STAFF_REASON": "Who decided that, and why.",
    "REWARD_WITHDRAWN": "Staff have withdrawn a reward.",
    "TOO_MANY_OPEN": "Too many referrals of the code's owner are not decided yet.",
    "ISSUED_TOO_LATE": "The hold of a reward ends after the latest date to issue it.",
    "NOT_YET_ELIGIBLE": "The customer is not (yet) what the program asks of referrers.",
    "CODE_UNFIT": "The code cannot be chosen: by its length, its letters, or its words.",
    "CODE_TAKEN": "The code is somebody's, or a promo code of the shop.",
    "NAME_UNFIT": "The name cannot be chosen: by its length, its letters, or its words.",
    "TOO_MANY_TRIES": "There were too many tries: it goes on at `retryAt`.",
    "CURRENCY_MISMATCH": "The credit is in another currency than the checkout.",
    "CAP_REACHED": "A limit on rewards is reached.",
    "NOT_YOUR_COUPON": "The coupon is somebody else's.",
    "COUPON_BELOW_MINIMUM": "The goods are worth less than the coupon's minimum.",
}


def _described(about: str, values: dict[str, str]) -> Callable[[Enum | None], str | None]:
    """What graphene calls with each value, and with None for the enum itself."""
    return lambda item: about if item is None else values.get(item.name)


class ReferralErrorCode(host.BaseEnum):
    class Meta:
        enum = _ErrorCode
        description = _described(
            "Why a referral mutation failed, or a referral code was refused.",
            {**_GENERIC, **_UNDECIDABLE, **_UNSENDABLE, **_PROGRAMS, **_FAILED_RULES},
        )
        doc_category = DOC_CATEGORY


class ReferralFindingCodeEnum(host.BaseEnum):
    class Meta:
        enum = FindingCode
        description = _described(
            "What a rule looked at; each value says what it means when the rule has failed.",
            _FAILED_RULES,
        )
        doc_category = DOC_CATEGORY


class ReferralStatusEnum(host.BaseEnum):
    class Meta:
        enum = ReferralStatus
        description = _described(
            "What was decided about a referral.",
            {
                "ATTRIBUTED": "The order may still earn its rewards.",
                "IN_REVIEW": "The order has earned its rewards once staff approve it.",
                "QUALIFIED": "The order has earned its rewards.",
                "REJECTED": "The order does not count.",
                "EXPIRED": "The order came when the code was no longer valid, and does not count.",
                "REVERSED": "The order counted once, and does no longer.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralBeneficiaryEnum(host.BaseEnum):
    class Meta:
        enum = Beneficiary
        description = _described(
            "Who gets a reward.",
            {
                "REFERRER": "The customer who recommended.",
                "REFEREE": "The person recommended.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralRewardKindEnum(host.BaseEnum):
    class Meta:
        enum = RewardKind
        description = _described(
            "How a reward reaches its beneficiary.",
            {
                "CREDIT": "A gift card.",
                "POINTS": "Points, in a unit of the program's own.",
                "COUPON": "A promo code for one order of the beneficiary's.",
                "CUSTOM": "Something that is delivered outside the shop.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralRewardStatusEnum(host.BaseEnum):
    class Meta:
        enum = Reward.Status
        description = _described(
            "How far a reward has come.",
            {
                "PENDING": "Earned; its hold is running.",
                "APPROVED": "Decided good, and about to be issued.",
                "ISSUED": "Credited to the beneficiary, in whole or in part.",
                "VOIDED": "Cancelled before it was issued.",
                "CLAWED_BACK": "Taken back after it was issued.",
                "EXPIRED": "Credited; what was not used in time is gone.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralClaimStatusEnum(host.BaseEnum):
    class Meta:
        enum = Claim.Status
        description = _described(
            "Whether a claim stands.",
            {
                "OPEN": "The code's discount is on the checkout.",
                "WITHDRAWN": "The shopper took the code off, or used another.",
                "REFUSED": "The code was refused, at once or after the checkout changed.",
                "USED": "The checkout has become an order.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralClaimSourceEnum(host.BaseEnum):
    class Meta:
        enum = Claim.Source
        description = _described(
            "How a code came to a checkout.",
            {
                "PROMO_CODE": "Typed into the box for promo codes.",
                "METADATA": "Set by the storefront as metadata of the checkout.",
                "API": "Put there with `checkoutReferralCodeApply`.",
                "AFTER_ORDER": "Claimed for an order that was made without it.",
                "ACCOUNT": "Claimed on the customer's account before there was a checkout.",
                "STAFF": "Staff attached the order to the referrer.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralEventTypeEnum(host.BaseEnum):
    class Meta:
        enum = EventType
        description = _described(
            "What others can be told of.",
            {
                "CLAIM_MADE": "A referral code was bound to a checkout, an account or an order.",
                "CLAIM_REFUSED": "A referral code was refused, at once or later.",
                "REFERRAL_CREATED": "An order, or a sign-up, was attributed to a referrer.",
                "REFERRAL_ATTRIBUTED": "A referral may earn its rewards again.",
                "REFERRAL_IN_REVIEW": "A referral waits for staff to look at it.",
                "REFERRAL_QUALIFIED": "A referral has earned its rewards.",
                "REFERRAL_REJECTED": "A referral does not count.",
                "REFERRAL_REVERSED": "A referral that counted does no longer.",
                "REFERRAL_EXPIRED": "A referral's order came too late.",
                "REWARD_PENDING": "A reward is promised; its hold runs, or has not begun.",
                "REWARD_APPROVED": "A reward is decided good, and about to be issued.",
                "REWARD_ISSUED": "A reward was issued.",
                "REWARD_CHANGED": "A reward is worth more or less than before.",
                "REWARD_VOIDED": "A reward was cancelled before it was issued.",
                "REWARD_CLAWED_BACK": "A reward was taken back after it was issued.",
                "REWARD_EXPIRED": "What was left of a credit, or an unused coupon, is gone.",
                "CREDIT_SPENT": "Some of a credit was spent, or a coupon was used.",
                "CREDIT_GIVEN_BACK": "A cancelled order gave back what was spent.",
                "CREDIT_EXPIRING": "What is left of a credit expires soon.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralEventDeliveryStatusEnum(host.BaseEnum):
    class Meta:
        enum = EventDelivery.Status
        description = _described(
            "How far an event has come on its way to one endpoint.",
            {
                "PENDING": "It is to be sent, or sent again.",
                "SUCCESS": "It was taken.",
                "FAILED": "It was given up after days of tries; it can be replayed.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralEarnedWhenEnum(host.BaseEnum):
    class Meta:
        enum = EarnedWhen
        description = _described(
            "What the referee's order must be for a credit to be earned.",
            {"ORDERED": "Placed.", "PAID": "Fully paid.", "FULFILLED": "Fully sent."},
        )
        doc_category = DOC_CATEGORY


class ReferralProgramKindEnum(host.BaseEnum):
    class Meta:
        enum = ProgramKind
        description = _described(
            "Who may share a code in a program.",
            {
                "CUSTOMER": "Any customer who asks for one.",
                "AFFILIATE": "Affiliates, by invitation.",
                "INFLUENCER": "Influencers, by invitation.",
                "PARTNER": "Partners, by invitation.",
                "WAITLIST": "Whoever has signed up.",
            },
        )
        doc_category = DOC_CATEGORY


_Preset = Enum("_Preset", {name.upper(): name for name in PRESETS})  # type: ignore[misc]


class ReferralPresetEnum(host.BaseEnum):
    class Meta:
        enum = _Preset
        description = _described(
            "Ready-made terms.",
            {name.upper(): about(preset) for name, preset in PRESETS.items()},
        )
        doc_category = DOC_CATEGORY


class ReferralProgramStatusEnum(host.BaseEnum):
    class Meta:
        enum = Program.Status
        description = _described(
            "Whether a program takes codes.",
            {
                "OPEN": "It does.",
                "PAUSED": "It does not for now, or not yet. Codes claimed before hold.",
                "CLOSED": "It does not any more. Codes claimed before hold.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralProgramChangeKindEnum(host.BaseEnum):
    class Meta:
        enum = ProgramChange.Kind
        description = _described(
            "What was done to a program.",
            {
                "CREATE": "It was made.",
                "UPDATE": "Its terms, its name or something else of it was changed.",
                "OPEN": "It was opened.",
                "PAUSE": "It was paused.",
                "CLOSE": "It was closed.",
                "ARCHIVE": "It was archived.",
                "UNARCHIVE": "It was taken out of the archive.",
                "DELETE": "It was deleted.",
                "RETROACTIVE_RUN": "Its newest terms were put in force for its past, too.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralJobKindEnum(host.BaseEnum):
    class Meta:
        enum = Job.Kind
        description = _described(
            "What a job does.",
            {
                "REPLAY": "Finds what draft terms would have made of past orders.",
                "RETROACTIVE_PREVIEW": (
                    "Finds what it would move to let a program's newest terms hold for its past."
                ),
                "RETROACTIVE_RUN": "Moves that.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralJobStatusEnum(host.BaseEnum):
    class Meta:
        enum = Job.Status
        description = _described(
            "How far a job has come.",
            {
                "PENDING": "Nobody works on it yet.",
                "RUNNING": "It is worked on.",
                "SUCCESS": "It is at its end, and has a result.",
                "FAILED": "It was given up: `message` says why.",
                "CANCELLED": "Somebody has cancelled it.",
            },
        )
        doc_category = DOC_CATEGORY


_WarningCode = Enum(  # type: ignore[misc]
    "_WarningCode", {name: name for name in WARNINGS}
)


class ReferralProgramWarningCodeEnum(host.BaseEnum):
    class Meta:
        enum = _WarningCode
        description = _described("What of draft terms may not be meant so.", WARNINGS)
        doc_category = DOC_CATEGORY


class ReferralPeriodEnum(host.BaseEnum):
    class Meta:
        enum = CapPeriod
        description = _described(
            "In which time referrals are counted together.",
            {
                "LIFE": "For ever.",
                "CALENDAR_MONTH": "In a month of the calendar.",
                "CALENDAR_YEAR": "In a year of the calendar.",
                "ROLLING": "In the time of a fixed length that ends now.",
            },
        )
        doc_category = DOC_CATEGORY


class Choice(Enum):
    """Of a referral code and another voucher."""

    REFERRAL = "referral"
    VOUCHER = "voucher"
    EITHER = "either"


class ReferralVoucherChoiceEnum(host.BaseEnum):
    class Meta:
        enum = Choice
        description = _described(
            "Which of a referral code and another voucher takes more off.",
            {
                "REFERRAL": "The referral code.",
                "VOUCHER": "The voucher.",
                "EITHER": "Both take off the same.",
            },
        )
        doc_category = DOC_CATEGORY


class _Sort(Enum):
    PLACED_AT = "placed_at"
    EARNED_AT = "earned_at"


class ReferralSortField(host.BaseEnum):
    class Meta:
        enum = _Sort
        description = _described(
            "By what referrals can be sorted.",
            {
                "PLACED_AT": "Sort referrals by when the order was placed.",
                "EARNED_AT": (
                    "Sort referrals by when they earned their rewards; one that has not counts as "
                    "the latest."
                ),
            },
        )
        doc_category = DOC_CATEGORY


class _RewardSort(Enum):
    CREATED_AT = "created_at"
    AMOUNT = "amount"
    HOLD_UNTIL = "hold_until"
    EXPIRES_AT = "expires_at"


class ReferralRewardSortField(host.BaseEnum):
    class Meta:
        enum = _RewardSort
        description = _described(
            "By what rewards can be sorted.",
            {
                "CREATED_AT": "Sort rewards by when they were first promised.",
                "AMOUNT": "Sort rewards by what they are worth, whatever the currency.",
                "HOLD_UNTIL": (
                    "Sort rewards by when their hold ends; one without counts as the latest."
                ),
                "EXPIRES_AT": (
                    "Sort rewards by when their credit expires; one that does not counts as the "
                    "latest."
                ),
            },
        )
        doc_category = DOC_CATEGORY


class ReferralFindingAudienceEnum(host.BaseEnum):
    class Meta:
        enum = Audience
        description = _described(
            "Who may see a finding.",
            {"SHOPPER": "The shopper it concerns, and staff.", "STAFF": "Staff alone."},
        )
        doc_category = DOC_CATEGORY


class ReferralDecisionKindEnum(host.BaseEnum):
    class Meta:
        enum = StaffDecision.Kind
        description = _described(
            "What a person decided.",
            {
                "APPROVE": "The referral in review is good.",
                "REJECT": "The referral does not count.",
                "OVERRIDE": "The referral counts in spite of its failed findings.",
                "ATTACH": "The order is a referral of the referrer's.",
                "DETACH": "The order is no referral of the referrer's.",
                "VOID": "The reward is withdrawn.",
                "ADJUST": "The reward is given, without a referral.",
                "ISSUE_AGAIN": "The reward was lost, and is issued once more.",
                "BLOCK": "The referrer is blocked.",
                "UNBLOCK": "The referrer is blocked no longer.",
                "MERGE": "The referrer is the same person as another.",
                "UNMERGE": "They are not the same person after all.",
                "SEND": "The reward was sent, or not after all.",
                "ACTION": "The referee has done something besides ordering.",
                "INVITE": "The referrer was invited to a program, or put into a group.",
                "UNINVITE": "The referrer was not invited after all.",
                "UNDO": "What was decided before holds no longer.",
            },
        )
        doc_category = DOC_CATEGORY


class ReferralLedgerEntryKindEnum(host.BaseEnum):
    class Meta:
        enum = LedgerEntry.Kind
        description = _described(
            "What an entry of the ledger says.",
            {
                "PROMISED": "What the last decision promises more, or less, than the one before.",
                "DELIVERED": "Put in the holder's hands.",
                "TAKEN_BACK": "Taken out of them again.",
                "OFFSET": "A debt paid by another reward: two entries that cancel out.",
                "SPENT": "Used on an order; positive: given back by one.",
                "EXPIRED": "Ran out unused; positive: what ran out is taken back after all.",
                "WAIVED": (
                    "No longer deserved, spent, and let go; positive: it is deserved after all."
                ),
            },
        )
        doc_category = DOC_CATEGORY


class _ReferrerSort(Enum):
    CREATED_AT = "created_at"


class ReferrerSortField(host.BaseEnum):
    class Meta:
        enum = _ReferrerSort
        description = _described(
            "By what referrers can be sorted.",
            {"CREATED_AT": "Sort referrers by when they became one."},
        )
        doc_category = DOC_CATEGORY


class _ClaimSort(Enum):
    CREATED_AT = "created_at"
    JUDGED_AT = "judged_at"


class ReferralClaimSortField(host.BaseEnum):
    class Meta:
        enum = _ClaimSort
        description = _described(
            "By what claims can be sorted.",
            {
                "CREATED_AT": "Sort claims by when the code was given.",
                "JUDGED_AT": "Sort claims by when the rules were last asked.",
            },
        )
        doc_category = DOC_CATEGORY


class _EntrySort(Enum):
    CREATED_AT = "created_at"
    AMOUNT = "amount"


class ReferralLedgerEntrySortField(host.BaseEnum):
    class Meta:
        enum = _EntrySort
        description = _described(
            "By what entries of the ledger can be sorted.",
            {
                "CREATED_AT": "Sort entries by when they were written.",
                "AMOUNT": "Sort entries by their amount, whatever the currency.",
            },
        )
        doc_category = DOC_CATEGORY


class _ProgramSort(Enum):
    PRIORITY = "priority"
    NAME = "name"
    CREATED_AT = "created_at"


class ReferralProgramSortField(host.BaseEnum):
    class Meta:
        enum = _ProgramSort
        description = _described(
            "By what programs can be sorted.",
            {
                "PRIORITY": "Sort programs by which goes before the others.",
                "NAME": "Sort programs by name.",
                "CREATED_AT": "Sort programs by when they were made.",
            },
        )
        doc_category = DOC_CATEGORY
