"""The friend's discount is the delivery."""

from decimal import Decimal

from saleor_referral_plugin.engine.terms import Goods, Offer, RewardRule, Terms
from saleor_referral_plugin.models import Referral
from tests.scenarios import given, then
from tests.scenarios.shop import ReferralSeen, Shop


def test_the_delivery_is_free_and_the_goods_are_not_cheaper(shop: Shop) -> None:
    # given: an owner who fills in the page
    shop.charge(shipping="5.00")
    given.program(shop, referee_discount="free shipping", referrer_credit="5%", hold_days="0")
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(lines=("40.00", "60.00"), email="ben@example.com")
    assert checkout.total == 105

    # when
    assert checkout.enter_code(shop.share(anna)).accepted

    # then
    assert (checkout.discount, checkout.total) == (5, 100)

    # when
    assert checkout.complete().accepted
    order = checkout.placed
    order.pay()

    # then: 5% of the goods, from which nothing came off
    assert order.total == 100
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(5), "USD")
    assert Referral.objects.get(order_ref=order.ref).net == 100
    then.nothing_more(shop, order)


def test_the_minimum_is_of_the_goods_without_their_delivery(shop: Shop) -> None:
    # given
    shop.charge(shipping="5.00")
    given.program(shop, referee_discount="Free  Shipping", minimum_order="100 USD", hold_days="0")
    anna = shop.register("anna@example.com")

    # when
    short = shop.checkout(lines=("99.99",), email="ben@example.com")
    answer = short.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "below_minimum")
    assert (short.shown_code, short.total) == (None, Decimal("104.99"))

    # when
    order = given.friends_order(shop, shop.share(anna), lines=("100.00",))
    order.pay()

    # then
    assert order.total == 100
    assert shop.balance(anna) == 10


def test_nothing_is_left_to_give_when_a_part_goes_back(shop: Shop) -> None:
    # given
    shop.charge(shipping="5.00")
    given.program(shop, referee_discount="free shipping", referrer_credit="10%", hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna), lines=("100.00",))
    order.pay()

    # when
    order.refund("25.00")

    # then
    assert shop.balance(anna) == Decimal("7.50")


def test_it_may_be_for_some_of_the_goods(shop: Shop) -> None:
    # given
    shop.charge(shipping="5.00")
    shop.sell("shirt", category="clothes")
    shop.sell("mug", category="kitchen")
    shop.run_program(
        Terms(
            goods=Goods(categories=("clothes",)),
            discount=Offer(free_shipping=True),
            rewards=(RewardRule(worth=Offer(percent=Decimal(10))),),
        )
    )
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    mugs = shop.checkout(lines=("mug 60.00",), email="ben@example.com")
    refused = mugs.enter_code(code)

    # then
    assert (refused.accepted, refused.code) == (False, "no_such_goods")
    assert mugs.total == 65

    # when
    order = given.friends_order(shop, code, lines=("mug 60.00", "shirt 40.00"))
    order.pay()

    # then
    assert order.total == 100
    assert shop.balance(anna) == 4
    then.nothing_more(shop, order)
