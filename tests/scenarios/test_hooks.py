"""The store's events get lost, come twice and come in the wrong order."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_an_order_whose_events_were_lost_is_found_by_the_sweep(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    with shop.losing_hooks():
        order = given.friends_order(shop, shop.share(anna))
        order.pay()
    assert shop.referral(order) is None

    # when
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "pending", Decimal(10), "USD")

    # when
    shop.travel(days=14)

    # then
    assert shop.balance(anna) == 10
    shop.verify_books()


def test_a_refund_whose_event_was_lost_is_found_by_the_sweep(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    with shop.losing_hooks():
        order.refund()
    assert shop.balance(anna) == 10

    # when
    shop.run_periodic_tasks()

    # then
    assert [card.balance for card in shop.gift_cards(anna)] == [0]
    assert (shop.balance(anna), shop.debt(anna)) == (0, 0)
    shop.verify_books()


def test_events_that_come_again_in_any_order_change_nothing(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", referrer_credit="10%")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    shop.repeat_hooks(order)
    order.pay()
    shop.repeat_hooks(order)
    order.refund("45.00")

    # when
    shop.repeat_hooks(order)
    shop.run_periodic_tasks()
    shop.repeat_hooks(order)

    # then
    seen = shop.referral(order)
    assert seen is not None
    assert (seen.status, seen.reward_status, str(seen.reward_amount)) == (
        "qualified",
        "issued",
        "4.5000",
    )
    assert [str(card.balance.normalize()) for card in shop.gift_cards(anna)] == ["4.5"]
    shop.verify_books()
