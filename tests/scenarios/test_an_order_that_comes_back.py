"""A refund that failed, goods sent again: the order is settled again the same way."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_a_refund_that_did_not_go_through_restores_the_promise(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.refund()
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("money_back",), "voided", Decimal(0), "USD")

    # when
    order.reverse_refund()
    shop.travel(days=14)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [10]
    shop.verify_books()


def test_a_refund_that_did_not_go_through_restores_the_credit(shop: Shop) -> None:
    # given
    given.program(shop, referrer_credit="10%", hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.refund("45.00")
    assert shop.balance(anna) == Decimal("4.50")

    # when
    order.reverse_refund("45.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(9), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [9]
    shop.verify_books()


def test_goods_not_sent_after_all_and_sent_again(shop: Shop) -> None:
    # given
    given.program(shop, earned_when="fulfilled", hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.fulfil()
    assert shop.balance(anna) == 10

    # when
    order.unfulfil()

    # then
    seen = shop.referral(order)
    assert seen == ReferralSeen("reversed", ("not_fulfilled",), "clawed_back", Decimal(0), "USD")
    assert shop.balance(anna) == 0

    # when
    order.fulfil()

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert shop.balance(anna) == 10
    assert sum(card.balance for card in shop.gift_cards(anna)) == 10
    shop.verify_books()
