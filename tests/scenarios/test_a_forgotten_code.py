"""A code that was forgotten is claimed for the order afterwards, without the discount."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.presets import refer_a_friend
from saleor_referral_plugin.engine.terms import Span, Terms
from tests.scenarios import given, then
from tests.scenarios.shop import ReferralSeen, Shop


def terms(*, review: bool = True) -> Terms:
    """10 % off and 10 USD without a hold; a forgotten code counts for a week."""
    ordinary = refer_a_friend()
    rewards = tuple(rule.but(hold=Span()) for rule in ordinary.rewards)
    return ordinary.but(rewards=rewards, claim_after=Span(days=7), review_late_claims=review)


@pytest.mark.parametrize("review", [True, False])
def test_it_counts_once_somebody_has_looked_at_it(shop: Shop, review: bool) -> None:
    # given
    shop.run_program(terms(review=review))
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    order = given.order_without_code(shop, ben.email, customer=ben)
    order.pay()
    shop.travel(days=6)

    # when
    answers = [shop.claim_for(order, code, by=ben) for _ in range(2)]

    # then
    assert [answer.accepted for answer in answers] == [True, True]
    if review:
        assert shop.referral(order) == ReferralSeen(
            "in_review", ("claimed_late",), None, None, "USD"
        )
        shop.decide(order, "approve", "they know each other")
    shop.run_periodic_tasks()
    assert order.total == 100
    referral = shop.referral(order)
    assert referral is not None
    assert (referral.status, referral.reward_status) == ("qualified", "issued")
    assert shop.balance(anna) == 10
    then.nothing_more(shop, order)

    # and when
    order.refund()
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna) == 0
    then.nothing_more(shop, order)


def test_what_may_not_be_claimed_changes_nothing(shop: Shop) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    of_ben = given.order_without_code(shop, ben.email, customer=ben)
    of_anna = given.order_without_code(shop, anna.email, customer=anna)
    again = given.order_without_code(shop, ben.email, customer=ben)

    with then.nothing_changes():
        # when
        refused = [
            shop.claim_for(of_ben, code, by=anna).code,
            shop.claim_for(of_ben, "0000000000", by=ben).code,
            shop.claim_for(of_anna, code, by=anna).code,
            shop.claim_for(again, code, by=ben).code,
        ]
        shop.travel(days=7, seconds=60)
        refused.append(shop.claim_for(of_ben, code, by=ben).code)

    # then
    assert refused == [
        "order_not_yours",
        "code_invalid",
        "own_code",
        "not_new_customer",
        "claim_too_late",
    ]


def test_an_order_is_taken_from_one_referrer_and_attached_to_another(shop: Shop) -> None:
    # given
    shop.run_program(terms())
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 10

    # when
    shop.decide(order, "detach", "it was Cleo")
    shop.attach(order, cleo)
    shop.run_periodic_tasks()

    # then
    assert (shop.balance(anna), shop.balance(cleo)) == (0, 10)
    referral = shop.referral(order)
    assert referral is not None
    assert (referral.status, referral.reward_amount) == ("qualified", Decimal(10))
    then.nothing_more(shop, order)
