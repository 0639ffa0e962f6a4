"""Ready-made things for the sandbox's tests."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from prices import Money

from saleor_referral_plugin.engine.facts import CreditRequest, OrderFacts
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Offer, Terms
from saleor_referral_plugin.sandbox import shop
from saleor_referral_plugin.sandbox.models import Checkout, Customer, Order
from saleor_referral_plugin.sandbox.store import SandboxStore

TEN_PERCENT = Terms(discount=Offer(percent=Decimal(10)))


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def off(**amounts: str) -> Terms:
    """Terms that take a fixed amount off: off(USD="10")."""
    return Terms(discount=Offer(amounts=Amounts.of(amounts)))


def a_checkout(*prices: str, channel: str = "default", **given: Any) -> Checkout:
    items = [shop.Item(f"Thing {price}", Decimal(price)) for price in prices or ("100.00",)]
    return shop.create_checkout(channel=channel, items=items, **given)


def an_order(*prices: str, email: str = "ben@example.com", **given: Any) -> Order:
    return shop.complete_checkout(a_checkout(*prices, email=email, **given).pk)


def facts_of(order: Order) -> OrderFacts:
    facts = SandboxStore().order_facts(str(order.pk))
    assert facts is not None
    return facts


def a_credit(customer: Customer, amount: Money, *, key: str = "reward-1") -> CreditRequest:
    return CreditRequest(key=key, user_ref=str(customer.pk), amount=amount, expires_at=None)


def refs(orders: Sequence[Order]) -> list[str]:
    return [str(order.pk) for order in orders]
