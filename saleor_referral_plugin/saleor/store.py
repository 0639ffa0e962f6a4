"""SaleorStore: the engine's Store inside a real Saleor."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils import timezone
from prices import Money
from saleor.account.models import Address, User
from saleor.channel.models import Channel as SaleorChannel
from saleor.checkout.models import Checkout
from saleor.core.db.connection import allow_writer
from saleor.discount.models import VoucherCode
from saleor.giftcard.models import GiftCard
from saleor.order import OrderStatus
from saleor.order.models import Order
from saleor.plugins.manager import get_plugins_manager
from saleor.webhook.event_types import WebhookEventAsyncType
from saleor.webhook.utils import get_webhooks_for_event

from ..engine import rows
from ..engine.codes import show
from ..engine.facts import (
    Channel,
    CheckoutFacts,
    CouponRequest,
    CreditRequest,
    CustomerFacts,
    OrderFacts,
    PlacedOrder,
    ReferrerFacts,
    Seen,
)
from ..engine.rows import Param, Prepared
from ..engine.terms import Goods, Terms
from . import checkouts, coupons, credits, facts, goods, offers
from .checkouts import OpenCheckout

_USER = Prepared(
    lambda: User.objects.filter(pk=Param("user")).annotate(
        default_billing_address__country=F("default_billing_address__country")
    )
)
_ORIGIN = Prepared(
    lambda: Order.objects.filter(pk=Param("order")).only("checkout_token", "voucher_code")
)
NOT_STANDING = (OrderStatus.DRAFT, OrderStatus.CANCELED, OrderStatus.EXPIRED)

#: What a PlacedOrder is made from.
PLACED = (
    "pk",
    "user_id",
    "user_email",
    "created_at",
    "updated_at",
    "voucher_code",
    "channel__slug",
)
#: The same columns. Each part of the union has an index of its own; "or" would have none.
_STANDING = f"""
WITH standing AS NOT MATERIALIZED (
     SELECT sale.id, sale.user_id, sale.user_email, sale.created_at, sale.updated_at,
            sale.voucher_code, channel.slug
       FROM order_order sale JOIN channel_channel channel ON channel.id = sale.channel_id
      WHERE sale.created_at < %(placed_before)s
        AND sale.status NOT IN ({", ".join(f"'{status}'" for status in NOT_STANDING)}))
SELECT * FROM standing WHERE id = ANY(%(refs)s::uuid[])
UNION
SELECT * FROM standing WHERE user_id = %(user)s::integer
UNION
(SELECT * FROM standing
  WHERE %(changed_since)s::timestamptz IS NULL OR updated_at >= %(changed_since)s
  ORDER BY updated_at, id LIMIT %(at_most)s)
"""


class SaleorStore:
    """See `engine.store.Store` for what each method promises."""

    def now(self) -> datetime:
        return timezone.now()

    def writing(self) -> AbstractContextManager[Any]:
        return allow_writer()

    def channels(self) -> list[Channel]:
        return [
            Channel(channel.slug, channel.name, channel.currency_code)
            for channel in SaleorChannel.objects.filter(is_active=True).order_by("slug")
        ]

    def order_facts(self, order_ref: str) -> OrderFacts | None:
        return facts.order_facts(order_ref)

    def see(self, order_ref: str, user_ref: str | None) -> Seen:
        if user_ref is None or not may_be_account(user_ref):
            return Seen(self.now(), self.order_facts(order_ref), None)
        found = facts.order_and_account(order_ref, user_ref)
        order, customer = found or (None, self.customer(user_ref))
        return Seen(self.now(), order, customer)

    def order_origin(self, order_ref: str) -> tuple[str | None, str | None]:
        order = _ORIGIN.first(order=order_ref)
        if order is None:
            return None, None
        return str(order.checkout_token) if order.checkout_token else None, order.voucher_code

    def checkout_facts(self, checkout_ref: str) -> CheckoutFacts | None:
        checkout = Checkout.objects.filter(pk=checkout_ref).first()
        return None if checkout is None else OpenCheckout(checkout).facts

    def customer(self, user_ref: str) -> CustomerFacts | None:
        user = _USER.first(user=user_ref) if may_be_account(user_ref) else None
        return None if user is None else facts.customer_facts(user)

    def note_claim(self, user_ref: str, *, is_open: bool) -> None:
        checkouts.note_claim(user_ref, is_open)

    def referrer_facts(
        self, user_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, ReferrerFacts]:
        users = User.objects.using(using).filter(pk__in=user_refs).order_by()
        found = users.values_list(
            "pk", "date_joined", "default_billing_address__country", "is_staff"
        )
        orders = Order.objects.using(using).filter(user__in=user_refs)
        counted = (
            orders.exclude(status__in=NOT_STANDING)
            .order_by()
            .values_list("user")
            .annotate(Count("pk"))
        )
        bought = dict(counted)
        return {
            str(pk): ReferrerFacts(joined, str(country or ""), bought.get(pk, 0), is_staff=is_staff)
            for pk, joined, country, is_staff in found
        }

    def parties_of(self, user_ref: str) -> frozenset[str]:
        return facts.parties(Address.objects.filter(user_addresses=user_ref))

    def standing_orders(
        self,
        *,
        refs: Collection[str],
        user_ref: str | None,
        changed_since: datetime | None,
        at_most: int,
        placed_before: datetime,
    ) -> Iterable[PlacedOrder]:
        found = rows.select(
            _STANDING,
            {
                "refs": rows.array(refs),
                "user": user_ref,
                "changed_since": changed_since,
                "at_most": at_most,
                "placed_before": placed_before,
            },
        )
        return _placed(found)

    def orders_changed_since(
        self, since: datetime | None, *, after: str = "", limit: int
    ) -> Iterable[PlacedOrder]:
        orders = Order.objects.exclude(status=OrderStatus.DRAFT)
        if since is not None:
            orders = orders.filter(updated_at__gte=since)
            if after:
                orders = orders.filter(Q(updated_at__gt=since) | Q(pk__gt=after))
        return _placed(orders.order_by("updated_at", "pk").values_list(*PLACED)[:limit])

    def find_goods(self, wanted: Goods) -> Goods:
        return goods.find(wanted)

    def goods_among(self, items: Collection[str], wanted: Goods) -> frozenset[str]:
        return goods.among(items, wanted)

    def code_is_taken(self, code: str, *, however_written: bool = False) -> bool:
        if however_written:
            return _is_taken_however_written(code)
        # By the forms people write it in, so that an index answers whatever the number of
        # codes; what is typed otherwise is found as ours first.
        forms = {f(code) for f in (str, show)}
        forms |= {form.lower() for form in forms}
        return any(
            model.objects.filter(code__in=forms).exists() for model in (VoucherCode, GiftCard)
        )

    def publish_offer(self, code: str, terms: Terms) -> None:
        offers.publish(code, terms)

    def retire_offer(self, code: str) -> None:
        offers.retire(code)

    def put_code_on_checkout(self, checkout: Any, code: str) -> None:
        _open(checkout).put(code)

    def take_code_off_checkout(self, checkout: Any, code: str) -> None:
        _open(checkout).take_off(code)

    def issue_credit(self, request: CreditRequest) -> str:
        return credits.issue(request)

    def adjust_credit(self, credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
        if coupons.is_coupon(credit_ref):
            return coupons.adjust(credit_ref, delta, now=now)
        return credits.adjust(credit_ref, delta, now=now, note=note)

    def credit_balances(
        self, credit_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, Money]:
        ours = [ref for ref in credit_refs if coupons.is_coupon(ref)]
        cards = [ref for ref in credit_refs if not coupons.is_coupon(ref)]
        return credits.balances(cards, using=using) | coupons.balances(ours, using=using)

    def issue_coupon(self, request: CouponRequest) -> str:
        return coupons.issue(request)

    def give_back_coupon(self, coupon_ref: str) -> None:
        coupons.give_back(coupon_ref)

    def tell(self, user_ref: str, event: str, payload: dict[str, Any], *, email: str = "") -> None:
        user = User.objects.filter(pk=user_ref).first() if user_ref else None
        if user is not None:
            body = {"user": {"id": user_ref, "email": user.email}, **payload}
        elif email:
            body = {"recipient_email": email, **payload}
        elif not user_ref:
            body = payload
        else:
            return
        get_plugins_manager(allow_replica=False).notify(event, lambda: body)

    def apps_listen(self) -> bool:
        return bool(get_webhooks_for_event(WebhookEventAsyncType.NOTIFY_USER))


def may_be_account(user_ref: str) -> bool:
    """An account's key is an integer to the database, also where a client has made it up."""
    return user_ref.isascii() and user_ref.isdigit() and len(user_ref) < 10


def _is_taken_however_written(code: str) -> bool:
    # What has no counterpart in the third argument is dropped.
    alike = Func(Upper("code"), Value("OIL-_ "), Value("011"), function="translate")
    return any(
        model.objects.alias(alike=alike).filter(alike=code).exists()
        for model in (VoucherCode, GiftCard)
    )


def _placed(found: Iterable[Sequence[Any]]) -> list[PlacedOrder]:
    return [
        PlacedOrder(
            ref=str(pk),
            user_ref=str(user_id) if user_id else None,
            email=email,
            placed_at=placed_at,
            changed_at=changed_at,
            voucher_code=voucher_code,
            channel=channel,
        )
        for pk, user_id, email, placed_at, changed_at, voucher_code, channel in found
    ]


def _open(checkout: Any) -> Any:
    """An OpenCheckout (or what behaves like one), a Checkout, or its token."""
    if isinstance(checkout, Checkout):
        return OpenCheckout(checkout)
    if isinstance(checkout, str):
        return OpenCheckout.by_ref(checkout)
    return checkout
