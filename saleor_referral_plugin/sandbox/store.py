"""The sandbox as the engine sees it."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Count, Func, OuterRef, Q, Value
from django.db.models.functions import Replace, Upper
from prices import Money

from ..engine import codes, rows
from ..engine.facts import (
    Channel,
    CheckoutFacts,
    CheckoutLine,
    CouponRequest,
    CreditRequest,
    CustomerFacts,
    OrderFacts,
    OrderLine,
    PlacedOrder,
    ReferrerFacts,
    Seen,
)
from ..engine.findings import Finding, FindingCode, Refused
from ..engine.money import times, zero
from ..engine.people import domain_of, party_keys, person
from ..engine.rows import Gathered, Param, Prepared
from ..engine.terms import COUPON, Goods, Terms
from . import catalogue, clock, models
from .movements import movements_of
from .pricing import goods_of, reprice, shipping_of

#: Two longer than a referral code that was drawn, so that it can never be one.
CARD_CODE_LENGTH = codes.LENGTH + 2
#: The smallest key there is; keys are drawn at random.
NOBODY = UUID(int=0)

_KEY = Param("key")
_ITS = OuterRef("pk")
_ORIGIN = Prepared(
    lambda: models.Order.objects.filter(pk=_KEY).only("checkout_token", "voucher_code")
)
_ORDER = Prepared(
    lambda: models.Order.objects.filter(pk=_KEY).annotate(
        its_lines=Gathered(
            models.OrderLine.objects.filter(order=_ITS),
            "pk",
            "product_id",
            "price",
            "quantity",
            "discount",
            "returned",
            "refunded",
        ),
        its_payments=Gathered(
            models.Payment.objects.filter(order=_ITS), "kind", "amount", "created_at"
        ),
        its_fulfilments=Gathered(
            models.Fulfilment.objects.filter(order=_ITS), "sent_at", "taken_back_at"
        ),
    )
)
_ACCOUNT = (
    "pk",
    "email",
    "display_name",
    "address",
    "is_active",
    "is_staff",
    "registered_at",
)
#: The same with an account, and how far the shop's time is ahead.
_SEEN = Prepared(
    lambda: _ORDER.query().annotate(
        accounts=Gathered(models.Customer.objects.filter(pk=Param("account")), *_ACCOUNT),
        ahead=clock.AHEAD,
    )
)
_CUSTOMER = Prepared(lambda: models.Customer.objects.filter(pk=_KEY))

#: What a PlacedOrder is made from.
PLACED = (
    "id",
    "customer_id",
    "email",
    "placed_at",
    "updated_at",
    "voucher_code",
    "channel_id",
)
#: Each half has an index of its own; "or" would have none.
_STANDING = f"""
WITH standing AS NOT MATERIALIZED (
     SELECT {", ".join(PLACED)} FROM referral_sandbox_order
      WHERE placed_at < %(placed_before)s AND cancelled_at IS NULL)
SELECT * FROM standing WHERE id = ANY(%(refs)s::uuid[]) OR customer_id = %(customer)s
UNION
(SELECT * FROM standing
  WHERE %(changed_since)s::timestamptz IS NULL OR updated_at >= %(changed_since)s
  ORDER BY updated_at, id LIMIT %(at_most)s)
"""


class SandboxStore:
    """Implements `engine.store.Store`; what each method promises is said there."""

    def now(self) -> datetime:
        return clock.now()

    def writing(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def channels(self) -> list[Channel]:
        return [
            Channel(slug=channel.slug, name=channel.name, currency=channel.currency)
            for channel in models.Channel.objects.order_by("slug")
        ]

    # facts -----------------------------------------------------------------------------
    def order_facts(self, order_ref: str) -> OrderFacts | None:
        order = _ORDER.first(key=as_uuid(order_ref))
        return None if order is None else _order_facts(order)

    def see(self, order_ref: str, user_ref: str | None) -> Seen:
        account = NOBODY if user_ref is None else as_uuid(user_ref)
        order: Any = _SEEN.first(key=as_uuid(order_ref), account=account)
        if order is None:
            return Seen(self.now(), None, None if user_ref is None else self.customer(user_ref))
        customer = next(map(_customer_facts, order.accounts), None)
        return Seen(clock.moved_by(order.ahead), _order_facts(order), customer)

    def order_origin(self, order_ref: str) -> tuple[str | None, str | None]:
        order = _ORIGIN.first(key=as_uuid(order_ref))
        return (str(order.checkout_token), order.voucher_code) if order else (None, None)

    def checkout_facts(self, checkout_ref: str) -> CheckoutFacts | None:
        checkout = (
            models.Checkout.objects.select_related("channel", "customer")
            .filter(pk=as_uuid(checkout_ref))
            .first()
        )
        return checkout_facts_of(checkout) if checkout else None

    def customer(self, user_ref: str) -> CustomerFacts | None:
        customer = _CUSTOMER.first(key=as_uuid(user_ref))
        return None if customer is None else _customer_facts(customer)

    def note_claim(self, user_ref: str, *, is_open: bool) -> None:
        account = models.Customer.objects.filter(pk=as_uuid(user_ref))
        account.update(has_claimed_code=is_open)

    def referrer_facts(
        self, user_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, ReferrerFacts]:
        bought = Count("orders", filter=Q(orders__cancelled_at=None))
        found = models.Customer.objects.using(using).filter(
            pk__in=[as_uuid(ref) for ref in user_refs]
        )
        return {
            str(customer.pk): ReferrerFacts(
                customer.registered_at,
                customer.address.get("country", ""),
                customer.bought,
                is_staff=customer.is_staff,
            )
            for customer in found.order_by().annotate(bought=bought)
        }

    def parties_of(self, user_ref: str) -> frozenset[str]:
        customer = models.Customer.objects.get(pk=as_uuid(user_ref))
        return _parties(customer.address)

    def standing_orders(
        self,
        *,
        refs: Collection[str],
        user_ref: str | None,
        changed_since: datetime | None,
        at_most: int,
        placed_before: datetime,
    ) -> Iterable[PlacedOrder]:
        return _placed(
            rows.select(
                _STANDING,
                {
                    "refs": rows.array(str(as_uuid(ref)) for ref in refs),
                    "customer": user_ref and as_uuid(user_ref),
                    "changed_since": changed_since,
                    "at_most": at_most,
                    "placed_before": placed_before,
                },
            )
        )

    def orders_changed_since(
        self, since: datetime | None, *, after: str = "", limit: int
    ) -> Iterable[PlacedOrder]:
        orders = models.Order.objects.order_by("updated_at", "pk")
        if since is not None:
            behind = Q(updated_at=since, pk__gt=as_uuid(after))
            orders = orders.filter(Q(updated_at__gt=since) | behind)
        return _placed(orders.values_list(*PLACED)[:limit])

    # goods -----------------------------------------------------------------------------
    def find_goods(self, goods: Goods) -> Goods:
        return catalogue.find(goods)

    def goods_among(self, items: Collection[str], goods: Goods) -> frozenset[str]:
        return catalogue.among(items, goods)

    # the offer -------------------------------------------------------------------------
    def code_is_taken(self, code: str, *, however_written: bool = False) -> bool:
        # The shop itself takes a code however it is written, but not for a look-alike.
        key = normalise(code)
        same: Func = Upper(Replace(Replace("code", Value("-"), Value("")), Value(" "), Value("")))
        if however_written:
            key, same = key.translate(codes.LOOK_ALIKES), _alike(same)
        return any(
            model.objects.alias(same=same).filter(same=key).exists()
            for model in (models.GiftCard, models.Offer, models.Coupon)
        )

    def publish_offer(self, code: str, terms: Terms) -> None:
        running = [
            channel
            for channel in models.Channel.objects.all()
            if terms.runs_in(channel.slug, channel.currency)
        ]
        models.Offer.objects.filter(code=code).exclude(channel__in=running).delete()
        for channel in running:
            percent, amount, free_shipping = None, None, False
            if terms.discount is not None:
                percent = terms.discount.percent
                amount = terms.discount.amounts.get(channel.currency)
                free_shipping = terms.discount.free_shipping
            models.Offer.objects.update_or_create(
                code=code,
                channel=channel,
                defaults={
                    "percent": percent,
                    "free_shipping": free_shipping,
                    "goods": terms.goods.model_dump(mode="json"),
                    # Terms without a discount have an offer all the same: it marks the order.
                    "amount": None if percent else (amount.amount if amount else 0),
                },
            )

    def retire_offer(self, code: str) -> None:
        models.Offer.objects.filter(code=code).delete()

    def put_code_on_checkout(self, checkout: Any, code: str) -> None:
        target = _locked(checkout)
        if not models.Offer.objects.filter(code=code, channel=target.channel_id).exists():
            raise Refused(
                Finding(
                    FindingCode.PROGRAM_NOT_RUNNING,
                    False,
                    {"channel": target.channel_id, "currency": target.channel.currency},
                )
            )
        target.voucher_code = code
        reprice(target)

    def take_code_off_checkout(self, checkout: Any, code: str) -> None:
        target = _locked(checkout)
        if target.voucher_code == code:
            target.voucher_code = None
            reprice(target)

    # credit ----------------------------------------------------------------------------
    def issue_credit(self, request: CreditRequest) -> str:
        card, is_new = models.GiftCard.objects.get_or_create(
            key=request.key,
            defaults={
                "code": draw_card_code(),
                # A guest's card belongs to whoever has its code.
                "customer": models.Customer.objects.get(pk=request.user_ref)
                if request.user_ref
                else None,
                "currency": request.amount.currency,
                "initial": request.amount.amount,
                "balance": request.amount.amount,
                "expires_on": request.expires_at.date() if request.expires_at else None,
                "note": request.note,
                "by_itself": request.by_itself,
                "created_at": clock.now(),
            },
        )
        asked = (request.user_ref, request.amount)
        if not is_new and asked != (
            str(card.customer_id or ""),
            Money(card.initial, card.currency),
        ):
            raise ValueError(f"The credit {request.key} was issued before, as another one.")
        return str(card.pk)

    def adjust_credit(self, credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
        if delta.currency == COUPON:
            return _adjust_coupon(credit_ref, delta, now)
        nothing = zero(delta.currency)
        card = (
            models.GiftCard.objects.select_for_update()
            .filter(pk=as_uuid(credit_ref), is_active=True)
            .first()
        )
        if card is None:
            return nothing
        if card.currency != delta.currency:
            raise ValueError(f"A credit in {card.currency} cannot move by {delta.currency}.")
        if delta > nothing and card.expires_on is not None and card.expires_on < now.date():
            return nothing  # what is added to an expired card reaches nobody
        moved = max(delta, Money(-card.balance, card.currency))
        card.balance += moved.amount
        card.note = note
        card.save(update_fields=["balance", "note"])
        return moved

    def credit_balances(
        self, credit_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, Money]:
        keys = [as_uuid(ref) for ref in credit_refs]
        cards = models.GiftCard.objects.using(using).filter(pk__in=keys, is_active=True)
        balances = {str(card.pk): Money(card.balance, card.currency) for card in cards}
        if len(balances) < len(keys):
            coupons = models.Coupon.objects.using(using).filter(pk__in=keys)
            balances |= {str(coupon.pk): _left_of(coupon) for coupon in coupons}
        return balances

    # coupons ---------------------------------------------------------------------------
    def issue_coupon(self, request: CouponRequest) -> str:
        coupon, _ = models.Coupon.objects.get_or_create(
            key=request.key,
            defaults={
                "code": request.code,
                "gives": request.coupon.model_dump(mode="json"),
                "expires_at": request.expires_at,
                "note": request.note,
                "created_at": clock.now(),
            },
        )
        return str(coupon.pk)

    def give_back_coupon(self, coupon_ref: str) -> None:
        models.Coupon.objects.filter(
            pk=as_uuid(coupon_ref), used_on__cancelled_at__isnull=False
        ).update(used_on=None)

    def tell(self, user_ref: str, event: str, payload: dict[str, Any], *, email: str = "") -> None:
        customer = models.Customer.objects.filter(pk=as_uuid(user_ref)).first()
        if customer is not None or email:
            models.Message.objects.create(
                customer=customer,
                email=email,
                event=event,
                payload=payload,
                created_at=clock.now(),
            )

    def apps_listen(self) -> bool:
        return False


def _left_of(coupon: models.Coupon) -> Money:
    is_left = coupon.is_active and coupon.used_on_id is None
    return Money(Decimal(is_left), COUPON)


def _adjust_coupon(coupon_ref: str, delta: Money, now: datetime) -> Money:
    """Take it back while it is unused, or let it be used again while its time is not up."""
    coupon = models.Coupon.objects.select_for_update().filter(pk=as_uuid(coupon_ref)).first()
    if coupon is None or coupon.used_on_id is not None or not delta:
        return zero(COUPON)
    is_wanted = delta.amount > 0
    is_over = coupon.expires_at is not None and coupon.expires_at < now
    if is_wanted == coupon.is_active or (is_wanted and is_over):
        return zero(COUPON)
    coupon.is_active = is_wanted
    coupon.save(update_fields=["is_active"])
    return Money(Decimal(1 if is_wanted else -1), COUPON)


def _placed(found: Iterable[Sequence[Any]]) -> list[PlacedOrder]:
    return [
        PlacedOrder(str(key), str(customer) if customer else None, *others)
        for key, customer, *others in found
    ]


def normalise(code: str) -> str:
    """The form in which codes are compared: upper case, no spaces, no hyphens."""
    return "".join(code.split()).replace("-", "").upper()


def _alike(code: Any) -> Func:
    """As the engine reads letters that look like digits."""
    return Func(code, Value("OIL"), Value("011"), function="translate")


def draw_card_code() -> str:
    """A gift card code that is fit to be read aloud."""
    while True:
        code = "".join(secrets.choice(codes.ALPHABET) for _ in range(CARD_CODE_LENGTH))
        if not codes.is_rude(code) and not codes.is_reserved(code):
            return code


def as_uuid(ref: str | None) -> UUID:
    """A reference as the shop's key; what can be none becomes the key that no row has."""
    try:
        return UUID(ref or "")
    except ValueError:
        return NOBODY


def _parties(address: Mapping[str, str]) -> frozenset[str]:
    said = {field: address.get(field, "") for field in ("name", "street", "postal_code", "phone")}
    return party_keys(
        phones=[(said["name"], said["phone"])],
        addresses=[(said["name"], said["street"], said["postal_code"])],
    )


def checkout_facts_of(checkout: models.Checkout) -> CheckoutFacts:
    customer = checkout.customer
    return CheckoutFacts(
        ref=str(checkout.pk),
        channel=checkout.channel_id,
        currency=checkout.channel.currency,
        goods=goods_of(checkout),
        buyer=person(
            str(customer.pk) if customer else None,
            checkout.email,
            customer.email if customer else None,
        ),
        voucher_code=checkout.voucher_code,
        email_domain=domain_of(checkout.email or (customer.email if customer else "")),
        parties=_parties(checkout.ship_to),
        lines=tuple(
            CheckoutLine(
                line.product_id or "", Money(line.price * line.quantity, checkout.channel.currency)
            )
            for line in checkout.lines.all()
        ),
        shipping=shipping_of(checkout),
    )


def _customer_facts(customer: Any) -> CustomerFacts:
    return CustomerFacts(
        user_ref=str(customer.pk),
        email=customer.email,
        display_name=customer.display_name,
        is_active=customer.is_active,
        registered_at=customer.registered_at,
        country=customer.address.get("country", ""),
        is_staff=customer.is_staff,
    )


@lru_cache(maxsize=64)
def _untaxed(tax_percent: Decimal) -> Fraction:
    """What is left of a price without its tax."""
    return 1 / (1 + Fraction(tax_percent) / 100)


def _order_facts(order: Any) -> OrderFacts:
    def money(amount: Decimal) -> Money:
        return Money(amount, order.currency)

    moved = movements_of(order, order.its_payments)
    sent = next((f for f in order.its_fulfilments if f.taken_back_at is None), None)
    sold = order.its_lines
    back = sum((line.price * line.returned for line in sold), Decimal(0))
    untaxed = _untaxed(order.tax_percent)
    discount = sum((line.discount for line in sold), Decimal(0))
    return OrderFacts(
        ref=str(order.pk),
        number=str(order.number),
        channel=order.channel_id,
        currency=order.currency,
        buyer=person(str(order.customer_id) if order.customer_id else None, order.email),
        placed_at=order.placed_at,
        goods=money(order.goods),
        net_goods=times(money(order.goods - discount), untaxed),
        total=money(order.total),
        captured=money(moved.captured),
        refunded=money(moved.refunded),
        charged_back=money(moved.charged_back),
        returned=Fraction(back) / Fraction(order.goods) if back else Fraction(0),
        checkout_ref=str(order.checkout_token),
        voucher_code=order.voucher_code,
        is_void=order.cancelled_at is not None,
        is_fulfilled=sent is not None,
        paid_at=moved.paid_at,
        fulfilled_at=sent.sent_at if sent else None,
        email_domain=domain_of(order.email),
        parties=_parties(order.ship_to),
        lines=tuple(
            OrderLine(
                ref=str(line.pk),
                item=line.product_id or "",
                goods=money(line.price * line.quantity),
                net=times(money(line.price * line.quantity - line.discount), untaxed),
                gross=money(line.price * line.quantity - line.discount),
                returned=Fraction(line.returned, line.quantity or 1),
                back=Fraction(max(line.returned, line.refunded), line.quantity or 1),
            )
            for line in sold
        ),
    )


def _locked(checkout: Any) -> models.Checkout:
    """The checkout itself, or the one a ref names. Its row is locked until the transaction
    ends, so that whoever else changes it waits."""
    ref = checkout.pk if isinstance(checkout, models.Checkout) else checkout
    found = (
        models.Checkout.objects.select_for_update(of=("self",))
        .select_related("channel", "customer")
        .get(pk=ref)
    )
    return checkout if isinstance(checkout, models.Checkout) else found
