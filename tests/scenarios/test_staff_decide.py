"""What a person decides holds, whatever the shop reports afterwards, until it is undone."""

from decimal import Decimal

from tests.scenarios import given, then
from tests.scenarios.shop import ReferralSeen, Shop


def test_an_override_credits_what_the_rules_refuse_until_it_is_undone(shop: Shop) -> None:
    # given an order of which too little is left
    given.program(shop, hold_days="0", minimum_order="50 USD")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    order.refund("60.00")
    shop.run_periodic_tasks()
    assert shop.referral(order) == ReferralSeen(
        "reversed", ("below_minimum",), "clawed_back", Decimal(0), "USD"
    )

    # when
    shop.decide(order, "override", "we sent the wrong size")
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) == ReferralSeen(
        "qualified", ("below_minimum",), "issued", Decimal(10), "USD"
    )
    assert shop.balance(anna) == 10
    then.nothing_more(shop, order)

    # and when
    shop.decide(order, "undo", "it was the right size")
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) == ReferralSeen(
        "reversed", ("below_minimum",), "clawed_back", Decimal(0), "USD"
    )
    assert shop.balance(anna) == 0
    then.nothing_more(shop, order)


def test_what_a_blocked_referrer_has_open_waits_for_a_person(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    good = given.friends_order(shop, code, email="ben@example.com")
    bad = given.friends_order(shop, code, email="carl@example.com")
    shop.run_periodic_tasks()

    # when
    shop.block(anna)
    for order in (good, bad):
        order.pay()
    answer = shop.checkout(email="dora@example.com").enter_code(code)
    unknown = shop.checkout(email="dora@example.com").enter_code("7K2QWM0ZRT")

    # then: the code is like one that never was
    assert not answer.accepted
    assert (answer.code, answer.message) == (unknown.code, unknown.message)
    assert shop.referral(good) == ReferralSeen(
        "in_review", ("referrer_blocked",), None, None, "USD"
    )

    # and when
    shop.decide(good, "approve", "she knows Ben")
    shop.decide(bad, "reject", "nobody knows Carl")
    shop.run_periodic_tasks()

    # then
    assert [shop.referral(order).status for order in (good, bad)] == ["qualified", "rejected"]  # type: ignore[union-attr]
    assert shop.balance(anna) == 10
    then.nothing_more(shop, good, bad)


def test_what_staff_reject_is_taken_back_and_what_they_give_is_there(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 10

    # when
    shop.decide(order, "reject", "the same household")
    shop.adjust(anna, "3.50")
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) == ReferralSeen(
        "reversed", ("staff_decision", "staff_reason"), "clawed_back", Decimal(0), "USD"
    )
    assert shop.balance(anna) == Decimal("3.50")
    assert [card.balance for card in shop.gift_cards(anna) if card.balance] == [Decimal("3.50")]
    then.nothing_more(shop, order)


def test_what_staff_reject_is_taken_back_however_much_they_have_to_say(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 10

    # when
    shop.decide(order, "reject", "the same household, " * 100)
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna) == 0
    then.nothing_more(shop, order)
