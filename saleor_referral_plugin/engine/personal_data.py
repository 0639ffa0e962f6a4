"""What the books know of one person, as referrer and as referee: told, and erased.

Nothing says who somebody is but the ref of an account, keyed hashes of addresses, and a name that a
referrer chose to be seen by.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import (
    Claim,
    Erasure,
    KnownOrder,
    LedgerEntry,
    Membership,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    SignUp,
    StaffDecision,
)
from .decisions import CannotDecide
from .facts import Person
from .metadata import everything_of
from .money import plain
from .referrers import cut_ties
from .store import Store

SHOWN_AS_NOBODY = "***"

#: Of each kind of row, what of it is about the person.
_REFERRAL = ("program__slug", "order_ref", "order_number", "status", "placed_at", "earned_at")
_REWARD = ("program__slug", "kind", "amount", "currency", "status", "issued_at", "expires_at")
_CLAIM = ("typed", "source", "status", "checkout_ref", "order_ref", "created_at")
_ENTRY = ("kind", "amount", "currency", "created_at")


def tell(person: Person, *, using: str = "default") -> dict[str, Any]:
    """All there is of a person, as JSON can say it. Times are in ISO 8601, amounts are text in
    major units. Of others they know nothing more than that there is somebody."""
    referrers = _rows_of(person).using(using)

    def said(rows: QuerySet[Any], names: Collection[str]) -> list[dict[str, Any]]:
        found = rows.using(using).order_by("pk").values(*names)
        return [{_name(name): _as_json(row[name]) for name in names} for row in found]

    mine = {"referrer__in": referrers}
    held = {"holder__in": referrers}
    return {
        "referrers": said(referrers, ("user_ref", "display_name", "created_at")),
        "codes": said(
            ReferralCode.objects.filter(**mine), ("code", "written", "is_active", "created_at")
        ),
        "memberships": said(Membership.objects.filter(**mine), ("program__slug", "group", "since")),
        "referrals": said(Referral.objects.filter(**mine), _REFERRAL),
        "rewards": said(Reward.objects.filter(**held), _REWARD),
        "ledger": said(LedgerEntry.objects.filter(**held), _ENTRY),
        "sign_ups": said(
            SignUp.objects.filter(person__in=referrers),
            ("program__slug", "shown_as", "created_at", "confirmed_at"),
        ),
        "decisions": said(
            StaffDecision.objects.filter(referrer__in=referrers), ("kind", "reason", "at")
        ),
        "referred": said(_referred(person), _REFERRAL),
        "claims": said(_claims(person), _CLAIM),
        "orders": said(_orders(person), ("order_ref",)),
        "metadata": said(everything_of(referrers), ("type_name", "public", "private")),
    }


@transaction.atomic
def erase(person: Person, *, by: str, reason: str, store: Store) -> Erasure:
    """Cut every tie to the person, for good; the totals of the books stay. As a referrer they are
    forgotten as when an account is deleted: codes stop working, and what is left of their credit
    is written off. As a referee they can no longer be told from anybody else: they may be referred
    again, and count as a new customer. What the shop's own orders say is the shop's to erase.

    Raises CannotDecide REQUIRED.
    """
    if not by.strip() or not reason.strip():
        raise CannotDecide("REQUIRED", "Say who decides, and why.")
    now = store.now()
    referrers = list(_rows_of(person).select_for_update().order_by("pk"))
    for referrer in referrers:
        SignUp.objects.filter(person=referrer).update(shown_as=SHOWN_AS_NOBODY)
        cut_ties(referrer, store=store)
    on_account = Claim.objects.filter(
        account_ref=person.user_ref or "", checkout_ref=None, status=Claim.Status.OPEN
    )
    if on_account.update(status=Claim.Status.WITHDRAWN):
        store.note_claim(person.user_ref or "", is_open=False)
    erased = {
        "referrers": len(referrers),
        "referrals": _referred(person).update(
            referee_user_ref=None, referee_email_key=None, referee_forgotten_at=now
        ),
        "orders": _orders(person).update(email_key=None, is_forgotten=True),
        "claims": _claims(person).update(
            account_ref=None, buyer_user_ref=None, buyer_email_key=None
        ),
    }
    return Erasure.objects.create(at=now, by=by, reason=reason, erased=erased)


def _rows_of(person: Person) -> QuerySet[Referrer]:
    """Of the account, and of the guest with its address; of an address alone, whoever has it."""
    whose = Q(email_key__in=person.email_keys)
    if person.user_ref:
        whose = Q(user_ref=person.user_ref) | whose & Q(user_ref=None)
    return Referrer.objects.filter(whose, forgotten_at=None)


def _referred(person: Person) -> QuerySet[Referral]:
    whose = Q(referee_user_ref=person.user_ref or "") | Q(referee_email_key__in=person.email_keys)
    return Referral.objects.filter(whose)


def _claims(person: Person) -> QuerySet[Claim]:
    whose = Q(buyer_user_ref=person.user_ref or "") | Q(buyer_email_key__in=person.email_keys)
    return Claim.objects.filter(whose | Q(account_ref=person.user_ref or ""))


def _orders(person: Person) -> QuerySet[KnownOrder]:
    return KnownOrder.objects.filter(email_key__in=person.email_keys)


def _name(column: str) -> str:
    return column.partition("__")[0]


def _as_json(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(plain(value))
    return value
