"""The lock on our vouchers, and who may open it.

Saleor asks `validate_voucher_for_checkout` whenever a voucher is put on a checkout and
whenever prices are calculated again. Wrapped here, it judges the claim of a checkout that
carries one of our vouchers, and lifts the voucher's impossible condition (see offers.py)
for this one question if the claim stands. Any other voucher passes untouched, without a
query.
"""

import copy
import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, transaction
from saleor.checkout import utils as checkout_utils
from saleor.core.db.connection import allow_writer
from saleor.discount.models import NotApplicable

from ..engine import claims
from ..engine.store import get_store
from .checkouts import JUDGED_FOR
from .facts import checkout_facts
from .offers import MARK, is_locked

logger = logging.getLogger(__name__)


def install() -> None:
    # Every caller finds the function here, in all supported versions.
    checkout_utils.validate_voucher_for_checkout = _guarded(
        checkout_utils.validate_voucher_for_checkout
    )


def _guarded(validate: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(validate)
    def guarded(manager: Any, voucher: Any, checkout_info: Any, lines: Any) -> None:
        if is_locked(voucher):
            voucher = _unlocked(voucher, checkout_info, lines)
        validate(manager, voucher, checkout_info, lines)

    return guarded


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
        logger.exception("The claim of checkout %s could not be judged.", facts.ref)
        return voucher
    if objection is not None:
        raise NotApplicable(objection.sentence)
    setattr(checkout_info.checkout, JUDGED_FOR, facts.buyer)
    unlocked = copy.copy(voucher)
    unlocked.min_checkout_items_quantity = None
    return unlocked
