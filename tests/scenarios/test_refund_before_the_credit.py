"""The money goes back while the hold still runs."""

from decimal import Decimal

import pytest

from tests.scenarios import given
from tests.scenarios.shop import Payments, ReferralSeen, Shop


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_a_refund_of_everything_leaves_nothing_to_credit(shop: Shop, payments: Payments) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), payments=payments)
    order.pay()

    # when
    order.refund()
    shop.travel(days=14)

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("money_back",), "voided", Decimal(0), "USD")
    assert shop.balance(anna) == 0
    assert shop.gift_cards(anna) == []
    shop.verify_books()


def test_a_refund_in_part_makes_a_percentage_smaller(shop: Shop) -> None:
    # given
    given.program(shop, referrer_credit="5%")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    assert shop.referral(order) == ReferralSeen("qualified", (), "pending", Decimal("4.50"), "USD")

    # when
    order.refund("60.00")
    shop.travel(days=14)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal("1.50"), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [Decimal("1.50")]
    shop.verify_books()


def test_an_amount_stands_whole_until_the_order_falls_below_the_minimum(shop: Shop) -> None:
    # given
    given.program(shop, minimum_order="60 USD")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()

    # when
    order.refund("30.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "pending", Decimal(10), "USD")

    # when
    order.refund("15.00")
    shop.travel(days=14)

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("below_minimum",), "voided", Decimal(0), "USD")
    assert shop.gift_cards(anna) == []
    shop.verify_books()
