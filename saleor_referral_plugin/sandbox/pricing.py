"""What a checkout costs. Nothing here writes, except `reprice` on the checkout it is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from prices import Money

from ..engine import terms
from ..engine.money import round_money, total, zero
from . import catalogue, clock
from .models import Checkout, CheckoutLine, GiftCard, Offer


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


def bill_of(checkout: Checkout) -> Bill:
    """What the shopper is to pay now."""
    currency = checkout.channel.currency
    goods = goods_of(checkout)
    bill = Bill(
        goods=goods,
        discount=Money(checkout.discount, currency),
        shipping=shipping_of(checkout),
        gift_cards=zero(currency),
    )
    if not goods:
        return bill
    taken = sum((draw.amount for draw in draws(cards_on(checkout), bill)), Decimal(0))
    return Bill(bill.goods, bill.discount, bill.shipping, Money(taken, currency))


def cards_on(checkout: Checkout) -> QuerySet[GiftCard]:
    """The checkout's gift cards that may still pay, those that expire first in front."""
    return spendable(
        checkout.gift_cards.all(),
        currency=checkout.channel.currency,
        customer_id=checkout.customer_id,
        today=clock.now().date(),
    ).order_by(F("expires_on").asc(nulls_last=True), "created_at", "pk")


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


def reprice(checkout: Checkout) -> None:
    """Work out the discount anew and save it; an offer that has ended is taken off."""
    offer = _offer_on(checkout)
    if offer is None:
        checkout.voucher_code = None
    checkout.discount = _worth(offer, checkout).amount if offer else Decimal(0)
    checkout.save(update_fields=["voucher_code", "discount"])


def discounts(checkout: Checkout) -> dict[int, Decimal]:
    """What the offer takes off each line, by its key: in proportion to their values, and
    together its discount on the goods to the cent."""
    offer = _offer_on(checkout)
    if offer is None or offer.free_shipping:
        return {}
    left = Money(checkout.discount, checkout.channel.currency)
    offered = lines_of(checkout, terms.Goods(**offer.goods))
    lines = [(line, _value(line, checkout)) for line in offered]
    worth = total((value for _, value in lines), left.currency)
    found: dict[int, Decimal] = {}
    for line, value in lines:
        share = min(round_money(left * value.amount / worth.amount), value) if worth else worth
        found[line.pk] = share.amount
        left, worth = left - share, worth - value
    return found


def _offer_on(checkout: Checkout) -> Offer | None:
    if not checkout.voucher_code:
        return None
    return Offer.objects.filter(code=checkout.voucher_code, channel=checkout.channel_id).first()


def _worth(offer: Offer, checkout: Checkout) -> Money:
    """What the offer takes off the goods that it is for, or off the delivery."""
    currency = checkout.channel.currency
    if offer.free_shipping:
        return shipping_of(checkout)
    goods = goods_of(checkout, terms.Goods(**offer.goods))
    if offer.percent is None:
        return min(round_money(Money(offer.amount or Decimal(0), currency)), goods)
    return terms.Offer(percent=offer.percent).of(goods) or zero(currency)


def lines_of(checkout: Checkout, goods: terms.Goods) -> list[CheckoutLine]:
    """The lines that are among the goods."""
    lines = list(checkout.lines.all())
    if not goods:
        return lines
    among = catalogue.among({line.product_id for line in lines if line.product_id}, goods)
    return [line for line in lines if line.product_id in among]


def _value(line: CheckoutLine, checkout: Checkout) -> Money:
    return Money(line.price * line.quantity, checkout.channel.currency)
