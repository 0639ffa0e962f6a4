"""The shop that is tortured: its programs, its referrers, and who buys what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from saleor_referral_plugin.engine import deliveries
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.referrers import code_for
from saleor_referral_plugin.engine.store import Store, get_store
from saleor_referral_plugin.engine.sweep import fill_room, note_spending, sweep
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Coupon,
    Goods,
    Milestone,
    Milestones,
    Offer,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import (
    Event,
    EventDelivery,
    FreedRoom,
    LedgerEntry,
    Program,
    ReferralCode,
)
from saleor_referral_plugin.sandbox import clock, shop
from saleor_referral_plugin.sandbox.models import Channel, Customer
from tests.torture import audit

CHANNEL = "default"
CURRENCY = "USD"
MINIMUM = Decimal(20)
CREDIT_PERCENT = 10
POINTS = 100
COUPON_PERCENT = 20
HOLD_HOURS = 6
#: A referrer's first so many friends in the first program bring something more.
FRIENDS, FOR_FRIENDS = 3, Decimal(5)
#: Of the second program: for one referrer, and for all of them together.
LIMIT = Decimal(25)
BUDGET_PER_REFERRER = 20
#: The third is about toys alone, and its credits are not for ever.
TOYS, NO_TOYS = ("car", "ball"), ("book", None)
VALID_DAYS = 2
#: So many orders share a referrer.
ORDERS_PER_REFERRER = 25

#: So many sweeps must be enough for everything to come to rest; and so long, in seconds, what is
#: still to be sent may take.
SWEEPS = 12
LONG = 3600.0
FOR_EVER = timedelta(days=100_000)

FREE, LIMITED, OF_TOYS = "free", "limited", "toys"


def open_shop(orders: int) -> None:
    """Three programs: one that gives what it promises, the same with limits, and one about some
    goods; and referrers with a code for each."""
    Channel.objects.create(slug=CHANNEL, name="Shop", currency=CURRENCY)
    for slug in TOYS:
        shop.sell(slug, category=OF_TOYS)
    shop.sell("book", category="books")
    referrers = max(4, orders // ORDERS_PER_REFERRER)
    store = get_store()
    for slug, terms in _programs(budget(referrers)).items():
        save_program(store=store, terms=terms, is_running=True, slug=slug)
    for number in range(referrers):
        customer = shop.register(email=f"referrer{number}@example.com")
        facts = store.customer(str(customer.pk))
        assert facts is not None
        for program in Program.objects.all():
            code_for(facts, program, store=store)


def _programs(whole: Decimal) -> dict[str, Terms]:
    hold = Span(hours=HOLD_HOURS)
    credit = RewardRule(worth=Offer(percent=Decimal(CREDIT_PERCENT)), hold=hold)
    points = RewardRule(
        name="points",
        to=Beneficiary.REFEREE,
        kind=RewardKind.POINTS,
        worth=Offer(amounts=Amounts.of({"PTS": POINTS})),
    )
    coupon = RewardRule(
        name="coupon",
        kind=RewardKind.COUPON,
        coupon=Coupon(discount=Offer(percent=Decimal(COUPON_PERCENT))),
        hold=hold,
    )
    plain = Terms(
        discount=Offer(percent=Decimal(10)),
        minimum=Amounts.of({CURRENCY: MINIMUM}),
        rewards=(credit, points),
    )
    friends = Milestone(
        count=FRIENDS, worth=Offer(amounts=Amounts.of({CURRENCY: FOR_FRIENDS})), hold=hold
    )
    limits = (
        Cap(amount=Amounts.of({CURRENCY: LIMIT}), period=CapPeriod.LIFE),
        Cap(amount=Amounts.of({CURRENCY: whole}), period=CapPeriod.LIFE, whole_program=True),
    )
    return {
        FREE: plain.but(milestones=(Milestones(steps=(friends,)),)),
        LIMITED: plain.but(caps=limits),
        OF_TOYS: plain.but(
            goods=Goods(categories=(OF_TOYS,)),
            rewards=(credit.but(valid=Span(days=VALID_DAYS)), coupon),
        ),
    }


def come_to_rest(store: Store) -> int:
    """Let every hold end, and sweep until nothing moves any more; how many sweeps it took."""
    clock.move(timedelta(hours=2 * HOLD_HOURS))
    before = None
    pending = EventDelivery.objects.filter(status="pending").exclude(endpoint__url=audit.KEPT)
    for number in range(1, SWEEPS + 1):
        sweep(store=store)
        note_spending(store=store)
        deliveries.deliver(store=store, seconds=LONG)
        while FreedRoom.objects.exists():
            # Of those that were cut a sweep looks at some.
            fill_room(store=store)
        state = (LedgerEntry.objects.count(), Event.objects.count(), pending.count())
        if state == before and not pending.exists():
            return number
        before = state
        # Effects that failed are tried again later, and what was seen too late is found within
        # a day.
        clock.move(timedelta(days=1))
    return SWEEPS


def have_patience() -> None:
    """In this process. Where days pass within seconds, who fails three times has taken nothing for
    days: neither an endpoint nor an event may be given up for that."""
    deliveries.TRIED_FOR = FOR_EVER


def budget(referrers: int) -> Decimal:
    return Decimal(BUDGET_PER_REFERRER * referrers)


@dataclass(frozen=True)
class Cast:
    """Who can be in an order's life: the referrers, and whose codes there are."""

    referrers: Sequence[Customer]
    codes: Sequence[tuple[str, str]]

    @classmethod
    def gathered(cls) -> "Cast":
        # As they were made: what is drawn from them is the same in each run.
        codes = ReferralCode.objects.order_by("pk").values_list("code", "referrer__user_ref")
        return cls(list(Customer.objects.order_by("email")), list(codes))

    def codes_of(self, customer: Customer) -> list[str]:
        return [code for code, user_ref in self.codes if user_ref == str(customer.pk)]


@dataclass(frozen=True)
class Life:
    """What one buyer means to do: each step is a name of `lives.STEPS`."""

    email: str
    items: tuple[shop.Item, ...]
    typed: str | None
    customer: Customer | None
    payments: str
    steps: tuple[str, ...]


#: After the order was placed, in any order and more than once; the shop, or whoever decides,
#: refuses what is impossible.
IN_THE_SHOP = (
    "pay",
    "pay",
    "pay",
    "pay_a_part",
    "edit",
    "fulfil",
    "fulfil",
    "refund",
    "refund_a_part",
    "refund_a_part",
    "refund_a_line",
    "reverse_a_refund",
    "chargeback",
    "return_goods",
    "return_a_line",
    "unfulfil",
    "cancel",
)
BY_STAFF = (
    "approve",
    "reject",
    "override",
    "undo",
    "undo",
    "attach",
    "detach",
    "void",
    "restore",
    "adjust",
    "block",
    "unblock",
    "unblock",
)


def life(number: int, seed: int, cast: Cast) -> Life:
    """The life of one order, by seed and number alone."""
    draw = Random(f"{seed}:{number}")
    # Some buy again, and some are referrers: they spend what they were credited, and try their
    # own codes, perhaps without logging in.
    email = f"friend{draw.randrange(number + 1) if draw.random() < 0.1 else number}@example.net"
    customer = draw.choice(cast.referrers) if draw.random() < 0.15 else None
    typed = None if draw.random() < (0.5 if customer else 0.1) else draw.choice(cast.codes)[0]
    if customer and typed and draw.random() < 0.5:
        typed = draw.choice(cast.codes_of(customer))
    items = tuple(
        shop.Item(
            f"thing {n}",
            Decimal(draw.randrange(500, 6000)) / 100,
            draw.choice((1, 1, 1, 2, 3)),
            draw.choice(TOYS + NO_TOYS),
        )
        for n in range(draw.randint(1, 3))
    )
    return Life(
        email=customer.email if customer else email,
        items=items,
        typed=typed,
        customer=customer if draw.random() < 0.8 else None,
        payments=draw.choice(("transactions", "transactions", "legacy")),
        steps=("buy", "pay", *_events(draw)) if draw.random() < 0.7 else ("buy", *_events(draw)),
    )


def _events(draw: Random) -> Iterator[str]:
    for _ in range(draw.randint(0, 5)):
        yield draw.choice(BY_STAFF if draw.random() < 0.2 else IN_THE_SHOP)
