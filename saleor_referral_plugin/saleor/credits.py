"""Credits are Saleor gift cards, one per reward, found again by their mark."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from prices import Money
from saleor.account.models import User
from saleor.checkout.models import Checkout
from saleor.core.utils.events import call_event
from saleor.core.utils.promo_code import generate_promo_code
from saleor.giftcard import events
from saleor.giftcard.models import GiftCard, GiftCardTag
from saleor.giftcard.notifications import send_gift_card_notification
from saleor.order.models import Order
from saleor.plugins.manager import get_plugins_manager

from ..engine.facts import CreditRequest, FittingCredit

MARK = "referral.reward"
#: On a card, and on its owner's account: it goes on new checkouts by itself.
BY_ITSELF = "referral.by_itself"
TAG = "referral"

#: Saleor 3.23 ties a gift card to a customer; before, the user who "used" it sees it.
_OWNER = "assigned_to" if hasattr(GiftCard, "assigned_to") else "used_by"


@transaction.atomic
def issue(request: CreditRequest) -> str:
    """Raises User.DoesNotExist when the account is gone, Order.DoesNotExist when a guest's
    order is."""
    card = GiftCard.objects.filter(private_metadata__contains={MARK: request.key}).first()
    if card is not None:
        return str(card.pk)
    user = User.objects.get(pk=request.user_ref) if request.user_ref else None
    order, email = None, user.email if user else ""
    if user is None:
        order = Order.objects.select_related("channel").get(pk=request.order_ref)
        email = order.user_email
    card = GiftCard.objects.create(
        code=generate_promo_code(),
        currency=request.amount.currency,
        initial_balance_amount=request.amount.amount,
        current_balance_amount=request.amount.amount,
        expiry_date=request.expires_at.date() if request.expires_at else None,
        private_metadata={
            MARK: request.key,
            **({BY_ITSELF: True} if request.by_itself else {}),
        },
        metadata={"referral": request.note},
        **{_OWNER: user, f"{_OWNER}_email": email},
    )
    tag, _ = GiftCardTag.objects.get_or_create(name=TAG)
    card.tags.add(tag)
    events.gift_card_issued_event(gift_card=card, user=None, app=None)
    # Staff who open the card in the Dashboard read there why it exists.
    events.gift_card_note_added_event(gift_card=card, user=None, app=None, message=request.note)
    if user is not None and request.by_itself:
        user.store_value_in_private_metadata({BY_ITSELF: True})
        user.save(update_fields=["private_metadata"])
    manager = get_plugins_manager(allow_replica=False)
    call_event(manager.gift_card_created, card)
    if order is not None:
        # A guest has no account to find it in: Saleor's own message brings the code.
        send = partial(
            send_gift_card_notification,
            None,
            None,
            None,
            email,
            card,
            manager,
            order.channel.slug,
            resending=False,
        )
        call_event(send)
    return str(card.pk)


@transaction.atomic
def adjust(credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
    card = GiftCard.objects.select_for_update().filter(pk=credit_ref).first()
    moved = _can_move(card, delta.amount, now)
    if card is not None and moved:
        old = GiftCard.objects.get(pk=card.pk)
        GiftCard.objects.filter(pk=card.pk).update(
            current_balance_amount=F("current_balance_amount") + moved
        )
        card.refresh_from_db()
        events.gift_card_balance_reset_event(gift_card=card, old_gift_card=old, user=None, app=None)
        events.gift_card_note_added_event(gift_card=card, user=None, app=None, message=note)
        call_event(get_plugins_manager(allow_replica=False).gift_card_updated, card)
    return Money(moved, delta.currency)


def _can_move(card: Any, amount: Decimal, now: datetime) -> Decimal:
    if card is None:
        return Decimal(0)
    if amount < 0:
        return max(amount, -card.current_balance_amount)
    is_usable = card.is_active and (card.expiry_date is None or card.expiry_date >= now.date())
    return amount if is_usable else Decimal(0)


def used_by_itself(user: Any, currency: str, today: date) -> list[str]:
    """Codes of the cards that go on a customer's new checkout, those first that expire first.
    A customer who has none costs no query: their account says so."""
    if user is None or not user.get_value_from_private_metadata(BY_ITSELF):
        return []
    cards = _usable(user, {currency}, today).filter(private_metadata__contains={BY_ITSELF: True})
    return list(_by_end(cards).values_list("code", flat=True))


def of_customer(user: Any, currency: str) -> dict[str, str]:
    """Codes of all the credits that a customer can spend in a currency, by ref, in the same
    order."""
    cards = _by_end(_usable(user, {currency}, timezone.now().date()))
    return {str(pk): code for pk, code in cards.values_list("pk", "code")}


def on_checkouts(
    checkouts: Collection[Any], user: Any, *, using: str
) -> dict[Any, list[FittingCredit]]:
    """A customer's credits that fit a checkout, by the checkout's key, in the same order. Two
    queries, however many checkouts."""
    currencies = {checkout.currency for checkout in checkouts}
    cards = list(_by_end(_usable(user, currencies, timezone.now().date()).using(using)))
    keys = [checkout.pk for checkout in checkouts]
    uses = Checkout.gift_cards.through.objects.using(using)
    applied = set(
        uses.filter(checkout__in=keys, giftcard__in=cards).values_list("checkout", "giftcard")
    )
    return {
        checkout.pk: [
            FittingCredit(
                str(card.pk),
                Money(card.current_balance_amount, card.currency),
                (checkout.pk, card.pk) in applied,
            )
            for card in cards
            if card.currency == checkout.currency
        ]
        for checkout in checkouts
    }


def _usable(user: Any, currencies: Collection[str], today: date) -> QuerySet[GiftCard]:
    return GiftCard.objects.active(today).filter(
        currency__in=currencies, current_balance_amount__gt=0, tags__name=TAG, **{_OWNER: user}
    )


def _by_end(cards: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
    return cards.order_by(F("expiry_date").asc(nulls_last=True), "pk")


def currency_of(code: str, user_id: int | None) -> str | None:
    """The currency of a customer's own credit, by its gift card's code; None for any other
    code, so that nobody learns which codes there are."""
    if user_id is None:
        return None
    cards = GiftCard.objects.filter(
        code__iexact=code.strip(), tags__name=TAG, **{f"{_OWNER}_id": user_id}
    )
    return cards.values_list("currency", flat=True).first()


def balances(credit_refs: Collection[str], *, using: str) -> dict[str, Money]:
    cards = GiftCard.objects.using(using).filter(pk__in=credit_refs)
    rows = cards.values_list("pk", "current_balance_amount", "currency")
    return {str(pk): Money(amount, currency) for pk, amount, currency in rows}
