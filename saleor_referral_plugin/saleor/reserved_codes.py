"""Saleor must not give a referral code to a voucher or gift card made later."""

import functools
import logging
from collections.abc import Callable

from django.db import DatabaseError
from saleor.core.utils import promo_code
from saleor.graphql.discount.mutations.voucher import voucher_create
from saleor.graphql.giftcard.mutations import gift_card_create

from ..engine import tables
from ..engine.codes import is_reserved
from .apart import apart

logger = logging.getLogger(__name__)

#: Every place that has the function under its own name, in all supported versions.
USERS = (promo_code, voucher_create, gift_card_create)


def install() -> None:
    available = _ours_excluded(promo_code.is_available_promo_code)
    for module in USERS:
        module.is_available_promo_code = available


def _ours_excluded(is_available: Callable[[str], bool]) -> Callable[[str], bool]:
    @functools.wraps(is_available)
    def available(code: str) -> bool:
        return is_available(code) and not _is_reserved(code)

    return available


def _is_reserved(code: str) -> bool:
    try:
        with apart():
            return is_reserved(code)
    except DatabaseError:
        # The shop goes on. A referral code that is now a voucher's, too, stays a referral code.
        tables.log(logger, "A new promo code could not be looked up among the referral codes.")
        return False
