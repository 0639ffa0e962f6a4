"""Orders of the sandbox, made by its own functions, whose hooks never came."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import F

from benchmarks.engine.bare_sql import Books
from saleor_referral_plugin.engine.known_orders import read_on
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Bookmark, KnownOrder
from saleor_referral_plugin.sandbox import clock, models
from tests.scenarios import given
from tests.scenarios.sandbox_shop import SandboxOrder, SandboxShop

#: So many customers share their codes among all the friends.
REFERRERS = 20
#: Every rule in use, none of them in the way.
PROGRAM: dict[str, str | bool] = {
    "minimum_order": "20 USD",
    "most_credits": "100000",
    "most_credit_amount": "100000 USD",
}


@dataclass(frozen=True)
class FriendsOrder:
    order: SandboxOrder
    email: str
    checkout_ref: str

    @property
    def ref(self) -> str:
        return self.order.ref

    @property
    def books(self) -> Books:
        number = models.Order.objects.get(pk=self.ref).number
        return Books.of(self.ref, self.checkout_ref, str(number), email_key(self.email) or "")


class BenchShop(SandboxShop):
    """A shop whose program runs, and the codes of a few customers."""

    codes: Sequence[str] = ()


def open_shop() -> BenchShop:
    shop = BenchShop(ExitStack())
    shop.configure(**given.PROGRAM | PROGRAM)
    shop.codes = [shop.share(shop.register(f"anna{n}@example.com")) for n in range(REFERRERS)]
    return shop


def friends_orders(shop: BenchShop, count: int, prefix: str) -> list[FriendsOrder]:
    """Paid orders with a code, that the sweep has read and nobody has settled."""
    orders = []
    with not_waiting_for_the_disk():
        for n in range(count):
            if n % REFERRERS == 0:
                # A claim looks through every order not swept yet.
                sweep_has_read()
            code = shop.codes[n % REFERRERS]
            orders.append(_friends_order(shop, code, f"{prefix}{n}@example.com"))
        sweep_has_read()
    return orders


@contextmanager
def not_waiting_for_the_disk() -> Iterator[None]:
    """What is only prepared may be lost."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
        yield
        cursor.execute("RESET synchronous_commit")


def orders_without_code(count: int) -> None:
    """Ordinary orders, one each minute, up to an hour ago."""
    last = clock.now() - timedelta(hours=1)
    zero, price = Decimal(0), Decimal(100)
    models.Order.objects.bulk_create(
        models.Order(
            channel_id="default",
            email=f"{uuid.uuid4().hex}@example.com",
            checkout_token=uuid.uuid4(),
            payment_system=models.PaymentSystem.TRANSACTIONS,
            currency="USD",
            tax_percent=zero,
            goods=price,
            discount=zero,
            shipping=zero,
            gift_cards=zero,
            total=price,
            placed_at=last - timedelta(minutes=n),
            updated_at=last - timedelta(minutes=n),
        )
        for n in range(count)
    )


def forget_all_orders() -> None:
    """Leave no order to the sweep."""
    models.Order.objects.all().delete()
    KnownOrder.objects.all().delete()
    sweep_has_read_nothing()


def sweep_has_read_nothing() -> None:
    Bookmark.objects.update(position=None)


def sweep_has_read() -> None:
    """Put the sweep's bookmark behind every order, as it is a minute after the last one: a
    shop that has hundreds of orders in the last seconds compares each with the buyer."""
    for _ in read_on(get_store()):
        pass
    Bookmark.objects.update(position=F("position") + timedelta(minutes=1))


def _friends_order(shop: SandboxShop, code: str, email: str) -> FriendsOrder:
    with shop.losing_hooks():
        checkout = shop.checkout(email=email)
        assert checkout.enter_code(code).accepted
        assert checkout.complete().accepted
        checkout.placed.pay()
    return FriendsOrder(checkout.placed, email, str(checkout.token))
