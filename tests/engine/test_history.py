"""What is known of a buyer: earlier orders by account, by any spelling of the address, before
we came; and whether a friend's code was used before."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import history
from saleor_referral_plugin.engine.facts import Person
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.settle import settle
from tests.engine.books import index_orders, place, place_another, run_program, share
from tests.engine.build import NOW, order, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

SWEPT = [True, False]


def earlier_orders(
    store: FakeStore, buyer: Person, *, placed_before: datetime, except_ref: str = ""
) -> int:
    known = history.look_up(
        buyer, terms(), store=store, program_id=1, at=placed_before, except_ref=except_ref
    )
    return known.earlier_orders


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
    place_another(store, "guest", "b.e.n@gmail.com")
    place_another(store, "account", "somebody@example.com", user_ref="7")
    place_another(store, "another", "another@example.com")
    if swept:
        index_orders(store)

    # then
    assert earlier_orders(store, buyer, placed_before=NOW) == expected


@pytest.mark.parametrize("swept", SWEPT)
def test_only_orders_that_stand_and_came_before_count(store: FakeStore, swept: bool) -> None:
    # given
    place_another(store, "earlier", "ben@example.com", days_ago=2)
    place_another(store, "this", "ben@example.com", days_ago=1)
    place_another(store, "later", "ben@example.com", days_ago=0)
    buyer = person(None, "ben@example.com")
    this_moment = NOW - timedelta(days=1)
    if swept:
        index_orders(store)

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


def test_a_buyer_is_looked_up_with_one_query_of_ours(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    place_another(store, "guest", "ben@example.com")

    # then
    with django_assert_num_queries(1):
        earlier_orders(store, person("7", "ben@example.com"), placed_before=NOW)


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        (person(None, "FRIEND1@example.com"), True),
        (person("7", "friend1@example.com"), True),
        (person(None, "friend2@example.com"), False),
        (Person(), False),
    ],
)
def test_a_friend_is_known_by_account_or_address(
    store: FakeStore, buyer: Person, expected: bool
) -> None:
    # given
    run_program(store)
    referral = settle(place(store, share(store), 1), store=store)
    assert referral is not None

    def referred(program_id: int, except_ref: str = "") -> bool:
        return history.look_up(
            buyer,
            terms(new_customers_only=False),
            store=store,
            program_id=program_id,
            at=NOW,
            except_ref=except_ref,
        ).referred_before

    # then
    assert referred(referral.program_id) is expected
    assert not referred(referral.program_id, except_ref="order-1")
    assert not referred(referral.program_id + 1)


@pytest.mark.parametrize("swept", SWEPT)
@pytest.mark.parametrize(("channels", "expected"), [((), 1), (("outlet",), 1), (("web",), 0)])
def test_only_orders_in_the_named_channels_make_an_old_customer(
    store: FakeStore, channels: tuple[str, ...], expected: int, swept: bool
) -> None:
    # given
    place_another(store, "guest", "ben@example.com")
    store.placed = [replace(order, channel="outlet") for order in store.placed]
    if swept:
        index_orders(store)

    # when
    known = history.look_up(
        person(None, "ben@example.com"),
        terms(new_in=channels),
        store=store,
        program_id=1,
        at=NOW,
    )

    # then
    assert known.earlier_orders == expected
