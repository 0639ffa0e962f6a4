"""What staff look for: by the number of an order, a code, a name, or an address.

No address is stored: one that is typed in full is found by its keyed hash. What is found is the
ids of rows, so that each kind of match has an index of its own to go by.
"""

from typing import Any

from django.db.models import Q, QuerySet

from ..models import Claim, Referral, ReferralCode, Referrer, Reward
from . import codes
from .people import email_keys


def programs_like(said: str) -> Q:
    """By name or slug."""
    return Q(name__icontains=said) | Q(slug__icontains=said)


def referrers_like(said: str) -> Q:
    """By address, display name or code, whether it is still shared or not."""
    return _any_of(_people(said), ReferralCode.objects.filter(_code(said)).values("referrer"))


def referrals_like(said: str, *, by_order: bool) -> Q:
    """By the referrer or the referee, by the code that was used, or by the order's number."""
    of = [Q(referrer__in=_people(said)), _code(said, "claim__code__")]
    if keys := _keys(said):
        of.append(Q(referee_email_key__in=keys))
    if by_order:
        of.append(Q(order_number=said))
    return _any_of(*(Referral.objects.filter(each).values("pk") for each in of))


def rewards_like(said: str, *, by_order: bool) -> Q:
    """By holder, or by the number of the order they are for."""
    of = [Q(holder__in=_people(said))]
    if by_order:
        of.append(Q(referral__order_number=said))
    return _any_of(*(Reward.objects.filter(each).values("pk") for each in of))


def claims_like(said: str) -> Q:
    """By the code, by its referrer, or by whose checkout it is on."""
    of = [_code(said, "code__"), Q(code__referrer__in=_people(said))]
    if keys := _keys(said):
        of.append(Q(buyer_email_key__in=keys))
    return _any_of(*(Claim.objects.filter(each).values("pk") for each in of))


def _people(said: str) -> QuerySet[Any]:
    keys = _keys(said)
    if keys:
        return Referrer.objects.filter(email_key__in=keys).values("pk")
    named = Referrer.objects.exclude(display_name="")
    return named.filter(display_name__icontains=said).values("pk")


def _code(said: str, of: str = "") -> Q:
    return Q(**{f"{of}code": codes.normalise(said)})


def _keys(said: str) -> list[str]:
    return email_keys(said) if "@" in said else []


def _any_of(*ids: QuerySet[Any]) -> Q:
    first, *others = (each.order_by() for each in ids)
    return Q(pk__in=first.union(*others) if others else first)
