"""Later orders of a referee that count, found without a code on them."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import LaterOrders, Per, RewardRule, Span, Terms
from saleor_referral_plugin.models import Referral, Reward
from tests.engine.books import change, place, put_order, share
from tests.engine.build import NOW, PAID_AT, amounts, order, percent, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

FRIEND = "friend1@example.com"


def run(store: FakeStore, **later: Any) -> None:
    terms = Terms(
        rewards=(
            RewardRule(name="welcome", worth=amounts(USD=10)),
            RewardRule(name="commission", worth=percent(10), per=Per.ORDER),
        ),
        later_orders=LaterOrders(**later),
    )
    save_program(store=store, terms=terms, is_running=True)


def later_order(store: FakeStore, number: int, *, email: str = FRIEND, **facts: Any) -> str:
    """An order of the friend's without a code, made a while after the first."""
    ref = f"later-{number}"
    at = PAID_AT + timedelta(hours=number)
    ordinary = {
        "ref": ref,
        "number": f"9{number}",
        "buyer": person(None, email),
        "checkout_ref": f"another-{number}",
        "voucher_code": None,
        "placed_at": at,
        "paid_at": at,
    }
    put_order(store, order(**ordinary | facts), email=email)
    return ref


def given_for(ref: str) -> list[tuple[str, int]]:
    found = Reward.objects.filter(referral__order_ref=ref).order_by("rule")
    return [(reward.rule, int(reward.amount)) for reward in found]


def test_a_later_order_earns_what_is_given_for_each_order(store: FakeStore) -> None:
    # given
    run(store)
    first = place(store, share(store))
    settle(first, store=store)
    ref = later_order(store, 1)

    # when
    sweep(store=store)
    sweep(store=store)

    # then
    later = Referral.objects.get(order_ref=ref)
    assert later.follows == Referral.objects.get(order_ref=first)
    assert (later.status, later.claim) == ("qualified", None)
    assert given_for(first) == [("commission", 9), ("welcome", 10)]
    assert given_for(ref) == [("commission", 9)]


def test_it_follows_the_order_like_any_other(store: FakeStore) -> None:
    # given
    run(store)
    settle(place(store, share(store)), store=store)
    ref = later_order(store, 1)
    settle(ref, store=store)

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # then
    assert Referral.objects.get(order_ref=ref).status == "reversed"
    assert given_for(ref) == [("commission", 0)]


def test_only_the_first_so_many_count(store: FakeStore) -> None:
    # given
    run(store, count=2)
    settle(place(store, share(store)), store=store)
    refs = [later_order(store, number) for number in (1, 2, 3)]

    # when
    for _ in range(2):
        for ref in refs:
            settle(ref, store=store)

    # then
    assert [given_for(ref) for ref in refs] == [[("commission", 9)], [("commission", 9)], []]
    assert not Referral.objects.filter(order_ref=refs[2]).exists()


@pytest.mark.parametrize(("late", "counts"), [(timedelta(0), True), (timedelta.resolution, False)])
def test_they_count_within_their_span_to_the_instant(
    store: FakeStore, late: timedelta, counts: bool
) -> None:
    # given
    run(store, within=Span(hours=3))
    settle(place(store, share(store)), store=store)

    # when
    ref = later_order(store, 3, placed_at=PAID_AT + timedelta(hours=3) + late)
    settle(ref, store=store)

    # then
    assert Referral.objects.filter(order_ref=ref).exists() is counts


@pytest.mark.parametrize(
    "facts",
    [
        {"email": "somebody@example.com"},
        {"placed_at": PAID_AT - timedelta(days=3)},
        {"buyer": person("1", FRIEND)},
    ],
    ids=["another buyer", "before the first", "the referrer's own account"],
)
def test_what_is_no_later_order_of_the_friend_is_none_of_ours(
    store: FakeStore, facts: dict[str, Any]
) -> None:
    # given
    run(store)
    settle(place(store, share(store)), store=store)

    # when
    ref = later_order(store, 1, **facts)

    # then
    assert settle(ref, store=store) is None
    assert Referral.objects.count() == 1


def test_terms_that_count_the_first_order_alone_leave_later_ones_be(store: FakeStore) -> None:
    # given
    save_program(
        store=store, terms=Terms(rewards=(RewardRule(worth=amounts(USD=5)),)), is_running=True
    )
    settle(place(store, share(store)), store=store)
    ref = later_order(store, 1)

    # when
    swept = sweep(store=store)

    # then
    assert swept.failed == 0
    assert not Referral.objects.filter(order_ref=ref).exists()


def test_after_the_first_is_reversed_no_more_are_found(store: FakeStore) -> None:
    # given
    run(store)
    first = place(store, share(store))
    settle(first, store=store)
    change(store, first, refunded=usd(90))
    settle(first, store=store)

    # then
    assert settle(later_order(store, 1), store=store) is None
    assert store.now() == NOW


# thresholds -----------------------------------------------------------------------------------


def test_a_reward_for_several_orders_is_given_when_the_last_of_them_qualifies(
    store: FakeStore,
) -> None:
    # given
    third = RewardRule(worth=amounts(USD=30), from_orders=3)
    terms = Terms(rewards=(third,), later_orders=LaterOrders())
    save_program(store=store, terms=terms, is_running=True)
    first = place(store, share(store))
    settle(first, store=store)

    # when
    settle(later_order(store, 1), store=store)
    too_few = given_for(first)
    last = later_order(store, 2)
    settle(last, store=store)
    enough = given_for(first)
    change(store, last, refunded=usd(90))
    settle(last, store=store)

    # then
    assert (too_few, enough) == ([], [("credit", 30)])
    assert given_for(first) == [("credit", 0)]


@pytest.mark.parametrize(("within", "expected"), [(None, 15), (Span(hours=1), 0)])
def test_a_reward_from_so_much_spend_counts_net_of_refunds(
    store: FakeStore, within: Span | None, expected: int
) -> None:
    # given: 90 + 90 net, of which 40 go back again: 140
    rule = RewardRule(worth=amounts(USD=15), from_spend=amounts(USD=150).amounts, within=within)
    terms = Terms(rewards=(rule,), later_orders=LaterOrders())
    save_program(store=store, terms=terms, is_running=True)
    first = place(store, share(store))
    settle(first, store=store)
    ref = later_order(store, 2)

    # when
    settle(ref, store=store)
    reached = given_for(first)
    change(store, ref, refunded=usd(40))
    settle(ref, store=store)

    # then
    assert reached == ([("credit", expected)] if expected else [])
    assert given_for(first) == ([("credit", 0)] if expected else [])


def test_later_orders_count_as_long_as_the_first_one_stands(store: FakeStore) -> None:
    # given
    run(store)
    first = place(store, share(store))
    settle(first, store=store)
    later = later_order(store, 1)
    settle(later, store=store)

    # when
    change(store, first, refunded=usd(90))
    settle(first, store=store)
    reversed_ = (given_for(first), given_for(later))
    change(store, first, refunded=usd(0))
    settle(first, store=store)

    # then
    assert reversed_ == ([("commission", 0), ("welcome", 0)], [("commission", 0)])
    assert given_for(first) == [("commission", 9), ("welcome", 10)]
    assert given_for(later) == [("commission", 9)]
