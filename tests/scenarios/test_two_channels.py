"""Two channels with two currencies: each has its own amounts, and none is converted."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_each_order_is_credited_in_its_own_currency(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", referee_discount="12 USD, 11 EUR")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    in_dollars = given.friends_order(shop, code, email="ben@example.com")
    in_euro = given.friends_order(shop, code, email="carl@example.com", channel="euro")
    in_dollars.pay()
    in_euro.pay()

    # then
    assert (in_dollars.total, in_euro.total) == (88, 89)
    assert shop.referral(in_dollars) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert shop.referral(in_euro) == ReferralSeen("qualified", (), "issued", Decimal(9), "EUR")
    assert (shop.balance(anna, "USD"), shop.balance(anna, "EUR")) == (10, 9)
    cards = {(card.currency, card.balance) for card in shop.gift_cards(anna)}
    assert cards == {("USD", 10), ("EUR", 9)}
    shop.verify_books()


def test_a_debt_in_one_currency_is_not_paid_in_another(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    in_dollars = given.friends_order(shop, shop.share(anna), email="ben@example.com")
    in_dollars.pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["10.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted
    in_dollars.refund()

    # when
    given.friends_order(shop, shop.share(anna), email="carl@example.com", channel="euro").pay()

    # then
    assert (shop.balance(anna, "EUR"), shop.debt(anna, "EUR")) == (9, 0)
    assert (shop.balance(anna, "USD"), shop.debt(anna, "USD")) == (0, 10)
    shop.verify_books()
