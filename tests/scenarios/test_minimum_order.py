"""The friend's goods must be worth a minimum before the discount."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_below_the_minimum_the_shopper_learns_how_much_is_missing(shop: Shop) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(lines=["45.90"], email="ben@example.com")

    # when
    answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "below_minimum")
    assert answer.message == "Add $4.10 more to use this referral code (minimum $50.00)."
    assert (checkout.shown_code, checkout.discount) == (None, 0)


def test_removing_goods_takes_the_discount_away(shop: Shop) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(lines=["30.00", "40.00"], email="ben@example.com")
    assert checkout.enter_code(code).accepted
    assert checkout.total == 63

    # when
    checkout.remove_line(1)

    # then
    assert (checkout.discount, checkout.total) == (0, 30)

    # when
    assert checkout.complete().accepted
    checkout.placed.pay()

    # then
    assert checkout.placed.total == 30
    assert shop.referral(checkout.placed) is None
