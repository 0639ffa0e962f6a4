"""What every page shows: the shop's time, the people, and the order the buttons act on."""

from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest

from .. import clock
from ..models import Channel, Customer, Order
from .control import EVENTS
from .visitor import customer_of, order_of

RECENT = 30
#: Marks what belongs beside the promo-code box.
PROMO = "promo"


def sandbox(request: HttpRequest) -> dict[str, Any]:
    said = list(get_messages(request))
    return {
        "flashes": [message for message in said if PROMO not in message.tags],
        "promo_refusals": [message for message in said if PROMO in message.tags],
        "now": clock.now(),
        "customer": customer_of(request),
        "customers": Customer.objects.filter(is_active=True),
        "channels": Channel.objects.order_by("slug"),
        "recent_orders": Order.objects.order_by("-number")[:RECENT],
        "chosen_order": order_of(request),
        "order_events": [(name, event.label) for name, event in EVENTS.items()],
    }
