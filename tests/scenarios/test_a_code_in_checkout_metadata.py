"""A storefront that remembers `?ref=` passes the code on with the checkout it creates."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_the_discount_is_there_without_typing(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")

    # when
    checkout = shop.checkout(
        email="ben@example.com", metadata={"referral_code": shop.share(anna).lower()}
    )

    # then
    assert (checkout.discount, checkout.total) == (10, 90)

    # when
    assert checkout.complete().accepted
    checkout.placed.pay()

    # then
    seen = shop.referral(checkout.placed)
    assert seen == ReferralSeen("qualified", (), "pending", Decimal(10), "USD")
    shop.verify_books()


def test_a_refused_code_leaves_an_ordinary_checkout(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")

    # when
    checkout = shop.checkout(customer=anna, metadata={"referral_code": shop.share(anna)})

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)
    assert checkout.complete().accepted
    assert shop.referral(checkout.placed) is None
