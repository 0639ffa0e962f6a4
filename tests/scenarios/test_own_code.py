"""Nobody is rewarded for their own order."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_the_account_holder_is_refused(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(customer=anna)

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "own_code")
    assert answer.message == "You cannot use your own referral code."
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_another_spelling_of_the_address_is_refused(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("annabell@gmail.com")
    checkout = shop.checkout(email="Anna.Bell+shop@GoogleMail.com")

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "own_code")
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_a_guest_who_turns_out_to_be_the_referrer_loses_the_discount(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna.bell@gmail.com")
    checkout = shop.checkout()
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.discount == 10

    # when
    checkout.set_email("annabell+2@gmail.com")

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)

    # when
    assert checkout.complete().accepted
    checkout.placed.pay()
    shop.travel(days=14)

    # then
    assert checkout.placed.total == 100
    assert shop.referral(checkout.placed) is None
    assert shop.gift_cards(anna) == []


def test_a_guest_who_logs_in_as_the_referrer_loses_the_discount(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="somebody@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    checkout.log_in(anna)

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)
