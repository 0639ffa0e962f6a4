"""Orders that could not be settled. They are tried again until they can, however long it takes:
the sweep has gone on to others meanwhile."""

from datetime import datetime, timedelta

from django.db import transaction

from ..models import UnsettledOrder
from .trouble import said
from .waits import wait

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)


@transaction.atomic
def note(order_ref: str, error: Exception, *, now: datetime) -> None:
    """Raises what the database raises: an order that cannot even be noted must hold up the
    sweep, or it would be lost."""
    order, _ = UnsettledOrder.objects.select_for_update().get_or_create(
        order_ref=order_ref, defaults={"since": now, "due_at": now}
    )
    order.attempts += 1
    order.due_at = now + wait(order.attempts, first=FIRST_RETRY, last=LAST_RETRY)
    order.last_error = said(error)
    order.save()


def due(now: datetime) -> list[str]:
    orders = UnsettledOrder.objects.filter(due_at__lte=now).order_by("due_at")
    return list(orders.values_list("order_ref", flat=True))


def is_settled(order_ref: str) -> None:
    UnsettledOrder.objects.filter(order_ref=order_ref).delete()
