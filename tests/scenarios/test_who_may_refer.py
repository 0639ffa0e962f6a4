"""Whom a program lets refer, and whom it lets be referred: groups, staff, new accounts."""

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Offer, ReferrerConditions, RewardRule, Span, Terms
from tests.scenarios import given, then
from tests.scenarios.shop import Checkout, Customer, Shop


def program(shop: Shop, **settings: object) -> None:
    """5 USD for each friend, at once."""
    credit = RewardRule(worth=Offer(amounts=Amounts.of({"USD": 5})))
    shop.run_program(Terms(rewards=(credit,), **settings))


def refused(shop: Shop, checkout: Checkout, code: str, why: str) -> None:
    """The code is refused, and nothing has changed."""
    with then.nothing_changes():
        answer = checkout.enter_code(code)
    assert (answer.accepted, answer.code) == (False, why)
    assert (checkout.shown_code, checkout.discount) == (None, 0)
    assert then.no_entries()


def paid_order(checkout: Checkout) -> None:
    placed = checkout.complete()
    assert placed.accepted, placed
    checkout.placed.pay()


def test_only_those_in_a_group_refer(shop: Shop) -> None:
    # given
    program(shop, referrer=ReferrerConditions(in_groups=("club",), not_in_groups=("banned",)))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # then
    refused(shop, shop.checkout(email="ben@example.com"), code, "referrer_not_eligible")

    # when
    shop.invite(anna, group="club")
    order = given.friends_order(shop, code)
    order.pay()

    # then
    assert then.rewards(shop, anna) == ["5 USD issued"]

    # when: who leaves the group keeps what was earned in it
    shop.invite(anna, group="banned")
    then.nothing_more(shop, order)

    # then
    answer = shop.checkout(email="cleo@example.com").enter_code(code)
    assert (answer.accepted, answer.code) == (False, "referrer_not_eligible")


def test_staff_neither_refer_nor_are_referred(shop: Shop) -> None:
    # given
    program(shop, referrer=ReferrerConditions(exclude_staff=True), exclude_staff=True)
    anna, boss = shop.register("anna@example.com"), shop.register("boss@example.com")
    codes = shop.share(anna), shop.share(boss)
    shop.make_staff(boss)

    # then
    refused(shop, shop.checkout(email="ben@example.com"), codes[1], "referrer_not_eligible")
    refused(shop, shop.checkout(customer=boss), codes[0], "staff_account")

    # when
    given.friends_order(shop, codes[0]).pay()

    # then
    assert then.rewards(shop, anna) == ["5 USD issued"]
    shop.verify_books()


def test_the_account_is_made_around_the_claim(shop: Shop) -> None:
    # given
    program(shop, referee_account_within=Span(hours=1))
    anna, old = shop.register("anna@example.com"), shop.register("old@example.com")
    code = shop.share(anna)
    shop.travel(hours=2)

    # then
    refused(shop, shop.checkout(customer=old), code, "account_not_new")

    # when: a guest enters the code, makes an account and orders
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    shop.travel(hours=0, seconds=59 * 60)
    ben: Customer = shop.register("ben@example.com")
    checkout.log_in(ben)
    paid_order(checkout)

    # then
    assert then.rewards(shop, anna) == ["5 USD issued"]
    then.nothing_more(shop, checkout.placed)


def test_who_orders_as_a_guest_does_so_without_the_code(shop: Shop) -> None:
    # given
    program(shop, referee_account_within=Span(hours=1), discount=Offer(percent=10))
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.discount == 10

    # when
    answer = checkout.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "account_not_new")
    assert (checkout.shown_code, checkout.total) == (None, 100)

    # when
    paid_order(checkout)

    # then
    assert shop.referral(checkout.placed) is None
    assert then.no_entries()
    shop.verify_books()
