"""What a referee does besides ordering, recorded by the shop or by an app."""

from datetime import datetime

from django.db import transaction

from ..models import Action, Referral, Referrer, StaffDecision
from .decisions import CannotDecide, write
from .settle import settle
from .store import Store

Kind = StaffDecision.Kind


@transaction.atomic
def record(
    order_ref: str,
    name: str,
    *,
    store: Store,
    at: datetime | None = None,
    by: str = "",
    reason: str = "",
) -> Referral | None:
    """Note that the referee of an order's referral has done something, and settle. Noted
    again, the first time counts. None when the order is no referral.

    Raises CannotDecide NO_SUCH_ACTION where the referral's terms give nothing for it.
    """
    referral = _locked(order_ref)
    if referral is None:
        return None
    terms = referral.terms.terms.for_group(referral.group)
    if name not in {rule.action for rule in terms.rewards if rule.action}:
        raise CannotDecide("NO_SUCH_ACTION", f"Nothing is given for the action {name}.")
    now = store.now()
    noted = {"at": at or now, "by": by}
    _, is_new = Action.objects.get_or_create(referral=referral, name=name, defaults=noted)
    if is_new:
        StaffDecision.objects.create(
            kind=Kind.ACTION, referral=referral, of=name, by=by, reason=reason, at=now
        )
    return settle(order_ref, store=store)


@transaction.atomic
def take_back(order_ref: str, name: str, *, store: Store, by: str, reason: str) -> Referral | None:
    """It was not so after all: settle without it.

    Raises CannotDecide REQUIRED, NOTHING_TO_UNDO.
    """
    referral = _locked(order_ref)
    if referral is None:
        return None
    if not Action.objects.filter(referral=referral, name=name).delete()[0]:
        raise CannotDecide("NOTHING_TO_UNDO", f"No action {name} was recorded.")
    write(Kind.UNDO, by, reason, store.now(), referral=referral, of=name)
    return settle(order_ref, store=store)


def _locked(order_ref: str) -> Referral | None:
    """Under its referrer's lock, as for settling."""
    referral = Referral.objects.select_related("terms").filter(order_ref=order_ref).first()
    if referral is not None:
        Referrer.objects.select_for_update().get(pk=referral.referrer_id)
    return referral
