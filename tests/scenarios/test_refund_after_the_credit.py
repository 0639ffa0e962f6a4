"""The money goes back when the referrer already has the gift card."""

from decimal import Decimal

import pytest

from tests.scenarios import given
from tests.scenarios.shop import Payments, ReferralSeen, Shop


def test_a_refund_of_everything_takes_the_credit_back(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.travel(days=14)
    assert shop.balance(anna) == 10

    # when
    order.refund()

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("money_back",), "clawed_back", Decimal(0), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [0]
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_refunds_in_parts_take_a_percentage_back_in_proportion(
    shop: Shop, payments: Payments
) -> None:
    # given
    given.program(shop, referrer_credit="5%")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), payments=payments)
    order.pay()
    shop.travel(days=14)
    assert shop.balance(anna) == Decimal("4.50")

    # when
    order.refund("30.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal("3.00"), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [3]

    # when
    order.refund("30.00")

    # then
    assert shop.balance(anna) == Decimal("1.50")

    # when
    order.refund("30.00")

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("money_back",), "clawed_back", Decimal(0), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()
