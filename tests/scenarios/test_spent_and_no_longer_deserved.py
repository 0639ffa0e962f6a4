"""The credit was spent, and then the friend's money went back: a debt, let go, or kept."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.terms import AfterIssue, Offer, RewardRule, Terms
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop


def _spent_a_part(shop: Shop, after_issue: AfterIssue) -> tuple[Customer, Order]:
    """Anna has spent 6 of the 10 USD that she got for Ben's order."""
    shop.run_program(
        Terms(rewards=(RewardRule(worth=Offer(amounts={"USD": "10"}), after_issue=after_issue),))
    )
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    [card] = shop.gift_cards(anna)
    checkout = shop.checkout(lines=("6.00",), customer=anna, email="anna@example.com")
    assert checkout.enter_code(card.code).accepted
    assert checkout.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 4
    return anna, order


@pytest.mark.parametrize(
    ("after_issue", "balance", "debt"),
    [(AfterIssue.DEBT, 0, 6), (AfterIssue.WAIVE, 0, 0), (AfterIssue.KEEP, 4, 0)],
)
def test_what_is_left_and_what_was_spent(
    shop: Shop, after_issue: AfterIssue, balance: int, debt: int
) -> None:
    # given
    anna, order = _spent_a_part(shop, after_issue)

    # when
    order.refund()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (balance, debt)
    then.nothing_more(shop, order)


@pytest.mark.parametrize(
    ("after_issue", "balance"),
    [(AfterIssue.DEBT, 4), (AfterIssue.WAIVE, 10), (AfterIssue.KEEP, 14)],
)
def test_the_next_credit_pays_a_debt_and_nothing_that_was_waived(
    shop: Shop, after_issue: AfterIssue, balance: int
) -> None:
    # given
    anna, order = _spent_a_part(shop, after_issue)
    order.refund()

    # when
    given.friends_order(shop, shop.share(anna), email="cara@example.com").pay()

    # then
    assert (shop.balance(anna), shop.debt(anna)) == (balance, 0)
    shop.verify_books()


@pytest.mark.parametrize("after_issue", list(AfterIssue))
def test_a_refund_that_fails_gives_back_no_more_than_was_taken(
    shop: Shop, after_issue: AfterIssue
) -> None:
    # given
    anna, order = _spent_a_part(shop, after_issue)
    order.refund()

    # when
    order.reverse_refund()

    # then: as if nothing had happened
    assert (shop.balance(anna), shop.debt(anna)) == (Decimal(4), 0)
    then.nothing_more(shop, order)
