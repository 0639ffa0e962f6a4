"""Coupons are Saleor vouchers, one per reward, each with one code, found again by their mark.

They are not locked, as offers are: issued, they must stand, also when nobody of ours is there
any more. While we are, `guard.py` asks here whose they are.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q
from prices import Money
from saleor.channel.models import Channel
from saleor.checkout.models import Checkout
from saleor.core.db.connection import allow_writer
from saleor.core.utils.events import call_event
from saleor.discount import DiscountValueType, VoucherType
from saleor.discount.models import (
    NotApplicable,
    Voucher,
    VoucherChannelListing,
    VoucherCode,
)
from saleor.order import OrderStatus
from saleor.order.models import Order
from saleor.plugins.manager import get_plugins_manager

from ..engine import coupons, tables
from ..engine.facts import CheckoutFacts, CouponRequest
from ..engine.findings import Finding
from ..engine.money import zero
from ..engine.terms import COUPON, Coupon
from .facts import checkout_facts

logger = logging.getLogger(__name__)

MARK = "referral.coupon"
#: What storefronts show beside the code.
NAME = "Your referral coupon"
#: Vouchers and gift cards are numbered alike.
_PREFIX = "voucher-"
_UNDONE = (OrderStatus.CANCELED, OrderStatus.EXPIRED)


def is_ours(voucher: Any) -> bool:
    return MARK in voucher.private_metadata


def is_coupon(credit_ref: str) -> bool:
    return credit_ref.startswith(_PREFIX)


# the coupon itself -------------------------------------------------------------------------
@transaction.atomic
def issue(request: CouponRequest) -> str:
    """Raises Order.DoesNotExist when a guest's order is gone."""
    voucher = Voucher.objects.filter(private_metadata__contains={MARK: request.key}).first()
    if voucher is not None:
        return _ref(voucher)
    gives = request.coupon.discount
    value_type = DiscountValueType.FIXED if gives.amounts else DiscountValueType.PERCENTAGE
    voucher = Voucher.objects.create(
        name=NAME,
        type=VoucherType.SHIPPING if gives.free_shipping else VoucherType.ENTIRE_ORDER,
        discount_value_type=value_type,
        # A limit and not `single_use`, which would strand a checkout between two steps of its
        # payment: Saleor finds a code no more that it has switched off itself.
        usage_limit=1,
        end_date=request.expires_at,
        private_metadata={MARK: request.key},
        metadata={"referral": request.note},
    )
    VoucherCode.objects.create(voucher=voucher, code=request.code)
    VoucherChannelListing.objects.bulk_create(_listings(voucher, request.coupon))
    if not request.user_ref:
        _tell_guest(request)
    return _ref(voucher)


def _listings(voucher: Any, coupon: Coupon) -> Iterable[VoucherChannelListing]:
    for channel in Channel.objects.order_by("pk"):
        currency = channel.currency_code
        if not coupon.is_good_in(currency):
            continue
        minimum = coupon.minimum.get(currency)
        yield VoucherChannelListing(
            voucher=voucher,
            channel=channel,
            currency=currency,
            discount_value=_value(coupon, currency),
            min_spent_amount=None if minimum is None else minimum.amount,
        )


def _value(coupon: Coupon, currency: str) -> Decimal:
    """An amount, or a percentage: free shipping is all of it off."""
    if coupon.discount.free_shipping:
        return Decimal(100)
    amount = coupon.discount.amounts.get(currency)
    return amount.amount if amount is not None else coupon.discount.percent or Decimal(0)


def _tell_guest(request: CouponRequest) -> None:
    """A guest has no account to find it in. Saleor has no message of its own for this: whoever
    sends the shop's messages hears of it."""
    order = Order.objects.select_related("channel").get(pk=request.order_ref)
    body = {
        "recipient_email": order.user_email,
        "code": request.code,
        "gives": request.coupon.model_dump(mode="json"),
        "expires_at": request.expires_at.isoformat() if request.expires_at else None,
    }
    manager = get_plugins_manager(allow_replica=False)
    tell = partial(
        manager.notify,
        "referral_coupon_issued",
        lambda: body,
        channel_slug=order.channel.slug,
    )
    call_event(tell)


@transaction.atomic
def adjust(coupon_ref: str, delta: Money, *, now: datetime) -> Money:
    """Take it back while it is unused, or let it be used again while its time is not up."""
    code = _locked(coupon_ref)
    if code is None or code.used or not delta:
        return zero(COUPON)
    is_wanted = delta.amount > 0
    ends = code.voucher.end_date
    if is_wanted == code.is_active or (is_wanted and ends is not None and ends < now):
        return zero(COUPON)
    code.is_active = is_wanted
    code.save(update_fields=["is_active"])
    return Money(Decimal(1 if is_wanted else -1), COUPON)


def balances(coupon_refs: Collection[str], *, using: str) -> dict[str, Money]:
    """One on each that is unused and was not taken back."""
    keys = [_key(ref) for ref in coupon_refs]
    codes = VoucherCode.objects.using(using).filter(voucher__in=keys) if keys else ()
    return {
        f"{_PREFIX}{code.voucher_id}": Money(Decimal(code.is_active and not code.used), COUPON)
        for code in codes
    }


@transaction.atomic
def give_back(coupon_ref: str) -> None:
    """Saleor itself lets a voucher be used again when an order expires or fails, and not when
    it is cancelled."""
    code = _locked(coupon_ref)
    if code is None or not code.used:
        return
    orders = Order.objects.filter(voucher_code=code.code)
    is_undone = orders.exists() and not orders.exclude(status__in=_UNDONE).exists()
    # Counted already, and no order yet.
    completing = Q(voucher_code=code.code, is_voucher_usage_increased=True)
    if is_undone and not Checkout.objects.filter(completing).exists():
        code.used = 0
        code.save(update_fields=["used"])


def _locked(coupon_ref: str) -> Any:
    codes = VoucherCode.objects.select_for_update(of=("self",)).select_related("voucher")
    return codes.filter(voucher=_key(coupon_ref)).first()


def _ref(voucher: Any) -> str:
    return f"{_PREFIX}{voucher.pk}"


def _key(coupon_ref: str) -> str:
    return coupon_ref.removeprefix(_PREFIX)


# whose it is -------------------------------------------------------------------------------
def objection(voucher: Any, facts: CheckoutFacts) -> Finding | None:
    """Why it must not be on this checkout. One that the books do not know is nobody's, and
    goes by Saleor's rules alone."""
    reward = coupons.of_ref(_ref(voucher))
    return None if reward is None else coupons.objection(reward, facts)


def check(voucher: Any, checkout_info: Any, lines: Any) -> None:
    """Raises NotApplicable on a checkout that is not its holder's."""
    facts = checkout_facts(checkout_info, lines)
    try:
        # It may be newer than a read replica.
        with allow_writer(), transaction.atomic():
            refusal = objection(voucher, facts)
    except DatabaseError as error:
        tables.log(logger, "The coupon on checkout %s could not be judged.", facts.ref)
        raise NotApplicable("This coupon cannot be used at the moment.") from error
    if refusal is not None:
        raise NotApplicable(refusal.sentence_in(checkout_info.checkout.language_code))
