"""Versions of a program's rules."""

from typing import Any

import graphene
from promise import Promise

from ...models import TermsVersion
from .. import host
from ..dataloaders import ClaimsOfTermsLoader, ReferralsOfTermsLoader
from ..enums import DOC_CATEGORY


class ReferralTerms(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the version.")
    version = graphene.Int(required=True, description="Its number; the highest takes new codes.")
    rules = graphene.Field(
        host.JSON, required=True, description="All of the settings, as `docs/settings.md` has them."
    )
    offer_code = graphene.String(
        required=True,
        description="The promo code of the shop's voucher that carries the friend's discount.",
    )
    created_at = host.DateTime(required=True, description="Since when they are there.")
    retired_at = host.DateTime(description="When the voucher was removed. Null: it was not.")
    claim_count = graphene.Int(required=True, description="How many claims were made under them.")
    referral_count = graphene.Int(
        required=True, description="How many referrals are judged by them."
    )

    class Meta:
        description = "One version of the rules of a referral program. It never changes."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = TermsVersion

    @staticmethod
    def resolve_claim_count(root: TermsVersion, info: Any) -> Promise:
        return ClaimsOfTermsLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_referral_count(root: TermsVersion, info: Any) -> Promise:
        return ReferralsOfTermsLoader(info.context).load(root.pk)


class ReferralTermsCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralTerms
