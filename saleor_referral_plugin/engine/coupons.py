"""Coupons: whose they are, and what keeps one from being used.

A coupon is a promo code of the store's own for one order. The store counts its use and its
days; for whom it is, only the books know.
"""

from collections.abc import Collection

from django.db.models import QuerySet

from ..models import Reward
from . import codes
from .facts import CheckoutFacts
from .findings import Finding, FindingCode
from .money import as_data
from .people import remembered
from .readings import reads
from .terms import Coupon


def find(typed: str) -> Reward | None:
    """The coupon that was typed, in whatever form; None for what is none. A code that cannot
    be one by its look costs no query."""
    code = codes.normalise(typed)
    return _rewards().filter(coupon_code=code).first() if codes.may_be_drawn(code) else None


def find_all(promo_codes: Collection[str | None]) -> list[Reward]:
    """The coupons among the promo codes on some orders."""
    normalised = (codes.normalise(code) for code in promo_codes if code)
    found = set(filter(codes.may_be_drawn, normalised))
    return list(_rewards().filter(coupon_code__in=found).order_by("pk")) if found else []


def of_ref(coupon_ref: str) -> Reward | None:
    """The coupon with this ref in the store; None for one that the books do not know."""
    return _rewards().filter(credit_ref=coupon_ref).first()


@reads("RewardRule.coupon", gives=FindingCode.COUPON_BELOW_MINIMUM)
def objection(reward: Reward, facts: CheckoutFacts) -> Finding | None:
    """Why a coupon must not be on this checkout, or None if it may. That it was used, or has
    expired, the store says by itself."""
    holder = remembered(reward.holder.user_ref, reward.holder.email_key)
    if not holder.is_same_as(facts.buyer):
        return Finding(FindingCode.NOT_YOUR_COUPON, False)
    least = what_it_gives(reward).minimum.get(facts.currency)
    if least is not None and facts.goods < least:
        detail = {"minimum": as_data(least), "missing": as_data(least - facts.goods)}
        return Finding(FindingCode.COUPON_BELOW_MINIMUM, False, detail)
    return None


def what_it_gives(reward: Reward) -> Coupon:
    return Coupon.model_validate(reward.coupon)


def _rewards() -> QuerySet[Reward]:
    return Reward.objects.select_related("holder")
