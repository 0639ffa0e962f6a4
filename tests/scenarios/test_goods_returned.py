"""The goods come back, and the money has not gone back yet."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_the_credit_is_taken_back_before_any_refund_and_not_twice_after_it(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.fulfil()
    assert shop.balance(anna) == 10

    # when
    order.return_goods()

    # then
    reversed_ = ReferralSeen("reversed", ("money_back",), "clawed_back", Decimal(0), "USD")
    assert shop.referral(order) == reversed_
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)

    # when
    order.refund()

    # then
    assert shop.referral(order) == reversed_
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()
