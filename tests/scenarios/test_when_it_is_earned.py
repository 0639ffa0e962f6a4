"""Paid or fulfilled, and then the hold."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_a_part_of_the_price_earns_nothing(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))

    # when
    order.pay("50.00")

    # then
    assert shop.referral(order) == ReferralSeen("attributed", ("not_paid",), None, None, "USD")

    # when
    order.pay("40.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    shop.verify_books()


def test_fulfilment_starts_the_hold_where_the_terms_say_so(shop: Shop) -> None:
    # given
    given.program(shop, earned_when="fulfilled")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.travel(days=14)
    assert shop.referral(order) == ReferralSeen("attributed", ("not_fulfilled",), None, None, "USD")

    # when
    order.fulfil()
    shop.travel(days=13)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "pending", Decimal(10), "USD")

    # when
    shop.travel(days=1)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert shop.balance(anna) == 10
    shop.verify_books()


def test_an_order_paid_by_gift_card_alone_earns_too(shop: Shop) -> None:
    # given
    given.program(shop)
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    given.program(shop, hold_days="0")
    given.friends_order(shop, shop.share(ben), email="carl@example.com").pay()
    [bens_card] = shop.gift_cards(ben)
    given.program(shop)
    checkout = shop.checkout(lines=["10.00"], customer=ben)
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.enter_code(bens_card.code).accepted
    assert checkout.total == 0

    # when
    assert checkout.complete().accepted
    shop.travel(days=7)
    shop.repeat_hooks(checkout.placed)
    shop.travel(days=7)

    # then
    seen = shop.referral(checkout.placed)
    assert seen == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert shop.balance(anna) == 10
    shop.verify_books()
