"""A friend is judged by the terms in force when the code was entered."""

from decimal import Decimal

import pytest

from tests.scenarios import given
from tests.scenarios.shop import ConfigurationError, ReferralSeen, Shop


def test_the_old_terms_hold_for_who_has_claimed_and_the_new_ones_for_who_comes(
    shop: Shop,
) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    before = shop.checkout(email="ben@example.com")
    assert before.enter_code(shop.share(anna)).accepted

    # when
    given.program(shop, hold_days="0", referee_discount="20%", referrer_credit="25 USD")
    after = shop.checkout(email="carl@example.com")
    assert after.enter_code(shop.share(anna)).accepted

    # then
    assert before.shown_code != after.shown_code
    assert (before.discount, after.discount) == (10, 20)

    # when
    for checkout in (before, after):
        assert checkout.complete().accepted
        checkout.placed.pay()

    # then
    assert shop.referral(before.placed) == ReferralSeen(
        "qualified", (), "issued", Decimal(10), "USD"
    )
    assert shop.referral(after.placed) == ReferralSeen(
        "qualified", (), "issued", Decimal(25), "USD"
    )
    assert shop.balance(anna) == 35
    shop.verify_books()


def test_another_credit_leaves_the_friends_discount_and_its_code_as_they_are(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    before = shop.checkout(email="ben@example.com")
    assert before.enter_code(shop.share(anna)).accepted

    # when
    given.program(shop, hold_days="0", referrer_credit="25 USD, 20 EUR")
    after = shop.checkout(email="carl@example.com")
    assert after.enter_code(shop.share(anna)).accepted

    # then
    assert before.shown_code == after.shown_code
    assert (before.discount, after.discount) == (10, 10)

    # when
    for checkout in (before, after):
        assert checkout.complete().accepted
        checkout.placed.pay()

    # then
    assert shop.referral(before.placed) == ReferralSeen(
        "qualified", (), "issued", Decimal(10), "USD"
    )
    assert shop.referral(after.placed) == ReferralSeen(
        "qualified", (), "issued", Decimal(25), "USD"
    )
    shop.verify_books()


def test_a_code_entered_again_is_claimed_under_the_new_terms(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted
    given.program(shop, hold_days="0", referrer_credit="25 USD, 20 EUR")

    # when
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.complete().accepted
    checkout.placed.pay()

    # then
    assert shop.referral(checkout.placed) == ReferralSeen(
        "qualified", (), "issued", Decimal(25), "USD"
    )
    shop.verify_books()


def test_saving_the_same_again_makes_no_new_offer(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    before = shop.checkout(email="ben@example.com")
    assert before.enter_code(shop.share(anna)).accepted

    # when
    given.program(shop)
    given.program(shop, referee_discount="10.0 %", referrer_credit="9.00 eur; 10 usd")

    # then
    after = shop.checkout(email="carl@example.com")
    assert after.enter_code(shop.share(anna)).accepted
    assert after.shown_code == before.shown_code


def test_a_mistake_is_explained_and_nothing_is_saved(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    before = shop.checkout(email="ben@example.com")
    assert before.enter_code(shop.share(anna)).accepted

    # when
    with pytest.raises(ConfigurationError) as refused:
        shop.configure(referee_discount="20%", hold_days="two weeks")

    # then
    assert str(refused.value) == ("Days before crediting: write a whole number from 0 to 366.")
    after = shop.checkout(email="carl@example.com")
    assert after.enter_code(shop.share(anna)).accepted
    assert (after.shown_code, after.discount) == (before.shown_code, 10)
