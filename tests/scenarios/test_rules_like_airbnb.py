"""The published rules of Airbnb: 20.00 for the referrer when a friend's first order of at least
75.00 net is fulfilled; at most 95.00 for a friend and 5,000.00 for life."""

from datetime import UTC, datetime
from decimal import Decimal

from saleor_referral_plugin.engine import actions
from saleor_referral_plugin.engine.presets import airbnb
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import Terms
from saleor_referral_plugin.models import LedgerEntry
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop


def fulfilled_order(shop: Shop, anna: Customer, email: str) -> Order:
    """Of 80.00, by Anna's code, paid and sent at once."""
    order = given.friends_order(shop, shop.share(anna), email=email, lines=["80.00"])
    order.pay()
    order.fulfil()
    return order


def without_the_limit_per_friend(terms: Terms) -> Terms:
    return terms.but(caps=tuple(cap for cap in terms.caps if not cap.per_referee))


def test_it_is_earned_at_fulfilment_and_not_at_payment(shop: Shop) -> None:
    # given
    shop.run_program(airbnb())
    shop.charge(tax_percent="15", shipping="10.00")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), lines=["92.00"])
    assert order.total == 102

    # when
    order.pay()

    # then
    assert then.no_entries()
    referral = shop.referral(order)
    assert referral is not None
    assert (referral.status, referral.failed) == ("attributed", ("not_fulfilled",))
    then.nothing_more(shop, order)

    # when
    order.fulfil()

    # then
    assert then.rewards(shop, anna) == ["20 USD issued"]
    assert shop.balance(anna) == 20
    then.nothing_more(shop, order)


def test_tax_and_shipping_do_not_help_over_the_minimum(shop: Shop) -> None:
    # given: with its tax the checkout looks like more than enough
    shop.run_program(airbnb())
    shop.charge(tax_percent="15", shipping="30.00")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), lines=["86.24"])
    assert order.total == Decimal("116.24")

    # when
    order.pay()
    order.fulfil()

    # then
    referral = shop.referral(order)
    assert referral is not None
    assert (referral.status, referral.failed) == ("rejected", ("below_minimum",))
    assert then.rewards(shop, anna) == []
    assert then.no_entries()
    then.nothing_more(shop, order)


def test_a_cent_below_the_minimum_is_refused_at_the_checkout(shop: Shop) -> None:
    # given
    shop.run_program(airbnb())
    shop.charge(shipping="30.00")
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(lines=["74.99"], email="ben@example.com")

    # when
    with then.nothing_changes():
        answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "below_minimum")
    assert (checkout.total, checkout.shown_code) == (Decimal("104.99"), None)
    assert checkout.complete().accepted
    checkout.placed.pay()
    checkout.placed.fulfil()
    assert shop.referral(checkout.placed) is None
    assert then.no_entries()
    then.nothing_more(shop, checkout.placed)


def test_the_last_credit_for_life_is_cut_to_what_is_left(shop: Shop) -> None:
    # given: a friend who was worth 4,990.00
    generous = airbnb(referrer_gets={"USD": 4_990})
    shop.run_program(without_the_limit_per_friend(generous))
    anna = shop.register("anna@example.com")
    before = fulfilled_order(shop, anna, "carl@example.com")
    assert shop.balance(anna) == 4_990
    shop.run_program(airbnb())

    # when
    order = fulfilled_order(shop, anna, "ben@example.com")

    # then
    assert then.rewards(shop, anna) == ["4990 USD issued", "10 USD issued"]
    assert shop.balance(anna) == 5_000
    referral = shop.referral(order)
    assert referral is not None
    assert (referral.status, referral.failed) == ("qualified", ("cap_reached",))

    # when
    last = fulfilled_order(shop, anna, "dora@example.com")

    # then
    assert shop.balance(anna) == 5_000
    assert not LedgerEntry.objects.filter(reward__referral__order_ref=last.ref).exists()
    then.nothing_more(shop, before, order, last)


def test_one_friend_is_never_worth_more_than_95(shop: Shop) -> None:
    # given
    shop.run_program(airbnb(referrer_gets={"USD": 100}))
    anna = shop.register("anna@example.com")

    # when
    order = fulfilled_order(shop, anna, "ben@example.com")

    # then
    assert then.rewards(shop, anna) == ["95 USD issued"]
    assert shop.balance(anna) == 95
    then.nothing_more(shop, order)


def test_the_credit_lasts_for_a_year_to_the_second(shop: Shop) -> None:
    # given
    shop.travel_to(datetime(2025, 3, 1, 10, tzinfo=UTC))
    shop.run_program(airbnb())
    anna = shop.register("anna@example.com")
    order = fulfilled_order(shop, anna, "ben@example.com")
    [card] = shop.gift_cards(anna)
    a_year_later = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert [reward.expires_at for reward in shop.rewards(anna)] == [a_year_later]

    # when
    shop.travel_to(a_year_later)

    # then
    checkout = shop.checkout(lines=["15.00"], customer=anna)
    assert checkout.enter_code(card.code).accepted
    assert checkout.total == 0
    assert checkout.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 5

    # when
    shop.travel(seconds=1)

    # then
    assert then.rewards(shop, anna) == ["20 USD expired"]
    assert shop.balance(anna) == 0
    late = shop.checkout(lines=["15.00"], customer=anna)
    late.enter_code(card.code)
    assert late.total == 15
    then.nothing_more(shop, order)


def test_an_order_that_the_referrer_receives_is_refused(shop: Shop) -> None:
    # given
    shop.run_program(airbnb())
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com", to=anna)
    total = checkout.total

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "related_party")
    assert checkout.total == total
    assert then.no_entries()


def test_a_second_kind_of_action_is_worth_what_the_limit_for_a_friend_leaves(shop: Shop) -> None:
    # given
    shop.run_program(airbnb())
    anna = shop.register("anna@example.com")
    order = fulfilled_order(shop, anna, "ben@example.com")
    assert then.rewards(shop, anna) == ["20 USD issued"]

    # when
    for _ in range(2):
        actions.record(order.ref, "host", store=get_store(), by="an app")
    shop.run_periodic_tasks()

    # then
    assert then.rewards(shop, anna) == ["20 USD issued", "75 USD issued"]
    assert shop.balance(anna) == 95
    then.nothing_more(shop, order)

    # when
    order.refund()
    shop.run_periodic_tasks()

    # then
    assert then.rewards(shop, anna) == ["0 USD clawed_back", "0 USD clawed_back"]
    assert shop.balance(anna) == 0
