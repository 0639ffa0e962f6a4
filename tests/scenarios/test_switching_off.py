"""The owner switches the plugin or its program off: nothing new, and every promise stands."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop

either_switch = pytest.mark.parametrize(
    "switch_off",
    [
        pytest.param(lambda shop: shop.switch_plugin(False), id="plugin"),
        pytest.param(lambda shop: shop.configure(program_running=False), id="program"),
    ],
)


@either_switch
def test_new_codes_are_refused_and_the_shown_code_is_worth_nothing(
    shop: Shop, switch_off: Callable[[Shop], None]
) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    bens = shop.checkout(email="ben@example.com")
    assert bens.enter_code(code).accepted
    shown = bens.shown_code
    assert shown is not None
    carls = shop.checkout(email="carl@example.com")

    # when
    switch_off(shop)

    # then
    for typed in (code, shown):
        answer = carls.enter_code(typed)
        assert not answer.accepted
        assert (carls.shown_code, carls.discount, carls.total) == (None, 0, 100)


@either_switch
def test_a_claim_made_before_still_counts_and_a_credit_can_still_be_taken_back(
    shop: Shop, switch_off: Callable[[Shop], None]
) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    credited = given.friends_order(shop, shop.share(anna), email="carl@example.com")
    credited.pay()
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    switch_off(shop)
    assert checkout.complete().accepted
    order = checkout.placed
    order.pay()
    credited.refund()
    shop.run_periodic_tasks()

    # then
    assert order.total == 90
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert sorted(card.balance for card in shop.gift_cards(anna)) == [0, 10]
    assert (shop.balance(anna), shop.debt(anna)) == (10, 0)
    shop.verify_books()


def test_switched_on_again_the_code_works_as_before(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    shop.configure(program_running=False)
    shop.switch_plugin(False)

    # when
    shop.switch_plugin(True)
    shop.configure(program_running=True)

    # then
    checkout = shop.checkout(email="ben@example.com")
    assert shop.share(anna) == code
    assert checkout.enter_code(code).accepted
    assert checkout.discount == 10
