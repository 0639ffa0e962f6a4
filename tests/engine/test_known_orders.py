"""Who has ordered before: by account, by any spelling of the address, before we came."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine.facts import Person, PlacedOrder
from saleor_referral_plugin.engine.known_orders import earlier_orders, read_on, remember
from saleor_referral_plugin.engine.people import email_key, person
from saleor_referral_plugin.models import KnownOrder
from tests.engine.books import put_order
from tests.engine.build import NOW, order
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

SWEPT = [True, False]


def placed(
    store: FakeStore, ref: str, email: str, user_ref: str | None = None, days_ago: int = 9
) -> None:
    at = NOW - timedelta(days=days_ago)
    facts = order(ref=ref, buyer=person(user_ref, email), placed_at=at, voucher_code=None)
    put_order(store, facts, email=email)


def sweep(store: FakeStore) -> None:
    for _ in read_on(store):
        pass


@pytest.mark.parametrize("swept", SWEPT)
@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        pytest.param(person(None, "ben@gmail.com"), 1, id="as a guest"),
        pytest.param(person(None, "B.en+x@googlemail.com"), 1, id="by another spelling"),
        pytest.param(person("7", "new@example.com"), 1, id="by the account"),
        pytest.param(person("7", "ben@gmail.com"), 2, id="by both"),
        pytest.param(person("8", "new@example.com"), 0, id="not at all"),
        pytest.param(Person(), 0, id="nobody yet"),
    ],
)
def test_earlier_orders_count_whether_a_sweep_has_seen_them_or_not(
    store: FakeStore, buyer: Person, expected: int, swept: bool
) -> None:
    # given
    placed(store, "guest", "b.e.n@gmail.com")
    placed(store, "account", "somebody@example.com", user_ref="7")
    placed(store, "another", "another@example.com")
    if swept:
        sweep(store)

    # then
    assert earlier_orders(store, buyer, placed_before=NOW) == expected


@pytest.mark.parametrize("swept", SWEPT)
def test_only_orders_that_stand_and_came_before_count(store: FakeStore, swept: bool) -> None:
    # given
    placed(store, "earlier", "ben@example.com", days_ago=2)
    placed(store, "this", "ben@example.com", days_ago=1)
    placed(store, "later", "ben@example.com", days_ago=0)
    buyer = person(None, "ben@example.com")
    this_moment = NOW - timedelta(days=1)
    if swept:
        sweep(store)

    # then
    assert earlier_orders(store, buyer, placed_before=NOW + timedelta(days=1)) == 3
    assert earlier_orders(store, buyer, placed_before=NOW, except_ref="this") == 1
    assert earlier_orders(store, buyer, placed_before=this_moment, except_ref="this") == 1

    # when
    cancelled = order(ref="earlier", is_void=True, placed_at=this_moment - timedelta(days=1))
    store.orders["earlier"] = cancelled

    # then
    assert earlier_orders(store, buyer, placed_before=this_moment, except_ref="this") == 0


def test_nobody_yet_costs_no_query(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert earlier_orders(store, Person(), placed_before=NOW) == 0


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
        "user_ref": None,
        "placed_at": NOW - timedelta(days=9),
    }


def test_an_order_remembered_again_is_what_it_is_now() -> None:
    # given
    def seen(email: str, user_ref: str | None) -> PlacedOrder:
        return PlacedOrder("one", user_ref, email, NOW, NOW)

    # when
    remember([seen("old@example.com", None)])
    remember([seen("new@example.com", "7")])

    # then
    row = KnownOrder.objects.get()
    assert (row.email_key, row.user_ref) == (email_key("new@example.com"), "7")


def test_reading_is_one_write_for_a_batch(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    orders = [PlacedOrder(f"{n}", None, f"{n}@example.com", NOW, NOW) for n in range(50)]

    # then
    with django_assert_num_queries(1):
        remember(orders)
