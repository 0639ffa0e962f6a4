"""What settling asks of the store comes by one statement, and is what the store says one by one."""

from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_referral_plugin.engine.store import get_store
from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_an_order_and_an_account_are_seen_as_they_are(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.refund("10")
    store = get_store()

    # when
    before = store.now()
    seen = store.see(order.ref, anna.user_ref)
    with CaptureQueriesContext(connection) as sent:
        again = store.see(order.ref, anna.user_ref)

    # then
    assert seen.order is not None
    assert seen.order == again.order == store.order_facts(order.ref)
    assert seen.customer is not None
    assert seen.customer == again.customer == store.customer(anna.user_ref)
    assert before <= seen.at <= again.at <= store.now()
    assert len(sent) == 1


def test_an_account_that_is_gone_and_one_that_nobody_asks_for_are_none(shop: Shop) -> None:
    # given
    given.program(shop)
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    order = given.friends_order(shop, shop.share(anna))
    shop.delete_account(cleo)
    store = get_store()

    # then
    assert store.see(order.ref, cleo.user_ref).customer is None
    assert store.see(order.ref, None).customer is None
    assert store.see(order.ref, None).order == store.order_facts(order.ref)


def test_an_account_is_seen_although_the_order_is_gone(shop: Shop) -> None:
    # given
    anna = shop.register("anna@example.com")
    store = get_store()

    # when
    seen = store.see(str(uuid4()), anna.user_ref)

    # then
    assert seen.order is None
    assert seen.customer == store.customer(anna.user_ref)
