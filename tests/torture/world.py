"""The shop that is tortured: its programs, its referrers, and who buys what."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.referrers import code_for
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Offer,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Program
from saleor_referral_plugin.sandbox import shop
from saleor_referral_plugin.sandbox.models import Channel, Customer

CHANNEL = "default"
CURRENCY = "USD"
MINIMUM = Decimal(20)
CREDIT_PERCENT = 10
POINTS = 100
HOLD_HOURS = 6
#: Of the second program: for one referrer, and for all of them together.
LIMIT = Decimal(25)
BUDGET_PER_REFERRER = 20
#: So many orders share a referrer.
ORDERS_PER_REFERRER = 25

FREE, LIMITED = "free", "limited"


def open_shop(orders: int) -> None:
    """Two programs alike, but for the limits of the second, and referrers with codes."""
    Channel.objects.create(slug=CHANNEL, name="Shop", currency=CURRENCY)
    referrers = max(4, orders // ORDERS_PER_REFERRER)
    credit = RewardRule(worth=Offer(percent=Decimal(CREDIT_PERCENT)), hold=Span(hours=HOLD_HOURS))
    points = RewardRule(
        name="points",
        to=Beneficiary.REFEREE,
        kind=RewardKind.POINTS,
        worth=Offer(amounts=Amounts.of({"PTS": POINTS})),
    )
    free = Terms(
        discount=Offer(percent=Decimal(10)),
        minimum=Amounts.of({CURRENCY: MINIMUM}),
        rewards=(credit, points),
    )
    limits = (
        Cap(amount=Amounts.of({CURRENCY: LIMIT}), period=CapPeriod.LIFE),
        Cap(
            amount=Amounts.of({CURRENCY: budget(referrers)}),
            period=CapPeriod.LIFE,
            whole_program=True,
        ),
    )
    store = get_store()
    for slug, terms in ((FREE, free), (LIMITED, free.but(caps=limits))):
        save_program(store=store, terms=terms, is_running=True, slug=slug)
    for number in range(referrers):
        customer = shop.register(email=f"referrer{number}@example.com")
        facts = store.customer(str(customer.pk))
        assert facts is not None
        for program in Program.objects.all():
            code_for(facts, program, store=store)


def budget(referrers: int) -> Decimal:
    return Decimal(BUDGET_PER_REFERRER * referrers)


@dataclass(frozen=True)
class Life:
    """What one buyer means to do: each step is a name of `keeper.STEPS`."""

    email: str
    prices: tuple[Decimal, ...]
    typed: str | None
    customer: Customer | None
    payments: str
    steps: tuple[str, ...]


#: After the order was placed, in any order and more than once; the shop refuses what is
#: impossible.
EVENTS = (
    "pay",
    "pay",
    "pay",
    "pay_a_part",
    "fulfil",
    "fulfil",
    "refund",
    "refund_a_part",
    "refund_a_part",
    "reverse_a_refund",
    "chargeback",
    "return_goods",
    "unfulfil",
    "cancel",
)


def life(number: int, seed: int, codes: list[str], referrers: list[Customer]) -> Life:
    """The life of one order, by seed and number alone."""
    draw = Random(f"{seed}:{number}")
    # Some buy again, and some are referrers who spend what they were credited.
    email = f"friend{draw.randrange(number + 1) if draw.random() < 0.1 else number}@example.net"
    customer = draw.choice(referrers) if draw.random() < 0.1 else None
    typed = None if customer or draw.random() < 0.1 else draw.choice(codes)
    prices = tuple(Decimal(draw.randrange(500, 9000)) / 100 for _ in range(draw.randint(1, 3)))
    return Life(
        email=customer.email if customer else email,
        prices=prices,
        typed=typed,
        customer=customer,
        payments=draw.choice(("transactions", "transactions", "legacy")),
        steps=("buy", "pay", *_events(draw)) if draw.random() < 0.7 else ("buy", *_events(draw)),
    )


def _events(draw: random.Random) -> Iterator[str]:
    for _ in range(draw.randint(0, 5)):
        yield draw.choice(EVENTS)
