"""What a checkout costs. Nothing here writes, except `reprice` on the checkout it is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from prices import Money

from ..engine import terms
from ..engine.money import round_money, zero
from . import clock
from .models import Checkout, Coupon, GiftCard, Offer


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


def goods_of(checkout: Checkout) -> Money:
    amount = sum((line.price * line.quantity for line in checkout.lines.all()), Decimal(0))
    return Money(amount, checkout.channel.currency)


def bill_of(checkout: Checkout) -> Bill:
    """What the shopper is to pay now."""
    currency = checkout.channel.currency
    goods = goods_of(checkout)
    coupon = _coupon_on(checkout)
    is_sent_free = coupon is not None and coupon.free_shipping
    shipping = checkout.channel.shipping_price if goods and not is_sent_free else Decimal(0)
    bill = Bill(
        goods=goods,
        discount=Money(checkout.discount, currency),
        shipping=Money(shipping, currency),
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
    goods = goods_of(checkout)
    worth = _worth(checkout, goods)
    if worth is None:
        checkout.voucher_code = None
    checkout.discount = min(worth, goods).amount if worth is not None else Decimal(0)
    checkout.save(update_fields=["voucher_code", "discount"])


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


def _coupon_on(checkout: Checkout) -> terms.Coupon | None:
    """What the coupon on a checkout gives."""
    if not checkout.voucher_code:
        return None
    coupon = usable_coupon(checkout.voucher_code, goods_of(checkout))
    return None if coupon is None else terms.Coupon.model_validate(coupon.gives)


def _worth(checkout: Checkout, goods: Money) -> Money | None:
    """What the offer or the coupon on the checkout takes off `goods`; None without one."""
    if not checkout.voucher_code:
        return None
    coupon = _coupon_on(checkout)
    if coupon is not None:
        discount = coupon.discount and coupon.discount.of(goods)
        return discount or zero(goods.currency)
    offer = Offer.objects.filter(code=checkout.voucher_code, channel=checkout.channel_id).first()
    if offer is None:
        return None
    if offer.percent is not None:
        return terms.Offer(percent=offer.percent).of(goods)
    return round_money(Money(offer.amount or Decimal(0), goods.currency))
