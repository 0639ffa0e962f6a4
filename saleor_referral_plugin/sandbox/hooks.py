"""Where the shop tells the referral program that something changed.

Whatever goes wrong behind a hook is logged and left to the sweep: the shop goes on. A hook
says nothing to a program that is switched off, and asks nothing of the database for a
checkout or an order that carries no code.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from ..engine import claims, codes, coupons
from ..engine.findings import Finding, FindingCode, Refused
from ..engine.people import person
from ..engine.referrers import forget
from ..engine.store import get_store
from ..models import Claim
from ..tasks import enqueue, settle_order
from .models import Checkout, Order, PluginPage
from .store import checkout_facts_of

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def _never_breaking_the_shop(
    otherwise: T,
) -> Callable[[Callable[P, R]], Callable[P, R | T]]:
    """On any error: undo what the hook wrote, log, and answer `otherwise`."""

    def decorate(hook: Callable[P, R]) -> Callable[P, R | T]:
        @wraps(hook)
        def run(*args: P.args, **kwargs: P.kwargs) -> R | T:
            try:
                with transaction.atomic():
                    return hook(*args, **kwargs)
            except Exception:
                logger.exception("Hook %s failed.", hook.__name__)
                return otherwise

        return run

    return decorate


def is_active() -> bool:
    """Has the owner left the plugin on?"""
    return not PluginPage.objects.filter(is_active=False).exists()


_UNKNOWN_CODE = Finding(FindingCode.CODE_INVALID, False)


@_never_breaking_the_shop(otherwise=_UNKNOWN_CODE)
def code_typed(
    checkout: Checkout, typed: str, source: Claim.Source = Claim.Source.PROMO_CODE
) -> Finding | None:
    """Try a code on a checkout; why it was refused, or None when its discount is on."""
    if not codes.normalise(typed) or not is_active():
        return _UNKNOWN_CODE
    try:
        claims.claim_code(
            store=get_store(),
            checkout=checkout,
            facts=checkout_facts_of(checkout),
            typed=typed,
            source=source,
        )
    except Refused as refused:
        return refused.finding
    return None


@_never_breaking_the_shop(otherwise=False)
def code_removed(checkout: Checkout, code: str) -> bool:
    """Take a code off, by what was typed or by what is shown. False: it is not on."""
    if not codes.is_offer_code(checkout.voucher_code):
        return False
    return claims.withdraw(
        store=get_store(), checkout=checkout, checkout_ref=str(checkout.pk), code=code
    )


@_never_breaking_the_shop(otherwise=None)
def checkout_created(checkout: Checkout) -> None:
    """A code may be claimed on the account, and one may have come along from a link."""
    _put_claim_on(checkout)
    typed = checkout.metadata.get(claims.METADATA_KEY)
    if isinstance(typed, str):
        code_typed(checkout, typed, Claim.Source.METADATA)


@_never_breaking_the_shop(otherwise=None)
def checkout_changed(checkout: Checkout) -> None:
    """Judge a claimed checkout again; the offer goes if it must not stand. One without may now
    have what a code claimed on the account wants."""
    if codes.is_offer_code(checkout.voucher_code) and is_active():
        claims.judge_again(store=get_store(), checkout=checkout, facts=checkout_facts_of(checkout))
    else:
        _put_claim_on(checkout)


def _put_claim_on(checkout: Checkout) -> None:
    owner = checkout.customer
    if owner is not None and owner.has_claimed_code and is_active() and not checkout.voucher_code:
        claims.put_account_claim_on(
            store=get_store(), checkout=checkout, facts=checkout_facts_of(checkout)
        )


@_never_breaking_the_shop(otherwise=None)
def customer_registered(customer_ref: str) -> None:
    """A guest's code comes along into the account."""
    store = get_store()
    customer = store.customer(customer_ref)
    if customer is not None and is_active():
        claims.follow_into_account(customer, store=store)


@_never_breaking_the_shop(otherwise=None)
def checkout_completing(checkout: Checkout) -> Finding | None:
    """The last word before the order: why the offer must go, or None. It is then off."""
    if not codes.is_offer_code(checkout.voucher_code) or not is_active():
        return None
    return claims.judge_again(
        store=get_store(),
        checkout=checkout,
        facts=checkout_facts_of(checkout),
        completing=True,
    )


@_never_breaking_the_shop(otherwise=_UNKNOWN_CODE)
def coupon_objection(checkout: Checkout, code: str) -> Finding | None:
    """Why the coupon with this code must not be on a checkout, or None. Also while the program
    is switched off: a coupon is for its holder as long as there is one."""
    coupon = coupons.find(code)
    return None if coupon is None else coupons.objection(coupon, checkout_facts_of(checkout))


def order_changed(order: Order) -> None:
    """Have the order settled once what changed is committed."""
    if codes.is_offer_code(order.voucher_code):
        order_ref = str(order.pk)
        transaction.on_commit(lambda: _enqueue(order_ref), robust=True)


def _enqueue(order_ref: str) -> None:
    if is_active():
        enqueue(settle_order, order_ref)


@_never_breaking_the_shop(otherwise=None)
def customer_deleted(customer_ref: str, email: str) -> None:
    """Cut the program's ties to a customer who is gone."""
    if is_active():
        forget(person(customer_ref, email), store=get_store())
