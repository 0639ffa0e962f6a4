"""What goes back is counted by lines: what the program is not about changes nothing."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.terms import Clawback, Goods, Offer, RewardRule, Terms
from tests.scenarios import given, then
from tests.scenarios.shop import Order, Payments, Shop

TERMS = Terms(
    goods=Goods(categories=("clothes",)),
    clawback=Clawback.BY_LINES,
    discount=Offer(percent=Decimal(10)),
    rewards=(RewardRule(worth=Offer(percent=Decimal(10))),),
)
LINES = ("shirt 40.00", "hat 60.00", "mug 100.00")


@pytest.fixture
def clothes(shop: Shop) -> Shop:
    shop.sell("shirt", category="clothes")
    shop.sell("hat", category="clothes")
    shop.sell("mug", category="kitchen")
    return shop


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
@pytest.mark.parametrize(
    ("position", "left"), [(2, "9.00"), (0, "5.40"), (1, "3.60")], ids=["mug", "shirt", "hat"]
)
def test_a_refunded_line_takes_back_its_own_part(
    clothes: Shop, payments: Payments, position: int, left: str
) -> None:
    # given
    clothes.run_program(TERMS)
    anna = clothes.register("anna@example.com")
    order = given.friends_order(clothes, clothes.share(anna), lines=LINES, payments=payments)
    order.pay()
    assert clothes.balance(anna) == 9

    # when
    order.refund_line(position)

    # then
    assert clothes.balance(anna) == Decimal(left)
    then.nothing_more(clothes, order)


def test_by_default_any_money_back_takes_back_its_share(clothes: Shop) -> None:
    # given
    clothes.run_program(TERMS.but(clawback=Clawback.PROPORTIONAL))
    anna = clothes.register("anna@example.com")
    order = given.friends_order(clothes, clothes.share(anna), lines=LINES)
    order.pay()

    # when: the mug, 100.00 of 190.00
    order.refund_line(2)

    # then
    assert clothes.balance(anna) == Decimal("4.26")


@pytest.mark.parametrize(
    ("act", "left"),
    [
        (lambda order: order.return_goods(2), "9.00"),
        (lambda order: order.return_goods(0), "5.40"),
        (lambda order: order.return_goods(), "0.00"),
        (lambda order: order.refund(), "0.00"),
        # For no line in particular: a half of everything.
        (lambda order: order.refund("95.00"), "4.50"),
        (lambda order: order.chargeback(), "0.00"),
    ],
    ids=["mug back", "shirt back", "all back", "all money", "half the money", "chargeback"],
)
def test_what_came_back_and_what_was_paid_back(
    clothes: Shop, act: Callable[[Order], None], left: str
) -> None:
    # given
    clothes.run_program(TERMS)
    anna = clothes.register("anna@example.com")
    order = given.friends_order(clothes, clothes.share(anna), lines=LINES)
    order.pay()
    order.fulfil()

    # when
    act(order)

    # then
    assert clothes.balance(anna) == Decimal(left)
    clothes.verify_books()


def test_money_for_goods_that_came_back_is_not_counted_twice(clothes: Shop) -> None:
    # given
    clothes.run_program(TERMS)
    anna = clothes.register("anna@example.com")
    order = given.friends_order(clothes, clothes.share(anna), lines=LINES)
    order.pay()
    order.fulfil()

    # when
    order.return_goods(1)
    order.refund("54.00")

    # then
    assert clothes.balance(anna) == Decimal("3.60")
    then.nothing_more(clothes, order)
