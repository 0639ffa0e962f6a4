"""The published rules of Amazon Prime: for a first order of 300.00 INR by a link that is good
for 60 days, 200.00 for the referrer and 100.00 for the friend 30 days after it was sent."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.presets import amazon_prime
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop

START = datetime(2025, 1, 1, tzinfo=UTC)
SIXTY_DAYS_LATER = datetime(2025, 3, 2, tzinfo=UTC)


@pytest.fixture
def anna(shop: Shop) -> Customer:
    """The referrer, in a shop in India whose program goes by these rules."""
    shop.travel_to(START)
    shop.open_channel("india", "INR")
    shop.run_program(amazon_prime())
    return shop.register("anna@example.com")


@pytest.fixture
def ben(shop: Shop) -> Customer:
    return shop.register("ben@example.com")


def sent_order(shop: Shop, anna: Customer, ben: Customer) -> Order:
    """Ben's first, of 300.00, by Anna's link, paid and sent at once."""
    order = given.friends_order(
        shop, shop.share(anna), customer=ben, lines=["300.00"], channel="india"
    )
    order.pay()
    order.fulfil()
    return order


def test_below_the_minimum_nothing_and_from_it_on_both_after_30_days(
    shop: Shop, anna: Customer, ben: Customer
) -> None:
    # given
    short = shop.checkout(lines=["299.99"], customer=ben, channel="india")

    # when
    answer = short.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "below_minimum")
    assert short.total == Decimal("299.99")
    assert then.no_entries()

    # when
    order = given.friends_order(
        shop, shop.share(anna), customer=ben, lines=["300.00"], channel="india"
    )
    order.pay()

    # then
    assert order.total == 300
    assert then.no_entries()

    # when
    shop.travel(hours=5)
    order.fulfil()

    # then
    assert then.rewards(shop, anna) == ["200 INR pending"]
    assert then.rewards(shop, ben) == ["100 INR pending"]

    # when
    with then.nothing_changes():
        shop.travel(days=30, seconds=-1)

    # then
    assert (shop.balance(anna, "INR"), shop.balance(ben, "INR")) == (0, 0)

    # when
    shop.travel(seconds=1)

    # then
    assert then.rewards(shop, anna) == ["200 INR issued"]
    assert then.rewards(shop, ben) == ["100 INR issued"]
    assert (shop.balance(anna, "INR"), shop.balance(ben, "INR")) == (200, 100)
    assert [card.balance for card in shop.gift_cards(ben)] == [100]
    then.nothing_more(shop, order)


def test_the_link_is_good_for_60_days_to_the_second(
    shop: Shop, anna: Customer, ben: Customer
) -> None:
    # given
    carl = shop.register("carl@example.com")
    in_time, too_late = (
        shop.checkout(lines=["300.00"], customer=customer, channel="india")
        for customer in (ben, carl)
    )
    for checkout in (in_time, too_late):
        assert checkout.enter_code(shop.share(anna)).accepted

    # when
    shop.travel_to(SIXTY_DAYS_LATER)
    assert in_time.complete().accepted
    shop.travel(seconds=1)
    answer = too_late.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "claim_expired")
    assert too_late.complete().accepted

    # when
    for order in (in_time.placed, too_late.placed):
        order.pay()
        order.fulfil()
    shop.travel(days=30)

    # then
    assert shop.referral(too_late.placed) is None
    assert then.rewards(shop, anna) == ["200 INR issued"]
    assert then.rewards(shop, ben) == ["100 INR issued"]
    assert then.rewards(shop, carl) == []
    then.nothing_more(shop, in_time.placed, too_late.placed)


def test_after_a_full_refund_on_day_29_neither_is_ever_issued(
    shop: Shop, anna: Customer, ben: Customer
) -> None:
    # given
    order = sent_order(shop, anna, ben)
    shop.travel(days=29)

    # when
    order.refund()

    # then
    assert then.rewards(shop, anna) == ["0 INR voided"]
    assert then.rewards(shop, ben) == ["0 INR voided"]

    # when
    with then.nothing_changes():
        for days in (1, 30, 365):
            shop.travel(days=days)

    # then
    assert (shop.gift_cards(anna), shop.gift_cards(ben)) == ([], [])
    then.nothing_more(shop, order)


def test_the_credit_is_good_for_a_year_to_the_instant(
    shop: Shop, anna: Customer, ben: Customer
) -> None:
    # given
    order = sent_order(shop, anna, ben)
    shop.travel(days=30)
    [card] = shop.gift_cards(anna)

    # when
    shop.travel_to(datetime(2026, 1, 31, tzinfo=UTC))
    checkout = shop.checkout(lines=["50.00"], customer=anna, channel="india")

    # then: it is on the checkout by itself
    assert [reward.expires_at for reward in shop.rewards(anna)] == [
        datetime(2026, 1, 31, tzinfo=UTC)
    ]
    assert checkout.total == 0
    assert checkout.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna, "INR") == 150

    # when
    shop.travel(seconds=1)

    # then
    assert then.rewards(shop, anna) == ["200 INR expired"]
    assert shop.balance(anna, "INR") == 0
    late = shop.checkout(lines=["50.00"], customer=anna, channel="india")
    late.enter_code(card.code)
    assert late.total == 50
    then.nothing_more(shop, order)
