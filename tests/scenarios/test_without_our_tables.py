"""Somebody forgot to migrate: the shop sells on, and what was promised is kept later."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest

from tests.scenarios import given, trouble
from tests.scenarios.shop import Payments, ReferralSeen, Shop

either_payment = pytest.mark.parametrize("payments", ["transactions", "legacy"])
ALL_TABLES = pytest.param(trouble.without_tables, id="all tables")
CLAIMS = pytest.param(
    partial(trouble.without_column, "referral_claim", "judged_at"), id="a column of claims"
)
TERMS = pytest.param(
    partial(trouble.without_column, "referral_termsversion", "retired_at"), id="one of terms"
)
REWARDS = pytest.param(
    partial(trouble.without_column, "referral_reward", "coupon_code"), id="one of rewards"
)
Missing = Callable[[], AbstractContextManager[None]]


@either_payment
@pytest.mark.parametrize("missing", [ALL_TABLES, CLAIMS])
def test_an_order_without_a_code_goes_all_its_way(
    shop: Shop, missing: Missing, payments: Payments
) -> None:
    # given
    given.program(shop)
    fay = shop.create_account("fay@example.com")

    with missing():
        # when
        checkout = shop.checkout(customer=fay, lines=("60.00", "40.00"), payments=payments)
        checkout.remove_line(1)
        completed = checkout.complete()
        order = checkout.placed
        order.pay()
        order.fulfil()
        order.refund("10.00")
        shop.delete_account(fay)
        gus = shop.create_account("gus@example.com")
        again = shop.checkout(customer=gus, payments=payments)

        # then
        assert completed.accepted
        assert order.total == 60
        assert again.complete().accepted
        again.placed.cancel()

    assert shop.referral(order) is None
    shop.verify_books()


@pytest.mark.parametrize("missing", [ALL_TABLES, CLAIMS, TERMS])
def test_a_referral_code_is_refused_and_the_checkout_goes_on(shop: Shop, missing: Missing) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")

    with missing():
        # when
        answer = checkout.enter_code(code)

        # then
        assert not answer.accepted
        assert answer.message
        assert (checkout.shown_code, checkout.total) == (None, 100)
        assert checkout.complete().accepted

    assert checkout.placed.total == 100
    shop.verify_books()


@either_payment
@pytest.mark.parametrize("missing", [ALL_TABLES, CLAIMS, REWARDS])
def test_a_discount_claimed_before_is_given_and_the_credit_comes_later(
    shop: Shop, missing: Missing, payments: Payments
) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com", payments=payments)
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    with missing():
        completed = checkout.complete()
        order = checkout.placed
        order.pay()
        shop.run_periodic_tasks()

    # then
    assert completed.accepted
    assert order.total == 90

    # when
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", 10, "USD")
    assert shop.balance(anna) == 10
    shop.verify_books()


@pytest.mark.parametrize("missing", [ALL_TABLES, REWARDS])
def test_a_refund_and_a_deleted_account_are_seen_to_later(shop: Shop, missing: Missing) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.create_account("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    assert shop.balance(anna) == 10

    # when
    with missing():
        order.refund()
        shop.run_periodic_tasks()
    shop.run_periodic_tasks()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()


@pytest.mark.parametrize("missing", [ALL_TABLES, CLAIMS])
def test_a_code_is_taken_off_as_the_storefront_shows_it(shop: Shop, missing: Missing) -> None:
    # given
    given.program(shop)
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(shop.share(shop.register("anna@example.com"))).accepted
    shown = checkout.shown_code
    assert shown is not None

    with missing():
        # when
        checkout.remove_code(shown)

        # then
        assert checkout.complete().accepted
    shop.verify_books()
