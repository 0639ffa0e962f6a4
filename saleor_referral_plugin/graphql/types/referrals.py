"""Referrals and rewards, as their referrer and the shop's staff see them."""

from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...models import Referral as ReferralRow
from ...models import Reward
from .. import host
from ..dataloaders import (
    OrderEmailLoader,
    ProgramByIdLoader,
    ReferralByIdLoader,
    RewardsByReferralLoader,
    SignUpNameLoader,
    mask,
)
from ..enums import (
    DOC_CATEGORY,
    ReferralBeneficiaryEnum,
    ReferralRewardKindEnum,
    ReferralRewardStatusEnum,
    ReferralStatusEnum,
)
from .findings import FindingSeen, findings_field, visible_findings


class Referee(host.BaseObjectType):
    display_name = graphene.String(
        required=True, description="What the referrer may know of who it is, such as `a***`."
    )

    class Meta:
        description = "The person recommended."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_display_name(root: ReferralRow, info: Any) -> Promise:
        if root.sign_up_id is not None:
            return SignUpNameLoader(info.context).load(root.sign_up_id)
        return OrderEmailLoader(info.context).load(root.order_ref).then(mask)


class Referral(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the referral.")
    status = ReferralStatusEnum(required=True, description="What was decided about the order.")
    program_name = graphene.String(
        required=True, description="What the program is called that it was made in."
    )
    referee = graphene.Field(Referee, required=True, description="The person recommended.")
    placed_at = host.DateTime(required=True, description="When the order was placed.")
    earned_at = host.DateTime(
        description="When the order earned its rewards. Null while it has not, or has no longer."
    )
    order_number = graphene.String(
        description=(
            "Number of the order.\n\n"
            f"Requires one of the following permissions: {host.MANAGE_ORDERS.name}."
        )
    )
    findings = findings_field("What the rules say of the order as it stands.")
    rewards = graphene.Field(
        host.NonNullList(lambda: ReferralReward),
        required=True,
        description="What the referral brings its referrer.",
    )

    class Meta:
        description = "Referrer and referee bound by one order in a referral program."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = ReferralRow

    @staticmethod
    def resolve_referee(root: ReferralRow, _info: Any) -> ReferralRow:
        return root

    @staticmethod
    def resolve_program_name(root: ReferralRow, info: Any) -> Promise:
        program = ProgramByIdLoader(info.context).load(root.program_id)
        return program.then(lambda found: found.name)

    @staticmethod
    def resolve_order_number(root: ReferralRow, info: Any) -> str:
        if not host.may(info.context, host.MANAGE_ORDERS):
            raise host.PermissionDenied(permissions=[host.MANAGE_ORDERS])
        return root.order_number

    @staticmethod
    def resolve_findings(root: ReferralRow, info: Any) -> list[FindingSeen]:
        return visible_findings(info.context, root.findings)

    @staticmethod
    def resolve_rewards(root: ReferralRow, info: Any) -> Promise:
        return RewardsByReferralLoader(info.context).load(root.pk)


class ReferralReward(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the reward.")
    status = ReferralRewardStatusEnum(required=True, description="How far the reward has come.")
    beneficiary = ReferralBeneficiaryEnum(required=True, description="Who gets it.")
    kind = ReferralRewardKindEnum(required=True, description="How it is delivered.")
    rule = graphene.String(
        required=True, description="What the reward, or the milestone, is called in the program."
    )
    occurrence = graphene.String(
        description="Which milestone it is for, and in which period. Null for a referral's reward."
    )
    program_name = graphene.String(
        required=True, description="What the program is called that gives it."
    )
    amount = graphene.Field(
        host.Money,
        required=True,
        description=(
            "What it is worth by the last decision, in a currency or in the unit of the program's "
            "points."
        ),
    )
    created_at = host.DateTime(required=True, description="When it was first promised.")
    earned_at = host.DateTime(description="When it was earned. Null while it has not been.")
    hold_until = host.DateTime(description="When its hold ends. Null while it is not earned.")
    issued_at = host.DateTime(description="When it was first credited.")
    expires_at = host.DateTime(
        description="When what is left of its credit expires. Null before it is issued, or never."
    )
    findings = findings_field("Why it is worth what it is: what the rules say of the order.")
    referral = graphene.Field(
        Referral,
        description="The referral it is the reward for. Null for the reward of a milestone.",
    )

    class Meta:
        description = "What somebody gets for a referral, or for a milestone."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = Reward

    @staticmethod
    def resolve_occurrence(root: Reward, _info: Any) -> str | None:
        return root.occurrence or None

    @staticmethod
    def resolve_program_name(root: Reward, info: Any) -> Promise:
        program = ProgramByIdLoader(info.context).load(root.program_id)
        return program.then(lambda found: found.name)

    @staticmethod
    def resolve_amount(root: Reward, _info: Any) -> Money:
        return Money(root.amount, root.currency)

    @staticmethod
    def resolve_findings(root: Reward, info: Any) -> Promise:
        if root.referral_id is None:
            return Promise.resolve([])
        referral = ReferralByIdLoader(info.context).load(root.referral_id)
        return referral.then(lambda row: visible_findings(info.context, row.findings))

    @staticmethod
    def resolve_referral(root: Reward, info: Any) -> Promise | None:
        if root.referral_id is None:
            return None
        return ReferralByIdLoader(info.context).load(root.referral_id)


class ReferralCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = Referral


class ReferralRewardCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralReward
