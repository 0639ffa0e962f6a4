"""What is true of the store's objects now: the only input a decision has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from prices import Money

from .terms import Coupon

NONE_OF_IT, ALL_OF_IT = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or guest.

    `user_ref` is the store's account id, `email_key` the keyed hash of the normalised
    e-mail; each may be missing, and a person with neither is nobody yet. `other_key` is the
    hash of the same e-mail by the shop's other key, while it changes from one to the next.
    """

    user_ref: str | None = None
    email_key: str | None = None
    other_key: str | None = field(default=None, compare=False)

    def is_same_as(self, other: "Person") -> bool:
        """True when account or normalised e-mail agree."""
        if self.user_ref and self.user_ref == other.user_ref:
            return True
        return any(key in other.email_keys for key in self.email_keys)

    @property
    def email_keys(self) -> list[str]:
        """Every hash under which the e-mail may be remembered."""
        return [key for key in (self.email_key, self.other_key) if key]

    @property
    def is_known(self) -> bool:
        return bool(self.user_ref or self.email_key)


@dataclass(frozen=True, slots=True)
class Channel:
    slug: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """So much of one thing. `item` is the store's name for it; `goods` its value before
    vouchers, as the shop enters prices."""

    item: str
    goods: Money


@dataclass(frozen=True, slots=True)
class OrderLine:
    """The same of an order.

    ref       the line's own
    item      the store's name for what was sold; empty where it knows it no more
    goods     its value before the referral discount, as the shop enters prices
    net       after all discounts, without tax
    gross     the same with tax: what was paid for it
    returned  share of it that came back, 0 to 1, whether refunded or not
    back      the same, or refunded as this line without coming back
    counts    is it among the goods that the program is about?
    """

    ref: str
    item: str
    goods: Money
    net: Money
    gross: Money
    returned: Fraction = Fraction(0)
    back: Fraction = Fraction(0)
    counts: bool = True


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """A checkout, before any order.

    goods   value of its lines before vouchers, as the shop enters prices, without shipping
    lines   what is in it
    has_goods  is anything in it that the program is about?
    shipping   price of its delivery before vouchers; zero while none is chosen
    email_domain  of the buyer's address, lower case
    parties keys of its recipient and payer, as `people.party_keys` makes them
    voucher_code  the store's promo code now on it, ours or another
    """

    ref: str
    channel: str
    currency: str
    goods: Money
    buyer: Person
    email_domain: str = ""
    voucher_code: str | None = None
    parties: frozenset[str] = frozenset()
    lines: tuple[CheckoutLine, ...] = ()
    has_goods: bool = True
    shipping: Money | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it stands. Every Money is in `currency`; datetimes are aware.

    checkout_ref  the checkout it was made from; None for drafts and imports
    goods         lines before the referral discount, as the shop enters prices, without
                  shipping: what a minimum is compared with
    net_goods     lines after all discounts, without tax, shipping and gift cards: what a
                  percentage is taken of
    total         what the buyer owes, gross
    captured      money ever taken, before anything went back
    refunded      money that went back, or is on its way back, by refunds
    charged_back  money that a bank took back
    returned      share of the goods' value returned, 0 to 1, whether refunded or not
    is_confirmed  False for drafts and orders awaiting the shop's confirmation
    is_void       cancelled or expired
    is_fulfilled  everything that is to be sent has been sent
    email_domain  of the buyer's address, lower case
    parties       keys of its recipient and payer, as `people.party_keys` makes them
    lines         what was sold
    has_goods     is anything among it that the program is about?
    shipping_back  money for the delivery that went back together with lines; None: none
    stands        the share of it that stands by its lines; None: by money and goods
    """

    ref: str
    number: str
    channel: str
    currency: str
    buyer: Person
    placed_at: datetime
    goods: Money
    net_goods: Money
    total: Money
    captured: Money
    refunded: Money
    charged_back: Money
    returned: Fraction = Fraction(0)
    checkout_ref: str | None = None
    voucher_code: str | None = None
    is_confirmed: bool = True
    is_void: bool = False
    is_fulfilled: bool = False
    paid_at: datetime | None = None
    fulfilled_at: datetime | None = None
    email_domain: str = ""
    parties: frozenset[str] = frozenset()
    lines: tuple[OrderLine, ...] = ()
    has_goods: bool = True
    shipping_back: Money | None = None
    stands: Fraction | None = None

    @property
    def is_paid(self) -> bool:
        """Paid in full once, whatever went back later."""
        return self.captured >= self.total

    @property
    def kept(self) -> Fraction:
        """The exact share of the order that stands, 0 to 1: less money back, or goods back
        if more; or by its lines, where that was found."""
        if self.is_void:
            return NONE_OF_IT
        if self.stands is not None:
            return self.stands
        back, total = self.returned, self.total.amount
        money_back = self.refunded.amount + self.charged_back.amount
        if money_back and total:
            if money_back >= total:
                return NONE_OF_IT
            back = max(back, Fraction(money_back) / Fraction(total))
        return max(1 - back, NONE_OF_IT) if back else ALL_OF_IT


@dataclass(frozen=True, slots=True)
class Used:
    """What already counts towards one limit: rewards, and their sums by currency or unit."""

    count: int = 0
    amounts: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferrerFacts:
    """What is asked of a referrer. `orders`: how many of theirs stand, placed before; `group`:
    theirs in the program, empty for none."""

    registered_at: datetime | None = None
    country: str = ""
    orders: int = 0
    group: str = ""
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class RefereeFacts:
    """What is asked of a referee. `registered_at`: None for a guest."""

    registered_at: datetime | None = None
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """The first order of a referral, seen from a later one, or from a checkout for which its
    code is entered again. `later_orders`: how many others have counted since without a code;
    `discounted`: how many others stand with one, the first included; `stands`: it is a
    qualified referral still, or for an order with the code may become one."""

    placed_at: datetime
    later_orders: int
    stands: bool = True
    discounted: int = 1


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """Another order of the referee that qualified, and its net value that stands."""

    placed_at: datetime
    net: Money


class Verdict(StrEnum):
    """What a person says of a referral.

    APPROVE   it has been looked at and is good, if the rules say so, too
    REJECT    it does not count, whatever the rules say
    OVERRIDE  it counts in spite of what the rules say, but for what no person can change
    """

    APPROVE = "approve"
    REJECT = "reject"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's verdict on a referral: who, and why."""

    verdict: Verdict
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """What the books and the store know besides the order or checkout at hand.

    referrer_also     the referrer's other accounts, by what staff have found
    referrer_parties  keys of the referrer's own addresses, phones and e-mail
    referrer_facts    what the terms ask of the referrer; None: nothing, or nobody is there
    referee_facts     what the terms ask of the buyer's account; None: nothing, or not now
    is_completing     the checkout is about to become an order
    is_running        the program takes new claims; always True for an order, whose claim
                      was accepted when it was made
    claimed_at        when the code was claimed; None: it is being claimed now
    claimed_late      that was after the order, which has no discount
    code_made_at      when the code was made, where that matters
    open_referrals    how many of the referrer's wait to be decided, where that matters
    holds_other_code  a code is on this checkout that goes before this one
    referrer_is_gone  the account was deleted: nothing more can be credited
    referrer_is_blocked  staff have blocked the referrer
    ruling            what a person decided of the referral, and has not undone
    withdrawn         the rewards, by rule, that a person has withdrawn
    was_qualified     the referral has been qualified before
    earned_at         when the books say that it earned its rewards; None: not yet, or no more
    earlier_orders    the buyer's other orders that stand, placed before this one, guest
                      orders included; cancelled, expired and draft orders do not stand
    referred_before   another order of the buyer is already somebody's referral here
    follows           the referral's first order, when this is a later one of the referee, or a
                      checkout for one
    other_orders      the referee's later orders that qualified, when this is the first
    actions           what the referee has done besides, by name, and when
    used              for each limit of the terms what counts towards it already, this
                      referral's own rewards left out
    promised          what this referral has been promised already, by rule: nobody who came
                      later takes its place within the limits
    delivered         what of this referral's rewards is already in somebody's hands, by rule
    """

    referrer: Person
    referrer_also: tuple[Person, ...] = ()
    referrer_parties: frozenset[str] = frozenset()
    referrer_facts: ReferrerFacts | None = None
    referee_facts: RefereeFacts | None = None
    is_completing: bool = False
    is_running: bool = True
    claimed_at: datetime | None = None
    claimed_late: bool = False
    code_made_at: datetime | None = None
    open_referrals: int = 0
    holds_other_code: bool = False
    referrer_is_gone: bool = False
    referrer_is_blocked: bool = False
    ruling: Ruling | None = None
    withdrawn: frozenset[str] = frozenset()
    was_qualified: bool = False
    earned_at: datetime | None = None
    earlier_orders: int = 0
    referred_before: bool = False
    follows: Followed | None = None
    other_orders: tuple[OtherOrder, ...] = ()
    actions: Mapping[str, datetime] = field(default_factory=dict)
    used: tuple[Used, ...] = ()
    promised: Mapping[str, Money] = field(default_factory=dict)
    delivered: Mapping[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """One row of the store's order history, for the index of known buyers."""

    ref: str
    user_ref: str | None
    # A repr goes where logs go.
    email: str = field(repr=False)
    placed_at: datetime
    changed_at: datetime
    voucher_code: str | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """An account. `country` is that of its billing address, as ISO code; empty: not known."""

    user_ref: str
    email: str = field(repr=False)
    display_name: str = field(default="", repr=False)
    language: str = "en"
    is_active: bool = True
    registered_at: datetime | None = None
    country: str = ""
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What settling asks of the store, seen at one moment. `customer`: None also where none was
    asked for."""

    at: datetime
    order: OrderFacts | None
    customer: CustomerFacts | None


@dataclass(frozen=True, slots=True)
class CouponRequest:
    """A coupon to be made in the store, good for one order up to and including `expires_at`
    (None: for ever). `key` names it for ever: one key, one coupon. `code` is what its holder
    enters, as people write it; `order_ref` is the order it was earned with, and a holder
    without an account (`user_ref` is empty) is told by its address."""

    key: str
    code: str
    coupon: Coupon
    user_ref: str
    expires_at: datetime | None
    note: str = ""
    order_ref: str = ""


@dataclass(frozen=True, slots=True)
class FittingCredit:
    """A customer's credit that a checkout can be paid with: what is left of it, and whether it
    is on the checkout."""

    ref: str
    left: Money
    is_on: bool


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """A credit to be made in the store. `key` names it for ever: one key, one credit. It is
    for the account, or, where `user_ref` is empty, for whoever placed the order as a guest. One
    that is used `by_itself` is on each new checkout of its owner, who can take it off."""

    key: str
    user_ref: str
    amount: Money
    expires_at: datetime | None
    note: str = ""
    order_ref: str = ""
    by_itself: bool = False
