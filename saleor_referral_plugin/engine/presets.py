"""Ready-made terms, one call each. What a preset does not name is changed with `but`.

Amounts are written per currency, {"USD": 10, "EUR": 9}; a currency that is not named has
none, and the program does not run in it. Those named after a company follow its published
rules, as given by the project.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from .money import Amounts
from .terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    Coupon,
    CreditUse,
    EarnedWhen,
    Group,
    LaterOrders,
    Milestone,
    Milestones,
    MinimumOf,
    Offer,
    Overflow,
    Per,
    Prize,
    ProgramKind,
    Ranking,
    RewardKind,
    RewardRule,
    Span,
    Terms,
    Touch,
    as_number,
)

Number = Annotated[Decimal | int | str, BeforeValidator(as_number)]
PerCurrency = Mapping[str, Number]


def refer_a_friend(
    *,
    friend_saves: PerCurrency | None = None,
    friend_saves_percent: Number = 10,
    free_shipping: bool = False,
    friend_saves_on: int = 1,
    referrer_gets: PerCurrency | None = None,
    hold_days: int = 14,
    valid_days: int | None = 365,
    most_a_year: int | None = None,
) -> Terms:
    """Both sides gain: a friend saves on the first order, or on so many, or has them sent for
    nothing; the referrer gets a credit once the first has proved good. The usual program of
    shops.

    Example: with 10% and 10 USD, a friend's order of 100 USD costs 90, and gives 10.
    """
    limit = () if most_a_year is None else (Cap(count=most_a_year),)
    return Terms(
        discount=Offer(free_shipping=True)
        if free_shipping
        else _offer(friend_saves, friend_saves_percent),
        discounted_orders=friend_saves_on,
        rewards=(_credit(referrer_gets or {"USD": 10}, hold_days=hold_days, valid=valid_days),),
        caps=limit,
    )


def friend_first(
    *,
    friend_saves: PerCurrency | None = None,
    friend_saves_percent: Number = 20,
    free_shipping: bool = False,
) -> Terms:
    """All is for the friend: the one who recommends wants nothing but to be kind.

    Example: with 20%, a friend's order of 100 USD costs 80, and nobody gets a credit.
    """
    if free_shipping:
        return Terms(discount=Offer(free_shipping=True))
    return Terms(discount=_offer(friend_saves, friend_saves_percent))


def coupons_for_both(
    *,
    friend_saves_percent: Number = 10,
    gets_percent: Number = 10,
    minimum: PerCurrency | None = None,
    hold_days: int = 14,
    valid_days: int = 90,
    remind_days: int = 7,
) -> Terms:
    """Both sides gain, and come back: a friend saves on the first order, and once it has proved
    good both get a coupon for another one, each for themselves, of which they are reminded
    before it expires.

    Example: with 10%, a friend's order of 100 USD costs 90, and gives each a coupon of 10%.
    """
    coupon = RewardRule(
        name="coupon",
        kind=RewardKind.COUPON,
        coupon=Coupon(discount=_offer(None, gets_percent), minimum=_amounts(minimum)),
        hold=Span(days=hold_days),
        valid=Span(days=valid_days),
        remind=Span(days=remind_days),
    )
    return Terms(
        discount=_offer(None, friend_saves_percent),
        rewards=(coupon, coupon.but(name="friend", to=Beneficiary.REFEREE)),
    )


def credit_for_life(
    *,
    percent: Number = 5,
    friend_saves_percent: Number = 10,
    months: int | None = None,
    orders: int | None = None,
    hold_days: int = 30,
    valid_days: int | None = 365,
) -> Terms:
    """The referrer gets a share of every order that the friend ever makes, or of the first
    so many, or in so many months.

    Example: with 5%, an order of 90 USD net gives 4.50, and each later one its own share.
    """
    within = None if months is None else Span(months=months)
    share = _credit(percent, per=Per.ORDER, hold_days=hold_days, valid=valid_days)
    return Terms(
        discount=_offer(None, friend_saves_percent),
        rewards=(share,),
        later_orders=LaterOrders(count=orders, within=within),
    )


def milestone(
    *,
    steps: Mapping[int, PerCurrency] | None = None,
    friend_saves_percent: Number = 10,
    highest_only: bool = False,
    hold_days: int = 14,
) -> Terms:
    """A credit for every so many friends: nothing for one, more for many.

    Example: with 20 USD for 3 friends, the second gives nothing and the third 20.
    """
    steps = steps or {3: {"USD": 20}, 10: {"USD": 100}}
    return Terms(
        discount=_offer(None, friend_saves_percent),
        milestones=(
            Milestones(
                highest_only=highest_only,
                steps=tuple(
                    Milestone(count=count, worth=_offer(worth), hold=Span(days=hold_days))
                    for count, worth in sorted(steps.items())
                ),
            ),
        ),
    )


def tiered_ambassador(
    *,
    percent: Number = 5,
    tiers: Mapping[int, tuple[str, Number]] | None = None,
    friend_saves_percent: Number = 10,
    hold_days: int = 30,
) -> Terms:
    """By invitation: who brings more friends in a year gets a greater share of the orders.

    Example: with 5%, and 8% in the tier "silver", an order of 90 USD net gives 4.50 to
    those in no tier, and 7.20 in silver.
    """
    tiers = tiers or {10: ("silver", 8), 50: ("gold", 12)}
    return Terms(
        discount=_offer(None, friend_saves_percent),
        rewards=(_credit(percent, hold_days=hold_days),),
        milestones=(
            Milestones(
                name="tiers",
                period=CapPeriod.CALENDAR_YEAR,
                steps=tuple(
                    Milestone(count=count, group=group)
                    for count, (group, _) in sorted(tiers.items())
                ),
            ),
        ),
        groups=tuple(
            Group(name=group, rewards=(_credit(share, hold_days=hold_days),))
            for _, (group, share) in sorted(tiers.items())
        ),
    )


def affiliate_commission(
    *,
    percent: Number = 10,
    days: int = 30,
    most: PerCurrency | None = None,
    hold_days: int = 30,
) -> Terms:
    """By invitation: a commission on an order that comes within days of the claim, from
    whomever, and paid for whichever code came last. The buyer saves nothing.

    Example: with 10%, an order of 90 USD net gives 9, on the 30th day and not after it.
    """
    return Terms(
        new_customers_only=False,
        claim_valid=Span(days=days),
        touch=Touch.LAST,
        rewards=(_credit(percent, name="commission", hold_days=hold_days, most=most),),
    )


def partner(
    *,
    currency: str = "USD",
    amount: Number = 100,
    minimum: PerCurrency | None = None,
    budget: Number | None = None,
    days: int = 90,
    hold_days: int = 30,
) -> Terms:
    """By invitation, with a company: a fixed fee for each new customer whose order was sent,
    paid outside the shop by invoice; staff mark it as sent. The first code counts. A budget
    for all partners together refuses what it no longer covers in full.

    Example: with 100 USD, an order that was sent gives 100; one that was only paid, nothing.
    """
    fee = RewardRule(
        name="fee",
        kind=RewardKind.CUSTOM,
        worth=_offer({currency: amount}),
        hold=Span(days=hold_days),
    )
    terms = Terms(
        minimum=_amounts(minimum),
        claim_valid=Span(days=days),
        touch=Touch.FIRST,
        earned_when=EarnedWhen.FULFILLED,
        rewards=(fee,),
    )
    if budget is None:
        return terms
    limit = Cap(
        amount=_amounts({currency: budget}),
        whole_program=True,
        period=CapPeriod.LIFE,
        overflow=Overflow.REFUSE,
    )
    return terms.but(caps=(limit,))


def waitlist(
    *,
    steps: Mapping[int, str] | None = None,
    highest_only: bool = False,
    until: datetime | None = None,
) -> Terms:
    """Before there is anything to buy: whoever brings friends onto the list gets something for
    every so many that confirm their address. Sent outside the shop; staff mark it as sent.

    Example: with a sticker for 5 and a mug for 10, the fifth confirmed friend gives a sticker.
    """
    steps = steps or {5: "sticker", 10: "mug", 25: "shirt", 50: "hoodie"}
    return Terms(
        claims_until=until,
        milestones=(
            Milestones(
                highest_only=highest_only,
                steps=tuple(
                    Milestone(count=count, kind=RewardKind.CUSTOM, worth=_offer({what: 1}))
                    for count, what in sorted(steps.items())
                ),
            ),
        ),
    )


def ranking(
    *,
    prizes: Sequence[PerCurrency] = ({"USD": 100}, {"USD": 50}, {"USD": 25}),
    friend_saves_percent: Number = 10,
    settled_after_days: int = 14,
) -> Terms:
    """Prizes for the referrers with the most friends in a calendar month, given once returns
    are over. Of two with as many, the one who got there first.

    Example: with 100 and 50 USD, the two with the most friends in March get them on 15 April.
    """
    return Terms(
        discount=_offer(None, friend_saves_percent),
        rankings=(
            Ranking(
                settled_after=Span(days=settled_after_days),
                prizes=tuple(
                    Prize(kind=RewardKind.CREDIT, worth=_offer(prize)) for prize in prizes
                ),
            ),
        ),
    )


def uber(
    *,
    friend_saves: PerCurrency | None = None,
    referrer_gets: PerCurrency | None = None,
    days: int = 90,
    claims_until: datetime | None = None,
) -> Terms:
    """Published rules of Uber, as given by the project: an amount off the friend's first
    order within 90 days of entering the code, of which no remainder is kept; an amount for
    the referrer. The last code before that order counts.

    Example: a first order of 8.00 USD costs nothing, and gives the referrer 5.00.
    """
    return Terms(
        discount=_offer(friend_saves or {"USD": 10}),
        claim_valid=Span(days=days),
        claims_until=claims_until,
        rewards=(_credit(referrer_gets or {"USD": 5}),),
    )


def amazon_prime(
    *,
    minimum: PerCurrency | None = None,
    referrer_gets: PerCurrency | None = None,
    friend_gets: PerCurrency | None = None,
    days: int = 60,
    hold_days: int = 30,
    valid_months: int = 12,
) -> Terms:
    """Published rules of Amazon Prime, as given by the project: a link that is good for 60
    days; for a first order of a minimum, both sides get a credit, 30 days after it was sent,
    that lasts for a year and is on their checkouts by itself.

    Example: an order of 299.99 INR gives nothing; one of 300.00 gives the referrer 200.00
    and the friend 100.00.
    """
    valid = Span(months=valid_months)
    return Terms(
        minimum=_amounts(minimum or {"INR": 300}),
        claim_valid=Span(days=days),
        earned_when=EarnedWhen.FULFILLED,
        rewards=(
            _credit(
                referrer_gets or {"INR": 200},
                hold_days=hold_days,
                valid=valid,
                use=CreditUse.BY_ITSELF,
            ),
            _credit(
                friend_gets or {"INR": 100},
                name="friend",
                to=Beneficiary.REFEREE,
                hold_days=hold_days,
                valid=valid,
                use=CreditUse.BY_ITSELF,
            ),
        ),
    )


def dropbox(
    *,
    unit: str = "MB",
    each: int = 500,
    most: int = 16_000,
    plus_each: int = 1_000,
    plus_most: int = 32_000,
) -> Terms:
    """Published rules of Dropbox, as given by the project: space for both sides, up to a
    limit for the referrer's life, the last of it cut to what is left; twice as much of both
    for referrers in the group "plus".

    Example: a first order gives 500 MB to each side, and 1,000 MB to each where the referrer
    is in the group.
    """

    def rewards(amount: int) -> tuple[RewardRule, ...]:
        return tuple(
            RewardRule(
                name=name,
                to=to,
                kind=RewardKind.POINTS,
                worth=Offer(amounts=_amounts({unit: amount})),
            )
            for name, to in (("space", Beneficiary.REFERRER), ("friend", Beneficiary.REFEREE))
        )

    def limit(amount: int) -> tuple[Cap, ...]:
        return (Cap(amount=_amounts({unit: amount}), period=CapPeriod.LIFE),)

    return Terms(
        rewards=rewards(each),
        caps=limit(most),
        groups=(Group(name="plus", rewards=rewards(plus_each), caps=limit(plus_most)),),
    )


def airbnb(
    *,
    minimum: PerCurrency | None = None,
    referrer_gets: PerCurrency | None = None,
    action: str = "host",
    action_gives: PerCurrency | None = None,
    most_per_friend: PerCurrency | None = None,
    most: PerCurrency | None = None,
    valid_months: int = 12,
) -> Terms:
    """Published rules of Airbnb, as given by the project: a credit for the referrer when a
    friend's first order is fulfilled, of at least a minimum net of tax, shipping and
    discount, and a greater one when the friend has done something else besides, as the shop
    records it; limits per friend and for life; a credit lasts for a year.

    Example: 80.00 USD of goods, sent with 12.00 of tax and 10.00 of shipping, give 20.00;
    74.99 of goods nothing. A friend who hosts gives another 75.00.
    """
    valid = Span(months=valid_months)
    return Terms(
        minimum=_amounts(minimum or {"USD": 75}),
        minimum_of=MinimumOf.NET,
        earned_when=EarnedWhen.FULFILLED,
        rewards=(
            _credit(referrer_gets or {"USD": 20}, valid=valid),
            _credit(action_gives or {"USD": 75}, name="action", action=action, valid=valid),
        ),
        caps=(
            Cap(
                amount=_amounts(most_per_friend or {"USD": 95}),
                per_referee=True,
                period=CapPeriod.LIFE,
            ),
            Cap(amount=_amounts(most or {"USD": 5_000}), period=CapPeriod.LIFE),
        ),
    )


PRESETS: dict[str, Callable[..., Terms]] = {
    preset.__name__: preset
    for preset in (
        refer_a_friend,
        friend_first,
        coupons_for_both,
        credit_for_life,
        milestone,
        tiered_ambassador,
        affiliate_commission,
        partner,
        waitlist,
        ranking,
        uber,
        amazon_prime,
        dropbox,
        airbnb,
    )
}

#: What kind of program a preset is for, where it is not for any customer.
KINDS: dict[str, ProgramKind] = {
    "tiered_ambassador": ProgramKind.INFLUENCER,
    "affiliate_commission": ProgramKind.AFFILIATE,
    "partner": ProgramKind.PARTNER,
    "waitlist": ProgramKind.WAITLIST,
}


def about(preset: Callable[..., Terms]) -> str:
    """What a preset does, in words."""
    return " ".join((preset.__doc__ or "").split())


#: What the options of presets mean; the same in each that has it.
OPTIONS: dict[str, str] = {
    "action": "What the friend must do for the greater credit, as the shop or an app records it.",
    "action_gives": "What the referrer gets for that, per currency.",
    "amount": "The fee for each new customer.",
    "budget": "The most for all referrers together, for ever. None: no limit.",
    "claims_until": "From this moment on no new code is taken. None: no end.",
    "currency": "The one currency that it runs in.",
    "days": "So many days after the claim an order counts.",
    "each": "How much each side gets for a referral.",
    "free_shipping": "The friend's order is sent for nothing, in place of a discount.",
    "friend_gets": "What the friend is credited, per currency.",
    "friend_saves": "What comes off the friend's order, per currency, in place of a percentage.",
    "friend_saves_on": "How many orders of a friend are discounted.",
    "friend_saves_percent": "What percentage comes off the friend's order.",
    "gets_percent": "What percentage the coupons take off.",
    "highest_only": "Only the highest step reached is given.",
    "hold_days": "Days between being earned and being issued.",
    "minimum": "Least value of the goods, per currency.",
    "months": "In so many months after the first order later ones count. None: for ever.",
    "most": "The most that one referrer gets, or that a percentage comes to.",
    "most_a_year": "The most credits of one referrer in a calendar year. None: no limit.",
    "most_per_friend": "The most for one friend, per currency.",
    "orders": "So many later orders count. None: all.",
    "percent": "What percentage of the friend's goods the referrer gets.",
    "plus_each": 'The same for referrers in the group "plus".',
    "plus_most": 'The limit for referrers in the group "plus".',
    "prizes": "What the first place gets, the second, and so on, per currency.",
    "referrer_gets": "What the referrer is credited, per currency.",
    "remind_days": "Days before a coupon expires its holder is told.",
    "settled_after_days": "Days after the month's end the prizes are given.",
    "steps": "What is given for how many friends.",
    "tiers": "For how many friends in a year a group is reached, and its percentage.",
    "unit": "What is given: the unit of the points.",
    "until": "From this moment on nobody can sign up with a code. None: no end.",
    "valid_days": "Days that a credit or coupon can be used. None: for ever.",
    "valid_months": "Calendar months that a credit can be used.",
}


def _amounts(amounts: PerCurrency | None) -> Amounts:
    return Amounts.of(amounts or {})


def _offer(amounts: PerCurrency | None, percent: Number | None = None) -> Offer:
    """The amounts where there are any, else the percentage."""
    if amounts:
        return Offer(amounts=_amounts(amounts))
    return Offer(percent=None if percent is None else Decimal(percent))


def _credit(
    worth: PerCurrency | Number,
    *,
    name: str = "credit",
    to: Beneficiary = Beneficiary.REFERRER,
    per: Per = Per.REFERRAL,
    action: str | None = None,
    hold_days: int = 0,
    valid: Span | int | None = None,
    most: PerCurrency | None = None,
    use: CreditUse = CreditUse.ON_REQUEST,
) -> RewardRule:
    """A credit of amounts, or of a percentage; `valid` for a span or so many days."""
    return RewardRule(
        name=name,
        to=to,
        per=per,
        action=action,
        worth=_offer(worth) if isinstance(worth, Mapping) else _offer(None, worth),
        most=_amounts(most),
        hold=Span(days=hold_days),
        valid=Span(days=valid) if isinstance(valid, int) else valid,
        use=use,
    )
