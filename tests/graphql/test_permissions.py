"""Who may see what."""

from typing import Any

import pytest

from saleor_referral_plugin.models import Referrer
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

OF_ANOTHER = """query($id: ID!) {
  user(id: $id) {
    referral {
      code
      balances { pending { amount } }
      rewards(first: 5) { totalCount edges { node { status } } }
      referrals(first: 5) { edges { node { referee { displayName } } } }
    }
  }
}"""
ORDER_NUMBERS = """query($id: ID!) {
  user(id: $id) { referral { referrals(first: 5) { edges { node { orderNumber } } } } }
}"""
MY_ORDER_NUMBERS = """{
  me { referral { referrals(first: 5) { edges { node { status orderNumber } } } } }
}"""


def user_id(customer: Customer) -> dict[str, Any]:
    return {"id": global_id("User", customer.user_ref)}


def test_staff_with_the_permission_sees_a_referrer(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    build.referrals(anna, 1)

    # when
    answer = api.ask(OF_ANOTHER, user_id(anna), permissions=("MANAGE_DISCOUNTS", "MANAGE_USERS"))

    # then
    assert answer["data"]["user"]["referral"] == {
        "code": code,
        "balances": [{"pending": {"amount": 10}}],
        "rewards": {"totalCount": 1, "edges": [{"node": {"status": "PENDING"}}]},
        "referrals": {"edges": [{"node": {"referee": {"displayName": "***"}}}]},
    }


def test_staff_makes_nobody_a_referrer_by_looking(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")

    # when
    answer = api.ask(OF_ANOTHER, user_id(anna), permissions=("MANAGE_DISCOUNTS", "MANAGE_USERS"))

    # then
    assert answer["data"]["user"]["referral"] is None
    assert Referrer.objects.count() == 0


def test_staff_without_the_permission_is_denied(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    build.referrals(anna, 1)
    before = build.everything()

    # when
    answer = api.ask(OF_ANOTHER, user_id(anna), permissions=("MANAGE_USERS",))

    # then
    assert answer["data"]["user"]["referral"] is None
    assert [error["message"] for error in answer["errors"]] == [
        "To access this path, you need one of the following permissions: OWNER, MANAGE_DISCOUNTS"
    ]
    assert build.everything() == before


@pytest.mark.parametrize("asks", ["another customer", "nobody"])
def test_other_customers_see_nothing(shop: Shop, api: Api, asks: str) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    build.referrals(anna, 1)
    ben = shop.register("ben@example.com") if asks == "another customer" else None
    before = build.everything()

    # when
    answer = api.ask(OF_ANOTHER, user_id(anna), customer=ben)

    # then
    assert answer["data"] == {"user": None}
    assert len(answer["errors"]) == 1
    assert build.everything() == before


def test_a_referrer_does_not_see_the_numbers_of_orders(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    build.referrals(anna, 1)
    before = build.everything()

    # when
    answer = api.ask(MY_ORDER_NUMBERS, customer=anna)

    # then
    [edge] = answer["data"]["me"]["referral"]["referrals"]["edges"]
    assert edge["node"] == {"status": "QUALIFIED", "orderNumber": None}
    assert [error["message"] for error in answer["errors"]] == [
        "To access this path, you need one of the following permissions: MANAGE_ORDERS"
    ]
    assert build.everything() == before


def test_staff_that_manages_orders_sees_their_numbers(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    build.referrals(anna, 1, first=7)

    # when
    answer = api.ask(
        ORDER_NUMBERS,
        user_id(anna),
        permissions=("MANAGE_DISCOUNTS", "MANAGE_ORDERS", "MANAGE_USERS"),
    )

    # then
    [edge] = answer["data"]["user"]["referral"]["referrals"]["edges"]
    assert edge["node"] == {"orderNumber": "7"}
