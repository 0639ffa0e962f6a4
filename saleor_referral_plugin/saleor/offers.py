"""The voucher that carries the discount of the terms.

It is locked by a condition that no checkout can meet, so that it is worth nothing by
itself: typed by hand, on a draft order, with the plugin inactive or gone. `guard.py` lifts
the condition, in memory only, for a checkout whose claim stands.
"""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from saleor.channel.models import Channel
from saleor.discount import DiscountValueType, VoucherType
from saleor.discount.models import Voucher, VoucherChannelListing, VoucherCode

from ..engine.terms import MinimumOf, Terms
from . import goods

#: The greatest number the field holds: "at least so many items".
LOCK = 2_147_483_647
MARK = "referral.offer"
#: What storefronts show beside the code.
NAME = "A friend's discount"


def is_ours(voucher: Any) -> bool:
    """Is this a voucher of ours? Answered from the object itself; staff may have taken the
    lock off by hand."""
    return MARK in voucher.private_metadata


@transaction.atomic
def publish(code: str, terms: Terms) -> None:
    """Writes only what is missing or different: the sweep asks for it every minute."""
    voucher = ours(code).select_for_update().first()
    if voucher is None:
        voucher = Voucher(private_metadata={MARK: code}, name=NAME)
    # Terms without a discount have a voucher all the same, worth nothing: it marks the order.
    percent = None if terms.discount is None else terms.discount.percent
    kind = VoucherType.SPECIFIC_PRODUCT if terms.goods else VoucherType.ENTIRE_ORDER
    if terms.discount is not None and terms.discount.free_shipping:
        kind, percent = VoucherType.SHIPPING, Decimal(100)
    listed = goods.listed(terms.goods) if kind == VoucherType.SPECIFIC_PRODUCT else {}
    _write(
        voucher,
        type=kind,
        discount_value_type=(DiscountValueType.PERCENTAGE if percent else DiscountValueType.FIXED),
        min_checkout_items_quantity=LOCK,
        end_date=None,
    )
    VoucherCode.objects.get_or_create(code=code, defaults={"voucher": voucher})
    for name, keys in listed.items():
        rows = getattr(voucher, name)
        if set(rows.values_list("pk", flat=True)) != keys:
            rows.set(keys)

    listings = {listing.channel_id: listing for listing in voucher.channel_listings.all()}
    for channel in Channel.objects.all():
        if not terms.runs_in(channel.slug, channel.currency_code):
            continue
        discount = terms.discount
        amount = None if discount is None else discount.amounts.get(channel.currency_code)
        minimum = terms.minimum.get(channel.currency_code)
        if terms.minimum_of is not MinimumOf.GOODS or terms.goods:
            # Saleor would compare the whole order, and some of it after the discount.
            minimum = None
        _write(
            listings.pop(channel.pk, None)
            or VoucherChannelListing(voucher=voucher, channel=channel),
            currency=channel.currency_code,
            discount_value=percent or (amount.amount if amount else Decimal(0)),
            min_spent_amount=None if minimum is None else minimum.amount,
        )
    for no_longer_listed in listings.values():
        no_longer_listed.delete()


def _write(row: Any, **values: Any) -> None:
    if row._state.adding or any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.save()


def retire(code: str) -> None:
    """Orders keep their discount and its code as text; checkouts lose it."""
    ours(code).delete()


def ours(code: str) -> QuerySet[Voucher]:
    """The voucher of an offer, by our mark: staff may have taken its code away, and a shop's
    own voucher is never touched."""
    return Voucher.objects.filter(private_metadata__contains={MARK: code})
