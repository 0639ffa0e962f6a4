"""The shop the engine works for, as the engine sees it."""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from django.utils.module_loading import import_string
from prices import Money

from ..conf import settings
from .facts import (
    Channel,
    CheckoutFacts,
    CouponRequest,
    CreditRequest,
    CustomerFacts,
    OrderFacts,
    PlacedOrder,
    ReferrerFacts,
    Seen,
)
from .readings import reads
from .terms import Goods, Terms


class GoodsError(ValueError):
    """Terms name goods that the store cannot say: a code for programs and a sentence for
    people. Nothing has been saved."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Store(Protocol):
    """A shop. References are strings: order id, checkout token, account id, channel slug.

    Every method works on the same database connection as the engine, so that what it
    writes is committed or rolled back together with the books.
    """

    def now(self) -> datetime:
        """The current time, aware; the one place where production reads the clock."""

    def writing(self) -> AbstractContextManager[Any]:
        """Background work opens this before it touches the database: Saleor wants to be
        told that a task writes."""

    def channels(self) -> list[Channel]: ...

    # facts -----------------------------------------------------------------------------
    def order_facts(self, order_ref: str) -> OrderFacts | None:
        """None when there is no such order (any more)."""

    def see(self, order_ref: str, user_ref: str | None) -> Seen:
        """`order_facts` and `customer` (of nobody, where None), and the time: by one statement,
        for every change of every referred order asks for them."""

    def order_origin(self, order_ref: str) -> tuple[str | None, str | None]:
        """The checkout an order was made from, and the promo code on it: enough to tell
        whether it is any business of ours. (None, None) when there is no such order."""

    def checkout_facts(self, checkout_ref: str) -> CheckoutFacts | None:
        """None when there is no such checkout: completed, deleted or never made."""

    def customer(self, user_ref: str) -> CustomerFacts | None:
        """None when the account was deleted."""

    def note_claim(self, user_ref: str, *, is_open: bool) -> None:
        """Remember at an account that a code is claimed on it, or is no more: a new checkout of
        anybody else's must cost no query. Does nothing for an account that is gone."""

    def referrer_facts(
        self, user_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, ReferrerFacts]:
        """What may be asked of referrers, of many at once; who is gone is not in it."""

    def parties_of(self, user_ref: str) -> frozenset[str]:
        """Keys of the addresses and phones of an account, made by `people.party_keys`."""

    def standing_orders(
        self,
        *,
        refs: Collection[str],
        user_ref: str | None,
        changed_since: datetime | None,
        at_most: int,
        placed_before: datetime,
    ) -> Iterable[PlacedOrder]:
        """The orders named, all of the account's, and, `at_most` so many, those of anybody
        that changed since (None: from the first); of them those placed before that are
        neither draft, cancelled nor expired."""

    def orders_changed_since(
        self, since: datetime | None, *, after: str = "", limit: int
    ) -> Iterable[PlacedOrder]:
        """Ordered by (changed_at, ref), those behind (`since`, `after`), at most `limit`;
        None: from the first. An empty `after` includes those changed exactly at `since`.
        Drafts are left out."""

    # goods -----------------------------------------------------------------------------
    @reads("Terms.goods")
    def find_goods(self, goods: Goods) -> Goods:
        """The same with the store's id behind every slug. Raises GoodsError with the code
        "unknown_goods" for what it does not have."""

    def goods_among(self, items: Collection[str], goods: Goods) -> frozenset[str]:
        """Which of some items, as lines name them, are now among the goods. One that the store
        does not know any more is not."""

    # the offer -------------------------------------------------------------------------
    def code_is_taken(self, code: str, *, however_written: bool = False) -> bool:
        """Is `code`, as such or as people write it (lower case, with its hyphen), already a
        voucher or gift card code? `however_written`: also one that `codes.normalise` makes the
        same of, which takes a look at all of them."""

    @reads(
        "Terms.channels",
        "Terms.goods",
        "Terms.discount",
        "Terms.minimum",
        "Terms.minimum_of",
        "Terms.rewards",
    )
    def publish_offer(self, code: str, terms: Terms) -> None:
        """Put the terms' discount in place under the promo code `code`, in every channel
        the terms run in; without a claim it must be worth nothing. Done again every minute,
        so it should write only what differs. Raises GoodsError where the store cannot limit a
        discount to the terms' goods."""

    def retire_offer(self, code: str) -> None:
        """Take the offer away. Orders made with it keep their discount."""

    def put_code_on_checkout(self, checkout: Any, code: str) -> None:
        """Put an offer's promo code on a checkout (the store's own object or its ref), in
        place of whatever voucher it had. Raises Refused when the store says no."""

    def take_code_off_checkout(self, checkout: Any, code: str) -> None:
        """Take the promo code off if it is still on."""

    # credit ----------------------------------------------------------------------------
    def issue_credit(self, request: CreditRequest) -> str:
        """Make a credit the customer can spend; its ref. The same key again: the same one."""

    def adjust_credit(self, credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
        """Add to a credit (delta > 0) or take from it, at most what is left (delta < 0).
        `note`: why, for staff who look at it in the store. Returns what was really moved,
        signed; zero when the credit is gone."""

    def credit_balances(
        self, credit_refs: Collection[str], *, using: str = "default"
    ) -> dict[str, Money]:
        """What is left on each credit that still exists, in one go; who only shows it may
        name a read replica."""

    # coupons: what is issued, a credit of one COUPON to `adjust_credit`, `credit_balances` --
    def issue_coupon(self, request: CouponRequest) -> str:
        """Make a promo code for one order; its ref. The same key again: the same one. One is
        left of it until an order uses it, or it is taken back."""

    def give_back_coupon(self, coupon_ref: str) -> None:
        """Let a coupon be used again if every order that used it was cancelled or expired."""

    def tell(self, user_ref: str, event: str, payload: dict[str, Any], *, email: str = "") -> None:
        """Tell a customer, and whoever subscribed, that something happened to them; or, where
        `user_ref` is empty, somebody without an account at an address. Without either only those
        who subscribed are told."""

    def apps_listen(self) -> bool:
        """Has anybody subscribed to what `tell` says?"""


@lru_cache(maxsize=1)
def _load(path: str) -> Store:
    store: Store = import_string(path)()
    return store


def get_store() -> Store:
    """The store named by REFERRAL_STORE."""
    return _load(settings.store)
