"""What is true of Saleor's checkouts and orders, in the engine's terms."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import F, OuterRef, Q
from prices import Money
from saleor.account.models import Address, User
from saleor.checkout.base_calculations import (
    base_checkout_undiscounted_delivery_price,
    calculate_base_line_total_price,
)
from saleor.discount import DiscountType
from saleor.discount.models import OrderDiscount, OrderLineDiscount
from saleor.order import FulfillmentStatus, OrderStatus
from saleor.order.models import (
    Fulfillment,
    FulfillmentLine,
    Order,
    OrderGrantedRefund,
    OrderGrantedRefundLine,
    OrderLine,
)
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Payment, Transaction, TransactionEvent, TransactionItem

from ..engine.facts import CheckoutFacts, CheckoutLine, CustomerFacts, OrderFacts
from ..engine.facts import OrderLine as LineFacts
from ..engine.money import times, total
from ..engine.people import domain_of, party_keys, person
from ..engine.rows import Gathered, Param, Prepared

RETURNED = (FulfillmentStatus.RETURNED, FulfillmentStatus.REFUNDED_AND_RETURNED)
REFUNDED = (*RETURNED, FulfillmentStatus.REFUNDED)
ON_ITS_WAY = (TransactionEventType.REFUND_REQUEST, TransactionEventType.REFUND_SUCCESS)
REFUND_EVENTS = (
    *ON_ITS_WAY,
    TransactionEventType.REFUND_FAILURE,
    TransactionEventType.REFUND_REVERSE,
)
VOID = (OrderStatus.CANCELED, OrderStatus.EXPIRED)

_ITS = OuterRef("pk")
#: Everything that is asked of an order, by one statement.
_ORDER = Prepared(
    lambda: (
        Order.objects.filter(pk=Param("order"))
        .only(
            "number",
            "status",
            "currency",
            "user",
            "user_email",
            "created_at",
            "checkout_token",
            "voucher_code",
            "subtotal_net_amount",
            "subtotal_gross_amount",
            "total_net_amount",
            "total_gross_amount",
            "base_shipping_price_amount",
            "undiscounted_base_shipping_price_amount",
            "shipping_price_gross_amount",
        )
        .annotate(
            channel_slug=F("channel__slug"),
            confirms_itself=F("channel__automatically_confirm_all_new_orders"),
            entered_with_tax=F("channel__tax_configuration__prices_entered_with_tax"),
            its_lines=Gathered(
                OrderLine.objects.filter(order=_ITS),
                "pk",
                "quantity",
                "quantity_fulfilled",
                "total_price_net_amount",
                "total_price_gross_amount",
                "variant_id",
                "is_gift",
                "voucher_code",
            ),
            its_fulfillments=Gathered(
                Fulfillment.objects.filter(order=_ITS),
                "status",
                "created_at",
                "shipping_refund_amount",
            ),
            its_fulfillment_lines=Gathered(
                FulfillmentLine.objects.filter(fulfillment__order=_ITS),
                "fulfillment__status",
                "order_line_id",
                "quantity",
            ),
            its_addresses=Gathered(
                Address.objects.filter(
                    Q(pk=OuterRef("shipping_address")) | Q(pk=OuterRef("billing_address"))
                ),
                "first_name",
                "last_name",
                "phone",
                "street_address_1",
                "street_address_2",
                "postal_code",
            ),
            its_vouchers=Gathered(
                OrderDiscount.objects.filter(order=_ITS, type=DiscountType.VOUCHER), "amount_value"
            ),
            its_payments=Gathered(
                Payment.objects.filter(order=_ITS), "captured_amount", "billing_email"
            ),
            its_payment_moves=Gathered(
                Transaction.objects.filter(payment__order=_ITS, is_success=True),
                "kind",
                "amount",
                "created_at",
            ),
            its_transactions=Gathered(
                TransactionItem.objects.filter(order=_ITS),
                "refunded_value",
                "refund_pending_value",
                "charged_value",
            ),
            its_transaction_events=Gathered(
                TransactionEvent.objects.filter(transaction__order=_ITS),
                "transaction_id",
                "type",
                "psp_reference",
                "amount_value",
                "created_at",
                "pk",
                "related_granted_refund_id",
            ),
        )
    )
)

ACCOUNT = (
    "pk",
    "email",
    "first_name",
    "language_code",
    "is_active",
    "date_joined",
    "default_billing_address__country",
    "is_staff",
)
_ORDER_AND_ACCOUNT = Prepared(
    lambda: _ORDER.query().annotate(
        accounts=Gathered(User.objects.filter(pk=Param("user")), *ACCOUNT)
    )
)

#: A voucher for some goods is written on the lines that it is for.
_LINE_VOUCHERS = Prepared(
    lambda: OrderLineDiscount.objects.filter(
        line__order=Param("order"), type=DiscountType.VOUCHER
    ).only("line", "amount_value")
)


#: Refunds that name lines. Few orders have any.
_GRANTED = Prepared(
    lambda: OrderGrantedRefund.objects.filter(order=Param("order")).only("shipping_costs_included")
)
_GRANTED_LINES = Prepared(
    lambda: OrderGrantedRefundLine.objects.filter(granted_refund__order=Param("order")).only(
        "granted_refund", "order_line", "quantity"
    )
)


def parties(addresses: Iterable[Any], *emails: str | None) -> frozenset[str]:
    """Keys of Saleor's addresses (None among them counts for nothing) and of e-mails."""
    known = [address for address in addresses if address is not None]
    return party_keys(
        emails=emails,
        phones=[(_name(address), str(address.phone or "")) for address in known],
        addresses=[
            (
                _name(address),
                f"{address.street_address_1} {address.street_address_2}",
                address.postal_code,
            )
            for address in known
        ],
    )


def _name(address: Any) -> str:
    return f"{address.first_name} {address.last_name}"


def checkout_facts(checkout_info: Any, lines: list[Any]) -> CheckoutFacts:
    """Facts from what Saleor has already loaded; no query of ours."""
    checkout = checkout_info.checkout
    sold = tuple(
        CheckoutLine(
            str(line.line.variant_id), calculate_base_line_total_price(line, include_voucher=False)
        )
        for line in lines
        # What a promotion gives away is no goods of the buyer's choice, and costs nothing.
        if not line.line.is_gift
    )
    return CheckoutFacts(
        ref=str(checkout.pk),
        channel=checkout_info.channel.slug,
        currency=checkout.currency,
        goods=total((line.goods for line in sold), checkout.currency),
        buyer=person(checkout.user_id, checkout_info.get_customer_email()),
        voucher_code=checkout.voucher_code,
        email_domain=domain_of(checkout_info.get_customer_email()),
        parties=parties((checkout_info.shipping_address, checkout_info.billing_address)),
        lines=sold,
        shipping=base_checkout_undiscounted_delivery_price(checkout_info, lines),
    )


def order_facts(order_ref: str) -> OrderFacts | None:
    order = _ORDER.first(order=order_ref)
    return None if order is None else _order_facts(order)


def order_and_account(
    order_ref: str, user_ref: str
) -> tuple[OrderFacts, CustomerFacts | None] | None:
    """An order, and some account; None where there is no such order."""
    order: Any = _ORDER_AND_ACCOUNT.first(order=order_ref, user=user_ref)
    if order is None:
        return None
    return _order_facts(order), next(map(customer_facts, order.accounts), None)


def customer_facts(user: Any) -> CustomerFacts:
    """By an account's ACCOUNT."""
    return CustomerFacts(
        user_ref=str(user.pk),
        email=user.email,
        display_name=user.first_name,
        language=user.language_code,
        is_active=user.is_active,
        registered_at=user.date_joined,
        country=str(user.default_billing_address__country or ""),
        is_staff=user.is_staff,
    )


def _order_facts(order: Any) -> OrderFacts:
    money = _MoneyMoved(order)
    fulfilled = sum(line.quantity_fulfilled for line in order.its_lines)
    waiting = sum(
        line.quantity for line in _fulfilled_in(order, FulfillmentStatus.WAITING_FOR_APPROVAL)
    )
    ordered = sum(line.quantity for line in order.its_lines)
    off = _off_each(order)
    granted = _grants_on_their_way(order.its_transaction_events)
    return OrderFacts(
        ref=str(order.pk),
        number=str(order.number),
        channel=order.channel_slug,
        currency=order.currency,
        buyer=person(order.user_id, order.user_email),
        placed_at=order.created_at,
        goods=_goods_before_discount(order, off),
        net_goods=order.subtotal.net,
        total=order.total.gross,
        captured=money.captured,
        refunded=money.refunded,
        charged_back=money.charged_back,
        returned=_returned(order),
        checkout_ref=str(order.checkout_token) if order.checkout_token else None,
        voucher_code=order.voucher_code,
        is_confirmed=_is_confirmed(order),
        is_void=order.status in VOID,
        is_fulfilled=bool(order.its_lines) and fulfilled - waiting >= ordered,
        paid_at=money.last_charge_at,
        fulfilled_at=max((f.created_at for f in order.its_fulfillments), default=None),
        email_domain=domain_of(order.user_email),
        parties=parties(
            order.its_addresses, *(payment.billing_email for payment in order.its_payments)
        ),
        lines=_lines(order, off, granted),
        shipping_back=_shipping_back(order, granted),
    )


def _fulfilled_in(order: Any, *statuses: str) -> list[Any]:
    """The lines of fulfillments that are in one of these statuses."""
    return [line for line in order.its_fulfillment_lines if line.fulfillment__status in statuses]


def _is_confirmed(order: Any) -> bool:
    """An unpaid order is "unconfirmed" in any channel; it waits for the shop only where
    orders are not confirmed by themselves."""
    if order.status == OrderStatus.UNCONFIRMED:
        return bool(order.confirms_itself)
    return order.status != OrderStatus.DRAFT


def _off_each(order: Any) -> dict[str, Decimal]:
    """What a voucher took off each line by itself."""
    if not any(line.voucher_code for line in order.its_lines):
        return {}
    return {str(row.line_id): row.amount_value for row in _LINE_VOUCHERS(order=order.pk)}


def _off_the_whole(order: Any) -> Decimal:
    """What a voucher took off all goods together; one for the delivery took it off that."""
    if order.base_shipping_price_amount < order.undiscounted_base_shipping_price_amount:
        return Decimal(0)
    return sum((voucher.amount_value for voucher in order.its_vouchers), Decimal(0))


def _goods_before_discount(order: Any, off: Mapping[str, Decimal]) -> Money:
    subtotal = order.subtotal.gross if order.entered_with_tax else order.subtotal.net
    return subtotal + Money(_off_the_whole(order) + sum(off.values()), order.currency)


def _lines(
    order: Any, off: Mapping[str, Decimal], granted: Collection[int]
) -> tuple[LineFacts, ...]:
    currency = order.currency
    sold = [line for line in order.its_lines if not line.is_gift]
    prices = {line.pk: Money(_price(order, line), currency) for line in sold}
    whole = total(prices.values(), currency)
    # In proportion to what is left, as Saleor spread it over the lines.
    ratio = 1 + Fraction(_off_the_whole(order)) / Fraction(whole.amount) if whole else Fraction(1)
    returned = _quantities(order, *RETURNED)
    # What came back and is then refunded by a grant is counted there once more.
    back = _quantities(order, *REFUNDED) | _granted_quantities(order, granted)
    return tuple(
        LineFacts(
            ref=line.pk,
            item=str(line.variant_id or ""),
            goods=times(prices[line.pk], ratio) + Money(off.get(line.pk, Decimal(0)), currency),
            net=Money(line.total_price_net_amount, currency),
            gross=Money(line.total_price_gross_amount, currency),
            returned=min(Fraction(returned[line.pk], line.quantity), Fraction(1)),
            back=min(Fraction(back[line.pk], line.quantity), Fraction(1)),
        )
        for line in sold
    )


def _price(order: Any, line: Any) -> Decimal:
    """As the shop enters prices, after all discounts."""
    gross, net = line.total_price_gross_amount, line.total_price_net_amount
    return Decimal(gross if order.entered_with_tax else net)


def _quantities(order: Any, *statuses: str) -> Counter[str]:
    """How many of each line are in fulfillments with one of these statuses."""
    found: Counter[str] = Counter()
    for item in _fulfilled_in(order, *statuses):
        found[item.order_line_id] += item.quantity
    return found


def _grants_on_their_way(events: Iterable[Any]) -> set[int]:
    """The granted refunds whose money was asked for, and has not failed to go: by their last
    event, as Saleor tells before it writes their status. Of one that was only granted nothing
    has moved."""
    last: dict[int, str] = {}
    for event in sorted(events, key=lambda event: (event.created_at, event.pk)):
        if event.related_granted_refund_id and event.type in REFUND_EVENTS:
            last[event.related_granted_refund_id] = event.type
    return {grant for grant, kind in last.items() if kind in ON_ITS_WAY}


def _granted_quantities(order: Any, granted: Collection[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in _GRANTED_LINES(order=order.pk) if granted else ():
        if row.granted_refund_id in granted:
            found[str(row.order_line_id)] += row.quantity
    return found


def _shipping_back(order: Any, granted: Collection[int]) -> Money | None:
    """What of the delivery's price went back together with lines."""
    price = order.shipping_price_gross_amount
    back = sum((each.shipping_refund_amount or 0 for each in order.its_fulfillments), Decimal(0))
    for row in _GRANTED(order=order.pk) if granted else ():
        if row.pk in granted and row.shipping_costs_included:
            back += price
    return Money(min(back, price), order.currency) if back else None


def _returned(order: Any) -> Fraction:
    """The share of the goods' value that came back, refunded or not."""
    worth = {line.pk: Fraction(line.total_price_gross_amount) for line in order.its_lines}
    whole = sum(worth.values(), Fraction(0))
    if not whole:
        return Fraction(0)
    quantity = {line.pk: line.quantity for line in order.its_lines}
    back = _quantities(order, *RETURNED)
    return min(sum(worth[pk] * n / quantity[pk] for pk, n in back.items()) / whole, Fraction(1))


class _MoneyMoved:
    """Money in and out, by the Transaction API and by the payments before it."""

    def __init__(self, order: Any) -> None:
        currency = order.currency
        # A refund asked for is on its way: its money is no longer the shop's.
        refunded = sum(
            (item.refunded_value + item.refund_pending_value for item in order.its_transactions),
            Decimal(0),
        )
        charged_back = _charged_back(order.its_transaction_events)
        charged = sum((item.charged_value for item in order.its_transactions), Decimal(0))
        charged += sum((payment.captured_amount for payment in order.its_payments), Decimal(0))
        refunded += sum(
            (
                moved.amount
                for moved in order.its_payment_moves
                if moved.kind == TransactionKind.REFUND
            ),
            Decimal(0),
        )
        self.captured = Money(charged + refunded + charged_back, currency)
        self.refunded = Money(refunded, currency)
        self.charged_back = Money(charged_back, currency)
        self.last_charge_at: datetime | None = max(
            (
                *(
                    event.created_at
                    for event in order.its_transaction_events
                    if event.type == TransactionEventType.CHARGE_SUCCESS
                ),
                *(
                    moved.created_at
                    for moved in order.its_payment_moves
                    if moved.kind in (TransactionKind.CAPTURE, TransactionKind.EXTERNAL)
                ),
            ),
            default=None,
        )


def _charged_back(events: Iterable[Any]) -> Decimal:
    """Chargebacks lower `charged_value` and leave no other amount behind; the events tell.
    The same event reported twice for a payment has the same PSP reference and counts once."""
    by_reference: dict[tuple[int, str], Decimal] = {}
    without = Decimal(0)
    for event in events:
        if event.type == TransactionEventType.CHARGE_BACK:
            if event.psp_reference:
                by_reference[event.transaction_id, event.psp_reference] = event.amount_value
            else:
                without += event.amount_value
    return without + sum(by_reference.values(), Decimal(0))
