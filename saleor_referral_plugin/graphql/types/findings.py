"""Why: findings, as the person may see them who asks."""

from collections.abc import Collection, Iterable
from typing import Any

import graphene

from ...engine.findings import Audience, Finding
from ...engine.selectors import findings_in
from .. import host
from ..enums import DOC_CATEGORY, ReferralFindingCodeEnum


def visible_findings(context: Any, stored: Iterable[dict[str, Any]]) -> list[Finding]:
    """Failed ones first. Staff sees all, shoppers see what concerns them."""
    audiences: Collection[Audience] = (
        tuple(Audience) if host.may(context, host.MANAGE_DISCOUNTS) else (Audience.SHOPPER,)
    )
    return findings_in(stored, audiences=audiences)


class ReferralFinding(host.BaseObjectType):
    code = ReferralFindingCodeEnum(required=True, description="What was looked at.")
    passed = graphene.Boolean(required=True, description="Whether the rule is satisfied.")
    message = graphene.String(
        description="Why not, in a sentence for people. Null when the rule is satisfied."
    )

    class Meta:
        description = "The result of one rule of a referral program."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_message(root: Finding, _info: Any) -> str | None:
        return root.sentence or None


def findings_field(description: str) -> graphene.Field:
    return graphene.Field(
        host.NonNullList(ReferralFinding),
        required=True,
        description=f"{description} Failed ones come first.",
    )
