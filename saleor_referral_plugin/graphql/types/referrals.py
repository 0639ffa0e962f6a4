"""Referrals and rewards, as their referrer and the shop's staff see them."""

from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...engine import codes
from ...engine.coupons import what_it_gives
from ...engine.terms import COUPON
from ...models import Referral as ReferralRow
from ...models import Reward
from .. import host
from ..dataloaders import (
    CouponUsedLoader,
    OrderEmailLoader,
    ProgramByIdLoader,
    ReferralByIdLoader,
    ReferrerByIdLoader,
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
from .offers import say_coupon


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


class ReferralCoupon(host.BaseObjectType):
    description = graphene.String(
        required=True,
        description="In one sentence, such as `20% off an order of $50.00 or more.`",
    )
    code = graphene.String(
        description=(
            "What its holder enters as promo code. Null before it is issued, and for all but the "
            f"holder and those who have the permission {host.MANAGE_DISCOUNTS.name}."
        )
    )
    percentage = graphene.Float(
        description="The discount as a percentage of the goods. Null when it is none."
    )
    amounts = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description="The discount as amounts, by currency. Empty when it is none.",
    )
    free_shipping = graphene.Boolean(
        required=True, description="Whether it takes off what sending the order costs."
    )
    minimums = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description="Least value of the goods, by currency. Empty: no minimum.",
    )
    is_used = graphene.Boolean(
        required=True, description="Whether an order has used it that was not cancelled."
    )

    class Meta:
        description = "What a coupon gives on one order of its holder."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_description(root: Reward, _info: Any) -> str:
        return f"{say_coupon(what_it_gives(root))}."

    @staticmethod
    def resolve_code(root: Reward, info: Any) -> Any:
        if root.coupon_code is None:
            return None
        code = codes.show(root.coupon_code)
        if host.may(info.context, host.MANAGE_DISCOUNTS):
            return code
        asking = host.user_ref(info.context)
        holder = ReferrerByIdLoader(info.context).load(root.holder_id)
        return holder.then(lambda row: code if asking and row.user_ref == asking else None)

    @staticmethod
    def resolve_percentage(root: Reward, _info: Any) -> Any:
        return what_it_gives(root).discount.percent

    @staticmethod
    def resolve_amounts(root: Reward, _info: Any) -> list[Money]:
        return what_it_gives(root).discount.amounts.as_money()

    @staticmethod
    def resolve_free_shipping(root: Reward, _info: Any) -> bool:
        return what_it_gives(root).discount.free_shipping

    @staticmethod
    def resolve_minimums(root: Reward, _info: Any) -> list[Money]:
        return what_it_gives(root).minimum.as_money()

    @staticmethod
    def resolve_is_used(root: Reward, info: Any) -> Promise:
        return CouponUsedLoader(info.context).load(root.pk)


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
        description=(
            "What it is worth by the last decision, in a currency or in the unit of the program's "
            "points. Null for a coupon."
        ),
    )
    coupon = graphene.Field(
        ReferralCoupon,
        description="The coupon. Null for a reward of another kind.",
    )
    created_at = host.DateTime(required=True, description="When it was first promised.")
    earned_at = host.DateTime(description="When it was earned. Null while it has not been.")
    hold_until = host.DateTime(description="When its hold ends. Null while it is not earned.")
    issued_at = host.DateTime(description="When it was first credited.")
    expires_at = host.DateTime(
        description=(
            "When what is left of its credit, or its unused coupon, expires. Null before it is "
            "issued, or never."
        )
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

    def resolve_amount(root: Reward, _info: Any) -> Money | None:
        return None if root.currency == COUPON else Money(root.amount, root.currency)

    @staticmethod
    def resolve_coupon(root: Reward, _info: Any) -> Reward | None:
        return root if root.coupon is not None else None

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
