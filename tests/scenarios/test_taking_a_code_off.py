"""The shopper changes their mind."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_the_discount_goes_with_the_code_however_it_is_named(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    typed = shop.share(anna).lower()
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(typed).accepted
    shown = checkout.shown_code
    assert shown is not None

    for name in (typed, typed.upper().replace("-", " "), shown):
        # when
        checkout.enter_code(typed)
        assert checkout.discount == 10
        answer = checkout.remove_code(name)

        # then
        assert answer.accepted
        assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)

    # when
    assert checkout.complete().accepted
    checkout.placed.pay()
    shop.travel(days=14)

    # then
    assert checkout.placed.total == 100
    assert shop.referral(checkout.placed) is None
    assert shop.gift_cards(anna) == []


def test_another_code_is_not_on_the_checkout(shop: Shop) -> None:
    # given
    given.program(shop)
    annas = shop.share(shop.register("anna@example.com"))
    cleos = shop.share(shop.register("cleo@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(annas).accepted

    # when
    checkout.remove_code(cleos)

    # then
    assert (checkout.discount, checkout.total) == (10, 90)
