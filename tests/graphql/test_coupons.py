"""A coupon is shown to its holder, and is no money."""

from typing import Any

from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Coupon,
    Offer,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Referrer, Reward
from tests.engine.build import amounts, percent
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

COUPON = Coupon(discount=amounts(USD=15, EUR=12), minimum={"USD": 50, "EUR": 40})
REWARDS = """
  query($id: ID!) { user(id: $id) { referral { rewards(first: 5) { edges { node {
    kind amount { amount }
    coupon {
      description code percentage freeShipping isUsed
      amounts { amount currency } minimums { amount currency }
    }
  } } } } } }
"""
OF_REFERRALS = """
  { me { referral { referrals(first: 5) { edges { node { rewards {
    beneficiary coupon { description code }
  } } } } } } }
"""


def giving(shop: Shop, coupon: Coupon = COUPON, **rule: Any) -> None:
    reward = RewardRule(kind=RewardKind.COUPON, coupon=coupon, valid=Span(days=30))
    shop.run_program(Terms(discount=percent(10), rewards=(reward.but(**rule),)))


def my_referral(api: Api, customer: Customer) -> dict[str, Any]:
    page = api.run("my-referral-page", customer=customer, channel="default")
    seen: dict[str, Any] = page["me"]["referral"]
    return seen


def my_rewards(api: Api, customer: Customer) -> list[dict[str, Any]]:
    return [edge["node"] for edge in my_referral(api, customer)["rewards"]["edges"]]


def test_its_holder_sees_what_it_gives_its_code_and_whether_it_is_used(
    shop: Shop, api: Api
) -> None:
    # given
    giving(shop, hold=Span(days=14))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()

    # then: on hold
    [held] = my_rewards(api, anna)
    gives = "€12.00 or $15.00 off an order of €40.00 or $50.00 or more."
    assert (held["kind"], held["status"], held["amount"]) == ("COUPON", "PENDING", None)
    assert held["coupon"] == {"description": gives, "code": None, "isUsed": False}

    # when
    shop.travel(days=14)

    # then
    [issued] = my_rewards(api, anna)
    [coupon] = shop.coupons(anna)
    row = Reward.objects.get()
    assert row.expires_at is not None
    assert (issued["status"], issued["expiresAt"]) == ("ISSUED", row.expires_at.isoformat())
    assert issued["coupon"] == {"description": gives, "code": coupon.code, "isUsed": False}

    # when
    checkout = shop.checkout(customer=anna)
    assert checkout.enter_code(coupon.code).accepted
    assert checkout.complete().accepted

    # then: at once, and after the books have heard of it
    for _ in range(2):
        [used] = my_rewards(api, anna)
        assert used["coupon"]["isUsed"] is True
        shop.run_periodic_tasks()


def test_it_is_no_balance_and_what_each_friend_brings_is_said(shop: Shop, api: Api) -> None:
    # given
    giving(shop, Coupon(discount=Offer(free_shipping=True)))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()

    # when
    seen = my_referral(api, anna)

    # then
    assert seen["balances"] == []
    assert seen["credit"] == {
        "description": (
            "A coupon for each friend, as soon as their order is paid: free shipping on an order."
        )
    }


def test_staff_see_all_of_it(shop: Shop, api: Api) -> None:
    # given
    giving(shop)
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    user_id = global_id("User", anna.user_ref)

    # when
    answer = api.ask(REWARDS, {"id": user_id}, permissions=("MANAGE_DISCOUNTS", "MANAGE_USERS"))

    # then
    [edge] = answer["data"]["user"]["referral"]["rewards"]["edges"]
    assert edge["node"] == {
        "kind": "COUPON",
        "amount": None,
        "coupon": {
            "description": "€12.00 or $15.00 off an order of €40.00 or $50.00 or more.",
            "code": shop.coupons(anna)[0].code,
            "percentage": None,
            "freeShipping": False,
            "isUsed": False,
            "amounts": [
                {"amount": 12.0, "currency": "EUR"},
                {"amount": 15.0, "currency": "USD"},
            ],
            "minimums": [
                {"amount": 40.0, "currency": "EUR"},
                {"amount": 50.0, "currency": "USD"},
            ],
        },
    }


def test_the_friends_own_coupon_keeps_its_code_from_the_referrer(shop: Shop, api: Api) -> None:
    # given
    giving(shop, Coupon(discount=percent(20)), to=Beneficiary.REFEREE)
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    given.friends_order(shop, shop.share(anna), customer=ben).pay()

    # when
    answer = api.ask(OF_REFERRALS, customer=anna)

    # then
    [edge] = answer["data"]["me"]["referral"]["referrals"]["edges"]
    assert edge["node"]["rewards"] == [
        {
            "beneficiary": "REFEREE",
            "coupon": {"description": "20% off an order.", "code": None},
        }
    ]
    [own] = my_rewards(api, ben)
    assert own["coupon"]["code"] == shop.coupons(ben)[0].code
    assert Referrer.objects.count() == 2
