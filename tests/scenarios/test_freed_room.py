"""What a refund frees under a limit goes to the reward that was cut by it."""

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, Offer, RewardRule, Terms
from saleor_referral_plugin.models import FreedRoom
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop


def program(shop: Shop, **limit: object) -> None:
    """10 USD for each friend, at once, and 15 at most."""
    credit = RewardRule(worth=Offer(amounts=Amounts.of({"USD": 10})))
    cap = Cap(amount=Amounts.of({"USD": 15}), period=CapPeriod.LIFE, **limit)
    shop.run_program(Terms(rewards=(credit,), caps=(cap,)))


def friend(shop: Shop, referrer: Customer, name: str) -> Order:
    order = given.friends_order(shop, shop.share(referrer), email=f"{name}@example.com")
    order.pay()
    return order


def test_the_oldest_that_was_cut_gets_it(shop: Shop) -> None:
    # given
    program(shop)
    anna = shop.register("anna@example.com")
    first, second, third = (friend(shop, anna, name) for name in ("ben", "cleo", "dan"))
    assert then.rewards(shop, anna) == ["10 USD issued", "5 USD issued", "0 USD voided"]

    # when
    first.refund()

    # then: at once
    assert then.rewards(shop, anna) == ["0 USD clawed_back", "10 USD issued", "5 USD issued"]
    assert shop.balance(anna) == 15
    then.nothing_more(shop, first, second, third)


def test_of_a_budget_another_referrer_gets_it(shop: Shop) -> None:
    # given
    program(shop, whole_program=True)
    anna, emil = shop.register("anna@example.com"), shop.register("emil@example.com")
    first, second = friend(shop, anna, "ben"), friend(shop, emil, "cleo")
    assert then.rewards(shop, emil) == ["5 USD issued"]

    # when: nobody hears of it before the sweep
    with shop.losing_hooks():
        first.refund()
    shop.run_periodic_tasks()

    # then
    assert then.rewards(shop, anna) == ["0 USD clawed_back"]
    assert then.rewards(shop, emil) == ["10 USD issued"]
    assert (shop.balance(anna), shop.balance(emil)) == (0, 10)
    assert not FreedRoom.objects.exists()
    then.nothing_more(shop, first, second)
