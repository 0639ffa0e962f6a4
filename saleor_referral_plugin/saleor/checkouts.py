"""Putting a promo code on a Saleor checkout in process, and taking it off."""

import logging
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from saleor.account.models import User
from saleor.checkout.actions import call_checkout_info_event
from saleor.checkout.complete_checkout import _release_checkout_voucher_usage
from saleor.checkout.fetch import fetch_checkout_info, fetch_checkout_lines
from saleor.checkout.models import Checkout
from saleor.checkout.utils import (
    add_promo_code_to_checkout,
    invalidate_checkout,
    remove_voucher_from_checkout,
)
from saleor.discount.utils.voucher import get_customer_email_for_voucher_usage
from saleor.plugins.manager import PluginsManager, get_plugins_manager
from saleor.webhook.event_types import WebhookEventAsyncType

from ..engine import claims, rates, tables
from ..engine import coupons as engine_coupons
from ..engine.codes import is_offer_code
from ..engine.facts import CheckoutFacts
from ..engine.findings import Finding, FindingCode, Refused
from ..engine.people import person
from ..engine.store import get_store
from ..models import Claim
from . import asking, coupons, credits, offers
from .apart import apart
from .errors import refusal_error
from .facts import checkout_facts

logger = logging.getLogger(__name__)

#: On an account: a code is claimed on it, to go on its next checkouts.
CLAIMED = "referral.claimed"

#: Set on a checkout in memory: the buyer its claim has been judged for in this request.
JUDGED_FOR = "referral_judged_for"


class OpenCheckout:
    """A checkout with what Saleor's own functions want beside it."""

    def __init__(
        self,
        checkout: Checkout,
        manager: PluginsManager | None = None,
        info: Any = None,
        lines: Any = None,
    ) -> None:
        self.checkout = checkout
        self.manager = manager or get_plugins_manager(allow_replica=False)
        self.lines = fetch_checkout_lines(checkout)[0] if lines is None else lines
        self.info = info or fetch_checkout_info(checkout, self.lines, self.manager)

    @classmethod
    def by_ref(cls, ref: str) -> "OpenCheckout":
        return cls(Checkout.objects.select_related("channel").get(pk=ref))

    @property
    def facts(self) -> CheckoutFacts:
        return checkout_facts(self.info, self.lines)

    def put(self, code: str) -> None:
        """Raises Refused when Saleor itself finds the voucher not applicable."""
        try:
            add_promo_code_to_checkout(self.manager, self.info, self.lines, code)
        except ValidationError as error:
            raise Refused(Finding(FindingCode.PROGRAM_NOT_RUNNING, False)) from error
        invalidate_checkout(
            self.info, self.lines, self.manager, recalculate_discount=False, save=True
        )

    def take_off(self, code: str) -> None:
        if self.checkout.voucher_code != code:
            return
        remove_voucher_from_checkout(self.checkout)
        self.info.voucher = None
        invalidate_checkout(self.info, self.lines, self.manager, save=True)

    def put_all(self, codes: Iterable[str]) -> None:
        for code in codes:
            self.put(code)

    def take_off_cards(self, codes: Iterable[str]) -> None:
        """As Saleor itself takes a gift card off."""
        self.checkout.gift_cards.remove(*self.checkout.gift_cards.filter(code__in=list(codes)))
        self.checkout.save(update_fields=["last_change"])

    def tell_others(self) -> None:
        """Saleor's own event, for apps and plugins that watch checkouts."""
        call_checkout_info_event(
            self.manager,
            event_name=WebhookEventAsyncType.CHECKOUT_UPDATED,
            checkout_info=self.info,
            lines=self.lines,
        )


def claim_from_metadata(checkout: Checkout, *, over: str | None = None) -> None:
    """Claim the code a storefront put into the checkout's public metadata, if any. Any
    voucher the shopper has put on stays, but for `over`, which came of a claim on the account;
    a refusal is stored and shown by the API. Metadata that nobody has read is not read for it,
    unless the request has just set the code there."""
    is_read = Checkout.metadata_storage.is_cached(checkout)
    if not (is_read or asking.sets_metadata(claims.METADATA_KEY)):
        return
    typed = checkout.metadata_storage.metadata.get(claims.METADATA_KEY)
    if not typed or checkout.voucher_code not in (None, over):
        return
    opened = OpenCheckout(checkout)
    # A refusal is kept; trouble with the database is not to spoil what Saleor is about.
    with apart():
        try:
            with rates.counting_unknown_codes(asking.client(), store=get_store()):
                claims.claim_code(
                    store=get_store(),
                    checkout=opened,
                    facts=opened.facts,
                    typed=str(typed),
                    source=Claim.Source.METADATA,
                )
        except Refused:
            logger.info("The code in the metadata of checkout %s was refused.", checkout.pk)


def put_claim_on(checkout: Checkout, user: Any) -> str | None:
    """Put on a checkout the code that is claimed on its customer's account; the promo code
    that carries it, or None. A customer who has none costs no query: their account says so."""
    if user is None or checkout.voucher_code or not user.get_value_from_private_metadata(CLAIMED):
        return None
    opened = OpenCheckout(checkout)
    claims.put_account_claim_on(store=get_store(), checkout=opened, facts=opened.facts)
    return checkout.voucher_code


def note_claim(user_ref: str, is_open: bool) -> None:
    user = User.objects.select_for_update().filter(pk=user_ref).first()
    if user is None or bool(user.get_value_from_private_metadata(CLAIMED)) == is_open:
        return
    if is_open:
        user.store_value_in_private_metadata({CLAIMED: True})
    else:
        user.delete_value_from_private_metadata(CLAIMED)
    user.save(update_fields=["private_metadata"])


def put_credits_on(checkout: Checkout, user: Any) -> None:
    """Put on a checkout the credits that its customer need not ask for, as far as it goes."""
    today = get_store().now().date()
    found = credits.used_by_itself(user, checkout.currency, today)
    if not found:
        return
    opened = OpenCheckout(checkout)
    opened.put_all(found)


def owner_at_hand(checkout: Checkout) -> Any:
    """The customer, if Saleor has loaded them: nobody's account is read for a checkout that
    may be none of our business."""
    return checkout._state.fields_cache.get("user")


def judge_buyer(checkout: Checkout) -> None:
    """The checkout changed: judge its claim again if it is now somebody else's, or take a
    coupon off that is not."""
    if not is_offer_code(checkout.voucher_code):
        _judge_coupon(checkout)
        return
    buyer = person(checkout.user_id, checkout.get_customer_email())
    if getattr(checkout, JUDGED_FOR, None) == buyer:
        return
    with apart():
        judged = claims.judged_buyer(str(checkout.pk))
    if judged in (None, buyer):
        return
    opened = OpenCheckout(checkout)
    claims.judge_again(store=get_store(), checkout=opened, facts=opened.facts)


def _judge_coupon(checkout: Checkout) -> None:
    if not checkout.voucher_code:
        return
    with apart():
        coupon = engine_coupons.find(checkout.voucher_code)
    if coupon is None:
        return
    opened = OpenCheckout(checkout)
    if engine_coupons.objection(coupon, opened.facts) is not None:
        opened.take_off(checkout.voucher_code)


def judge_completion(checkout_info: Any, lines: Any) -> None:
    """Raises ValidationError when the discount must not become an order's. The checkout is
    left without it and otherwise as it was, usage of the voucher included."""
    voucher = checkout_info.voucher
    if not (voucher and (offers.is_ours(voucher) or coupons.is_ours(voucher))):
        return
    checkout = checkout_info.checkout
    opened = OpenCheckout(checkout, checkout_info.manager, checkout_info, lines)
    try:
        with transaction.atomic():
            if coupons.is_ours(voucher):
                refusal = coupons.objection(voucher, opened.facts)
            else:
                refusal = claims.objection(store=get_store(), facts=opened.facts, completing=True)
    except DatabaseError:
        # It stood when it was last judged; trouble of ours must not stop a sale.
        tables.log(logger, "The claim of checkout %s could not be judged.", checkout.pk)
        return
    if refusal is None:
        return
    # In the flow of the older payments Saleor has counted the voucher's use by now, and
    # gives it back for tax errors only.
    _release_checkout_voucher_usage(
        checkout,
        checkout_info.voucher_code,
        checkout_info.voucher,
        get_customer_email_for_voucher_usage(checkout_info),
    )
    opened.take_off(checkout.voucher_code)
    raise refusal_error(refusal, checkout.language_code)
