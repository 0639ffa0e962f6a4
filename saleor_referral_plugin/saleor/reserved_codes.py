"""Saleor must not give a referral code to a voucher or gift card made later."""

import functools
from collections.abc import Callable

from saleor.core.utils import promo_code
from saleor.graphql.discount.mutations.voucher import voucher_create
from saleor.graphql.giftcard.mutations import gift_card_create

from ..engine.codes import is_reserved

#: Every place that has the function under its own name, in all supported versions.
USERS = (promo_code, voucher_create, gift_card_create)


def install() -> None:
    available = _ours_excluded(promo_code.is_available_promo_code)
    for module in USERS:
        module.is_available_promo_code = available


def _ours_excluded(is_available: Callable[[str], bool]) -> Callable[[str], bool]:
    @functools.wraps(is_available)
    def available(code: str) -> bool:
        return is_available(code) and not is_reserved(code)

    return available
