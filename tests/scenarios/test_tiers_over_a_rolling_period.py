"""Gold for three friends within 30 days, for as long as that is so: more for each friend, and a
credit that goes back when the time has moved on. A bonus for two within a day stays."""

from datetime import UTC, datetime, timedelta

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import (
    CapPeriod,
    Group,
    Milestone,
    Milestones,
    Offer,
    RewardRule,
    Span,
    Terms,
)
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def dollars(amount: int) -> Offer:
    return Offer(amounts=Amounts.of({"USD": amount}))


CREDIT = RewardRule(worth=dollars(5))
TIERS = Milestones(
    name="tiers",
    period=CapPeriod.ROLLING,
    rolling=Span(days=30),
    steps=(Milestone(count=3, worth=dollars(20), group="gold"),),
)
BONUS = Milestones(
    name="bonus",
    period=CapPeriod.ROLLING,
    rolling=Span(hours=24),
    for_good=True,
    steps=(Milestone(count=2, worth=dollars(4)),),
)
GOLD = Group(name="gold", rewards=(CREDIT.but(worth=dollars(8)),))
TERMS = Terms(rewards=(CREDIT,), milestones=(TIERS, BONUS), groups=(GOLD,))


def friend(shop: Shop, anna: Customer, number: int) -> Order:
    order = given.friends_order(shop, shop.share(anna), email=f"friend{number}@example.com")
    order.pay()
    shop.run_periodic_tasks()
    return order


def test_gold_lasts_as_long_as_three_friends_are_no_older(shop: Shop) -> None:
    # given: two on the first day, one on the tenth
    shop.travel_to(START)
    shop.run_program(TERMS)
    anna = shop.register("anna@example.com")
    friend(shop, anna, 1)
    friend(shop, anna, 2)
    assert then.rewards(shop, anna) == ["5 USD issued", "5 USD issued", "4 USD issued"]
    shop.travel_to(START + timedelta(days=10))
    friend(shop, anna, 3)

    # then
    assert then.rewards(shop, anna)[3:] == ["5 USD issued", "20 USD issued"]
    assert shop.balance(anna) == 39

    # when: the last moment in which all three count
    shop.travel_to(START + timedelta(days=30))
    friend(shop, anna, 4)

    # then
    assert then.rewards(shop, anna)[4:] == ["20 USD issued", "8 USD issued"]

    # when: the first two have left
    shop.travel_to(START + timedelta(days=30, seconds=1))

    # then
    assert then.rewards(shop, anna)[4] == "0 USD clawed_back"
    assert shop.balance(anna) == 27

    # when
    order = friend(shop, anna, 5)

    # then: the third, fourth and fifth are three again, after the fifth
    assert then.rewards(shop, anna)[4:] == ["20 USD issued", "8 USD issued", "5 USD issued"]
    assert shop.balance(anna) == 52
    then.nothing_more(shop, order)
