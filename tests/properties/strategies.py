"""Terms, orders and histories of every kind that a shop may have."""

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from hypothesis import strategies as st
from prices import Money

from saleor_referral_plugin.engine.facts import CheckoutFacts, History, OrderFacts, Person, Used
from saleor_referral_plugin.engine.money import Amounts, times, zero
from saleor_referral_plugin.engine.terms import (
    ONE_COUPON,
    Beneficiary,
    Cap,
    CapPeriod,
    Coupon,
    EarnedWhen,
    MinimumOf,
    Offer,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from tests.engine.build import ANNA, BEN, NOW

CURRENCIES = ("USD", "EUR", "JPY")
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0}


@st.composite
def money(draw: st.DrawFn, currency: str, most: int = 10_000) -> Money:
    """A whole number of the currency's smallest unit."""
    digits = DIGITS[currency]
    units = draw(st.integers(0, most * 10**digits))
    return Money(Decimal(units).scaleb(-digits), currency)


@st.composite
def amounts(draw: st.DrawFn, least: int = 0) -> Amounts:
    named = draw(st.sets(st.sampled_from(CURRENCIES), min_size=least))
    return Amounts.of(
        {
            currency: max(draw(money(currency, 500)).amount, Decimal(1).scaleb(-DIGITS[currency]))
            for currency in sorted(named)
        }
    )


percentages = st.builds(
    Offer, percent=st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
)
offers = st.one_of(percentages, st.builds(Offer, amounts=amounts(least=1)))

spans = st.builds(Span, days=st.integers(0, 366)) | st.builds(Span, months=st.integers(1, 12))
validities = st.none() | st.builds(Span, days=st.integers(1, 36_600))


kinds = st.sampled_from([RewardKind.CREDIT, RewardKind.CREDIT, *RewardKind])
#: Points, or something outside the shop, in one unit that two rewards may share.
units = st.builds(
    lambda unit, number: Offer(amounts=Amounts.of({unit: number})),
    st.sampled_from(["MB", "MUG"]),
    st.integers(1, 500),
)
coupons = st.builds(Coupon, discount=offers) | st.just(Coupon(discount=Offer(free_shipping=True)))


@st.composite
def reward_rules(draw: st.DrawFn, name: str) -> RewardRule:
    kind = draw(kinds)
    worth = draw(offers if kind is RewardKind.CREDIT else units)
    coupon = None
    if kind is RewardKind.COUPON:
        worth, coupon = ONE_COUPON, draw(coupons)
    is_share = worth.percent is not None
    return RewardRule(
        name=name,
        to=draw(st.sampled_from(Beneficiary)),
        kind=kind,
        worth=worth,
        coupon=coupon,
        least=draw(amounts()) if is_share else Amounts(),
        most=draw(amounts()) if is_share else Amounts(),
        never_above_net=draw(st.booleans()),
        hold=draw(spans),
        valid=draw(validities),
    )


rolling_spans = st.builds(Span, days=st.integers(1, 366)) | st.builds(
    Span, hours=st.integers(1, 500)
)


@st.composite
def caps(draw: st.DrawFn) -> Cap:
    period = draw(st.sampled_from(CapPeriod))
    limit = draw(st.integers(1, 5) | amounts(least=1) | units.map(lambda offer: offer.amounts))
    return Cap(
        **{"count": limit} if isinstance(limit, int) else {"amount": limit},
        to=draw(st.sampled_from(Beneficiary)),
        per_referee=draw(st.booleans()),
        period=period,
        rolling=draw(rolling_spans) if period is CapPeriod.ROLLING else None,
        overflow=draw(st.sampled_from(Overflow)),
    )


terms = st.builds(
    Terms,
    discount=offers,
    rewards=st.tuples(reward_rules("credit"), reward_rules("thanks"))
    | st.tuples(reward_rules("credit")),
    channels=st.sampled_from([(), ("default",), ("elsewhere",)]),
    time_zone=st.sampled_from(["UTC", "Europe/Copenhagen", "America/New_York"]),
    minimum=amounts(),
    minimum_of=st.sampled_from(MinimumOf),
    new_customers_only=st.booleans(),
    earned_when=st.sampled_from(EarnedWhen),
    caps=st.lists(caps(), max_size=3).map(tuple),
)

people = st.sampled_from(
    [ANNA, BEN, Person(), Person(ANNA.user_ref, None), Person(None, BEN.email_key)]
)
past = st.integers(0, 400).map(lambda days: NOW - timedelta(days=days))
moments = past | st.just(NOW + timedelta(hours=1))


@st.composite
def checkouts(draw: st.DrawFn, currency: str) -> CheckoutFacts:
    return CheckoutFacts(
        ref="checkout-1",
        channel="default",
        currency=currency,
        goods=draw(money(currency)),
        buyer=draw(people),
    )


@st.composite
def orders(draw: st.DrawFn, currency: str) -> OrderFacts:
    """An order in any state; more may have been refunded than was ever paid."""
    goods = draw(money(currency))
    total = min(goods, draw(money(currency)))
    ordinary = st.just(total)
    return OrderFacts(
        ref="order-1",
        number="1",
        channel="default",
        currency=currency,
        buyer=draw(people),
        placed_at=NOW - timedelta(days=400),
        goods=goods,
        net_goods=min(total, draw(money(currency))),
        total=total,
        captured=draw(ordinary | money(currency)),
        refunded=draw(st.just(total * 0) | money(currency)),
        charged_back=draw(st.just(total * 0) | money(currency)),
        returned=draw(st.just(Fraction(0)) | st.fractions(0, 1, max_denominator=100)),
        voucher_code=draw(st.sampled_from(["FRIEND", "FRIEND", None])),
        is_confirmed=draw(st.sampled_from([True, True, False])),
        is_void=draw(st.sampled_from([False, False, True])),
        is_fulfilled=draw(st.booleans()),
        paid_at=draw(st.none() | moments),
        fulfilled_at=draw(st.none() | moments),
    )


@st.composite
def histories(draw: st.DrawFn, currency: str) -> History:
    is_gone = draw(st.sampled_from([False, False, True]))
    return History(
        referrer=draw(st.sampled_from([ANNA, ANNA, Person()])),
        is_running=draw(st.booleans()),
        referrer_is_gone=is_gone,
        was_qualified=draw(st.booleans()),
        earned_at=draw(st.none() | moments),
        earlier_orders=draw(st.sampled_from([0, 0, 1, 3])),
        referred_before=draw(st.sampled_from([False, False, True])),
        used=tuple(
            Used(
                draw(st.integers(0, 6)),
                {
                    currency: draw(money(currency, 600)).amount,
                    "MB": Decimal(draw(st.integers(0, 900))),
                },
            )
            for _ in range(3)
        ),
        delivered={"credit": draw(money(currency, 100))} if is_gone else {},
    )


@st.composite
def sound_orders(draw: st.DrawFn, currency: str) -> OrderFacts:
    """Paid, sent and dated; some of it may have gone back."""
    facts = draw(orders(currency))
    back = draw(st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 3), Fraction(9, 10)]))
    earned = draw(st.none() | past)
    return replace(
        facts,
        buyer=BEN,
        captured=facts.total,
        refunded=times(facts.total, back, ROUND_DOWN),
        charged_back=zero(currency),
        returned=Fraction(0),
        voucher_code="FRIEND",
        is_confirmed=True,
        is_void=False,
        is_fulfilled=True,
        paid_at=earned,
        fulfilled_at=earned,
    )


@st.composite
def sound_histories(draw: st.DrawFn, currency: str) -> History:
    """Nothing speaks against the friend; both sides may have had any number of rewards."""
    return replace(
        draw(histories(currency)),
        referrer=ANNA,
        referrer_is_gone=False,
        delivered={},
        earlier_orders=0,
        referred_before=False,
    )


currencies = st.sampled_from(CURRENCIES)
cases = currencies.flatmap(lambda currency: st.tuples(orders(currency), histories(currency)))
#: Cases of which most are rewarded.
sound_cases = currencies.flatmap(
    lambda currency: st.tuples(sound_orders(currency), sound_histories(currency))
)
claims = currencies.flatmap(lambda currency: st.tuples(checkouts(currency), histories(currency)))
