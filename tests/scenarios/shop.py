"""What a scenario may do, on whatever store it runs.

A scenario reads like the story it tells: it registers customers, shares codes, fills
checkouts, pays, sends, refunds and travels in time, and then looks at balances, referrals
and the store's own gift cards. `SandboxShop` and `SaleorShop` implement this protocol.
Amounts are strings such as "100.00" on the way in and Decimals on the way out.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from saleor_referral_plugin.engine.terms import ProgramKind, Terms

Payments = Literal["transactions", "legacy"]


@dataclass(frozen=True)
class Customer:
    user_ref: str
    email: str


@dataclass(frozen=True)
class Answer:
    """How the shop answered a shopper. `code` is the referral finding's code, lower case
    (own_code, below_minimum...), or the store's own error code where we said nothing."""

    accepted: bool
    code: str | None = None
    message: str = ""


@dataclass(frozen=True)
class GiftCard:
    """A credit as the store has it. `code` is what the customer types to spend it."""

    code: str
    balance: Decimal
    currency: str
    is_active: bool
    expires_on: str | None = None  # ISO date


@dataclass(frozen=True)
class CouponSeen:
    """A coupon as its holder has it. `code` is what they type."""

    code: str
    is_left: bool


@dataclass(frozen=True)
class ReferralSeen:
    status: str
    failed: tuple[str, ...]  # codes of the failed findings, in order
    reward_status: str | None
    reward_amount: Decimal | None
    currency: str


@dataclass(frozen=True)
class RewardSeen:
    rule: str
    status: str
    amount: Decimal
    unit: str
    hold_until: datetime | None
    expires_at: datetime | None

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit} {self.status}"


class Checkout(Protocol):
    def enter_code(self, code: str) -> Answer:
        """Type a code into the store's ordinary promo-code box."""

    def remove_code(self, code: str) -> Answer:
        """Take a code off by the store's ordinary way."""

    def set_email(self, email: str) -> None: ...

    def log_in(self, customer: Customer) -> None:
        """The guest logs in: the checkout now belongs to the account."""

    def add_line(self, price: str) -> None:
        """One thing more, in a checkout of the channel "default"."""

    def remove_line(self, position: int) -> None: ...

    @property
    def shown_code(self) -> str | None:
        """The promo code the storefront shows on the checkout."""

    @property
    def discount(self) -> Decimal: ...

    @property
    def total(self) -> Decimal:
        """What the shopper is to pay: discounts and gift cards taken off."""

    def complete(self) -> "Answer":
        """Place the order without paying. The order is then `placed`."""

    @property
    def placed(self) -> "Order": ...


class Order(Protocol):
    ref: str

    @property
    def total(self) -> Decimal: ...

    def pay(self, amount: str | None = None) -> None:
        """Pay the whole, or a part, by the payment system the checkout was made for."""

    def fulfil(self) -> None: ...

    def unfulfil(self) -> None:
        """Take the whole fulfilment back (Saleor: cancel fulfilment)."""

    def refund(self, amount: str | None = None) -> None: ...

    def reverse_refund(self, amount: str | None = None) -> None:
        """A refund that did not go through after all (transactions only)."""

    def chargeback(self, amount: str | None = None) -> None:
        """The bank takes the money back (transactions only)."""

    def return_goods(self, position: int | None = None) -> None:
        """Everything, or the line in this place, comes back to the shop, without any refund
        yet."""

    def refund_line(self, position: int) -> None:
        """The line in this place is refunded as such, and stays with the buyer."""

    def cancel(self) -> None: ...


class Shop(Protocol):
    """Channels: "default" (USD) and "euro" (EUR)."""

    name: str

    # the owner ------------------------------------------------------------------------
    def configure(self, **values: str | bool) -> None:
        """Save the plugin's page, as in the Dashboard; names as in plugin.py. What is not
        named keeps its value. Raises ConfigurationError with the message shown."""

    def switch_plugin(self, active: bool) -> None: ...

    def run_program(
        self,
        terms: Terms,
        *,
        slug: str = "default",
        kind: ProgramKind = ProgramKind.CUSTOMER,
        priority: int = 0,
        closed: bool = False,
    ) -> None:
        """From now on a program goes by these terms; closed, it takes no more codes."""

    def invite(self, customer: Customer, *, group: str = "", program: str = "default") -> None:
        """Let a customer take part, or put them into another of the program's groups."""

    def decide(self, order: "Order", what: str, reason: str = "looked at") -> None:
        """Staff decide of the order's referral: approve, reject, override, undo or detach."""

    def claim_for(self, order: "Order", code: str, by: Customer | None = None) -> Answer:
        """A code is claimed for an order that was made without it: by a customer, or (None) by
        the shop for its buyer."""

    def claim_on_account(self, customer: Customer, code: str) -> Answer:
        """A customer claims a code before there is any checkout."""

    def attach(self, order: "Order", customer: Customer) -> None:
        """Staff make an order a referral of this customer's."""

    def block(self, customer: Customer) -> None:
        """Staff block a referrer."""

    def adjust(self, customer: Customer, amount: str, currency: str = "USD") -> None:
        """Staff give a customer an amount."""

    def open_channel(self, slug: str, currency: str) -> None: ...

    def charge(self, *, tax_percent: str = "0", shipping: str = "0") -> None:
        """From now on the prices contain so much tax, and every order is sent for so much."""

    def sell(
        self, slug: str, *, category: str | None = None, collections: Sequence[str] = ()
    ) -> None:
        """Put a product into the catalogue, or into another place there; categories and
        collections are made when they are first named."""

    # people ---------------------------------------------------------------------------
    def register(self, email: str) -> Customer: ...

    def make_staff(self, customer: Customer) -> None:
        """The shop employs them."""

    def create_account(self, email: str) -> Customer:
        """The same by the store's own way, so that its events are told."""

    def delete_account(self, customer: Customer) -> None: ...

    def share(self, customer: Customer, *, program: str = "default") -> str:
        """The customer's code, as the storefront shows it."""

    # buying ---------------------------------------------------------------------------
    def checkout(
        self,
        *,
        lines: Sequence[str] = ("100.00",),
        customer: Customer | None = None,
        email: str | None = None,
        channel: str = "default",
        metadata: dict[str, str] | None = None,
        payments: Payments = "transactions",
        to: Customer | None = None,
    ) -> Checkout:
        """Lines are prices; of a product that is sold, "shirt 40.00". `to`: whose name and
        address it is sent to and billed; the buyer's own otherwise."""

    def past_order(self, email: str, *, customer: Customer | None = None) -> None:
        """An order from before the plugin was installed: no hook of ours ever ran for it."""

    # time and trouble -----------------------------------------------------------------
    def travel(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> None:
        """Move the clock and let the periodic tasks do what has become due."""

    def travel_to(self, moment: datetime) -> None:
        """The same, to a moment; from then on the clock stands still between travels."""

    def run_periodic_tasks(self) -> None: ...

    def losing_hooks(self) -> AbstractContextManager[None]:
        """While inside, the store's events do not reach us."""

    def repeat_hooks(self, order: Order) -> None:
        """Every order event once more, in the wrong order."""

    # looking --------------------------------------------------------------------------
    def balance(self, customer: Customer, currency: str = "USD") -> Decimal:
        """What the customer can spend in a currency or in a unit of points."""

    def debt(self, customer: Customer, currency: str = "USD") -> Decimal: ...

    def gift_cards(self, customer: Customer) -> list[GiftCard]:
        """The oldest first."""

    def coupons(self, customer: Customer) -> list[CouponSeen]:
        """All that were ever issued to the customer, the oldest first."""

    def coupons_of_guest(self, email: str) -> list[CouponSeen]: ...

    def referral(self, order: Order) -> ReferralSeen | None: ...

    def rewards(self, customer: Customer) -> list[RewardSeen]:
        """Of any program, for recommending and for having been recommended; the oldest first."""

    def verify_books(self) -> None:
        """Fails unless ledger, decisions and the store's gift cards agree."""


class ConfigurationError(Exception):
    """The owner's input was refused; the message is what the Dashboard shows."""
