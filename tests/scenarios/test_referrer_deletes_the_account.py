"""A referrer who leaves takes every tie along; the books keep their totals."""

from decimal import Decimal

import pytest

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_before_the_credit_the_promise_is_void(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()

    # when
    shop.delete_account(anna)
    shop.travel(days=14)

    # then
    assert shop.referral(order) == ReferralSeen(
        "qualified", ("referrer_gone",), "voided", Decimal(0), "USD"
    )
    assert shop.gift_cards(anna) == []
    shop.verify_books()


@pytest.mark.parametrize("hook", ["heard", "lost"])
def test_after_the_credit_what_is_left_of_it_is_gone(shop: Shop, hook: str) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    [card] = shop.gift_cards(anna)

    # when
    if hook == "lost":
        with shop.losing_hooks():
            shop.delete_account(anna)
        order.refund()
    else:
        shop.delete_account(anna)
    shop.run_periodic_tasks()

    # then
    seen = shop.referral(order)
    assert seen is not None
    assert seen.reward_status == "expired"
    assert shop.balance(anna) == 0
    somebodys = shop.checkout(lines=["30.00"], email="somebody@example.com")
    somebodys.enter_code(card.code)
    assert somebodys.total == 30
    shop.verify_books()


def test_somebody_new_with_the_same_address_starts_afresh(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    old_code = shop.share(anna)
    given.friends_order(shop, old_code).pay()
    shop.delete_account(anna)

    # when
    another = shop.register("anna@example.com")

    # then
    assert shop.share(another) != old_code
    assert not shop.checkout(email="carl@example.com").enter_code(old_code).accepted
    assert shop.balance(another) == 0
    assert shop.gift_cards(another) == []
    shop.verify_books()
