"""What was true when the code was entered may not be true when the order is placed."""

import pytest

from tests.scenarios import given
from tests.scenarios.shop import Payments, Shop


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_an_order_is_never_made_with_a_discount_it_should_not_have(
    shop: Shop, payments: Payments
) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com", payments=payments)
    assert checkout.enter_code(shop.share(anna)).accepted
    given.order_without_code(shop, "ben@example.com")

    # when
    answer = checkout.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert answer.message == "This referral code is for new customers only."
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)

    # when
    answer = checkout.complete()

    # then
    assert answer.accepted
    assert checkout.placed.total == 100
    assert shop.referral(checkout.placed) is None


def test_two_checkouts_of_one_friend_make_one_referral(shop: Shop) -> None:
    # given
    given.program(shop, new_customers_only=False, hold_days="0")
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    first = shop.checkout(email="ben@example.com")
    second = shop.checkout(email="ben@example.com")
    assert first.enter_code(shop.share(anna)).accepted
    assert second.enter_code(shop.share(cleo)).accepted

    # when
    one, other = first.complete(), second.complete()

    # then
    assert one.accepted
    assert (other.accepted, other.code) == (False, "already_referred")

    # when
    first.placed.pay()

    # then
    assert (shop.balance(anna), shop.balance(cleo)) == (10, 0)
    shop.verify_books()
