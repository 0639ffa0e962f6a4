"""A shop held in memory: it has the facts that a test puts in, and remembers what the engine
asked of it. What it must not prove (locks, roll-backs) is proved on the sandbox."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from prices import Money

from saleor_referral_plugin.engine.facts import (
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
from saleor_referral_plugin.engine.findings import Finding, FindingCode, Refused
from saleor_referral_plugin.engine.goods import found, ids
from saleor_referral_plugin.engine.money import zero
from saleor_referral_plugin.engine.terms import COUPON, Goods, Terms
from tests.engine.build import NOW

ONE = Money(Decimal(1), COUPON)


@dataclass
class Credit:
    """A credit, or a coupon; `used_on`: the order that used a coupon."""

    request: CreditRequest | CouponRequest
    balance: Money
    is_usable: bool = True
    notes: list[str] = field(default_factory=list)
    used_on: str | None = None


@dataclass
class FakeStore:
    """Implements `engine.store.Store`."""

    time: datetime = NOW
    shop_channels: list[Channel] = field(
        default_factory=lambda: [
            Channel("default", "Default", "USD"),
            Channel("euro", "Euro", "EUR"),
        ]
    )
    orders: dict[str, OrderFacts] = field(default_factory=dict)
    checkouts: dict[str, CheckoutFacts] = field(default_factory=dict)
    customers: dict[str, CustomerFacts] = field(default_factory=dict)
    parties: dict[str, frozenset[str]] = field(default_factory=dict)
    placed: list[PlacedOrder] = field(default_factory=list)
    taken_codes: set[str] = field(default_factory=set)
    offers: dict[str, Terms] = field(default_factory=dict)
    codes_on: dict[str, str] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)
    claimed_on: set[str] = field(default_factory=set)
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    apps: bool = False
    #: Slugs of goods that are not there.
    unknown: set[str] = field(default_factory=set)
    #: What `goods_among` was asked for.
    asked_for: list[frozenset[str]] = field(default_factory=list)
    #: Promo codes that the shop does not take on its checkouts.
    refused_codes: set[str] = field(default_factory=set)
    #: Names of methods that fail as long as they are in here.
    broken: set[str] = field(default_factory=set)

    def travel(self, **by: float) -> None:
        self.time += timedelta(**by)

    def now(self) -> datetime:
        return self.time

    def writing(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def sells_with(self, order_ref: str, promo_code: str) -> None:
        """The order was made with this promo code."""
        self.orders[order_ref] = replace(self.orders[order_ref], voucher_code=promo_code)
        self.placed = [
            replace(placed, voucher_code=promo_code) if placed.ref == order_ref else placed
            for placed in self.placed
        ]

    def channels(self) -> list[Channel]:
        return self.shop_channels

    # facts --------------------------------------------------------------------------------
    def order_facts(self, order_ref: str) -> OrderFacts | None:
        self._may_fail("order_facts", order_ref)
        return self.orders.get(order_ref)

    def see(self, order_ref: str, user_ref: str | None) -> Seen:
        customer = None if user_ref is None else self.customer(user_ref)
        return Seen(self.now(), self.order_facts(order_ref), customer)

    def order_origin(self, order_ref: str) -> tuple[str | None, str | None]:
        order = self.orders.get(order_ref)
        return (order.checkout_ref, order.voucher_code) if order else (None, None)

    def checkout_facts(self, checkout_ref: str) -> CheckoutFacts | None:
        return self.checkouts.get(checkout_ref)

    def customer(self, user_ref: str) -> CustomerFacts | None:
        return self.customers.get(user_ref)

    def note_claim(self, user_ref: str, *, is_open: bool) -> None:
        self.claimed_on.discard(user_ref)
        if is_open:
            self.claimed_on.add(user_ref)

    def parties_of(self, user_ref: str) -> frozenset[str]:
        return self.parties.get(user_ref, frozenset())

    def standing_orders(
        self,
        *,
        refs: Collection[str],
        user_ref: str | None,
        changed_since: datetime | None,
        at_most: int,
        placed_before: datetime,
    ) -> Iterable[PlacedOrder]:
        standing = [
            order
            for order in sorted(self.placed, key=lambda order: (order.changed_at, order.ref))
            if order.placed_at < placed_before
            and not (order.ref in self.orders and self.orders[order.ref].is_void)
        ]
        recent = [
            order
            for order in standing
            if changed_since is None or order.changed_at >= changed_since
        ][:at_most]
        return [
            order
            for order in standing
            if order.ref in refs or (user_ref and order.user_ref == user_ref) or order in recent
        ]

    def orders_changed_since(
        self, since: datetime | None, *, after: str = "", limit: int
    ) -> Iterable[PlacedOrder]:
        behind = [
            order
            for order in sorted(self.placed, key=lambda order: (order.changed_at, order.ref))
            if since is None
            or (order.changed_at, order.ref) > (since, after)
            or (not after and order.changed_at == since)
        ]
        return behind[:limit]

    # goods --------------------------------------------------------------------------------
    def find_goods(self, goods: Goods) -> Goods:
        return found(goods, lambda _, slugs, ids: [(s, s) for s in {*slugs, *ids} - self.unknown])

    def goods_among(self, items: Collection[str], goods: Goods) -> frozenset[str]:
        """Items are products; nothing stands in categories or collections."""
        self.asked_for.append(frozenset(items))
        some = ids(goods.products) if goods.names_some else set(items)
        return frozenset(set(items) & some - ids(goods.except_products))

    def referrer_facts(
        self, user_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, ReferrerFacts]:
        return {
            ref: ReferrerFacts(
                self.customers[ref].registered_at,
                self.customers[ref].country,
                sum(order.user_ref == ref for order in self.placed),
            )
            for ref in user_refs
            if ref in self.customers
        }

    # the offer ----------------------------------------------------------------------------
    def code_is_taken(self, code: str, *, however_written: bool = False) -> bool:
        return code in self.taken_codes or code in self.offers

    def publish_offer(self, code: str, terms: Terms) -> None:
        self._may_fail("publish_offer", code)
        self.offers[code] = terms

    def retire_offer(self, code: str) -> None:
        self.offers.pop(code, None)

    def put_code_on_checkout(self, checkout: Any, code: str) -> None:
        self._may_fail("put_code_on_checkout", code)
        if code in self.refused_codes:
            raise Refused(Finding(FindingCode.PROGRAM_NOT_RUNNING, False))
        self.codes_on[checkout] = code

    def take_code_off_checkout(self, checkout: Any, code: str) -> None:
        if self.codes_on.get(checkout) == code:
            del self.codes_on[checkout]

    # credit -------------------------------------------------------------------------------
    def issue_credit(self, request: CreditRequest) -> str:
        self._may_fail("issue_credit", request.key)
        ref = f"card-{request.key}"
        self.credits.setdefault(ref, Credit(request, request.amount))
        return ref

    def adjust_credit(self, credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
        credit = self.credits.get(credit_ref)
        if credit is None or (delta.amount > 0 and not self._may_grow(credit, now)):
            return zero(delta.currency)
        moved = max(delta, zero(delta.currency) - credit.balance)
        credit.balance += moved
        if moved:
            credit.notes.append(note)
        return moved

    def credit_balances(
        self, credit_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, Money]:
        return {ref: self.credits[ref].balance for ref in credit_refs if ref in self.credits}

    # coupons ------------------------------------------------------------------------------
    def issue_coupon(self, request: CouponRequest) -> str:
        self._may_fail("issue_coupon", request.key)
        ref = f"coupon-{request.key}"
        self.credits.setdefault(ref, Credit(request, ONE))
        return ref

    def give_back_coupon(self, coupon_ref: str) -> None:
        coupon = self.credits.get(coupon_ref)
        if coupon and coupon.used_on and self.orders[coupon.used_on].is_void:
            coupon.balance, coupon.used_on = ONE, None

    def tell(self, user_ref: str, event: str, payload: dict[str, Any], *, email: str = "") -> None:
        self._may_fail("tell", event)
        self.told.append((user_ref or email, event, payload))

    def apps_listen(self) -> bool:
        return self.apps

    # inside -------------------------------------------------------------------------------
    def _may_grow(self, credit: Credit, now: datetime) -> bool:
        ends = credit.request.expires_at
        return credit.is_usable and (ends is None or ends.date() >= now.date())

    def _may_fail(self, name: str, what: str) -> None:
        if name in self.broken:
            raise ConnectionError(f"{name} of {what} did not work")
