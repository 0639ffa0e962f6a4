"""A credit that nobody spends runs out."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_what_was_not_spent_is_gone(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", credit_valid_days="30")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["4.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted

    # when
    shop.travel(days=29)

    # then
    assert shop.balance(anna) == 6

    # when
    shop.travel(days=2)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "expired", Decimal(10), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    assert [card.balance for card in shop.gift_cards(anna)] == [0]
    shop.verify_books()

    # when
    order.refund()

    # then
    assert shop.debt(anna) == 4
    shop.verify_books()


def test_what_was_spent_too_much_of_a_credit_that_has_run_out_is_a_debt(shop: Shop) -> None:
    # given: eight of nine dollars are spent
    given.program(shop, hold_days="0", credit_valid_days="30", referrer_credit="10%")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["8.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted
    shop.travel(days=31)

    # when half of the order is given back
    order.refund("45.00")

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "expired", Decimal("4.50"), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (0, Decimal("3.50"))
    shop.verify_books()

    # when
    given.friends_order(shop, shop.share(anna), email="carl@example.com").pay()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (Decimal("5.50"), 0)
    shop.verify_books()


def test_a_credit_for_ever_does_not_run_out(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", credit_valid_days="")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()

    # when
    shop.travel(days=3650)

    # then
    [card] = shop.gift_cards(anna)
    assert (card.balance, card.expires_on) == (10, None)
    assert shop.balance(anna) == 10
    shop.verify_books()
