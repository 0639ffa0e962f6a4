"""The rules of a program, as one immutable value.

A setting says here what it is, its unit and its default; `docs/settings.md` is made from
it. What a setting does is in one rule of `rules.py`, or in `rewards.py`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.numbers import list_currencies
from dateutil.relativedelta import relativedelta
from prices import Money
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from .money import Amounts, plain, share


class Beneficiary(StrEnum):
    REFERRER = "referrer"
    REFEREE = "referee"


class EarnedWhen(StrEnum):
    ORDERED = "ordered"
    PAID = "paid"
    FULFILLED = "fulfilled"


class RewardKind(StrEnum):
    """How a reward reaches its beneficiary.

    CREDIT  a gift card of the shop
    POINTS  points in a unit of the program's own, kept in the books
    COUPON  a promo code of the shop for one order of the holder's
    CUSTOM  something delivered outside the shop; staff mark it as sent
    """

    CREDIT = "credit"
    POINTS = "points"
    COUPON = "coupon"
    CUSTOM = "custom"


class ProgramKind(StrEnum):
    """CUSTOMER: anybody has a code who asks for one. WAITLIST: whoever has signed up. The
    others are by invitation."""

    CUSTOMER = "customer"
    AFFILIATE = "affiliate"
    INFLUENCER = "influencer"
    PARTNER = "partner"
    WAITLIST = "waitlist"


class Per(StrEnum):
    """How often a reward is given: once for a referral, or for each order of the referee that
    counts."""

    REFERRAL = "referral"
    ORDER = "order"


class CreditUse(StrEnum):
    """How a credit gets on a checkout: its owner enters the code, or it is on every checkout of
    theirs by itself, from where it can be taken off."""

    ON_REQUEST = "on_request"
    BY_ITSELF = "by_itself"


class Clawback(StrEnum):
    """What of an order no longer stands.

    PROPORTIONAL  the share of its money that went back, or of its goods if that is more
    BY_LINES      the lines that came back, or were refunded as such; money that went back for
                  none of them is spread over what is left
    """

    PROPORTIONAL = "proportional"
    BY_LINES = "by_lines"


class AfterIssue(StrEnum):
    """What becomes of an issued reward that is no longer deserved.

    DEBT   what is left of it is taken back; what was spent is a debt that the next credit pays
    WAIVE  what is left of it is taken back; what was spent is let go
    KEEP   it stays
    """

    DEBT = "debt"
    WAIVE = "waive"
    KEEP = "keep"


class CapPeriod(StrEnum):
    LIFE = "life"
    CALENDAR_MONTH = "month"
    CALENDAR_YEAR = "year"
    ROLLING = "rolling"


class Overflow(StrEnum):
    """What becomes of a reward for which a limit leaves too little room."""

    CUT = "cut"
    REFUSE = "refuse"


class Touch(StrEnum):
    """Which code counts when a second one is entered before the order."""

    FIRST = "first"
    LAST = "last"


class MinimumOf(StrEnum):
    """What is compared with the minimum.

    GOODS  the goods before the discount, as the shop enters prices
    NET    the goods net of discount, tax and shipping
    """

    GOODS = "goods"
    NET = "net"


def _amounts(value: Any) -> Amounts:
    if not isinstance(value, Amounts | dict):
        raise ValueError('write an amount per currency, such as {"USD": "10"}')
    pairs = value.by_currency if isinstance(value, Amounts) else value.items()
    amounts = {currency: as_number(amount) for currency, amount in pairs}
    if any(amount <= 0 for amount in amounts.values()):
        raise ValueError("an amount is above 0")
    if any(amount != round(amount, _DECIMALS) for amount in amounts.values()):
        raise ValueError(f"an amount has at most {_DECIMALS} decimal places")
    return Amounts.of(amounts)


#: The books hold so many, and so many digits before them.
_DECIMALS, _DIGITS = 4, 15


def as_number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f'"{value}" is no number')
    if abs(number.adjusted()) >= _DIGITS and number:
        raise ValueError(f'"{value}" has too many digits')
    return plain(number)


_CURRENCIES = list_currencies()

#: The unit of coupons in the books, where each counts as one.
COUPON = "COUPON"

#: Names in the books: lower case, digits and hyphens, at most 32 characters.
NAME = r"^[a-z][a-z0-9-]{0,31}$"

#: An amount per currency (or unit of points): {"USD": "10", "EUR": "9"}.
PerCurrency = Annotated[
    Amounts,
    BeforeValidator(_amounts, json_schema_input_type=dict[str, str]),
    PlainSerializer(Amounts.as_dict, return_type=dict[str, str]),
]
Number = Annotated[
    Decimal,
    BeforeValidator(as_number),
    PlainSerializer(str, return_type=str),
]


class Settings(BaseModel):
    """A value that is checked when it is made and never changes. What a newer release has
    stored and this one does not know is an error: better late than judged by half the rules."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, use_attribute_docstrings=True
    )

    def but(self, **changes: Any) -> Self:
        """The same with some settings changed, checked like a new one."""
        same = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**same | changes)


class Span(Settings):
    """A length of time. An hour and a day have a fixed length, a month the calendar's."""

    hours: int = Field(default=0, ge=0, le=1_000_000)
    """So many times 60 minutes."""
    days: int = Field(default=0, ge=0, le=36_600)
    """So many times 24 hours."""
    months: int = Field(default=0, ge=0, le=1_200)
    """So many calendar months in the program's time zone."""

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if sum(map(bool, (self.hours, self.days, self.months))) > 1:
            raise ValueError("write hours, days or months, only one of them")
        return self

    def after(self, start: datetime, zone: ZoneInfo) -> datetime:
        """The end of the span that begins then. A day is 24 hours; a month ends on the same
        day and at the same time in `zone`, or on the month's last day."""
        if self.months:
            local = start.astimezone(zone) + relativedelta(months=self.months)
            return local.astimezone(start.tzinfo)
        end = start.astimezone(UTC) + timedelta(hours=self.hours, days=self.days)
        return end.astimezone(start.tzinfo)

    def before(self, end: datetime, zone: ZoneInfo) -> datetime:
        """The start of the span that ends then."""
        if self.months:
            local = end.astimezone(zone) - relativedelta(months=self.months)
            return local.astimezone(end.tzinfo)
        start = end.astimezone(UTC) - timedelta(hours=self.hours, days=self.days)
        return start.astimezone(end.tzinfo)

    def __bool__(self) -> bool:
        return bool(self.hours or self.days or self.months)

    def __str__(self) -> str:
        for number, unit in (
            (self.hours, "hour"),
            (self.months, "month"),
            (self.days, "day"),
        ):
            if number:
                return f"{number} {unit}{'' if number == 1 else 's'}"
        return "0 days"


class Offer(Settings):
    """What is given: a percentage, or an amount per currency; a discount may be the delivery."""

    percent: Annotated[Number, Field(gt=0, le=100)] | None = None
    """A percentage, above 0 and up to 100."""
    amounts: PerCurrency = Amounts()
    """An amount per currency, or a number of points in their unit."""
    free_shipping: bool = False
    """The price of the delivery: of a discount only."""

    @model_validator(mode="after")
    def _one_of_these(self) -> Self:
        if (self.percent is not None) + bool(self.amounts) + self.free_shipping != 1:
            raise ValueError(
                "An offer is either a percentage, amounts or free shipping: one of them."
            )
        return self

    def is_priced_in(self, currency: str) -> bool:
        return self.currencies is None or self.amounts.get(currency) is not None

    def of(self, base: Money) -> Money | None:
        """What the offer is worth on `base`, some goods; None when its currency has no amount.
        Free shipping is worth nothing on goods."""
        if self.free_shipping:
            return Money(Decimal(0), base.currency)
        if self.percent is not None:
            return share(base, Fraction(self.percent) / 100)
        return self.amounts.get(base.currency)

    @property
    def currencies(self) -> tuple[str, ...] | None:
        """Those it is priced in; None: all."""
        return tuple(self.amounts.as_dict()) if self.amounts else None

    def __str__(self) -> str:
        if self.free_shipping:
            return "free shipping"
        return f"{plain(self.percent)}%" if self.percent is not None else str(self.amounts)


class Coupon(Settings):
    """What a coupon gives on one order of its holder."""

    discount: Offer
    """What it takes off the goods, or off the delivery."""
    minimum: PerCurrency = Amounts()
    """Least value of the goods, per currency. Where it names some, the coupon is good in these
    currencies alone; none named: no minimum."""

    @model_validator(mode="after")
    def _in_currencies(self) -> Self:
        named = [*self.minimum.as_dict(), *self.discount.amounts.as_dict()]
        unknown = sorted(set(named) - _CURRENCIES)
        if unknown:
            raise ValueError(f'a coupon is in currencies; "{unknown[0]}" is none')
        if self.currencies == ():
            raise ValueError("no currency has both the coupon's amount and its minimum")
        return self

    @property
    def currencies(self) -> tuple[str, ...] | None:
        """Those it is good in; None: all."""
        discounted = self.discount.currencies
        if not self.minimum:
            return discounted
        return tuple(
            currency
            for currency in self.minimum.as_dict()
            if discounted is None or currency in discounted
        )

    def is_good_in(self, currency: str) -> bool:
        return self.currencies is None or currency in self.currencies


#: What every coupon is worth in the books; what it gives there is another matter.
ONE_COUPON = Offer(amounts=Amounts.of({COUPON: 1}))


def _check_units(kind: RewardKind, worth: Offer, coupon: Coupon | None) -> None:
    """A credit is in currencies; anything else in one unit. Points are not named like a
    currency, as the books add up by name; what is paid outside the shop may be money."""
    units = worth.amounts.as_dict()
    if worth.free_shipping:
        raise ValueError("free shipping is a discount; a reward is an amount or a percentage")
    if (kind is RewardKind.COUPON) != (coupon is not None):
        raise ValueError("a reward of the kind coupon, and no other, says what the coupon gives")
    if kind is RewardKind.COUPON:
        if worth != ONE_COUPON:
            raise ValueError("a coupon has no worth besides what it gives")
    elif COUPON in units:
        raise ValueError(f'say what it is worth; "{COUPON}" counts coupons')
    elif kind is RewardKind.CREDIT:
        unknown = sorted(set(units) - _CURRENCIES)
        if unknown:
            raise ValueError(f'a credit is in currencies; "{unknown[0]}" is none')
    elif len(units) > 1:
        raise ValueError("points and custom rewards are in one unit")
    elif any(not 0 < len(unit) <= 16 for unit in units):
        raise ValueError("a unit has up to 16 characters")
    elif kind is RewardKind.POINTS and _CURRENCIES & set(units):
        raise ValueError("points are in a unit that is not named like a currency")


class RewardRule(Settings):
    """One reward of a referral that qualifies."""

    name: str = Field(default="credit", pattern=NAME)
    """Names the reward in the books for ever. Two rules of one program differ in it."""
    to: Beneficiary = Beneficiary.REFERRER
    """Who gets it."""
    kind: RewardKind = RewardKind.CREDIT
    """How it is delivered."""
    per: Per = Per.REFERRAL
    """How often it is given."""
    action: str | None = Field(default=None, pattern=NAME)
    """What the referee must have done besides, as the shop or an app has recorded it; its time
    is when this reward is earned. None: nothing."""
    from_orders: int = Field(default=1, ge=1)
    """Given once so many orders of the referee have qualified. More than one needs
    `later_orders` or `discounted_orders`."""
    from_spend: PerCurrency = Amounts()
    """Given once the referee's orders are worth so much net, less what was refunded; per
    currency, none named: no threshold."""
    within: Span | None = None
    """How long after the first order the orders count towards both. None: ever."""
    worth: Offer = ONE_COUPON
    """How much: an amount, or a percentage of the order's goods net of discount, tax and
    shipping. Points and custom rewards are amounts in their own unit: {"MB": 500}. Has to be set
    for all but coupons, each of which counts as one."""
    coupon: Coupon | None = None
    """What a coupon gives."""
    least: PerCurrency = Amounts()
    """A percentage is at least this amount, per currency."""
    most: PerCurrency = Amounts()
    """A percentage is at most this amount, per currency."""
    proportional: bool = False
    """An amount falls with what is refunded, as a percentage does. Otherwise it is given whole
    as long as the order qualifies."""
    never_above_net: bool = False
    """Never more than the order's goods net of discount, tax and shipping."""
    hold: Span = Span()
    """From earning to issuing."""
    issue_until: AwareDatetime | None = None
    """Latest date to issue: a hold that would end later, or an action done later, gives nothing.
    None: any date."""
    valid: Span | None = None
    """How long an issued credit or coupon can be used. None: for ever."""
    use: CreditUse = CreditUse.ON_REQUEST
    """How an issued credit gets on a checkout of its owner."""
    remind: Span | None = None
    """How long before an issued credit or coupon expires its owner is told. None: not at all."""
    after_issue: AfterIssue = AfterIssue.DEBT
    """Once it is issued and no longer deserved: what is left of it is taken back, and what was
    spent of it is a debt that the next credit pays (of a coupon that was used, the next coupon),
    or is waived; or it is kept."""

    @property
    def has_threshold(self) -> bool:
        return self.from_orders > 1 or bool(self.from_spend)

    @model_validator(mode="after")
    def _percentages_are_of_money(self) -> Self:
        if self.kind is not RewardKind.CREDIT and self.worth.percent is not None:
            raise ValueError("only a credit can be a percentage; write an amount in its unit")
        _check_units(self.kind, self.worth, self.coupon)
        if self.coupon is not None and self.proportional:
            raise ValueError("a coupon is given whole or not at all")
        if self.coupon is not None and self.use is not CreditUse.ON_REQUEST:
            raise ValueError("a coupon is entered by its holder")
        if (self.least or self.most) and self.worth.percent is None:
            raise ValueError("least and most are for percentages")
        if self.remind is not None and self.valid is None:
            raise ValueError("what never expires is not reminded of")
        if self.has_threshold and self.per is Per.ORDER:
            raise ValueError("a threshold is passed once: its reward is per referral")
        return self

    def is_due_in(self, currency: str) -> bool:
        """Is there an amount for an order in this currency? Points have no currency; a coupon
        must be good for another such order."""
        if self.coupon is not None:
            return self.coupon.is_good_in(currency)
        return self.kind is not RewardKind.CREDIT or self.worth.is_priced_in(currency)


class Cap(Settings):
    """A limit to what one person gets: a number of rewards, or an amount per currency."""

    count: int | None = Field(default=None, ge=1)
    """The most rewards."""
    amount: PerCurrency = Amounts()
    """The most in all, per currency or unit; no limit where none is named. Coupons are limited
    by number alone."""
    to: Beneficiary = Beneficiary.REFERRER
    """Whose rewards are counted."""
    per_referee: bool = False
    """Counted for each referee by themselves, rather than over all referrals."""
    whole_program: bool = False
    """Counted over all referrers together: the program's budget."""
    period: CapPeriod = CapPeriod.CALENDAR_YEAR
    """In which time the rewards were earned that count. Calendar periods are those of the
    program's time zone."""
    rolling: Span | None = None
    """How far a rolling period reaches back."""
    overflow: Overflow = Overflow.CUT
    """The last reward is cut to what is left, or refused."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.count is None) == (not self.amount):
            raise ValueError("a limit is either a number of rewards or an amount")
        if self.amount.get(COUPON) is not None:
            raise ValueError("coupons are limited by number: write a count")
        is_empty = self.rolling is not None and not self.rolling
        if self.per_referee and self.whole_program:
            raise ValueError("a limit is per referee or for the whole program, not both")
        if (self.rolling is None) == (self.period is CapPeriod.ROLLING) or is_empty:
            raise ValueError("a rolling period, and no other, needs its length")
        if self.rolling is not None and self.rolling.months:
            # Seen from either end a month has another length: two orders might differ in
            # whether they share one.
            raise ValueError("a rolling period is in hours or days")
        return self


class ReferrerConditions(Settings):
    """What a referrer must be when the friend orders."""

    has_bought: bool = False
    """At least one order of theirs stands."""
    customer_for: Span | None = None
    """Their account is at least so old. None: any age."""
    countries: tuple[str, ...] = ()
    """Their billing address is in one of these countries (ISO 3166 alpha-2). Empty: anywhere."""
    in_groups: tuple[str, ...] = ()
    """They are in one of these groups of the program. Empty: in any, or in none."""
    not_in_groups: tuple[str, ...] = ()
    """They are in none of these groups of the program."""
    exclude_staff: bool = False
    """They are no staff of the shop."""

    @field_validator("countries")
    @classmethod
    def _known_countries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(Locale("en").territories))
        if unknown:
            raise ValueError(f'"{unknown[0]}" is no country; write codes such as "DK"')
        return value

    @property
    def names_groups(self) -> bool:
        return bool(self.in_groups or self.not_in_groups)

    def __bool__(self) -> bool:
        return self != ReferrerConditions()


class LaterOrders(Settings):
    """Which later orders of a referee, made without a code, count as well."""

    count: int | None = Field(default=None, ge=1)
    """The first so many. None: any number."""
    within: Span | None = None
    """Placed within this span after the first order. None: ever."""


class Goods(Settings):
    """Some of the shop's goods: those of any list named, or all where none is, without those of
    the lists of exceptions. A product belongs to the one category that it stands in directly,
    and to any number of collections.

    Written by slug. When the program is saved, the store's id is put behind it, as in
    "shirts#12": people read the slug, and the id stays when the slug is changed."""

    products: tuple[str, ...] = ()
    """These products."""
    collections: tuple[str, ...] = ()
    """All products of these collections."""
    categories: tuple[str, ...] = ()
    """All products that stand in these categories themselves, not in one below."""
    except_products: tuple[str, ...] = ()
    """None of these products."""
    except_collections: tuple[str, ...] = ()
    """No product of these collections."""
    except_categories: tuple[str, ...] = ()
    """No product that stands in these categories themselves."""

    @property
    def names_some(self) -> bool:
        """Is it about what is named, rather than about all but the exceptions?"""
        return bool(self.products or self.collections or self.categories)

    @property
    def names_exceptions(self) -> bool:
        return bool(self.except_products or self.except_collections or self.except_categories)

    def __bool__(self) -> bool:
        return self.names_some or self.names_exceptions


class Group(Settings):
    """Terms of its own for the referrers who are in a group when a referral qualifies."""

    name: str = Field(pattern=NAME)
    """Names the group; staff, or a milestone, put a referrer into it."""
    rewards: tuple[RewardRule, ...] = ()
    """In place of the program's rewards."""
    caps: tuple[Cap, ...] = ()
    """In place of the program's limits."""


class Milestone(Settings):
    """What a referrer gets for having come so far."""

    count: int | None = Field(default=None, ge=1)
    """So many qualified referrals."""
    revenue: PerCurrency = Amounts()
    """So much net value of their orders, per currency."""
    kind: RewardKind = RewardKind.CREDIT
    """How the reward is delivered."""
    worth: Offer | None = None
    """How much: amounts. None: nothing but the group, or a coupon."""
    coupon: Coupon | None = None
    """What a coupon gives."""
    hold: Span = Span()
    """From reaching to issuing."""
    valid: Span | None = None
    """How long an issued credit or coupon can be used. None: for ever."""
    group: str | None = None
    """The group that the referrer is in from then on."""

    @model_validator(mode="after")
    def _an_amount(self) -> Self:
        if (self.count is None) == (not self.revenue):
            raise ValueError("a milestone is either a number of referrals or a revenue")
        if self.worth is not None and self.worth.percent is not None:
            raise ValueError("a milestone gives an amount, not a percentage")
        if self.gives is not None or self.coupon is not None:
            _check_units(self.kind, self.gives or ONE_COUPON, self.coupon)
        return self

    @property
    def gives(self) -> Offer | None:
        """How much, a coupon counting as one; None: nothing but the group."""
        return self.worth or (ONE_COUPON if self.kind is RewardKind.COUPON else None)


class Milestones(Settings):
    """Milestones that are counted together."""

    name: str = Field(default="milestones", pattern=NAME)
    """Names their rewards in the books for ever."""
    period: CapPeriod = CapPeriod.LIFE
    """In which time the referrals were earned that count: for life, in a calendar period, or in
    a rolling one."""
    rolling: Span | None = None
    """How far a rolling period reaches back from now, its first moment included. What it gave is
    taken back, and its group left, when too few referrals are left in it; each milestone is given
    once at a time, and can be reached again."""
    for_good: bool = False
    """What was reached within some rolling period, whenever it was, stays however much time goes
    by: each milestone is given once for life."""
    highest_only: bool = False
    """Only the highest milestone reached gives a reward; what an earlier one has already
    delivered stays."""
    steps: tuple[Milestone, ...] = Field(min_length=1)
    """The milestones, lowest first."""

    @model_validator(mode="after")
    def _steps_rise(self) -> Self:
        is_rolling = self.period is CapPeriod.ROLLING
        if is_rolling is not bool(self.rolling):
            raise ValueError("a rolling period, and no other, needs its length")
        if self.rolling is not None and self.rolling.months:
            raise ValueError("a rolling period is in hours or days")
        if self.for_good and not is_rolling:
            raise ValueError("only what a rolling period gave is lost with time")
        counts = [step.count for step in self.steps if step.count is not None]
        if counts != sorted(set(counts)) or 0 < len(counts) < len(self.steps):
            raise ValueError("milestones rise, and all count referrals or all count revenue")
        return self


class Prize(Settings):
    """What the referrer on one place of a ranking gets."""

    kind: RewardKind = RewardKind.CUSTOM
    """How it is delivered."""
    worth: Offer = ONE_COUPON
    """How much: an amount of points or of something delivered outside the shop; of a credit in
    one currency. Has to be set for all but coupons."""
    coupon: Coupon | None = None
    """What a coupon gives."""
    valid: Span | None = None
    """How long an issued credit or coupon can be used. None: for ever."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if len(self.worth.amounts.by_currency) != 1:
            raise ValueError("a prize is one amount, in one currency or unit")
        _check_units(self.kind, self.worth, self.coupon)
        return self


class Ranking(Settings):
    """Prizes for the referrers with the most qualified referrals. Of two with as many, the
    one goes before who got there first."""

    name: str = Field(default="ranking", pattern=NAME)
    """Names its prizes in the books for ever."""
    period: CapPeriod = CapPeriod.CALENDAR_MONTH
    """A calendar month or year; or for life, which ends when the program takes no more orders."""
    prizes: tuple[Prize, ...] = Field(min_length=1)
    """For the first place, the second, and so on."""
    settled_after: Span = Span()
    """How long after the period's end the prizes are decided for good."""

    @model_validator(mode="after")
    def _a_period_that_ends(self) -> Self:
        if self.period is CapPeriod.ROLLING:
            raise ValueError("a ranking is of a calendar month or year, or for life")
        return self


class Terms(Settings):
    """One version of a program's rules."""

    channels: tuple[str, ...] = ()
    """Slugs of the channels it runs in. Empty: all of them."""
    time_zone: str = "UTC"
    """In which calendar months and calendar periods are counted (IANA name)."""
    claims_until: AwareDatetime | None = None
    """From this moment on no new code is taken."""
    orders_until: AwareDatetime | None = None
    """From this moment on no new order qualifies, whenever its code was claimed."""
    goods: Goods = Goods()
    """Which goods the program is about: only they are discounted, and only they count for the
    minimum, for percentages and for revenue. None named: all."""
    discount: Offer | None = None
    """What the referee gets off the goods, or off the delivery, at checkout. None: nothing."""
    discounted_orders: int = Field(default=1, ge=1)
    """How many orders of a referee are discounted: the first, and later ones for which the same
    code is entered again. Those count like later orders."""
    minimum: PerCurrency = Amounts()
    """Least value of the order's goods, per currency; none named: no minimum."""
    minimum_of: MinimumOf = MinimumOf.GOODS
    """What is compared with the minimum."""
    new_customers_only: bool = True
    """Earlier orders, by account or by e-mail, exclude the referee."""
    new_in: tuple[str, ...] = ()
    """Only earlier orders in these channels (slugs) exclude the referee. Empty: in any."""
    new_after: Span | None = None
    """An order that is older than this no longer counts as an earlier one. None: for ever."""
    referrer: ReferrerConditions = ReferrerConditions()
    """What the referrer must be."""
    exclude_staff: bool = False
    """Staff accounts of the shop cannot be referred. Who orders as a guest has none."""
    referee_account_within: Span | None = None
    """The referee's account was registered at most so long before the code was claimed, or
    after. A guest can claim, and needs an account to order. None: whatever account, or none."""
    open_referrals: int | None = Field(default=None, ge=1)
    """How many referrals of one referrer may wait at the same time, neither qualified nor refused
    yet; while there are so many, no new code of theirs is taken. None: any number."""
    excluded_domains: tuple[str, ...] = ()
    """Domains of e-mail addresses that cannot be referred, such as the shop's own; those below
    them neither."""
    exclude_related: bool = True
    """The referrer is neither recipient nor payer of the order, by a name with its address or
    phone, or by e-mail."""
    claim_valid: Span | None = None
    """From the claim to the order: its last moment is the end of this span. None: for ever."""
    claim_after: Span | None = None
    """How long after an order a code can still be claimed for it, without the discount; its last
    moment is the end of this span. None: not at all."""
    review_late_claims: bool = True
    """An order whose code was claimed after it counts once a person has approved it."""
    touch: Touch = Touch.LAST
    """Which code counts when a second one is entered on a checkout."""
    earned_when: EarnedWhen = EarnedWhen.PAID
    """What the order must be for the rewards to be earned: placed, fully paid or fully sent."""
    clawback: Clawback = Clawback.PROPORTIONAL
    """What of an order no longer stands when money or goods went back: a share of it, or the
    lines that came back or were refunded."""
    rewards: tuple[RewardRule, ...] = ()
    """What is given for a referral that qualifies, in this order."""
    caps: tuple[Cap, ...] = ()
    """How much at most."""
    later_orders: LaterOrders | None = None
    """Which later orders of the referee count, too. None: those that are discounted alone."""
    milestones: tuple[Milestones, ...] = ()
    """What a referrer gets for many referrals. They are those of the newest terms."""
    rankings: tuple[Ranking, ...] = ()
    """Prizes for the most referrals. They are those of the newest terms."""
    groups: tuple[Group, ...] = ()
    """Other rewards and limits for referrers in a group."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f'"{value}" is no time zone; write a name such as "Europe/Berlin"')
        return value

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        milestones = [each.name for each in self.milestones]
        milestones += [each.name for each in self.rankings]
        for rewards in (self.rewards, *(group.rewards for group in self.groups)):
            names = [rule.name for rule in rewards] + milestones
            if len(set(names)) < len(names):
                raise ValueError("two rewards of one program have the same name")
        return self

    @model_validator(mode="after")
    def _no_amount_off_some_goods(self) -> Self:
        # A store takes an amount off each piece of them, or off the whole order.
        if self.goods and self.discount is not None and self.discount.amounts:
            raise ValueError("a discount on some of the goods is a percentage, not an amount")
        return self

    @model_validator(mode="after")
    def _later_orders_are_counted(self) -> Self:
        has_later = self.later_orders is not None or self.discounted_orders > 1
        if not has_later and any(rule.from_orders > 1 for rule in self.rewards):
            raise ValueError("a reward for several orders needs later orders to count")
        return self

    def for_group(self, name: str) -> "Terms":
        """The terms for a referrer who is in the group; the same ones for those in none."""
        for group in self.groups:
            if group.name == name:
                return self.but(rewards=group.rewards, caps=group.caps, groups=())
        return self

    @property
    def named_groups(self) -> frozenset[str]:
        """The groups that the terms know of."""
        names = {group.name for group in self.groups}
        names |= {*self.referrer.in_groups, *self.referrer.not_in_groups}
        for milestones in self.milestones:
            names |= {step.group for step in milestones.steps if step.group}
        return frozenset(names)

    @property
    def units_of_points(self) -> frozenset[str]:
        """The units in which the terms give points."""
        given: list[tuple[RewardKind, Offer | None]] = []
        for rewards in (self.rewards, *(group.rewards for group in self.groups)):
            given += ((rule.kind, rule.worth) for rule in rewards)
        for milestones in self.milestones:
            given += ((step.kind, step.gives) for step in milestones.steps)
        for ranking in self.rankings:
            given += ((prize.kind, prize.worth) for prize in ranking.prizes)
        points = (worth for kind, worth in given if worth and kind is RewardKind.POINTS)
        return frozenset(unit for worth in points for unit in worth.amounts.as_dict())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def rewards_to(self, beneficiary: Beneficiary) -> Iterator[RewardRule]:
        return (rule for rule in self.rewards if rule.to is beneficiary)

    def reward(self, name: str) -> RewardRule:
        return next(rule for rule in self.rewards if rule.name == name)

    def runs_in(self, channel: str, currency: str) -> bool:
        return not self.why_not_in(channel, currency)

    def share_a_voucher_with(self, other: "Terms") -> bool:
        """Would one voucher in the store do for both?"""
        return self._voucher == other._voucher

    @property
    def _voucher(self) -> tuple[Any, ...]:
        """What it says, and where it is listed: only where the rewards have a price, too."""
        priced = [
            rule.coupon.currencies if rule.coupon is not None else rule.worth.currencies
            for rule in self.rewards
            if rule.kind in (RewardKind.CREDIT, RewardKind.COUPON)
        ]
        return (
            self.discount,
            self.goods,
            self.minimum,
            self.minimum_of,
            self.channels,
            tuple(priced),
        )

    def why_not_in(self, channel: str, currency: str) -> str:
        """Why the program does not run in a channel, in words; empty when it does."""
        if self.channels and channel not in self.channels:
            return "not among the program's channels"
        missing = []
        if self.discount is not None and not self.discount.is_priced_in(currency):
            missing.append("friend's discount")
        for beneficiary, whose in (
            (Beneficiary.REFERRER, "referrer's"),
            (Beneficiary.REFEREE, "friend's"),
        ):
            kinds = (r.kind for r in self.rewards_to(beneficiary) if not r.is_due_in(currency))
            missing += [f"{whose} {kind.value}" for kind in dict.fromkeys(kinds)]
        return f"no {' and no '.join(missing)} in {currency}" if missing else ""

    def to_json(self) -> dict[str, Any]:
        """All of it: a default that changes in a later release must not change old terms."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Terms":
        """Raises pydantic's ValidationError for what are no terms."""
        return cls.from_text(json.dumps(data, sort_keys=True))

    @classmethod
    def from_text(cls, text: str) -> "Terms":
        """The same from what `to_json` gives, as text. Read once for each text: terms never
        change."""
        return _parsed(text)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Terms:
    return Terms.model_validate_json(text)
