"""What can be done in the shop. Each function is one transaction and answers with the row
as it then stands; what the shop refuses is a ShopError. Amounts are Decimals in the
channel's currency."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet, prefetch_related_objects
from prices import Money

from ..engine import codes
from ..engine.findings import Finding, FindingCode
from ..engine.money import round_money
from . import clock, hooks
from .models import (
    Category,
    Channel,
    Checkout,
    CheckoutLine,
    Collection,
    Coupon,
    Customer,
    Fulfilment,
    GiftCard,
    GiftCardUse,
    Order,
    OrderLine,
    Payment,
    PaymentSystem,
    Product,
)
from .movements import movements_of
from .pricing import (
    Deal,
    bill_without_cards,
    cards_on,
    discounts,
    draws,
    goods_of,
    reprice,
    spendable,
    usable_coupon,
)
from .store import normalise

Kind = Payment.Kind


class ShopError(Exception):
    """The shop says no: a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Item:
    """So many of one thing; `price` is for one, gross. `product`: the slug of what it is in
    the catalogue, if it is there."""

    name: str
    price: Decimal
    quantity: int = 1
    product: str | None = None


# the catalogue -----------------------------------------------------------------------------
@transaction.atomic
def sell(slug: str, *, category: str | None = None, collections: Sequence[str] = ()) -> Product:
    """Put a product into the catalogue, or into another place there; categories and
    collections are made when they are first named."""
    if category:
        Category.objects.get_or_create(slug=category)
    product, _ = Product.objects.update_or_create(slug=slug, defaults={"category_id": category})
    product.collections.set(Collection.objects.get_or_create(slug=c)[0] for c in collections)
    return product


# people ------------------------------------------------------------------------------------
def register(
    *, email: str, display_name: str = "", address: Mapping[str, str] | None = None
) -> Customer:
    customer = Customer.objects.create(
        email=email,
        display_name=display_name,
        address=dict(address or {}),
        registered_at=clock.now(),
    )
    hooks.customer_registered(str(customer.pk))
    return customer


@transaction.atomic
def delete_customer(customer_id: UUID) -> None:
    """The account goes, with the right to spend its gift cards; its orders stay."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    customer.gift_cards.update(is_active=False)
    customer.delete()
    hooks.customer_deleted(str(customer_id), customer.email)


# buying ------------------------------------------------------------------------------------
@transaction.atomic
def create_checkout(
    *,
    channel: str,
    items: Sequence[Item] = (),
    customer: Customer | None = None,
    email: str = "",
    metadata: Mapping[str, str] | None = None,
    payments: PaymentSystem | str = PaymentSystem.TRANSACTIONS,
) -> Checkout:
    checkout = Checkout.objects.create(
        channel=Channel.objects.get(pk=channel),
        customer=customer,
        email=email or (customer.email if customer else ""),
        metadata=dict(metadata or {}),
        payments=PaymentSystem(payments),
        created_at=clock.now(),
    )
    CheckoutLine.objects.bulk_create(
        CheckoutLine(
            checkout=checkout,
            product_id=item.product,
            name=item.name,
            price=item.price,
            quantity=item.quantity,
        )
        for item in items
    )
    hooks.checkout_created(checkout)
    _put_credits_on(checkout)
    return checkout


def _put_credits_on(checkout: Checkout) -> None:
    """Cards that their owner need not ask for; they can be taken off like any other."""
    if checkout.customer is None:
        return
    checkout.gift_cards.add(*credits_for(checkout).filter(by_itself=True))


def credits_for(checkout: Checkout) -> QuerySet[GiftCard]:
    """What the customer was credited with and can spend on this checkout."""
    return spendable(
        GiftCard.objects.filter(customer=checkout.customer_id, key__isnull=False),
        currency=checkout.channel.currency,
        customer_id=checkout.customer_id,
        today=clock.now().date(),
    )


def add_item(token: UUID, item: Item) -> Checkout:
    """Put something in the cart; the same thing at the same price again counts up."""
    with _changing(token) as checkout:
        line, is_new = checkout.lines.get_or_create(
            name=item.name,
            price=item.price,
            product_id=item.product,
            defaults={"quantity": item.quantity},
        )
        if not is_new:
            line.quantity += item.quantity
            line.save(update_fields=["quantity"])
    return checkout


def remove_line(token: UUID, line_id: int) -> Checkout:
    with _changing(token) as checkout:
        checkout.lines.filter(pk=line_id).delete()
    return checkout


def set_email(token: UUID, email: str) -> Checkout:
    with _changing(token) as checkout:
        checkout.email = email
    return checkout


def ship_to(token: UUID, address: Mapping[str, str]) -> Checkout:
    with _changing(token) as checkout:
        checkout.ship_to = dict(address)
    return checkout


def log_in(token: UUID, customer: Customer) -> Checkout:
    """The guest's cart now belongs to an account, and so does its e-mail address."""
    with _changing(token) as checkout:
        checkout.customer = customer
        checkout.email = customer.email
        _put_credits_on(checkout)
    return checkout


def add_promo_code(token: UUID, typed: str) -> Checkout:
    """The promo-code box: a gift card, or a referral code. A refusal leaves the checkout as
    it was, and is remembered by whoever refused."""
    with transaction.atomic():
        checkout = _locked(token)
        prefetch_related_objects([checkout], "lines")
        card = GiftCard.objects.filter(code=normalise(typed))
        usable = spendable(
            card,
            currency=checkout.channel.currency,
            customer_id=checkout.customer_id,
            today=clock.now().date(),
        ).first()
        refusal = None
        coupon = _coupon(typed)
        if usable:
            checkout.gift_cards.add(usable)
        elif coupon:
            refusal = hooks.coupon_objection(checkout, coupon.code)
            if refusal is None and not usable_coupon(coupon.code, goods_of(checkout)):
                refusal = Finding(FindingCode.CODE_INVALID, False)
            if refusal is None:
                checkout.voucher_code = coupon.code
                reprice(checkout)
        else:
            refusal = _in_another_currency(card.first(), checkout) or hooks.code_typed(
                checkout, typed
            )
    if refusal is not None:
        raise _refused(refusal)
    return checkout


def _coupon(typed: str) -> Coupon | None:
    return Coupon.objects.filter(code=codes.show(codes.normalise(typed))).first()


def _take_off_another_persons_coupon(checkout: Checkout) -> Finding | None:
    """The buyer may be another one now. Returns why the coupon had to go, if it had."""
    code = checkout.voucher_code
    coupon = _coupon(code) if code and not codes.is_offer_code(code) else None
    finding = hooks.coupon_objection(checkout, coupon.code) if coupon else None
    if finding is not None:
        checkout.voucher_code = None
    return finding


def _in_another_currency(card: GiftCard | None, checkout: Checkout) -> Finding | None:
    """Only its owner hears why; to anybody else a card is no different from nonsense."""
    here = checkout.channel.currency
    owner = card.customer_id if card else None
    if card is None or owner is None or owner != checkout.customer_id or card.currency == here:
        return None
    detail = {"credit": card.currency, "currency": here}
    return Finding(FindingCode.CURRENCY_MISMATCH, False, detail)


def remove_promo_code(token: UUID, code: str) -> Checkout:
    """Take a code off, as it was typed or as the storefront shows it."""
    with transaction.atomic():
        checkout = _locked(token)
        card = checkout.gift_cards.filter(code=normalise(code)).first()
        if card is not None:
            checkout.gift_cards.remove(card)
        elif hooks.code_removed(checkout, code):
            return checkout
        elif checkout.voucher_code and _is_same(code, checkout.voucher_code):
            # Whatever keeps its owner from taking it off: the shopper may.
            checkout.voucher_code = None
            reprice(checkout)
        else:
            raise ShopError("code_not_on_checkout", "This code is not on your cart.")
    return checkout


def _is_same(typed: str, code: str) -> bool:
    return normalise(typed) == normalise(code) or codes.show(codes.normalise(typed)) == code


def complete_checkout(token: UUID) -> Order:
    """Place the order. Asked again after it worked, the answer is the same order.

    A discount that must not stand any longer is taken off and the shopper told, instead of
    an order being made without it.
    """
    with transaction.atomic():
        checkout = _find_locked(token)
        if checkout is None:
            return _placed(token)
        # Nobody adds to it from here on, and the lines are looked at again and again.
        prefetch_related_objects([checkout], "lines")
        if not checkout.lines.all():
            raise ShopError("empty", "The cart is empty.")
        if not checkout.email:
            raise ShopError("email_missing", "Please enter your e-mail address.")
        shown = bill_without_cards(checkout).before_gift_cards
        finding = hooks.checkout_completing(checkout) or _take_off_another_persons_coupon(checkout)
        coupon = _locked_coupon_on(checkout)
        deal = reprice(checkout)
        if finding is None and bill_without_cards(checkout).before_gift_cards == shown:
            order = _place(checkout, deal)
            if coupon is not None:
                coupon.used_on = order
                coupon.save(update_fields=["used_on"])
            return order
    if finding is not None:
        raise _refused(finding)
    raise ShopError("price_changed", "The discount has changed. Please look at the new total.")


def _locked_coupon_on(checkout: Checkout) -> Coupon | None:
    """Locked, so that of two orders at once only one can use it."""
    if not checkout.voucher_code or codes.is_offer_code(checkout.voucher_code):
        return None
    return Coupon.objects.select_for_update().filter(code=checkout.voucher_code).first()


def _place(checkout: Checkout, deal: Deal | None) -> Order:
    now = clock.now()
    # Locked in one order everywhere, so that two checkouts with the same cards cannot
    # wait for each other.
    has_cards = bool(checkout.gift_cards.select_for_update().order_by("pk"))
    bill = bill_without_cards(checkout)
    taken = draws(cards_on(checkout), bill) if has_cards else []
    bill = bill.paid_by(taken)
    order = Order.objects.create(
        channel=checkout.channel,
        customer=checkout.customer,
        email=checkout.email,
        checkout_token=checkout.pk,
        ship_to=checkout.ship_to,
        voucher_code=checkout.voucher_code,
        payment_system=checkout.payments,
        currency=checkout.channel.currency,
        tax_percent=checkout.channel.tax_percent,
        goods=bill.goods.amount,
        discount=bill.discount.amount,
        shipping=bill.shipping.amount,
        gift_cards=bill.gift_cards.amount,
        total=bill.total.amount,
        placed_at=now,
        updated_at=now,
    )
    off = discounts(checkout, deal)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product_id=line.product_id,
            name=line.name,
            price=line.price,
            quantity=line.quantity,
            discount=off.get(line.pk, Decimal(0)),
        )
        for line in checkout.lines.all()
    )
    for draw in taken:
        GiftCard.objects.filter(pk=draw.card.pk).update(balance=F("balance") - draw.amount)
        GiftCardUse.objects.create(order=order, card=draw.card, amount=draw.amount)
    checkout.delete()
    hooks.order_changed(order)
    return order


# the order's life --------------------------------------------------------------------------
def change_quantity(order_id: UUID, line_id: int, quantity: int) -> Order:
    """Correct how many of a line were ordered, while nothing has been paid or sent. Each of them
    costs what it cost, its part of the discount included."""
    with _changing_order(order_id) as order:
        _must_stand(order)
        line = order.lines.get(pk=line_id)
        is_paid = order.gift_cards or order.payments.exists()
        is_sent = order.fulfilments.filter(taken_back_at=None).exists()
        if is_paid or is_sent or quantity < max(line.returned, 1):
            raise ShopError("cannot_be_edited", "The order cannot be changed like this.")
        off = Money(line.discount, order.currency) * quantity / line.quantity
        more = (quantity - line.quantity) * line.price
        less = round_money(off).amount - line.discount
        line.quantity, line.discount = quantity, line.discount + less
        line.save(update_fields=["quantity", "discount"])
        order.goods, order.discount = order.goods + more, order.discount + less
        order.total += more - less
        order.save(update_fields=["goods", "discount", "total"])
    return order


def pay(order_id: UUID, amount: Decimal | None = None) -> Order:
    """Pay what is still open, or a part of it."""
    with _changing_order(order_id) as order:
        _must_stand(order)
        still_open = order.total - movements_of(order).captured
        _move(order, Kind.CHARGE, amount, at_most=still_open)
    return order


def refund(order_id: UUID, amount: Decimal | None = None) -> Order:
    """Give back all the shop holds, or a part of it."""
    with _changing_order(order_id) as order:
        _move(order, Kind.REFUND, amount, at_most=movements_of(order).held)
    return order


def reverse_refund(order_id: UUID, amount: Decimal | None = None) -> Order:
    """A refund did not reach the buyer: the shop has the money again."""
    with _changing_order(order_id) as order:
        _must_use_transactions(order)
        _move(order, Kind.REFUND_REVERSE, amount, at_most=movements_of(order).refunded)
    return order


def chargeback(order_id: UUID, amount: Decimal | None = None) -> Order:
    """The buyer's bank takes the money back."""
    with _changing_order(order_id) as order:
        _must_use_transactions(order)
        _move(order, Kind.CHARGEBACK, amount, at_most=movements_of(order).held)
    return order


def fulfil(order_id: UUID) -> Order:
    """Send everything."""
    with _changing_order(order_id) as order:
        _must_stand(order)
        if order.fulfilments.filter(taken_back_at=None).exists():
            raise ShopError("already_sent", "The order has been sent.")
        Fulfilment.objects.create(order=order, sent_at=order.updated_at)
    return order


def unfulfil(order_id: UUID) -> Order:
    """It was not sent after all."""
    with _changing_order(order_id) as order:
        sent = order.fulfilments.filter(taken_back_at=None)
        if not sent.update(taken_back_at=order.updated_at):
            raise ShopError("not_sent", "The order has not been sent.")
    return order


def return_goods(order_id: UUID, line_id: int | None = None) -> Order:
    """Everything the buyer had, or one line of it, comes back, or is never to be sent. Money is
    another matter."""
    with _changing_order(order_id) as order:
        lines = order.lines.all() if line_id is None else order.lines.filter(pk=line_id)
        lines.update(returned=F("quantity"))
    return order


def refund_line(order_id: UUID, line_id: int) -> Order:
    """Give back what the buyer paid for a line, which need not come back."""
    with _changing_order(order_id) as order:
        line = order.lines.get(pk=line_id)
        if line.refunded:
            raise ShopError("already_refunded", "The line has been refunded.")
        paid = line.price * line.quantity - line.discount
        _move(order, Kind.REFUND, paid, at_most=movements_of(order).held)
        line.refunded = line.quantity
        line.save(update_fields=["refunded"])
    return order


def cancel(order_id: UUID) -> Order:
    """Call off an order that has not been sent. What gift cards paid goes back on them;
    other money is refunded separately."""
    with _changing_order(order_id) as order:
        _must_stand(order)
        if order.fulfilments.filter(taken_back_at=None).exists():
            raise ShopError("already_sent", "The order has been sent and cannot be cancelled.")
        for use in order.card_uses.order_by("card_id"):
            GiftCard.objects.filter(pk=use.card_id).update(balance=F("balance") + use.amount)
        order.cancelled_at = order.updated_at
    return order


# time --------------------------------------------------------------------------------------
def move_clock(*, days: int) -> datetime:
    """Let time pass; the new time. What has become due waits for the periodic tasks."""
    return clock.move(timedelta(days=days))


# inside ------------------------------------------------------------------------------------
def _find_locked(token: UUID) -> Checkout | None:
    return (
        Checkout.objects.select_for_update(of=("self",))
        .select_related("channel", "customer")
        .filter(pk=token)
        .first()
    )


def _locked(token: UUID) -> Checkout:
    checkout = _find_locked(token)
    if checkout is None:
        raise _checkout_gone()
    return checkout


def _placed(token: UUID) -> Order:
    """The order that a checkout has become."""
    order = Order.objects.filter(checkout_token=token).first()
    if order is None:
        raise _checkout_gone()
    return order


def _checkout_gone() -> ShopError:
    return ShopError("checkout_gone", "This cart is no longer there.")


@contextmanager
def _changing(token: UUID) -> Iterator[Checkout]:
    """Change a checkout under its lock; then price it anew and judge its claim again."""
    with transaction.atomic():
        checkout = _locked(token)
        yield checkout
        _take_off_another_persons_coupon(checkout)
        checkout.save()
        reprice(checkout)
        hooks.checkout_changed(checkout)


@contextmanager
def _changing_order(order_id: UUID) -> Iterator[Order]:
    """Change an order under its lock. `updated_at` is then the time of the change."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        order.updated_at = clock.now()
        yield order
        order.save(update_fields=["updated_at", "cancelled_at"])
        hooks.order_changed(order)


def _move(order: Order, kind: Payment.Kind, amount: Decimal | None, *, at_most: Decimal) -> None:
    """Add a movement of money: `amount`, or all that is possible."""
    moved = at_most if amount is None else amount
    if not 0 < moved <= at_most:
        raise ShopError(
            "amount_impossible",
            f"{kind.label}: {moved:f} {order.currency} is not between 0 and {at_most:f}.",
        )
    Payment.objects.create(
        order=order,
        system=order.payment_system,
        kind=kind,
        amount=moved,
        created_at=order.updated_at,
    )


def _must_stand(order: Order) -> None:
    if order.cancelled_at is not None:
        raise ShopError("order_cancelled", "The order has been cancelled.")


def _must_use_transactions(order: Order) -> None:
    if order.payment_system != PaymentSystem.TRANSACTIONS:
        raise ShopError(
            "not_in_this_payment_system",
            "The old payment system hears neither of failed refunds nor of chargebacks.",
        )


def _refused(finding: Finding) -> ShopError:
    if finding.code is FindingCode.CODE_INVALID:
        # It may have been meant for a gift card: say no more than that.
        return ShopError(finding.code.value, "This code is not valid.")
    return ShopError(finding.code.value, finding.sentence)
