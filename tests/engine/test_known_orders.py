"""Who has ordered before: by account, by any spelling of the address, before we came."""

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine.facts import PlacedOrder
from saleor_referral_plugin.engine.known_orders import remember
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.models import KnownOrder
from tests.engine.books import index_orders, place_another
from tests.engine.build import NOW
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def test_no_address_is_kept(store: FakeStore) -> None:
    # given
    place_another(store, "guest", "Ben@Example.com")

    # when
    index_orders(store)

    # then
    [row] = KnownOrder.objects.values()
    assert row == {
        "order_ref": "guest",
        "email_key": email_key("ben@example.com"),
        "is_forgotten": False,
    }


def test_an_order_remembered_again_is_what_it_is_now() -> None:
    # when
    remember([PlacedOrder("one", None, "old@example.com", NOW, NOW)])
    remember([PlacedOrder("one", "7", "new@example.com", NOW, NOW)])

    # then
    assert KnownOrder.objects.get().email_key == email_key("new@example.com")


def test_reading_is_one_write_for_a_batch(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    orders = [PlacedOrder(f"{n}", None, f"{n}@example.com", NOW, NOW) for n in range(50)]

    # then
    with django_assert_num_queries(1):
        remember(orders)
