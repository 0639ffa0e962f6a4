"""A friend who has ordered before is not new: as a guest too, and before the plugin came."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_customer_with_an_order_is_refused(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    ben = shop.register("ben@example.com")
    given.order_without_code(shop, ben.email, customer=ben)
    checkout = shop.checkout(customer=ben)

    # when
    answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert answer.message == "This referral code is for new customers only."
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_a_guest_with_an_order_under_another_spelling_is_refused(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    given.order_without_code(shop, "b.en+shoes@gmail.com")
    checkout = shop.checkout(email="ben@gmail.com")

    # when
    answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_an_order_from_before_the_plugin_was_installed_counts(shop: Shop) -> None:
    # given
    shop.past_order("Ben@Example.com")
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")

    # when
    answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_a_cancelled_order_does_not_count(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    given.order_without_code(shop, "ben@example.com").cancel()
    checkout = shop.checkout(email="ben@example.com")

    # when
    answer = checkout.enter_code(code)

    # then
    assert answer.accepted
    assert checkout.discount == 10


def test_a_guest_who_logs_in_as_a_known_customer_loses_the_discount(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    ben = shop.register("ben@example.com")
    given.order_without_code(shop, ben.email, customer=ben)
    checkout = shop.checkout(email="new@example.com")
    assert checkout.enter_code(code).accepted

    # when
    checkout.log_in(ben)

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)
