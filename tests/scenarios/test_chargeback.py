"""The friend's bank takes the money back."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_after_the_credit_it_is_taken_back(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    assert shop.balance(anna) == 10

    # when
    order.chargeback()

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("money_back",), "clawed_back", Decimal(0), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()


def test_a_refund_and_a_chargeback_add_up(shop: Shop) -> None:
    # given
    given.program(shop, referrer_credit="10%", hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    assert shop.balance(anna) == 9

    # when
    order.refund("30.00")
    order.chargeback("40.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(2), "USD")
    assert shop.balance(anna) == 2
    shop.verify_books()
