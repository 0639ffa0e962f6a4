"""What a checkout costs. Nothing here writes, except `reprice` on the checkout it is given."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from prices import Money

from ..engine import terms
from ..engine.money import Amounts, round_money, total, zero
from . import catalogue, clock
from .models import Checkout, CheckoutLine, Coupon, GiftCard, Offer


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines at the bottom of a checkout, all in one currency, none negative."""

    goods: Money
    discount: Money
    shipping: Money
    gift_cards: Money

    @property
    def before_gift_cards(self) -> Money:
        return self.goods - self.discount + self.shipping

    @property
    def total(self) -> Money:
        return self.before_gift_cards - self.gift_cards

    def paid_by(self, draws: "Iterable[Draw]") -> "Bill":
        taken = sum((draw.amount for draw in draws), Decimal(0))
        return replace(self, gift_cards=Money(taken, self.goods.currency))


@dataclass(frozen=True, slots=True)
class Draw:
    """How much is taken from one gift card."""

    card: GiftCard
    amount: Decimal


def goods_of(checkout: Checkout, wanted: terms.Goods | None = None) -> Money:
    """What is on the checkout, or what of it is among the goods wanted."""
    lines = lines_of(checkout, wanted or terms.Goods())
    return total((_value(line, checkout) for line in lines), checkout.channel.currency)


def shipping_of(checkout: Checkout) -> Money:
    """What its delivery costs before any discount."""
    price = checkout.channel.shipping_price if goods_of(checkout) else Decimal(0)
    return Money(price, checkout.channel.currency)


def bill_without_cards(checkout: Checkout) -> Bill:
    """What the shopper is to pay, by gift cards or otherwise."""
    currency = checkout.channel.currency
    return Bill(
        goods=goods_of(checkout),
        discount=Money(checkout.discount, currency),
        shipping=shipping_of(checkout),
        gift_cards=zero(currency),
    )


def bill_of(checkout: Checkout) -> Bill:
    """What the shopper is to pay now."""
    bill = bill_without_cards(checkout)
    return bill.paid_by(draws(cards_on(checkout), bill)) if bill.goods else bill


def cards_on(checkout: Checkout) -> QuerySet[GiftCard]:
    """The checkout's gift cards that may still pay, those that expire first in front."""
    return by_end(
        spendable(
            checkout.gift_cards.all(),
            currency=checkout.channel.currency,
            customer_id=checkout.customer_id,
            today=clock.now().date(),
        )
    )


def by_end(cards: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
    """Those first that expire first."""
    return cards.order_by(F("expires_on").asc(nulls_last=True), "created_at", "pk")


def spendable(
    cards: QuerySet[GiftCard], *, currency: str, customer_id: object, today: date
) -> QuerySet[GiftCard]:
    """Cards with something left in the right currency, that belong to nobody or to the
    customer, up to and including their last day."""
    return cards.filter(
        Q(customer=None) | Q(customer=customer_id),
        Q(expires_on=None) | Q(expires_on__gte=today),
        is_active=True,
        currency=currency,
        balance__gt=0,
    )


def draws(cards: Iterable[GiftCard], bill: Bill) -> list[Draw]:
    """What each card pays towards the bill, in the order given."""
    left = bill.before_gift_cards.amount
    taken: list[Draw] = []
    for card in cards:
        if not left:
            break
        amount = min(card.balance, left)
        taken.append(Draw(card, amount))
        left -= amount
    return taken


@dataclass(frozen=True, slots=True)
class Deal:
    """What the code on a checkout takes off, and off which goods."""

    gives: terms.Offer | None
    goods: terms.Goods = field(default_factory=terms.Goods)


def reprice(checkout: Checkout) -> Deal | None:
    """Work out the discount anew and save it; a code that has ended is taken off. Returns what
    the discount is by."""
    deal = _deal_on(checkout)
    if deal is None:
        checkout.voucher_code = None
    checkout.discount = _worth(deal, checkout).amount if deal else Decimal(0)
    checkout.save(update_fields=["voucher_code", "discount"])
    return deal


def discounts(checkout: Checkout, deal: Deal | None) -> dict[int, Decimal]:
    """What is taken off each line, by its key: in proportion to their values, and together the
    checkout's discount on the goods to the cent."""
    if deal is None or deal.gives is None or deal.gives.free_shipping:
        return {}
    left = Money(checkout.discount, checkout.channel.currency)
    lines = [(line, _value(line, checkout)) for line in lines_of(checkout, deal.goods)]
    worth = total((value for _, value in lines), left.currency)
    found: dict[int, Decimal] = {}
    for line, value in lines:
        share = min(round_money(left * value.amount / worth.amount), value) if worth else worth
        found[line.pk] = share.amount
        left, worth = left - share, worth - value
    return found


def _deal_on(checkout: Checkout) -> Deal | None:
    """An offer's or a coupon's."""
    code = checkout.voucher_code
    if not code:
        return None
    offer = Offer.objects.filter(code=code, channel=checkout.channel_id).first()
    if offer is not None:
        return Deal(_offered(offer, checkout.channel.currency), terms.Goods(**offer.goods))
    coupon = usable_coupon(code, goods_of(checkout))
    return Deal(terms.Coupon.model_validate(coupon.gives).discount) if coupon else None


def _offered(offer: Offer, currency: str) -> terms.Offer | None:
    """None for an offer that only marks the order."""
    if offer.free_shipping:
        return terms.Offer(free_shipping=True)
    if offer.percent is not None:
        return terms.Offer(percent=offer.percent)
    return terms.Offer(amounts=Amounts.of({currency: offer.amount})) if offer.amount else None


def _worth(deal: Deal, checkout: Checkout) -> Money:
    """What is taken off the goods that the deal is for, or off the delivery."""
    if deal.gives is None:
        return zero(checkout.channel.currency)
    if deal.gives.free_shipping:
        return shipping_of(checkout)
    goods = goods_of(checkout, deal.goods)
    return min(deal.gives.of(goods) or zero(goods.currency), goods)


def lines_of(checkout: Checkout, goods: terms.Goods) -> list[CheckoutLine]:
    """The lines that are among the goods."""
    lines = list(checkout.lines.all())
    if not goods:
        return lines
    among = catalogue.among({line.product_id for line in lines if line.product_id}, goods)
    return [line for line in lines if line.product_id in among]


def _value(line: CheckoutLine, checkout: Checkout) -> Money:
    return Money(line.price * line.quantity, checkout.channel.currency)


def usable_coupon(code: str, goods: Money) -> Coupon | None:
    """The coupon with this code, as the shop shows it, if an order for such goods may use it;
    whose it is, is another matter."""
    coupon = Coupon.objects.filter(code=code, is_active=True, used_on=None).first()
    if coupon is None or (coupon.expires_at and coupon.expires_at < clock.now()):
        return None
    gives = terms.Coupon.model_validate(coupon.gives)
    least = gives.minimum.get(goods.currency)
    is_good = gives.is_good_in(goods.currency) and (least is None or goods >= least)
    return coupon if is_good else None
