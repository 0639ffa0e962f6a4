"""A program that is about some of the goods: the discount is on them, and the rest is theirs."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.store import GoodsError
from saleor_referral_plugin.engine.terms import Goods, LaterOrders, Offer, Per, RewardRule, Terms
from saleor_referral_plugin.models import Program, Referral, TermsVersion
from tests.scenarios import given, then
from tests.scenarios.shop import ReferralSeen, Shop


def about(goods: Goods, *, minimum: Amounts | None = None) -> Terms:
    """10% off the goods, and 5% of them to the referrer at once."""
    return Terms(
        goods=goods,
        discount=Offer(percent=Decimal(10)),
        minimum=minimum or Amounts(),
        rewards=(RewardRule(worth=Offer(percent=Decimal(5))),),
    )


def test_only_goods_of_the_program_are_discounted_and_rewarded(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes")
    shop.sell("mug", category="kitchen")
    shop.run_program(about(Goods(categories=("clothes",))))
    anna = shop.register("anna@example.com")

    # when
    checkout = shop.checkout(lines=("shirt 40.00", "mug 60.00"), email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # then
    assert (checkout.discount, checkout.total) == (4, 96)

    # when
    assert checkout.complete().accepted
    order = checkout.placed
    order.pay()

    # then: 5% of the 36.00 that the shirt cost
    assert order.total == 96
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal("1.80"), "USD")
    assert Referral.objects.get(order_ref=order.ref).net == 36
    then.nothing_more(shop, order)


def test_a_checkout_with_none_of_them_hears_why(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes", collections=("new",))
    shop.sell("mug", category="kitchen")
    shop.run_program(about(Goods(collections=("new",))))
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(lines=("mug 60.00",), email="ben@example.com")

    # when
    with then.nothing_changes():
        answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "no_such_goods")
    assert answer.message == ("This referral code is for certain goods, and none of them is here.")
    assert (checkout.shown_code, checkout.total) == (None, 60)


def test_the_minimum_is_of_them(shop: Shop) -> None:
    # given
    shop.sell("shirt")
    shop.run_program(about(Goods(products=("shirt",)), minimum=Amounts.of({"USD": 50})))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    short = shop.checkout(lines=("shirt 49.99", "60.00"), email="ben@example.com")
    answer = short.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "below_minimum")
    assert answer.message == ("Add $0.01 more to use this referral code (minimum $50.00).")

    # when
    order = given.friends_order(shop, code, email="ben@example.com", lines=("shirt 50.00", "60.00"))
    order.pay()

    # then: exactly the minimum, before the discount
    assert order.total == 105
    assert shop.balance(anna) == Decimal("2.25")


def test_what_is_excepted_is_neither_discounted_nor_enough(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes")
    shop.sell("sale-shirt", category="clothes", collections=("sale",))
    shop.sell("mug", category="kitchen")
    shop.run_program(about(Goods(except_collections=("sale",))))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    only_sale = shop.checkout(lines=("sale-shirt 20.00",), email="ben@example.com")
    refused = only_sale.enter_code(code)
    mixed = shop.checkout(
        lines=("shirt 40.00", "sale-shirt 20.00", "mug 30.00"), email="ben@example.com"
    )
    accepted = mixed.enter_code(code)

    # then
    assert (refused.accepted, refused.code) == (False, "no_such_goods")
    assert accepted.accepted
    assert (mixed.discount, mixed.total) == (7, 83)

    # when
    assert mixed.complete().accepted
    mixed.placed.pay()

    # then: 5% of 63.00
    assert shop.balance(anna) == Decimal("3.15")


def test_some_but_not_all_of_a_category(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes")
    shop.sell("sock", category="clothes")
    shop.run_program(about(Goods(categories=("clothes",), except_products=("sock",))))
    anna = shop.register("anna@example.com")

    # when
    checkout = shop.checkout(lines=("shirt 40.00", "sock 10.00"), email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # then
    assert (checkout.discount, checkout.total) == (4, 46)

    # when
    checkout.remove_line(0)

    # then: only the sock is left
    assert (checkout.shown_code, checkout.total) == (None, 10)


def test_without_a_discount_the_code_marks_the_order(shop: Shop) -> None:
    # given
    shop.sell("shirt")
    shop.run_program(about(Goods(products=("shirt",))).but(discount=None))
    anna = shop.register("anna@example.com")

    # when
    order = given.friends_order(shop, shop.share(anna), lines=("shirt 40.00", "60.00"))
    order.pay()

    # then: 5% of 40.00
    assert order.total == 100
    assert shop.balance(anna) == 2
    then.nothing_more(shop, order)


def test_a_later_order_without_them_is_an_ordinary_one(shop: Shop) -> None:
    # given
    shop.sell("shirt")
    shop.run_program(
        Terms(
            goods=Goods(products=("shirt",)),
            later_orders=LaterOrders(),
            rewards=(RewardRule(per=Per.ORDER, worth=Offer(percent=Decimal(5))),),
        )
    )
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), lines=("shirt 40.00",)).pay()

    # when
    orders = []
    for lines in (("60.00",), ("shirt 20.00", "60.00")):
        checkout = shop.checkout(lines=lines, email="ben@example.com")
        assert checkout.complete().accepted
        checkout.placed.pay()
        orders.append(checkout.placed)
    shop.run_periodic_tasks()

    # then: 5% of 40.00 and of 20.00
    assert [shop.referral(order) is None for order in orders] == [True, False]
    assert shop.balance(anna) == 3
    then.nothing_more(shop, *orders)


def test_a_product_moved_after_the_order_moves_no_reward(shop: Shop) -> None:
    # given
    shop.sell("shirt", collections=("new",))
    shop.run_program(about(Goods(collections=("new",))))
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), lines=("shirt 40.00", "60.00"))
    order.pay()
    assert shop.balance(anna) == Decimal("1.80")

    # when
    shop.sell("shirt", collections=("old",))
    shop.repeat_hooks(order)

    # then
    assert shop.balance(anna) == Decimal("1.80")
    then.nothing_more(shop, order)


def test_goods_are_saved_with_their_ids_and_saving_them_again_changes_nothing(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes")
    shop.run_program(about(Goods(categories=("clothes",))))
    version = TermsVersion.objects.get()
    written = Goods(**version.rules["goods"])

    # then
    [reference] = written.categories
    assert reference.startswith("clothes#")

    # when
    shop.run_program(about(Goods(categories=("clothes",))))
    shop.run_program(about(written))

    # then
    assert TermsVersion.objects.count() == 1


def test_goods_that_the_shop_does_not_have_cannot_be_saved(shop: Shop) -> None:
    # given
    shop.sell("shirt", category="clothes")
    shop.run_program(about(Goods(categories=("clothes",))))

    # when
    with pytest.raises(GoodsError, match=r'^There is no category "close"[.]$') as refused:
        shop.run_program(about(Goods(products=("shirt",), categories=("close",))))

    # then
    assert refused.value.code == "unknown_goods"
    assert TermsVersion.objects.count() == 1
    assert Program.objects.get().is_running
