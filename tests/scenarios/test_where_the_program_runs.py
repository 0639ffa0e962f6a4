"""Only in the channels named, and only where the currency has its amounts."""

from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_channel_that_is_not_named_refuses_the_code(shop: Shop) -> None:
    # given
    given.program(shop, channels="default")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com", channel="euro")

    # when
    answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "program_not_running")
    assert answer.message == "Referral codes cannot be used here at the moment."
    assert (checkout.shown_code, checkout.discount, checkout.total) == (None, 0, 100)


def test_a_currency_without_an_amount_refuses_the_code(shop: Shop) -> None:
    # given
    given.program(shop, referrer_credit="10 USD")
    code = shop.share(shop.register("anna@example.com"))
    in_euro = shop.checkout(email="ben@example.com", channel="euro")
    in_dollars = shop.checkout(email="ben@example.com", channel="default")

    # when
    refused, accepted = in_euro.enter_code(code), in_dollars.enter_code(code)

    # then
    assert (refused.accepted, refused.code) == (False, "program_not_running")
    assert (in_euro.shown_code, in_euro.discount, in_euro.total) == (None, 0, 100)
    assert accepted.accepted
    assert in_dollars.discount == 10
