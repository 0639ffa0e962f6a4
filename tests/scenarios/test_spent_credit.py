"""What was spent cannot be taken back: it is a debt that the next credit pays first."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_what_was_spent_is_no_longer_available_at_once(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["4.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted

    # when
    assert shopping.complete().accepted

    # then: no periodic task has run
    assert (shop.balance(anna), shop.debt(anna)) == (6, 0)
    shop.verify_books()


def test_the_next_credit_pays_the_debt_first(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    bens = given.friends_order(shop, shop.share(anna), email="ben@example.com")
    bens.pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["4.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted

    # when
    bens.refund()

    # then
    seen = shop.referral(bens)
    assert seen == ReferralSeen("reversed", ("money_back",), "clawed_back", Decimal(0), "USD")
    assert [card.balance for card in shop.gift_cards(anna)] == [0]
    assert (shop.balance(anna), shop.debt(anna)) == (0, 4)

    # when
    carls = given.friends_order(shop, shop.share(anna), email="carl@example.com")
    carls.pay()

    # then
    assert shop.referral(carls) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert (shop.balance(anna), shop.debt(anna)) == (6, 0)
    assert [card.balance for card in shop.gift_cards(anna)] == [0, 6]
    shop.verify_books()


def test_a_debt_greater_than_the_next_credit_waits_for_the_one_after(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", referrer_credit="10%")
    anna = shop.register("anna@example.com")
    bens = given.friends_order(shop, shop.share(anna), email="ben@example.com")
    bens.pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["9.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted
    bens.refund()
    assert (shop.balance(anna), shop.debt(anna)) == (0, 9)

    # when
    small = given.friends_order(shop, shop.share(anna), email="carl@example.com", lines=["50.00"])
    small.pay()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (0, Decimal("4.50"))

    # when
    given.friends_order(shop, shop.share(anna), email="dora@example.com").pay()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (Decimal("4.50"), 0)
    assert sum(card.balance for card in shop.gift_cards(anna)) == Decimal("4.50")
    shop.verify_books()
