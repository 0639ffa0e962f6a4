"""The store's promo-code box: a referral code typed there becomes a claim.

`checkoutAddPromoCode` and `checkoutRemovePromoCode` are wrapped where graphene calls them.
A code that is not ours goes its usual way.
"""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from saleor.checkout.error_codes import CheckoutErrorCode
from saleor.graphql.checkout.mutations import (
    CheckoutAddPromoCode,
    CheckoutCustomerAttach,
    CheckoutRemovePromoCode,
    checkout_add_promo_code,
)
from saleor.graphql.checkout.mutations.utils import get_checkout
from saleor.graphql.plugins.dataloaders import get_plugin_manager_promise

from ..engine import claims, codes, coupons, rates, tables
from ..engine.findings import Finding, FindingCode, Refused
from ..engine.store import get_store
from ..models import Claim, ReferralCode, Reward, TermsVersion
from . import credits
from .apart import apart
from .checkouts import CLAIMED, OpenCheckout, put_claim_on, put_credits_on
from .errors import refusal_error

logger = logging.getLogger(__name__)


#: What has been read of the checkout that a code is being put on, by what read it.
_known: ContextVar[dict[str, Any] | None] = ContextVar("referral_known", default=None)

NOT_NOW = CheckoutErrorCode.VOUCHER_NOT_APPLICABLE.value
#: By which Saleor's mutation opens its checkout.
OPENING = ("get_checkout", "fetch_checkout_lines", "fetch_checkout_info")


def install() -> None:
    for name in OPENING:
        setattr(checkout_add_promo_code, name, _once(getattr(checkout_add_promo_code, name)))
    _wrap(CheckoutAddPromoCode, _add)
    _wrap(CheckoutRemovePromoCode, _remove)
    _wrap(CheckoutCustomerAttach, _attach)


def apply(info: Any, checkout: Any, typed: str) -> None:
    """What `checkoutReferralCodeApply` does. Raises Refused."""
    opened = OpenCheckout(checkout, get_plugin_manager_promise(info.context).get())
    claims.claim_code(
        store=get_store(),
        checkout=opened,
        facts=opened.facts,
        typed=typed,
        source=Claim.Source.API,
    )
    opened.tell_others()


def remove(info: Any, checkout: Any) -> bool:
    """What `checkoutReferralCodeRemove` does. False when no code of ours is on."""
    claim = claims.open_claim(str(checkout.pk))
    if claim is None:
        return False
    opened = OpenCheckout(checkout, get_plugin_manager_promise(info.context).get())
    claims.withdraw(
        store=get_store(),
        checkout=opened,
        checkout_ref=str(checkout.pk),
        code=claim.terms.offer_code,
    )
    opened.tell_others()
    return True


def _wrap(mutation: Any, around: Callable[..., Any]) -> None:
    original = mutation.perform_mutation.__func__

    @functools.wraps(original)
    def perform_mutation(cls: Any, root: Any, info: Any, /, **data: Any) -> Any:
        def go_on(**changed: Any) -> Any:
            return original(cls, root, info, **{**data, **changed})

        return around(cls, info, go_on, **data)

    mutation.perform_mutation = classmethod(perform_mutation)


def _once(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def once(*args: Any, **kwargs: Any) -> Any:
        known = _known.get()
        if known is None:
            return read(*args, **kwargs)
        if read.__name__ not in known:
            known[read.__name__] = read(*args, **kwargs)
        return known[read.__name__]

    return once


@contextmanager
def _opened_once() -> Iterator[None]:
    """The mutation inside works on the very checkout that we have judged, and need not read it
    again."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def _open(info: Any, checkout: Any) -> OpenCheckout:
    manager = get_plugin_manager_promise(info.context).get()
    lines, _ = checkout_add_promo_code.fetch_checkout_lines(checkout)
    opened = checkout_add_promo_code.fetch_checkout_info(checkout, lines, manager)
    return OpenCheckout(checkout, manager, opened, lines)


class _PromoBox:
    """Puts a code on by Saleor's own mutation and keeps its answer, so that the shopper
    gets exactly what the mutation always gives."""

    def __init__(self, go_on: Callable[..., Any]) -> None:
        self.go_on = go_on
        self.answer: Any = None

    def put(self, code: str) -> None:
        self.answer = self.go_on(promo_code=code)


def _add(cls: Any, info: Any, go_on: Callable[..., Any], *, promo_code: str, **ids: Any) -> Any:
    found = _find(promo_code)
    if found is None:
        return _add_other(cls, info, go_on, promo_code, ids)
    try:
        with _opened_once():
            return _add_ours(cls, info, go_on, found, promo_code, ids)
    except DatabaseError as error:
        if not tables.are_missing(error):
            raise
        tables.log(logger, "A referral code could not be tried.")
        said = ValidationError("This code cannot be used at the moment.", code=NOT_NOW)
        raise ValidationError({"promo_code": said}) from error


def _add_ours(
    cls: Any,
    info: Any,
    go_on: Callable[..., Any],
    found: ReferralCode | TermsVersion | Reward,
    promo_code: str,
    ids: dict[str, Any],
) -> Any:
    checkout = checkout_add_promo_code.get_checkout(cls, info, **ids)
    if isinstance(found, Reward):
        return _add_coupon(go_on, found, _open(info, checkout))
    _check_rate(info, checkout, cost=0)
    if isinstance(found, TermsVersion):
        # The code that storefronts show. It says nothing by itself: only a claim does.
        claim = claims.open_claim(str(checkout.pk))
        if claim is None or claim.terms.offer_code != promo_code:
            unknown = Finding(FindingCode.CODE_INVALID, False)
            _check_rate(info, checkout)
            raise refusal_error(unknown, checkout.language_code)
        return go_on()
    box = _PromoBox(go_on)
    try:
        claims.claim_code(
            store=get_store(),
            checkout=box,
            facts=_open(info, checkout).facts,
            typed=promo_code,
            source=Claim.Source.PROMO_CODE,
            found=found,
        )
    except Refused as refused:
        if refused.finding.code is FindingCode.CODE_INVALID:
            # Its owner has just gone. Saleor says of it what it says of any that never was.
            return _add_other(cls, info, go_on, promo_code, ids)
        raise refusal_error(refused.finding, checkout.language_code) from refused
    return box.answer


def _add_coupon(go_on: Callable[..., Any], coupon: Reward, opened: OpenCheckout) -> Any:
    """Its holder may write it as they like, and hears why it is refused."""
    refusal = coupons.objection(coupon, opened.facts)
    if refusal is not None:
        raise refusal_error(refusal, opened.checkout.language_code)
    return go_on(promo_code=_shown(coupon))


def _shown(coupon: Reward) -> str:
    return codes.show(coupon.coupon_code or "")


def _add_other(
    cls: Any, info: Any, go_on: Callable[..., Any], promo_code: str, ids: dict[str, Any]
) -> Any:
    """A code that is no referral code. Of a credit in another currency Saleor says only that
    it is not valid; its owner should hear why."""
    try:
        return go_on()
    except ValidationError:
        checkout = get_checkout(cls, info, **ids)
        credit = credits.currency_of(promo_code, checkout.user_id)
        if credit is None or credit == checkout.currency:
            if codes.normalise(promo_code):
                _check_rate(info, checkout)
            raise
        detail = {"credit": credit, "currency": checkout.currency}
        finding = Finding(FindingCode.CURRENCY_MISMATCH, False, detail)
        raise refusal_error(finding, checkout.language_code) from None


def _check_rate(info: Any, checkout: Any, *, cost: int = 1) -> None:
    """Who has tried too many codes that are none learns of no other either. The shop's own
    codes are not concerned: they are tried first."""
    # The host of our schema is imported after the wraps are in.
    from .graphql_host import client

    who = client(info.context)
    too_many = rates.count(rates.UNKNOWN_CODE, who, store=get_store(), cost=cost)
    if too_many is not None:
        raise refusal_error(too_many, checkout.language_code)


def _remove(cls: Any, info: Any, go_on: Callable[..., Any], **data: Any) -> Any:
    typed = data.get("promo_code") or ""
    found = _find(typed) if typed else None
    if isinstance(found, Reward):
        return go_on(promo_code=_shown(found))
    if typed and found is None:
        return go_on()
    checkout = _checkout_of(cls, info, data)
    claim = _open_claim(checkout) if codes.is_offer_code(checkout.voucher_code) else None
    if claim is None or (typed and not claims.names(typed, claim)):
        return go_on()
    with transaction.atomic():
        answer = go_on(promo_code=claim.terms.offer_code) if typed else go_on()
        checkout.refresh_from_db(fields=["voucher_code"])
        if checkout.voucher_code is None:
            claims.close(claim)
    return answer


def _open_claim(checkout: Any) -> Claim | None:
    try:
        with apart():
            return claims.open_claim(str(checkout.pk))
    except DatabaseError:
        tables.log(logger, "The claim of checkout %s could not be read.", checkout.pk)
        return None


def _checkout_of(cls: Any, info: Any, data: dict[str, Any]) -> Any:
    """The one that a mutation's input names, by any of its three ways."""
    ids = {name: data.get(name) for name in ("checkout_id", "token", "id")}
    return get_checkout(cls, info, **ids)


def _attach(cls: Any, info: Any, go_on: Callable[..., Any], **data: Any) -> Any:
    """The shopper has logged in: their credits, and a code they have claimed, come with them."""
    answer = go_on()
    user = info.context.user
    brings = (put_claim_on, CLAIMED), (put_credits_on, credits.BY_ITSELF)
    wanted = [put for put, mark in brings if user and user.get_value_from_private_metadata(mark)]
    if wanted:
        checkout = _checkout_of(cls, info, data)
        if checkout.user_id == user.pk:
            for put in wanted:
                _bring(put, checkout, user)
    return answer


def _bring(put: Callable[[Any, Any], object], checkout: Any, user: Any) -> None:
    try:
        with transaction.atomic():
            put(checkout, user)
    except (DatabaseError, Refused):
        tables.log(logger, "%s failed for checkout %s.", put.__name__, checkout.pk)


def _find(typed: str) -> ReferralCode | TermsVersion | Reward | None:
    """The referral code, the offer or the coupon that was typed, None for what is not ours. A
    code that cannot be ours by its look costs no query; trouble of ours leaves the code to
    Saleor."""
    try:
        with transaction.atomic():
            if not codes.normalise(typed):
                return codes.live_offer(typed)
            return codes.find(typed) or coupons.find(typed)
    except DatabaseError:
        tables.log(logger, "A promo code could not be looked up among the referral codes.")
    return None
