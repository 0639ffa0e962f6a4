"""The friend saves on the first three orders: the code is entered for each of them."""

from decimal import Decimal

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import LaterOrders, Offer, Per, RewardRule, Terms
from saleor_referral_plugin.models import Referral
from tests.scenarios import given, then
from tests.scenarios.shop import Order, Shop

TERMS = Terms(
    discount=Offer(percent=Decimal(10)),
    discounted_orders=3,
    rewards=(
        RewardRule(name="welcome", worth=Offer(amounts={"USD": "10"})),
        RewardRule(name="share", per=Per.ORDER, worth=Offer(percent=Decimal(5))),
    ),
)


def _paid(shop: Shop, code: str) -> Order:
    order = given.friends_order(shop, code)
    order.pay()
    return order


def test_the_code_is_good_for_three_orders_and_no_fourth(shop: Shop) -> None:
    # given
    shop.run_program(TERMS)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    orders = [_paid(shop, code) for _ in range(3)]

    # then: 10 for the friend, and 5% of 90 for each order
    assert [order.total for order in orders] == [90, 90, 90]
    assert then.rewards(shop, anna) == [
        "10 USD issued",
        "4.5 USD issued",
        "4.5 USD issued",
        "4.5 USD issued",
    ]
    first, *others = Referral.objects.order_by("placed_at")
    assert [other.follows for other in others] == [first, first]

    # when
    fourth = shop.checkout(email="ben@example.com")
    with then.nothing_changes():
        answer = fourth.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "discounts_used")
    assert answer.message == ("You have used this referral code for all 3 orders that it is for.")
    assert (fourth.shown_code, fourth.total) == (None, 100)
    then.nothing_more(shop, *orders)


def test_an_order_that_is_cancelled_does_not_use_one_up(shop: Shop) -> None:
    # given
    shop.run_program(TERMS.but(discounted_orders=2))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    _paid(shop, code)
    second = given.friends_order(shop, code)

    # when
    second.cancel()
    third = _paid(shop, code)

    # then
    assert third.total == 90
    assert shop.balance(anna) == 19
    assert not shop.checkout(email="ben@example.com").enter_code(code).accepted


def test_the_code_of_somebody_else_is_refused_as_ever(shop: Shop) -> None:
    # given
    shop.run_program(TERMS.but(new_customers_only=False))
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    _paid(shop, shop.share(anna))

    # when
    answer = shop.checkout(email="ben@example.com").enter_code(shop.share(cleo))

    # then
    assert (answer.accepted, answer.code) == (False, "already_referred")


def test_what_was_promised_is_kept_when_the_program_changes_or_stops(shop: Shop) -> None:
    # given
    shop.run_program(TERMS)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    _paid(shop, code)

    # when
    shop.run_program(TERMS.but(discount=Offer(percent=Decimal(50)), discounted_orders=1))
    second = _paid(shop, code)
    shop.run_program(TERMS, closed=True)
    third = _paid(shop, code)
    stranger = shop.checkout(email="dora@example.com").enter_code(code)

    # then
    assert (second.total, third.total) == (90, 90)
    assert (stranger.accepted, stranger.code) == (False, "program_not_running")
    shop.verify_books()


def test_with_the_first_order_the_others_fall(shop: Shop) -> None:
    # given
    shop.run_program(TERMS)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    first, second = _paid(shop, code), _paid(shop, code)
    assert shop.balance(anna) == 19

    # when
    first.refund()

    # then
    assert shop.balance(anna) == 0
    assert [each.status for each in map(shop.referral, (first, second)) if each] == [
        "reversed",
        "reversed",
    ]
    shop.verify_books()


def test_orders_heard_of_late_and_in_the_wrong_order_count_the_same(shop: Shop) -> None:
    # given
    shop.run_program(TERMS.but(new_customers_only=False))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    with shop.losing_hooks():
        first = _paid(shop, code)
        second = _paid(shop, code)

    # when
    shop.repeat_hooks(second)
    shop.repeat_hooks(first)

    # then
    assert shop.balance(anna) == 19
    assert [each.status for each in map(shop.referral, (first, second)) if each] == [
        "qualified",
        "qualified",
    ]
    then.nothing_more(shop, second, first)


def test_one_order_remains_one_discount_by_default(shop: Shop) -> None:
    # given
    shop.run_program(presets.refer_a_friend(hold_days=0))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    _paid(shop, code)

    # when
    answer = shop.checkout(email="ben@example.com").enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")


def test_later_orders_without_the_code_are_counted_apart(shop: Shop) -> None:
    # given
    shop.run_program(TERMS.but(discounted_orders=2, later_orders=LaterOrders(count=1)))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    _paid(shop, code)

    # when
    without = given.order_without_code(shop, "ben@example.com")
    without.pay()
    again = _paid(shop, code)
    too_many = given.order_without_code(shop, "ben@example.com")
    too_many.pay()
    # Of orders without the code no hook tells.
    shop.run_periodic_tasks()

    # then: 10, 5% of 90, 100 and 90
    assert shop.balance(anna) == Decimal("24.00")
    assert shop.referral(too_many) is None
    then.nothing_more(shop, without, again, too_many)
