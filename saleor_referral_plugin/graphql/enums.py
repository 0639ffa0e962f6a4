"""The engine's words as GraphQL enums, and the codes of our errors."""

from enum import Enum

from ..engine.decide import Beneficiary, ReferralStatus
from ..engine.findings import SENTENCES, FindingCode
from ..engine.terms import EarnedWhen
from ..models import Claim, Reward
from . import host

DOC_CATEGORY = "Referrals"

#: What can be wrong with a request, besides what a rule of the program finds.
_GENERIC = ("GRAPHQL_ERROR", "INVALID", "NOT_FOUND", "REQUIRED")
_ErrorCode = Enum(  # type: ignore[misc]
    "_ErrorCode",
    {
        **{name: name.lower() for name in _GENERIC},
        **{code.name: code.value for code in FindingCode},
    },
)


def _sentence(item: Enum | None) -> str | None:
    """What people are told when the rule of this code has failed."""
    if item is None or item.value not in list(FindingCode):
        return None
    return SENTENCES[FindingCode(item.value)]


class ReferralErrorCode(host.BaseEnum):
    class Meta:
        enum = _ErrorCode
        description = _sentence
        doc_category = DOC_CATEGORY


class ReferralFindingCodeEnum(host.BaseEnum):
    class Meta:
        enum = FindingCode
        description = _sentence
        doc_category = DOC_CATEGORY


class ReferralStatusEnum(host.BaseEnum):
    class Meta:
        enum = ReferralStatus
        doc_category = DOC_CATEGORY


class ReferralBeneficiaryEnum(host.BaseEnum):
    class Meta:
        enum = Beneficiary
        doc_category = DOC_CATEGORY


class ReferralRewardStatusEnum(host.BaseEnum):
    class Meta:
        enum = Reward.Status
        doc_category = DOC_CATEGORY


class ReferralClaimStatusEnum(host.BaseEnum):
    class Meta:
        enum = Claim.Status
        doc_category = DOC_CATEGORY


class ReferralClaimSourceEnum(host.BaseEnum):
    class Meta:
        enum = Claim.Source
        doc_category = DOC_CATEGORY


class ReferralEarnedWhenEnum(host.BaseEnum):
    class Meta:
        enum = EarnedWhen
        doc_category = DOC_CATEGORY
