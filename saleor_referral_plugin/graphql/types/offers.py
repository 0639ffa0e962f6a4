"""What a program gives: to the referee, and to the referrer."""

from dataclasses import dataclass
from decimal import Decimal

import graphene
from prices import Money

from ...engine.facts import Channel
from ...engine.money import Amounts, say
from ...engine.terms import (
    Beneficiary,
    Coupon,
    EarnedWhen,
    Offer,
    Per,
    RewardKind,
    RewardRule,
    Terms,
)
from .. import host
from ..enums import (
    DOC_CATEGORY,
    ReferralBeneficiaryEnum,
    ReferralEarnedWhenEnum,
    ReferralRewardKindEnum,
)


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """What the referee gets under some terms in one currency."""

    terms: Terms
    currency: str

    @property
    def percentage(self) -> Decimal | None:
        return self.terms.discount.percent if self.terms.discount else None

    @property
    def amount(self) -> Money | None:
        return self.terms.discount.amounts.get(self.currency) if self.terms.discount else None

    @property
    def minimum(self) -> Money | None:
        return self.terms.minimum.get(self.currency)

    @property
    def new_customers_only(self) -> bool:
        return self.terms.new_customers_only

    @property
    def free_shipping(self) -> bool:
        return self.terms.discount is not None and self.terms.discount.free_shipping

    @property
    def discounted_orders(self) -> int:
        return self.terms.discounted_orders

    @property
    def description(self) -> str:
        first = "your first " if self.new_customers_only else "your "
        order = f"{first}order"
        if self.discounted_orders > 1:
            order = f"your first {self.discounted_orders} orders"
        minimum = f" of {say(self.minimum)} or more" if self.minimum else ""
        if self.terms.goods:
            worth = f"{say(self.minimum)} or more of " if self.minimum else ""
            minimum = f" with {worth}selected products"
        if self.terms.discount is None:
            return f"Tell us who sent you: enter the code with {order}{minimum}."
        if self.free_shipping:
            return f"Free shipping on {order}{minimum}."
        offer = _say_offer(self.terms.discount, self.currency)
        if self.terms.goods:
            least = f", for {say(self.minimum)} or more of them" if self.minimum else ""
            return f"{offer} off selected products in {order}{least}."
        return f"{offer} off {order}{minimum}."


@dataclass(frozen=True, slots=True)
class CreditSeen:
    """What the referrer gets by one rule of some terms, in one currency."""

    terms: Terms
    rule: RewardRule
    currency: str

    @property
    def percentage(self) -> Decimal | None:
        return self.rule.worth.percent

    @property
    def amount(self) -> Money | None:
        return self.rule.worth.amounts.get(self.currency)

    @property
    def earned_when(self) -> str:
        return self.terms.earned_when.value

    @property
    def hold_days(self) -> int | None:
        hold = self.rule.hold
        return None if hold.months or hold.hours else hold.days

    @property
    def description(self) -> str:
        if self.rule.coupon is not None:
            return f"A coupon for each friend, {self._when}: {say_coupon(self.rule.coupon)}."
        each = "of each friend's goods" if self.percentage is not None else "for each friend"
        return f"{_say_offer(self.rule.worth, self.currency)} {each}, {self._when}."

    @property
    def _when(self) -> str:
        when = f"{self.rule.hold} after" if self.rule.hold else "as soon as"
        return f"{when} their order is {DONE[self.terms.earned_when]}"


@dataclass(frozen=True, slots=True)
class PromiseSeen(CreditSeen):
    """What somebody gets by one rule of some terms: money in the channel's currency, or
    something in a unit of its own."""

    @property
    def beneficiary(self) -> str:
        return self.rule.to.value

    @property
    def kind(self) -> str:
        return self.rule.kind.value

    @property
    def amount(self) -> Money | None:
        return worth_in(self.rule.worth, self.rule.kind, self.currency)

    @property
    def coupon(self) -> str | None:
        return None if self.rule.coupon is None else say_coupon(self.rule.coupon)

    @property
    def valid_days(self) -> int | None:
        valid = self.rule.valid
        return None if valid is None or valid.months or valid.hours else valid.days

    @property
    def description(self) -> str:
        rule = self.rule
        is_referrers = rule.to is Beneficiary.REFERRER
        friend = "each friend" if is_referrers else "you"
        if rule.per is Per.ORDER:
            friend = "each order of a friend" if is_referrers else "each order"
        goods = {"you": "your goods", "each friend": "each friend's goods"}.get(friend, friend)
        what = f"of {goods}" if self.percentage is not None else f"for {friend}"
        amount = self.amount
        worth = self.coupon or (say(amount) if amount else str(rule.worth))
        whose = "their" if is_referrers else "your"
        which = f"order number {rule.from_orders}" if rule.from_orders > 1 else "order"
        when = f"{rule.hold} after" if rule.hold else "as soon as"
        return f"{worth} {what}, {when} {whose} {which} is {DONE[self.terms.earned_when]}."


def worth_in(worth: Offer | None, kind: RewardKind, currency: str) -> Money | None:
    """An amount in a currency, or in the unit of what is no money; None: a percentage, a coupon,
    or no amount there."""
    if worth is None or worth.percent is not None or kind is RewardKind.COUPON:
        return None
    if kind is RewardKind.CREDIT:
        return worth.amounts.get(currency)
    [(unit, amount)] = worth.amounts.by_currency
    return Money(amount, unit)


def promises_in(terms: Terms, channel: Channel | None) -> list[PromiseSeen]:
    """All that the terms promise where they run."""
    if channel is None or not terms.runs_in(channel.slug, channel.currency):
        return []
    return [PromiseSeen(terms, rule, channel.currency) for rule in terms.rewards]


DONE = {
    EarnedWhen.ORDERED: "placed",
    EarnedWhen.PAID: "paid",
    EarnedWhen.FULFILLED: "sent",
}


def offer_in(terms: Terms, channel: Channel | None) -> OfferSeen | None:
    """None where the terms do not run."""
    if channel is None or not terms.runs_in(channel.slug, channel.currency):
        return None
    return OfferSeen(terms, channel.currency)


def offer_for(terms: Terms, currency: str) -> OfferSeen | None:
    """None where the discount has no price in the currency."""
    discount = terms.discount
    if discount is not None and not discount.is_priced_in(currency):
        return None
    return OfferSeen(terms, currency)


def credit_in(terms: Terms, channel: Channel | None) -> CreditSeen | None:
    """None where the terms do not run, and where they give the referrer no credit or coupon."""
    if channel is None or not terms.runs_in(channel.slug, channel.currency):
        return None
    kinds = (RewardKind.CREDIT, RewardKind.COUPON)
    rule = next((r for r in terms.rewards_to(Beneficiary.REFERRER) if r.kind in kinds), None)
    return None if rule is None else CreditSeen(terms, rule, channel.currency)


def say_coupon(coupon: Coupon) -> str:
    """`20% off an order of $50.00 or more`."""
    gives = _say_all(coupon.discount.amounts) or str(coupon.discount)
    least = f" of {_say_all(coupon.minimum)} or more" if coupon.minimum else ""
    return f"{gives} {'on' if coupon.discount.free_shipping else 'off'} an order{least}"


def _say_all(amounts: Amounts) -> str:
    return " or ".join(say(amount) for amount in amounts.as_money())


def _say_offer(offer: Offer, currency: str) -> str:
    amount = offer.amounts.get(currency)
    return say(amount) if amount is not None else str(offer)


class ReferralOffer(host.BaseObjectType):
    description = graphene.String(
        required=True,
        description="In one sentence, such as `10% off your first order of $50.00 or more.`",
    )
    percentage = graphene.Float(
        description="The discount as a percentage of the goods. Null when it is none."
    )
    amount = graphene.Field(
        host.Money, description="The discount as an amount. Null when it is none."
    )
    free_shipping = graphene.Boolean(
        required=True, description="Whether the discount is the price of the delivery."
    )
    minimum = graphene.Field(
        host.Money,
        description=(
            "Least value of the goods that the program is about, before the discount. Null when "
            "there is none."
        ),
    )
    discounted_orders = graphene.Int(
        required=True,
        description="For how many orders of one customer: the code is entered for each.",
    )
    new_customers_only = graphene.Boolean(
        required=True, description="Whether earlier orders exclude a customer."
    )

    class Meta:
        description = "What a referral code gives to the person who uses it."
        doc_category = DOC_CATEGORY


class ReferralCredit(host.BaseObjectType):
    description = graphene.String(
        required=True,
        description="In one sentence: `$10.00 for each friend, 14 days after their order is paid.`",
    )
    percentage = graphene.Float(
        description=(
            "The credit as a percentage of the referee's goods, net of discount, tax and "
            "shipping. Null when it is an amount, or a coupon."
        )
    )
    amount = graphene.Field(
        host.Money,
        description="The credit as an amount. Null when it is a percentage, or a coupon.",
    )
    earned_when = ReferralEarnedWhenEnum(
        required=True, description="What the referee's order must be for the credit to be earned."
    )
    hold_days = graphene.Int(
        description=(
            "Days between the credit being earned and being issued. Null when that is counted "
            "in hours or calendar months."
        )
    )

    class Meta:
        description = "What a referrer gets for each person they recommend."
        doc_category = DOC_CATEGORY


class ReferralPromise(host.BaseObjectType):
    description = graphene.String(
        required=True,
        description="In one sentence: `$10.00 for each friend, as soon as their order is paid.`",
    )
    beneficiary = ReferralBeneficiaryEnum(required=True, description="Who gets it.")
    kind = ReferralRewardKindEnum(required=True, description="How it is delivered.")
    percentage = graphene.Float(
        description=(
            "A percentage of the friend's goods, net of discount, tax and shipping. Null when it "
            "is an amount."
        )
    )
    amount = graphene.Field(
        host.Money,
        description=(
            "An amount, in the channel's currency or in a unit of its own. Null when it is a "
            "percentage or a coupon."
        ),
    )
    coupon = graphene.String(description="What a coupon gives, in words. Null when it is none.")
    earned_when = ReferralEarnedWhenEnum(
        required=True, description="What the friend's order must be for it to be earned."
    )
    hold_days = graphene.Int(
        description=(
            "Days between being earned and being issued. Null when that is counted in hours or "
            "calendar months."
        )
    )
    valid_days = graphene.Int(
        description=(
            "Days that it can be spent. Null: for ever, or counted in hours or calendar months."
        )
    )

    class Meta:
        description = "One reward that a program promises."
        doc_category = DOC_CATEGORY
