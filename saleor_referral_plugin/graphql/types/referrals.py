"""Referrals and rewards, as their referrer and the shop's staff see them."""

from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...engine import codes
from ...engine.coupons import what_it_gives
from ...engine.terms import COUPON, RewardKind
from ...engine.totals import nothing_in
from ...models import Action, Reward
from ...models import Referral as ReferralRow
from .. import host
from ..dataloaders import (
    ActionsByReferralLoader,
    ClaimByIdLoader,
    CouponUsedLoader,
    DecisionByIdLoader,
    DecisionsByReferralLoader,
    DecisionsByRewardLoader,
    EntriesByRewardLoader,
    LaterOrdersByReferralLoader,
    OrderEmailLoader,
    ProgramByIdLoader,
    ReferralByIdLoader,
    ReferrerByIdLoader,
    RewardsByReferralLoader,
    SignUpNameLoader,
    TermsByIdLoader,
    TotalsByRewardLoader,
    mask,
)
from ..enums import (
    DOC_CATEGORY,
    ReferralBeneficiaryEnum,
    ReferralRewardKindEnum,
    ReferralRewardStatusEnum,
    ReferralStatusEnum,
)
from .decisions import ReferralDecision, decisions_field
from .findings import FindingSeen, findings_field, visible_findings
from .ledger import ReferralLedgerBalance, ReferralLedgerEntry
from .metadata import WithMetadata
from .offers import say_coupon
from .programs import ReferralProgram, load_for_staff
from .terms import ReferralTerms

#: Types of modules that need these.
_TYPES = "saleor_referral_plugin.graphql.types"


class Referee(host.BaseObjectType):
    display_name = graphene.String(
        required=True, description="What the referrer may know of who it is, such as `a***`."
    )

    user = host.PermissionsField(
        host.User,
        description="Their account. Null for a guest.",
        permissions=[host.MANAGE_USERS],
    )

    class Meta:
        description = "The person recommended."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_display_name(root: ReferralRow, info: Any) -> Promise:
        if root.sign_up_id is not None:
            return SignUpNameLoader(info.context).load(root.sign_up_id)
        return OrderEmailLoader(info.context).load(root.order_ref).then(mask)

    @staticmethod
    def resolve_user(root: ReferralRow, info: Any) -> Promise | None:
        ref = root.referee_user_ref
        return host.load_user(info.context, ref) if ref else None


class ReferralAction(host.BaseObjectType):
    name = graphene.String(required=True, description="What it is called in the program.")
    created_at = host.DateTime(required=True, description="When it was done.")
    by = graphene.String(description="Who recorded it. Null: it was not said.")

    class Meta:
        description = "Something a referee has done besides ordering."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_created_at(root: Action, _info: Any) -> Any:
        return root.at

    @staticmethod
    def resolve_by(root: Action, _info: Any) -> str | None:
        return root.by or None


class Referral(WithMetadata, host.ModelObjectType):
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
    order_number = host.PermissionsField(
        graphene.String, description="Number of the order.", permissions=[host.MANAGE_ORDERS]
    )
    order = host.PermissionsField(
        host.Order,
        description="The order. Null for a sign-up, and after it was detached or deleted.",
        permissions=[host.MANAGE_ORDERS],
    )
    findings = findings_field("What the rules say of the order as it stands.")
    rewards = graphene.Field(
        host.NonNullList(lambda: ReferralReward),
        required=True,
        description="What the referral brings its referrer.",
    )
    referrer = host.PermissionsField(
        f"{_TYPES}.referrers.Referrer",
        description="Who recommended.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    program = host.PermissionsField(
        ReferralProgram,
        description="The program that it was made in.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    terms = host.PermissionsField(
        ReferralTerms,
        description="The version of the program's rules that it is judged by.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    claim = host.PermissionsField(
        f"{_TYPES}.claims.ReferralClaim",
        description="The claim it was made with. Null for a later order of a referee.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    channel = host.PermissionsField(
        graphene.String,
        description="Slug of the order's channel.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    currency = host.PermissionsField(
        graphene.String,
        description="Currency of the order.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    net = host.PermissionsField(
        host.Money,
        description=(
            "What of the order's goods stood when it was last looked at, without discount, tax and "
            "shipping."
        ),
        permissions=[host.MANAGE_DISCOUNTS],
    )
    group = host.PermissionsField(
        graphene.String,
        description="The group that the referrer was in when it first qualified. Null: none.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    follows = host.PermissionsField(
        lambda: Referral,
        description="The first referral of the referee, of which this is a later order.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    later_orders = host.PermissionsField(
        host.NonNullList(lambda: Referral),
        description="The referee's later orders that are referrals, too, oldest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    settled_at = host.PermissionsField(
        host.DateTime,
        description="When the order was last looked at.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    look_again_at = host.PermissionsField(
        host.DateTime,
        description="When it will be looked at again by itself. Null: when the order changes.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    decisions = decisions_field()
    actions = host.PermissionsField(
        host.NonNullList(ReferralAction),
        description="What the referee has done besides ordering, oldest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    class Meta:
        description = "Referrer and referee bound by one order in a referral program."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node, host.ObjectWithMetadata]
        model = ReferralRow

    @staticmethod
    def resolve_referee(root: ReferralRow, _info: Any) -> ReferralRow:
        return root

    @staticmethod
    def resolve_program_name(root: ReferralRow, info: Any) -> Promise:
        program = ProgramByIdLoader(info.context).load(root.program_id)
        return program.then(lambda found: found.name)

    @staticmethod
    def resolve_order(root: ReferralRow, info: Any) -> Promise | None:
        return host.load_order(info.context, root.order_ref) if root.has_order else None

    @staticmethod
    def resolve_findings(root: ReferralRow, info: Any) -> list[FindingSeen]:
        return visible_findings(info.context, root.findings)

    @staticmethod
    def resolve_rewards(root: ReferralRow, info: Any) -> Promise:
        return RewardsByReferralLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_referrer(root: ReferralRow, info: Any) -> Promise:
        return ReferrerByIdLoader(info.context).load(root.referrer_id)

    @staticmethod
    def resolve_program(root: ReferralRow, info: Any) -> Promise:
        return load_for_staff(info.context, root.program_id)

    @staticmethod
    def resolve_terms(root: ReferralRow, info: Any) -> Promise:
        return TermsByIdLoader(info.context).load(root.terms_id)

    @staticmethod
    def resolve_claim(root: ReferralRow, info: Any) -> Promise | None:
        return ClaimByIdLoader(info.context).load_if(root.claim_id)

    @staticmethod
    def resolve_net(root: ReferralRow, _info: Any) -> Money:
        return Money(root.net, root.currency)

    @staticmethod
    def resolve_group(root: ReferralRow, _info: Any) -> str | None:
        return root.group or None

    @staticmethod
    def resolve_follows(root: ReferralRow, info: Any) -> Promise | None:
        return ReferralByIdLoader(info.context).load_if(root.follows_id)

    @staticmethod
    def resolve_later_orders(root: ReferralRow, info: Any) -> Promise:
        return LaterOrdersByReferralLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_decisions(root: ReferralRow, info: Any) -> Promise:
        return DecisionsByReferralLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_actions(root: ReferralRow, info: Any) -> Promise:
        return ActionsByReferralLoader(info.context).load(root.pk)


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


class ReferralReward(WithMetadata, host.ModelObjectType):
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
    holder = host.PermissionsField(
        f"{_TYPES}.referrers.Referrer",
        description="Whose it is.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    program = host.PermissionsField(
        ReferralProgram,
        description="The program that gives it.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    is_cut = host.PermissionsField(
        graphene.Boolean,
        description="Whether a limit left less than the terms promise, or nothing.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    gift_card = host.PermissionsField(
        host.GiftCard,
        description="The gift card that holds a credit. Null before it is issued.",
        permissions=[host.MANAGE_GIFT_CARD],
    )
    sent_by = host.PermissionsField(
        graphene.String,
        description="Who said last that a `CUSTOM` reward was sent, or not after all.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    sent_note = host.PermissionsField(
        graphene.String,
        description="What they noted, such as a parcel's number.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    voided_by = host.PermissionsField(
        ReferralDecision,
        description="The decision that has withdrawn it. Null: it stands.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    decisions = decisions_field()
    ledger_balance = host.PermissionsField(
        ReferralLedgerBalance,
        description="What its entries add up to.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    ledger_entries = host.PermissionsField(
        host.NonNullList(ReferralLedgerEntry),
        description="Its lines in the books, oldest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    class Meta:
        description = "What somebody gets for a referral, or for a milestone."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node, host.ObjectWithMetadata]
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
        return ReferralByIdLoader(info.context).load_if(root.referral_id)

    @staticmethod
    def resolve_holder(root: Reward, info: Any) -> Promise:
        return ReferrerByIdLoader(info.context).load(root.holder_id)

    @staticmethod
    def resolve_program(root: Reward, info: Any) -> Promise:
        return load_for_staff(info.context, root.program_id)

    @staticmethod
    def resolve_gift_card(root: Reward, info: Any) -> Promise | None:
        if root.credit_ref is None or root.kind != RewardKind.CREDIT.value:
            return None
        return host.load_gift_card(info.context, root.credit_ref)

    @staticmethod
    def resolve_sent_by(root: Reward, _info: Any) -> str | None:
        return root.sent_by or None

    @staticmethod
    def resolve_sent_note(root: Reward, _info: Any) -> str | None:
        return root.sent_note or None

    @staticmethod
    def resolve_voided_by(root: Reward, info: Any) -> Promise | None:
        return DecisionByIdLoader(info.context).load_if(root.voided_by_id)

    @staticmethod
    def resolve_decisions(root: Reward, info: Any) -> Promise:
        return DecisionsByRewardLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_ledger_balance(root: Reward, info: Any) -> Promise:
        found = TotalsByRewardLoader(info.context).load(root.pk)
        return found.then(lambda totals: totals or nothing_in(root.currency))

    @staticmethod
    def resolve_ledger_entries(root: Reward, info: Any) -> Promise:
        return EntriesByRewardLoader(info.context).load(root.pk)


class ReferralCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = Referral


class ReferralRewardCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralReward
