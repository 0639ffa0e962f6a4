"""The lock on our vouchers, and who may open it.

Saleor asks `validate_voucher_for_checkout` whenever a voucher is put on a checkout and
whenever prices are calculated again. Wrapped here, it judges the claim of a checkout that
carries one of our vouchers, and lifts the voucher's impossible condition (see offers.py)
for this one question if the claim stands. A coupon is refused to all but its holder. Any
other voucher passes untouched, without a query.

Saleor puts a voucher for the delivery on no checkout before a delivery is chosen; ours waits
there for it, worth nothing, so that a code can be entered at any time and come with a link.
"""

import copy
import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from saleor.checkout import utils as checkout_utils
from saleor.core.db.connection import allow_writer
from saleor.discount.models import NotApplicable
from saleor.graphql.order.mutations import draft_order_cleaner
from saleor.plugins.manager import PluginsManager

from ..engine import claims, tables
from ..engine.money import zero
from ..engine.store import get_store
from . import coupons
from .checkouts import JUDGED_FOR, judge_completion
from .facts import checkout_facts
from .offers import MARK, is_ours

logger = logging.getLogger(__name__)


def install() -> None:
    # Every caller finds the function here, in all supported versions.
    checkout_utils.validate_voucher_for_checkout = _guarded(
        checkout_utils.validate_voucher_for_checkout
    )

    checkout_utils._get_shipping_voucher_discount_for_checkout = _waiting(
        checkout_utils._get_shipping_voucher_discount_for_checkout
    )

    # The last look before a checkout becomes an order, also while the plugin is inactive and
    # its hooks are silent: a promise made stands, and so do its rules.
    PluginsManager.preprocess_order_creation = _judged(PluginsManager.preprocess_order_creation)
    # Saleor asks nobody when staff or an app puts a voucher on a draft order.
    draft_order_cleaner.clean_voucher_and_voucher_code = _not_on_drafts(
        draft_order_cleaner.clean_voucher_and_voucher_code
    )


def _judged(preprocess: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(preprocess)
    def judged(self: Any, checkout_info: Any, lines: Any = None) -> Any:
        judge_completion(checkout_info, lines)
        return preprocess(self, checkout_info, lines)

    return judged


def _not_on_drafts(clean: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(clean)
    def cleaned(channel: Any, cleaned_input: dict[str, Any]) -> None:
        clean(channel, cleaned_input)
        voucher = cleaned_input.get("voucher")
        if voucher is None:
            return
        message = ""
        if is_ours(voucher):
            message = "This voucher belongs to the referral program: it needs a referral code."
        elif coupons.is_ours(voucher):
            # Saleor does not count its use there.
            message = "This voucher is a customer's coupon: they use it at checkout."
        if message:
            raise ValidationError({"voucher": ValidationError(message, code="invalid_voucher")})

    return cleaned


def _guarded(validate: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(validate)
    def guarded(manager: Any, voucher: Any, checkout_info: Any, lines: Any) -> None:
        if is_ours(voucher):
            voucher = _unlocked(voucher, checkout_info, lines)
        elif coupons.is_ours(voucher):
            coupons.check(voucher, checkout_info, lines)
        validate(manager, voucher, checkout_info, lines)

    return guarded


def _waiting(discount: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(discount)
    def waiting(voucher: Any, checkout_info: Any, lines: Any, address: Any) -> Any:
        try:
            return discount(voucher, checkout_info, lines, address)
        except NotApplicable:
            if not is_ours(voucher):
                raise
            # Saleor keeps the discount of before where the new one is nothing.
            checkout_info.checkout.discount_amount = Decimal(0)
            return zero(checkout_info.checkout.currency)

    return waiting


def _unlocked(voucher: Any, checkout_info: Any, lines: Any) -> Any:
    # While a voucher is being put on, its code is not on the checkout yet.
    facts = replace(
        checkout_facts(checkout_info, lines), voucher_code=voucher.private_metadata[MARK]
    )
    try:
        # The claim may be newer than a read replica.
        with allow_writer(), transaction.atomic():
            objection = claims.objection(store=get_store(), facts=facts)
    except DatabaseError:
        tables.log(logger, "The claim of checkout %s could not be judged.", facts.ref)
        return voucher
    if objection is not None:
        raise NotApplicable(objection.sentence_in(checkout_info.checkout.language_code))
    setattr(checkout_info.checkout, JUDGED_FOR, facts.buyer)
    unlocked = copy.copy(voucher)
    unlocked.min_checkout_items_quantity = None
    return unlocked
