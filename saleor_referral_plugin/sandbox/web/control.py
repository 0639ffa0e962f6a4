"""The bar at the foot of each page: it moves the clock and makes things happen to orders."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from prices import Money

from ... import tasks
from ...engine.money import share
from .. import shop
from ..models import Order
from ..movements import movements_of
from ..store import as_uuid
from .visitor import action

#: How far the clock may be moved at once, in days.
STEPS = (1, 14, 365)


@dataclass(frozen=True, slots=True)
class Event:
    label: str
    happen: Callable[[UUID], Order]
    said: str


def _refund_half(order_id: UUID) -> Order:
    order = Order.objects.get(pk=order_id)
    held = Money(movements_of(order).held, order.currency)
    return shop.refund(order_id, share(held, Fraction(1, 2)).amount)


EVENTS = {
    "pay": Event("Pay", shop.pay, "paid"),
    "fulfil": Event("Send", shop.fulfil, "sent"),
    "refund_half": Event("Refund half", _refund_half, "refunded by half of what was paid"),
    "refund": Event("Refund all", shop.refund, "refunded in full"),
    "reverse_refund": Event("Refund failed", shop.reverse_refund, "paid again: the refund failed"),
    "chargeback": Event("Charge back", shop.chargeback, "charged back by the bank"),
    "return": Event("Goods back", shop.return_goods, "returned to the shop"),
    "cancel": Event("Cancel", shop.cancel, "cancelled"),
}


@action
def move_clock(request: HttpRequest) -> None:
    """Let time pass, and have the periodic tasks see what has become due."""
    days = int(request.POST.get("days", "0")) if request.POST.get("days", "").isdigit() else 0
    if days not in STEPS:
        raise shop.ShopError("clock", "The clock moves by a day, two weeks or a year.")
    shop.move_clock(days=days)
    tasks.note_spending.delay()
    tasks.sweep.delay()
    messages.success(request, f"{days} {'day' if days == 1 else 'days'} later …")


@action
def order_event(request: HttpRequest) -> None:
    """Let something happen to the order chosen, or only choose it."""
    order = Order.objects.filter(pk=as_uuid(request.POST.get("order"))).first()
    if order is None:
        raise shop.ShopError("order", "Place an order first, then choose it here.")
    request.session["order"] = str(order.pk)
    event = EVENTS.get(request.POST.get("event", ""))
    if event is not None:
        event.happen(order.pk)
        messages.success(request, f"Order {order} was {event.said}.")
