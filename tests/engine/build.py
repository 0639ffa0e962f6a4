"""Facts and terms for tests: each builder makes an ordinary one, changed where named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from prices import Money

from saleor_referral_plugin.engine.facts import CheckoutFacts, History, OrderFacts, Person
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Offer, Terms

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PAID_AT = NOW - timedelta(days=1)

ANNA = Person("1", "a" * 64)
BEN = Person("2", "b" * 64)


def usd(amount: str | int | Decimal) -> Money:
    return Money(Decimal(amount), "USD")


def eur(amount: str | int | Decimal) -> Money:
    return Money(Decimal(amount), "EUR")


def percent(amount: str | int) -> Offer:
    return Offer(percent=Decimal(amount))


def amounts(**by_currency: str | int) -> Offer:
    return Offer(amounts=Amounts.of(by_currency))


def terms(**changes: Any) -> Terms:
    """10% off; 10 USD or 9 EUR, paid, after 14 days; no limits."""
    ordinary = Terms(discount=percent(10), credit=amounts(USD=10, EUR=9))
    return replace(ordinary, **changes)


def checkout(**changes: Any) -> CheckoutFacts:
    """Ben's, with goods for 100 USD."""
    ordinary = CheckoutFacts(
        ref="checkout-1", channel="default", currency="USD", goods=usd(100), buyer=BEN
    )
    return replace(ordinary, **changes)


def order(**changes: Any) -> OrderFacts:
    """Ben's: 100 USD of goods, 10 off, paid a day ago, not sent."""
    ordinary = OrderFacts(
        ref="order-1",
        number="1",
        channel="default",
        currency="USD",
        buyer=BEN,
        placed_at=PAID_AT,
        goods=usd(100),
        net_goods=usd(90),
        total=usd(90),
        captured=usd(90),
        refunded=usd(0),
        charged_back=usd(0),
        checkout_ref="checkout-1",
        voucher_code="FRIEND",
        paid_at=PAID_AT,
    )
    return replace(ordinary, **changes)


#: What makes an ordinary order one in euro.
IN_EURO: dict[str, Any] = {
    "currency": "EUR",
    "goods": eur(100),
    "net_goods": eur(90),
    "total": eur(90),
    "captured": eur(90),
    "refunded": eur(0),
    "charged_back": eur(0),
}


def history(**changes: Any) -> History:
    """Anna recommends, and nothing speaks against it."""
    return replace(History(referrer=ANNA), **changes)
