"""Facts and terms for tests: each builder makes an ordinary one, changed where named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from prices import Money

from saleor_referral_plugin.engine.facts import CheckoutFacts, History, OrderFacts, Person
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, Offer, RewardRule, Span, Terms

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NO_AMOUNTS = Amounts()
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


def terms(
    *,
    credit: Offer | None = None,
    hold_days: int = 14,
    credit_valid_days: int | None = 365,
    cap_count: int | None = None,
    cap_amount: Amounts = NO_AMOUNTS,
    cap_period: CapPeriod = CapPeriod.CALENDAR_YEAR,
    **changes: Any,
) -> Terms:
    """10% off; 10 USD or 9 EUR, paid, after 14 days; no limits. The first names are of what
    most programs have: one credit and a limit or two."""
    rule = RewardRule(
        worth=credit or amounts(USD=10, EUR=9),
        hold=Span(days=hold_days),
        valid=None if credit_valid_days is None else Span(days=credit_valid_days),
    )
    caps = []
    if cap_count is not None:
        caps.append(Cap(count=cap_count, period=cap_period))
    if cap_amount:
        caps.append(Cap(amount=cap_amount, period=cap_period))
    ordinary = {"discount": percent(10), "rewards": (rule,), "caps": tuple(caps)}
    return Terms(**ordinary | changes)


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
