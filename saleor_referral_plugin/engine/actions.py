"""What a referee does besides ordering, recorded by the shop or by an app."""

from datetime import datetime

from django.db import transaction

from ..models import Action, Referral
from .settle import settle
from .store import Store


@transaction.atomic
def record(
    order_ref: str, name: str, *, store: Store, at: datetime | None = None, by: str = ""
) -> Referral | None:
    """Note that the referee of an order's referral has done something, and settle. Noted
    again, the first time counts. None when the order is no referral."""
    referral = Referral.objects.filter(order_ref=order_ref).first()
    if referral is None:
        return None
    noted = {"at": at or store.now(), "by": by}
    Action.objects.get_or_create(referral=referral, name=name, defaults=noted)
    return settle(order_ref, store=store)


@transaction.atomic
def take_back(order_ref: str, name: str, *, store: Store) -> Referral | None:
    """It was not so after all: settle without it."""
    Action.objects.filter(referral__order_ref=order_ref, name=name).delete()
    return settle(order_ref, store=store)
