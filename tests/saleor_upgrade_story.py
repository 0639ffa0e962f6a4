"""What happens in a Saleor that is upgraded; run by tests/saleor_upgrade.py, in each version.

begin    orders with codes by both ways of payment: credited, waiting, reversed, half refunded
go_on    the books agree with what is there after Saleor's migrations; one of the orders of before
         is refunded, and a new friend orders
"""

import itertools
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import saleor

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from saleor.account.models import User  # noqa: E402
from saleor.channel.models import Channel  # noqa: E402
from saleor.product.models import Category, ProductType  # noqa: E402
from saleor.warehouse.models import Warehouse  # noqa: E402

from saleor_referral_plugin.engine import tables  # noqa: E402
from tests.saleor import database  # noqa: E402
from tests.scenarios import given  # noqa: E402
from tests.scenarios.saleor_shop import (  # noqa: E402
    Api,
    SaleorCheckout,
    SaleorOrderHandle,
    SaleorShop,
)
from tests.scenarios.shop import Customer  # noqa: E402


def begin(clock: ExitStack) -> dict[str, Any]:
    # What Saleor's migrations make for a new shop, the story makes itself.
    database.empty()
    shop = SaleorShop(clock)
    given.program(shop, hold_days="0")
    anna = shop.create_account("anna@example.com")
    code = shop.share(anna)
    orders = [
        given.friends_order(shop, code, email=f"{kind}{n}@example.com", payments=kind)
        for kind in ("transactions", "legacy")
        for n in range(3)
    ]
    for order in orders:
        order.pay()
        order.fulfil()
    orders[0].refund("45.00")
    orders[3].refund()
    shop.run_periodic_tasks()
    checkout = shop.checkout(email="later@example.com")
    assert checkout.enter_code(code).accepted
    shop.verify_books()
    balance = shop.balance(anna)
    assert balance > 0
    return {
        "anna": anna.user_ref,
        "code": code,
        "checkout": checkout.id,
        "balance": str(balance),
        "to_refund": [[order.id, order.payments] for order in (orders[1], orders[4])],
        "left": [[order.id, order.payments] for order in (orders[2], orders[5])],
    }


def reopened(clock: ExitStack) -> SaleorShop:
    """The same shop, by another process."""
    shop = SaleorShop.__new__(SaleorShop)
    shop.api, shop.clock, shop.ticks, shop.delivery = Api(), clock, True, None
    shop.numbers = itertools.count(10_000 + User.objects.count() * 100)
    shop.staff = User.objects.get(email="staff@example.com")
    shop.warehouse = Warehouse.objects.get()
    shop.product_type = ProductType.objects.get()
    shop.category = Category.objects.get()
    shop.channels = {channel.slug: channel for channel in Channel.objects.all()}
    return shop


def go_on(clock: ExitStack, kept: dict[str, Any]) -> dict[str, Any]:
    shop = reopened(clock)
    anna = Customer(kept["anna"], "anna@example.com")

    # The books are as they were.
    assert tables.trouble() == ""
    call_command("referral_verify")
    assert str(shop.balance(anna)) == kept["balance"]
    assert sum(card.balance for card in shop.gift_cards(anna)) == shop.balance(anna)
    assert shop.share(anna) == kept["code"]

    # What is refunded now is taken back.
    for order_id, payments in kept["to_refund"]:
        order = SaleorOrderHandle(shop, order_id, payments)
        seen = shop.referral(order)
        assert seen is not None
        assert seen.reward_status == "issued", seen
        before = shop.balance(anna)
        order.refund()
        shop.run_periodic_tasks()
        after = shop.referral(order)
        assert after is not None
        assert (after.status, after.reward_status) == ("reversed", "clawed_back"), after
        assert before - shop.balance(anna) == 10

    # A checkout of before is completed with its discount, and a new friend orders.
    if kept["checkout"]:
        checkout = SaleorCheckout(shop, kept["checkout"], "transactions")
        assert checkout.discount == 10
        assert checkout.complete().accepted
        checkout.placed.pay()
    new = given.friends_order(shop, kept["code"], email=f"new{saleor.__version__}@example.com")
    new.pay()
    shop.run_periodic_tasks()
    seen = shop.referral(new)
    assert seen is not None
    assert seen.reward_status in ("issued", "voided"), seen
    shop.verify_books()
    again, *left = kept["left"] or [None]
    return kept | {
        "balance": str(shop.balance(anna)),
        "checkout": "",
        "to_refund": [again] if again else [],
        "left": left,
    }


def main(what: str, file: str) -> None:
    path = Path(file)
    setup_test_environment()
    with ExitStack() as clock:
        kept = begin(clock) if what == "begin" else go_on(clock, json.loads(path.read_text()))
    path.write_text(json.dumps(kept))
    print(f"- {what}: {kept['balance']} USD on gift cards, the books agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
