"""The first referrer keeps the friend."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_friend_of_somebody_else_is_refused(shop: Shop) -> None:
    # given
    given.program(shop, new_customers_only=False, hold_days="0")
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@gmail.com").pay()
    checkout = shop.checkout(email="b.e.n@gmail.com")

    # when
    answer = checkout.enter_code(shop.share(cleo))

    # then
    assert (answer.accepted, answer.code) == (False, "already_referred")
    assert answer.message == "You have already used a friend's referral code."
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)

    # when
    assert checkout.complete().accepted
    checkout.placed.pay()

    # then
    assert (shop.balance(anna), shop.balance(cleo)) == (10, 0)
    shop.verify_books()


def test_a_friend_whose_first_order_was_cancelled_is_free_again(shop: Shop) -> None:
    # given
    given.program(shop, new_customers_only=False, hold_days="0")
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    given.friends_order(shop, shop.share(anna)).cancel()

    # when
    given.friends_order(shop, shop.share(cleo)).pay()

    # then
    assert (shop.balance(anna), shop.balance(cleo)) == (0, 10)
    shop.verify_books()
