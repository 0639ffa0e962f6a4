"""Why: findings, as the person may see them who asks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import graphene

from ...engine.findings import Audience, Finding, FindingCode
from ...engine.selectors import findings_in
from .. import host
from ..enums import DOC_CATEGORY, ReferralFindingAudienceEnum, ReferralFindingCodeEnum


@dataclass(frozen=True, slots=True)
class FindingSeen:
    """A finding, and the language of whom it is about."""

    finding: Finding
    language: str

    @property
    def code(self) -> FindingCode:
        return self.finding.code

    @property
    def passed(self) -> bool:
        return self.finding.passed

    @property
    def detail(self) -> dict[str, Any]:
        return self.finding.detail

    @property
    def audience(self) -> Audience:
        return self.finding.audience


def visible_findings(
    context: Any, stored: Iterable[dict[str, Any]], *, language: str = ""
) -> list[FindingSeen]:
    """Failed ones first. Staff sees all, shoppers see what concerns them. Without a language
    given, it is that of the account that asks."""
    audiences: Collection[Audience] = (
        tuple(Audience) if host.may(context, host.MANAGE_DISCOUNTS) else (Audience.SHOPPER,)
    )
    spoken = language or host.language(context)
    return [FindingSeen(finding, spoken) for finding in findings_in(stored, audiences=audiences)]


class ReferralFinding(host.BaseObjectType):
    code = ReferralFindingCodeEnum(required=True, description="What was looked at.")
    passed = graphene.Boolean(required=True, description="Whether the rule is satisfied.")
    message = graphene.String(
        language_code=graphene.Argument(
            host.LanguageCodeEnum,
            description=(
                "The language to say it in: by default that of the checkout or order, else of "
                "the account that asks. English where there is no translation."
            ),
        ),
        description="Why not, in a sentence for people. Null when the rule is satisfied.",
    )
    detail = host.PermissionsField(
        host.JSON,
        description="What the rule went by, such as the minimum and what is missing.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    audience = host.PermissionsField(
        ReferralFindingAudienceEnum,
        description="Who may see it.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    class Meta:
        description = "The result of one rule of a referral program."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_message(
        root: FindingSeen, _info: Any, *, language_code: str | None = None
    ) -> str | None:
        return root.finding.sentence_in(language_code or root.language) or None


def findings_field(description: str) -> graphene.Field:
    return graphene.Field(
        host.NonNullList(ReferralFinding),
        required=True,
        description=f"{description} Failed ones come first.",
    )
