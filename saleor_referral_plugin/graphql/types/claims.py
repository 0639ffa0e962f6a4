"""A code on a checkout, and what became of it on the order."""

from dataclasses import dataclass
from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...engine.findings import FindingCode
from ...engine.money import zero
from ...engine.selectors import CheckoutClaims
from ...models import Claim, Referral
from .. import host
from ..dataloaders import (
    AccountClaimLoader,
    ClaimsByCheckoutLoader,
    ReferralByClaimLoader,
    ReferralByOrderLoader,
    ReferrerByIdLoader,
    TermsByIdLoader,
)
from ..enums import (
    DOC_CATEGORY,
    ReferralClaimSourceEnum,
    ReferralClaimStatusEnum,
    ReferralStatusEnum,
)
from .findings import FindingSeen, findings_field, visible_findings
from .offers import OfferSeen, ReferralOffer, offer_for
from .previews import CheckoutReferralConflict, Conflict, conflict_on
from .programs import ReferralProgram, load_for_staff
from .terms import ReferralTerms

#: Types of modules that need these.
_TYPES = "saleor_referral_plugin.graphql.types"

#: Set on a claim in memory: the language of the checkout or the order it is shown on.
LANGUAGE = "referral_language"

#: What the buyer need not know: it is about the referrer.
ABOUT_THE_REFERRER = (
    FindingCode.REFERRER_GONE,
    FindingCode.REFERRER_BLOCKED,
    FindingCode.REWARD_WITHDRAWN,
    FindingCode.CAP_REACHED,
    FindingCode.ISSUED_TOO_LATE,
)


class ReferralClaim(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the claim.")
    code = graphene.String(required=True, description="The referral code, as people write it.")
    status = ReferralClaimStatusEnum(required=True, description="Whether the claim stands.")
    source = ReferralClaimSourceEnum(required=True, description="How the code came.")
    created_at = host.DateTime(required=True, description="When the code was given.")
    judged_at = host.DateTime(required=True, description="When the rules were last asked.")
    findings = findings_field("What the rules said when they were last asked.")
    typed = host.PermissionsField(
        graphene.String,
        description="What was typed, or carried in.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    program = host.PermissionsField(
        ReferralProgram,
        description="The program of the code.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    terms = host.PermissionsField(
        ReferralTerms,
        description="The version of its rules that the claim is judged by.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    referrer = host.PermissionsField(
        f"{_TYPES}.referrers.Referrer",
        description="Whose code it is.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    referral = host.PermissionsField(
        f"{_TYPES}.referrals.Referral",
        description="What came of it. Null: nothing yet.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    checkout = host.PermissionsField(
        host.Checkout,
        description="The checkout it is on. Null for none, and once that has become an order.",
        permissions=[host.MANAGE_CHECKOUTS],
    )
    order = host.PermissionsField(
        host.Order,
        description="The order that it was claimed for afterwards. Null for any other claim.",
        permissions=[host.MANAGE_ORDERS],
    )
    user = host.PermissionsField(
        host.User,
        description="The account that it was claimed on. Null: it was claimed on a checkout.",
        permissions=[host.MANAGE_USERS],
    )

    class Meta:
        description = (
            "A referral code bound to a checkout, an account or an order, or the refusal to bind "
            "it."
        )
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = Claim

    @staticmethod
    def resolve_code(root: Claim, _info: Any) -> str:
        return str(root.code)

    @staticmethod
    def resolve_findings(root: Claim, info: Any) -> list[FindingSeen]:
        language = getattr(root, LANGUAGE, "")
        return visible_findings(info.context, root.findings, language=language)

    @staticmethod
    def resolve_program(root: Claim, info: Any) -> Promise:
        return load_for_staff(info.context, root.code.program_id)

    @staticmethod
    def resolve_terms(root: Claim, info: Any) -> Promise:
        return TermsByIdLoader(info.context).load(root.terms_id)

    @staticmethod
    def resolve_referrer(root: Claim, info: Any) -> Promise:
        return ReferrerByIdLoader(info.context).load(root.code.referrer_id)

    @staticmethod
    def resolve_referral(root: Claim, info: Any) -> Promise:
        return ReferralByClaimLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_checkout(root: Claim, info: Any) -> Promise | None:
        ref = root.checkout_ref
        return host.load_open_checkout(info.context, ref) if ref else None

    @staticmethod
    def resolve_order(root: Claim, info: Any) -> Promise | None:
        return host.load_order(info.context, root.order_ref) if root.order_ref else None

    @staticmethod
    def resolve_user(root: Claim, info: Any) -> Promise | None:
        return host.load_user(info.context, root.account_ref) if root.account_ref else None


class ReferralClaimCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralClaim


def _in_language(claim: Claim | None, language: str) -> Claim | None:
    if claim is not None:
        setattr(claim, LANGUAGE, language)
    return claim


@dataclass(frozen=True, slots=True)
class ClaimsSeen:
    """The claims on a checkout, with the checkout's own root value. `displaced`: a claim whose
    place another voucher has taken."""

    root: Any
    claim: Claim | None
    refusal: Claim | None
    displaced: Claim | None = None


class CheckoutReferral(host.BaseObjectType):
    claim = graphene.Field(
        ReferralClaim,
        description="The claim whose discount is on the checkout now. Null when there is none.",
    )
    refusal = graphene.Field(
        ReferralClaim,
        description=(
            "The code that was refused last, at once or after the checkout changed. Null when "
            "another was accepted or taken off since."
        ),
    )
    offer = graphene.Field(
        ReferralOffer,
        description=(
            "What the claimed code gives here or, without a claim, the displaced or refused one "
            "would."
        ),
    )
    discount = graphene.Field(
        host.Money, required=True, description="What the claimed code takes off the checkout."
    )
    missing = graphene.Field(
        host.Money,
        description="What the goods lack of the offer's minimum. Null when nothing is missing.",
    )

    conflict = graphene.Field(
        CheckoutReferralConflict,
        description=(
            "The other voucher that has taken the place of a claimed code, and what that would "
            "take off in its place. Null without one."
        ),
    )

    class Meta:
        description = "What referral codes do on a checkout, and why not."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_claim(root: ClaimsSeen, _info: Any) -> Claim | None:
        return _in_language(root.claim, host.checkout(root.root).language)

    @staticmethod
    def resolve_refusal(root: ClaimsSeen, _info: Any) -> Claim | None:
        return _in_language(root.refusal, host.checkout(root.root).language)

    @staticmethod
    def resolve_offer(root: ClaimsSeen, _info: Any) -> OfferSeen | None:
        return _offer_of(root)

    @staticmethod
    def resolve_discount(root: ClaimsSeen, _info: Any) -> Money:
        checkout = host.checkout(root.root)
        return checkout.discount if root.claim else zero(checkout.currency)

    @staticmethod
    def resolve_conflict(root: ClaimsSeen, info: Any) -> Promise | None:
        displaced = root.displaced
        if displaced is None:
            return None

        terms = displaced.terms.terms
        if terms.discount is not None and terms.discount.free_shipping:
            # What the delivery will cost is not known while one can still be chosen.
            return None

        def between(goods: Money) -> Conflict | None:
            worth = terms.discount.of(goods) if terms.discount else zero(goods.currency)
            return conflict_on(root.root, worth and min(worth, goods))

        return host.load_goods(info.context, root.root, terms.goods).then(between)

    @staticmethod
    def resolve_missing(root: ClaimsSeen, info: Any) -> Promise | None:
        offer = _offer_of(root)
        minimum = offer.minimum if offer else None
        if offer is None or minimum is None:
            return None
        goods = host.load_goods(info.context, root.root, offer.terms.goods)
        return goods.then(lambda worth: minimum - worth if worth < minimum else None)


def _offer_of(root: ClaimsSeen) -> OfferSeen | None:
    claim = root.claim or root.displaced or root.refusal
    currency = host.checkout(root.root).currency
    if claim is None:
        return None
    return offer_for(claim.terms.terms, currency)


def load_checkout_referral(context: Any, root: Any) -> Promise:
    """None for a checkout that no code was tried on, or whose code was taken off again."""
    checkout = host.checkout(root)

    def seen(claims: CheckoutClaims | None) -> ClaimsSeen | None:
        if claims is None:
            return None
        claim, displaced = claims.open, None
        if claim is not None and claim.terms.offer_code != checkout.voucher_code:
            # Another voucher took its place.
            claim, displaced = None, claim if checkout.voucher_code else None
        if not (claim or claims.refusal or displaced):
            return None
        return ClaimsSeen(root, claim, claims.refusal, displaced)

    return ClaimsByCheckoutLoader(context).load(checkout.ref).then(seen)


def load_account_claim(context: Any, user: Any) -> Promise | None:
    """Raises PermissionDenied for anybody but the customer and staff."""
    if not (host.is_requestor(context, user) or host.may(context, host.MANAGE_DISCOUNTS)):
        raise host.PermissionDenied(permissions=[host.OWNER, host.MANAGE_DISCOUNTS])
    customer = host.customer(user)
    if customer is None:
        return None
    language = host.language(context)
    claim = AccountClaimLoader(context).load(customer.user_ref)
    return claim.then(lambda found: _in_language(found, language))


@dataclass(frozen=True, slots=True)
class OrderReferralSeen:
    """The referral that an order made, with the order's own root value."""

    root: Any
    referral: Referral


class OrderReferral(host.BaseObjectType):
    status = ReferralStatusEnum(required=True, description="What was decided about the order.")
    claim = graphene.Field(
        ReferralClaim,
        description="The claim the order was made with. Null for a later order of a referee.",
    )
    offer = graphene.Field(ReferralOffer, required=True, description="What the code gave.")
    discount = graphene.Field(
        host.Money, required=True, description="What the code took off the order."
    )
    findings = findings_field("What the rules say of the order as it stands.")

    class Meta:
        description = "The referral that an order made, as whoever sees the order may see it."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_status(root: OrderReferralSeen, _info: Any) -> str:
        return root.referral.status

    @staticmethod
    def resolve_claim(root: OrderReferralSeen, _info: Any) -> Claim | None:
        claim = root.referral.claim
        return claim and _in_language(claim, host.order(root.root).language)

    @staticmethod
    def resolve_offer(root: OrderReferralSeen, _info: Any) -> OfferSeen:
        return OfferSeen(root.referral.terms.terms, root.referral.currency)

    @staticmethod
    def resolve_discount(root: OrderReferralSeen, info: Any) -> Promise | Money:
        order = host.order(root.root)
        if order.voucher_code != root.referral.terms.offer_code:
            return zero(order.currency)
        return host.load_discount(info.context, root.root)

    @staticmethod
    def resolve_findings(root: OrderReferralSeen, info: Any) -> list[FindingSeen]:
        visible = visible_findings(
            info.context, root.referral.findings, language=host.order(root.root).language
        )
        if host.may(info.context, host.MANAGE_DISCOUNTS):
            return visible
        return [finding for finding in visible if finding.code not in ABOUT_THE_REFERRER]


def load_order_referral(context: Any, root: Any) -> Promise:
    """None for an order that is no referral, or has not been settled yet."""

    def seen(referral: Referral | None) -> OrderReferralSeen | None:
        return OrderReferralSeen(root, referral) if referral else None

    return ReferralByOrderLoader(context).load(host.order(root).ref).then(seen)
