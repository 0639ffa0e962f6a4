"""What is true of Saleor's checkouts and orders, in the engine's terms."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from prices import Money
from saleor.checkout.base_calculations import base_checkout_subtotal
from saleor.discount import DiscountType
from saleor.order import FulfillmentStatus, OrderStatus
from saleor.order.models import Order
from saleor.payment import TransactionEventType, TransactionKind

from ..engine.facts import CheckoutFacts, OrderFacts
from ..engine.people import person

RETURNED = (FulfillmentStatus.RETURNED, FulfillmentStatus.REFUNDED_AND_RETURNED)
VOID = (OrderStatus.CANCELED, OrderStatus.EXPIRED)


def checkout_facts(checkout_info: Any, lines: Iterable[Any]) -> CheckoutFacts:
    """Facts from what Saleor has already loaded; no query of ours."""
    checkout = checkout_info.checkout
    return CheckoutFacts(
        ref=str(checkout.pk),
        channel=checkout_info.channel.slug,
        currency=checkout.currency,
        goods=base_checkout_subtotal(
            lines, checkout_info.channel, checkout.currency, include_voucher=False
        ),
        buyer=person(checkout.user_id, checkout_info.get_customer_email()),
        voucher_code=checkout.voucher_code,
    )


def order_facts(order_ref: str) -> OrderFacts | None:
    order = (
        Order.objects.select_related("channel__tax_configuration")
        .prefetch_related(
            "lines",
            "fulfillments__lines",
            "discounts",
            "payments__transactions",
            "payment_transactions__events",
        )
        .filter(pk=order_ref)
        .first()
    )
    if order is None:
        return None
    money = _MoneyMoved(order)
    lines = list(order.lines.all())
    fulfilled = sum(line.quantity_fulfilled for line in lines)
    waiting = sum(
        fulfillment_line.quantity
        for fulfillment in order.fulfillments.all()
        if fulfillment.status == FulfillmentStatus.WAITING_FOR_APPROVAL
        for fulfillment_line in fulfillment.lines.all()
    )
    return OrderFacts(
        ref=str(order.pk),
        number=str(order.number),
        channel=order.channel.slug,
        currency=order.currency,
        buyer=person(order.user_id, order.user_email),
        placed_at=order.created_at,
        goods=_goods_before_discount(order),
        net_goods=order.subtotal.net,
        total=order.total.gross,
        captured=money.captured,
        refunded=money.refunded,
        charged_back=money.charged_back,
        returned=_returned(order, lines),
        checkout_ref=str(order.checkout_token) if order.checkout_token else None,
        voucher_code=order.voucher_code,
        is_confirmed=_is_confirmed(order),
        is_void=order.status in VOID,
        is_fulfilled=bool(lines) and fulfilled - waiting >= sum(line.quantity for line in lines),
        paid_at=money.last_charge_at,
        fulfilled_at=max(
            (fulfillment.created_at for fulfillment in order.fulfillments.all()), default=None
        ),
    )


def _is_confirmed(order: Any) -> bool:
    """An unpaid order is "unconfirmed" in any channel; it waits for the shop only where
    orders are not confirmed by themselves."""
    if order.status == OrderStatus.UNCONFIRMED:
        return bool(order.channel.automatically_confirm_all_new_orders)
    return order.status != OrderStatus.DRAFT


def _goods_before_discount(order: Any) -> Money:
    entered_with_tax = order.channel.tax_configuration.prices_entered_with_tax
    subtotal = order.subtotal.gross if entered_with_tax else order.subtotal.net
    vouchers = (
        discount.amount_value
        for discount in order.discounts.all()
        if discount.type == DiscountType.VOUCHER
    )
    return subtotal + Money(sum(vouchers, Decimal(0)), order.currency)


def _returned(order: Any, lines: list[Any]) -> Fraction:
    """The share of the goods' value that came back, refunded or not."""
    line_of = {line.pk: line for line in lines}
    total = sum((Fraction(line.total_price_gross_amount) for line in lines), Fraction(0))
    if not total:
        return Fraction(0)
    back = Fraction(0)
    for fulfillment in order.fulfillments.all():
        if fulfillment.status in RETURNED:
            for item in fulfillment.lines.all():
                line = line_of[item.order_line_id]
                value = Fraction(line.total_price_gross_amount)
                back += value * item.quantity / line.quantity
    return min(back / total, Fraction(1))


class _MoneyMoved:
    """Money in and out, by the Transaction API and by the payments before it."""

    def __init__(self, order: Any) -> None:
        self.currency = order.currency
        charged = refunded = charged_back = Decimal(0)
        dates: list[datetime] = []
        for item in order.payment_transactions.all():
            charged += item.charged_value
            # A refund asked for is on its way: its money is no longer the shop's.
            refunded += item.refunded_value + item.refund_pending_value
            charged_back += _charged_back(item)
            dates += [
                event.created_at
                for event in item.events.all()
                if event.type == TransactionEventType.CHARGE_SUCCESS
            ]
        for payment in order.payments.all():
            back = _sum_of(payment, TransactionKind.REFUND)
            charged += payment.captured_amount
            refunded += back
            dates += [
                moved.created_at
                for moved in payment.transactions.all()
                if moved.is_success
                and moved.kind in (TransactionKind.CAPTURE, TransactionKind.EXTERNAL)
            ]
        self.captured = Money(charged + refunded + charged_back, self.currency)
        self.refunded = Money(refunded, self.currency)
        self.charged_back = Money(charged_back, self.currency)
        self.last_charge_at = max(dates, default=None)


def _charged_back(item: Any) -> Decimal:
    """Chargebacks lower `charged_value` and leave no other amount behind; the events tell.
    The same event reported twice has the same PSP reference and counts once."""
    by_reference: dict[str, Decimal] = {}
    without = Decimal(0)
    for event in item.events.all():
        if event.type == TransactionEventType.CHARGE_BACK:
            if event.psp_reference:
                by_reference[event.psp_reference] = event.amount_value
            else:
                without += event.amount_value
    return without + sum(by_reference.values(), Decimal(0))


def _sum_of(payment: Any, kind: str) -> Decimal:
    return sum(
        (
            moved.amount
            for moved in payment.transactions.all()
            if moved.kind == kind and moved.is_success
        ),
        Decimal(0),
    )
