"""The friend's order is called off."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_an_unpaid_order_never_was_a_referral(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))

    # when
    order.cancel()
    shop.travel(days=14)

    # then
    failed = ("order_void", "not_paid")
    assert shop.referral(order) == ReferralSeen("rejected", failed, None, None, "USD")
    assert shop.gift_cards(anna) == []
    shop.verify_books()


def test_after_the_credit_it_is_taken_back(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    assert shop.balance(anna) == 10

    # when
    order.cancel()

    # then
    failed = ("order_void",)
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", failed, "clawed_back", Decimal(0), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()
