"""A coupon as a reward: a promo code for one order of its holder's."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Coupon,
    Milestone,
    Milestones,
    Offer,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from tests.engine.build import amounts, percent
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Shop

TWENTY_PERCENT = Coupon(discount=percent(20))


def giving(coupon: Coupon, **changes: object) -> Terms:
    """10% off for the friend; a coupon for the referrer, good for 30 days."""
    rule = RewardRule(kind=RewardKind.COUPON, coupon=coupon, valid=Span(days=30))
    return Terms(discount=percent(10), rewards=(rule.but(**changes),))


def anna_with_a_coupon(shop: Shop, coupon: Coupon = TWENTY_PERCENT) -> tuple[Customer, str]:
    """Anna's friend Ben has bought; her coupon's code."""
    shop.run_program(giving(coupon))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [seen] = shop.coupons(anna)
    return anna, seen.code


def test_earned_it_takes_its_share_off_one_order_of_its_holders(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    assert then.rewards(shop, anna) == ["1 COUPON issued"]
    assert [seen.is_left for seen in shop.coupons(anna)] == [True]
    shopping = shop.checkout(customer=anna)

    # when
    assert shopping.enter_code(code).accepted
    assert (shopping.shown_code, shopping.discount, shopping.total) == (code, 20, 80)
    assert shopping.complete().accepted

    # then
    assert shopping.placed.total == 80
    assert [seen.is_left for seen in shop.coupons(anna)] == [False]
    again = shop.checkout(customer=anna)
    assert not again.enter_code(code).accepted
    assert (again.shown_code, again.total) == (None, 100)
    assert then.rewards(shop, anna) == ["1 COUPON issued"]
    shop.run_periodic_tasks()
    then.nothing_more(shop)


def test_it_is_entered_and_taken_off_in_any_form(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    sloppy = f" {code.lower().replace('-', ' ')}"
    shopping = shop.checkout(customer=anna)

    # when
    assert shopping.enter_code(sloppy).accepted

    # then
    assert shopping.shown_code == code
    assert shopping.remove_code(sloppy).accepted
    assert (shopping.shown_code, shopping.total) == (None, 100)


def test_somebody_elses_is_refused(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    carls = shop.checkout(customer=shop.register("carl@example.com"))
    nobodys = shop.checkout()

    # when
    with then.nothing_changes():
        answers = [checkout.enter_code(code) for checkout in (carls, nobodys)]

    # then
    assert [(a.accepted, a.code) for a in answers] == [(False, "not_your_coupon")] * 2
    assert [(c.shown_code, c.total) for c in (carls, nobodys)] == [(None, 100)] * 2
    assert [seen.is_left for seen in shop.coupons(anna)] == [True]
    shop.verify_books()


def test_it_does_not_go_with_a_checkout_that_becomes_somebody_elses(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    checkout = shop.checkout(email=anna.email)
    assert checkout.enter_code(code).accepted

    # when
    checkout.set_email("carl@example.com")

    # then
    assert checkout.shown_code is None
    assert checkout.complete().accepted
    assert checkout.placed.total == 100
    assert [seen.is_left for seen in shop.coupons(anna)] == [True]
    shop.verify_books()


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_a_used_one_that_is_no_longer_deserved_is_paid_by_the_next(
    shop: Shop, payments: str
) -> None:
    # given
    shop.run_program(giving(TWENTY_PERCENT))
    anna = shop.register("anna@example.com")
    bens = given.friends_order(shop, shop.share(anna))
    bens.pay()
    [first] = shop.coupons(anna)
    shopping = shop.checkout(customer=anna, payments=payments)  # type: ignore[arg-type]
    assert shopping.enter_code(first.code).accepted
    assert shopping.complete().accepted

    # when
    bens.refund()

    # then
    assert then.rewards(shop, anna) == ["0 COUPON clawed_back"]
    assert (shop.balance(anna, "COUPON"), shop.debt(anna, "COUPON")) == (0, 1)

    # when
    for friend in ("carl", "dora"):
        given.friends_order(shop, shop.share(anna), email=f"{friend}@example.com").pay()

    # then: the second coupon pays, the third is hers
    assert then.rewards(shop, anna) == ["0 COUPON clawed_back", *["1 COUPON issued"] * 2]
    assert (shop.balance(anna, "COUPON"), shop.debt(anna, "COUPON")) == (1, 0)
    assert [seen.is_left for seen in shop.coupons(anna)] == [False, True]
    then.nothing_more(shop, bens)


def test_an_unused_one_is_taken_back_and_comes_back(shop: Shop) -> None:
    # given
    shop.run_program(giving(TWENTY_PERCENT))
    anna = shop.register("anna@example.com")
    bens = given.friends_order(shop, shop.share(anna))
    bens.pay()
    [coupon] = shop.coupons(anna)

    # when
    bens.refund()

    # then
    assert then.rewards(shop, anna) == ["0 COUPON clawed_back"]
    assert (shop.balance(anna, "COUPON"), shop.debt(anna, "COUPON")) == (0, 0)
    assert not shop.checkout(customer=anna).enter_code(coupon.code).accepted
    shop.verify_books()

    # when
    bens.reverse_refund()

    # then
    assert then.rewards(shop, anna) == ["1 COUPON issued"]
    assert shop.checkout(customer=anna).enter_code(coupon.code).accepted
    then.nothing_more(shop, bens)


def test_unused_in_time_it_is_gone(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)

    # when
    shop.travel(days=29)

    # then
    checkout = shop.checkout(customer=anna)
    assert checkout.enter_code(code).accepted
    assert checkout.remove_code(code).accepted

    # when
    shop.travel(days=2)

    # then
    assert then.rewards(shop, anna) == ["1 COUPON expired"]
    assert (shop.balance(anna, "COUPON"), shop.debt(anna, "COUPON")) == (0, 0)
    assert not shop.checkout(customer=anna).enter_code(code).accepted
    then.nothing_more(shop)


def test_the_order_that_used_it_gives_it_back_when_it_is_cancelled(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    shopping = shop.checkout(customer=anna)
    assert shopping.enter_code(code).accepted
    assert shopping.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna, "COUPON") == 0

    # when
    shopping.placed.cancel()
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna, "COUPON") == 1
    another = shop.checkout(customer=anna)
    assert another.enter_code(code).accepted
    assert another.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna, "COUPON") == 0
    then.nothing_more(shop)


def test_given_back_after_its_time_it_is_gone(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    shopping = shop.checkout(customer=anna)
    assert shopping.enter_code(code).accepted
    assert shopping.complete().accepted
    shop.travel(days=31)

    # when
    shopping.placed.cancel()
    shop.run_periodic_tasks()

    # then
    assert then.rewards(shop, anna) == ["1 COUPON expired"]
    assert shop.balance(anna, "COUPON") == 0
    assert not shop.checkout(customer=anna).enter_code(code).accepted
    then.nothing_more(shop)


def test_given_back_when_it_is_no_longer_deserved_it_is_taken_back(shop: Shop) -> None:
    # given
    shop.run_program(giving(TWENTY_PERCENT))
    anna = shop.register("anna@example.com")
    bens = given.friends_order(shop, shop.share(anna))
    bens.pay()
    [coupon] = shop.coupons(anna)
    shopping = shop.checkout(customer=anna)
    assert shopping.enter_code(coupon.code).accepted
    assert shopping.complete().accepted
    bens.refund()
    assert shop.debt(anna, "COUPON") == 1

    # when
    shopping.placed.cancel()
    shop.run_periodic_tasks()

    # then
    assert (shop.balance(anna, "COUPON"), shop.debt(anna, "COUPON")) == (0, 0)
    assert not shop.checkout(customer=anna).enter_code(coupon.code).accepted
    then.nothing_more(shop, bens)


def test_an_amount_and_a_minimum_go_by_currency(shop: Shop) -> None:
    # given
    coupon = Coupon(discount=amounts(USD=15, EUR=12), minimum={"USD": 50, "EUR": 40})
    anna, code = anna_with_a_coupon(shop, coupon)
    shop.open_channel("pound", "GBP")
    small = shop.checkout(customer=anna, lines=["49.99"])
    euro = shop.checkout(customer=anna, lines=["40.00"], channel="euro")
    pounds = shop.checkout(customer=anna, channel="pound")

    # when
    refused = small.enter_code(code)

    # then
    assert (refused.accepted, refused.code) == (False, "coupon_below_minimum")
    assert refused.message == "Add $0.01 more to use this coupon (minimum $50.00)."
    assert not pounds.enter_code(code).accepted
    assert euro.enter_code(code).accepted
    assert (euro.discount, euro.total) == (12, 28)


def test_free_shipping_takes_off_what_sending_costs(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop, Coupon(discount=Offer(free_shipping=True)))
    shop.charge(shipping="7.50")
    shopping = shop.checkout(customer=anna)
    assert shopping.total == Decimal("107.5")

    # when
    assert shopping.enter_code(code).accepted

    # then
    assert shopping.total == 100
    assert shopping.complete().accepted
    assert shopping.placed.total == 100
    assert [seen.is_left for seen in shop.coupons(anna)] == [False]
    shop.run_periodic_tasks()
    then.nothing_more(shop)


def test_a_friend_without_an_account_uses_it_by_the_address_of_the_order(shop: Shop) -> None:
    # given
    shop.run_program(giving(TWENTY_PERCENT, to=Beneficiary.REFEREE))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()
    [coupon] = shop.coupons_of_guest("ben@example.com")
    bens = shop.checkout(email="Ben@example.com")
    annas = shop.checkout(customer=anna)

    # then
    assert annas.enter_code(coupon.code).code == "not_your_coupon"
    assert bens.enter_code(coupon.code).accepted
    assert bens.complete().accepted
    assert bens.placed.total == 80
    shop.run_periodic_tasks()
    then.nothing_more(shop)


def test_it_outlives_the_plugins_being_switched_off(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)

    # when
    shop.switch_plugin(False)

    # then
    carls = shop.checkout(customer=shop.register("carl@example.com"))
    assert not carls.enter_code(code).accepted
    annas = shop.checkout(customer=anna)
    assert annas.enter_code(code).accepted
    assert annas.complete().accepted
    assert annas.placed.total == 80


def test_it_takes_the_place_of_a_friends_code_and_the_friends_code_its_own(shop: Shop) -> None:
    # given
    anna, coupon = anna_with_a_coupon(shop)
    shop.run_program(giving(TWENTY_PERCENT).but(new_customers_only=False))
    dora = shop.share(shop.register("dora@example.com"))
    checkout = shop.checkout(customer=anna)

    # when
    assert checkout.enter_code(dora).accepted
    assert checkout.enter_code(coupon).accepted

    # then
    assert (checkout.shown_code, checkout.discount) == (coupon, 20)

    # when
    assert checkout.enter_code(dora).accepted

    # then
    assert checkout.shown_code != coupon
    assert checkout.discount == 10


def test_a_deleted_account_leaves_no_coupon_behind(shop: Shop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)

    # when
    shop.delete_account(anna)

    # then
    checkout = shop.checkout(email=anna.email)
    assert not checkout.enter_code(code).accepted
    assert checkout.total == 100
    shop.verify_books()


def test_a_milestone_may_give_one(shop: Shop) -> None:
    # given
    step = Milestone(count=2, kind=RewardKind.COUPON, coupon=TWENTY_PERCENT)
    shop.run_program(Terms(discount=percent(10), milestones=(Milestones(steps=(step,)),)))
    anna = shop.register("anna@example.com")

    # when
    for friend in ("ben", "carl"):
        given.friends_order(shop, shop.share(anna), email=f"{friend}@example.com").pay()

    # then
    assert then.rewards(shop, anna) == ["1 COUPON issued"]
    [coupon] = shop.coupons(anna)
    assert shop.checkout(customer=anna).enter_code(coupon.code).accepted
    then.nothing_more(shop)
