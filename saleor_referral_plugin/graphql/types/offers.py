"""What a program gives: to the referee, and to the referrer."""

from dataclasses import dataclass
from decimal import Decimal

import graphene
from prices import Money

from ...engine.facts import Channel
from ...engine.money import Amounts, say
from ...engine.terms import Beneficiary, Coupon, EarnedWhen, Offer, RewardKind, RewardRule, Terms
from .. import host
from ..enums import DOC_CATEGORY, ReferralEarnedWhenEnum


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
