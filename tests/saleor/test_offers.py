"""The voucher of a running program is what the terms say, whatever staff did to it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from saleor.discount.models import Voucher, VoucherChannelListing, VoucherCode

from saleor_referral_plugin.engine.programs import publish_again
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.saleor.offers import LOCK
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: Voucher.objects.all().delete(),
        lambda: VoucherCode.objects.all().delete(),
        lambda: VoucherChannelListing.objects.filter(channel__slug="default").delete(),
        lambda: VoucherChannelListing.objects.update(discount_value=90),
        lambda: Voucher.objects.update(min_checkout_items_quantity=None),
    ],
    ids=["voucher deleted", "code deleted", "listing deleted", "discount changed", "unlocked"],
)
def test_what_staff_did_to_the_voucher_is_put_right(
    shop: SaleorShop, spoil: Callable[[], object]
) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    spoil()

    # when
    shop.run_periodic_tasks()

    # then
    voucher = Voucher.objects.get()
    assert [row.code for row in voucher.codes.all()] == ["FRIEND"]
    assert voucher.min_checkout_items_quantity == LOCK
    assert sorted(voucher.channel_listings.values_list("channel__slug", "discount_value")) == [
        ("default", Decimal(10)),
        ("euro", Decimal(10)),
    ]
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    assert checkout.discount == 10


def test_a_stopped_program_gets_no_voucher_back(shop: SaleorShop) -> None:
    # given
    given.program(shop)
    shop.configure(program_running=False)
    Voucher.objects.all().delete()

    # when
    shop.run_periodic_tasks()

    # then
    assert not Voucher.objects.exists()


@pytest.mark.parametrize("discount", ["10%", "10 USD, 9 EUR"])
def test_a_voucher_that_is_in_place_is_only_looked_at(shop: SaleorShop, discount: str) -> None:
    # given
    given.program(shop, referee_discount=discount, minimum_order="20 USD")

    # when
    with CaptureQueriesContext(connection) as queries:
        publish_again(store=get_store())

    # then
    verbs = [query["sql"].split()[0] for query in queries.captured_queries]
    assert set(verbs) <= {"SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"}
    assert verbs.count("SELECT") == 6
