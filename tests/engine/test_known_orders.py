"""Who has ordered before: by account, by any spelling of the address, before we came."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine.facts import PlacedOrder
from saleor_referral_plugin.engine.known_orders import read_on, remember
from saleor_referral_plugin.engine.people import email_key, person
from saleor_referral_plugin.models import KnownOrder
from tests.engine.books import put_order
from tests.engine.build import NOW, order
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def placed(
    store: FakeStore, ref: str, email: str, user_ref: str | None = None, days_ago: int = 9
) -> None:
    at = NOW - timedelta(days=days_ago)
    facts = order(ref=ref, buyer=person(user_ref, email), placed_at=at, voucher_code=None)
    put_order(store, facts, email=email)


def sweep(store: FakeStore) -> None:
    for _ in read_on(store):
        pass


def test_no_address_is_kept(store: FakeStore) -> None:
    # given
    placed(store, "guest", "Ben@Example.com")

    # when
    sweep(store)

    # then
    [row] = KnownOrder.objects.values()
    assert row == {
        "order_ref": "guest",
        "email_key": email_key("ben@example.com"),
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
