"""`checkoutReferralCreditsUpdate`: a customer's credits, on or off for one checkout."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import CreditUse, RewardRule
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

NOTHING = {"amount": 0, "currency": "USD"}
TEN = {"amount": 10, "currency": "USD"}
TWENTY = {"amount": 20, "currency": "USD"}


def used(rule: RewardRule, use: CreditUse) -> RewardRule:
    return rule.but(use=use)


def credited(shop: Shop, use: CreditUse, *friends: str) -> Customer:
    """10 USD for each friend, at once."""
    terms = presets.refer_a_friend(hold_days=0)
    shop.run_program(terms.but(rewards=tuple(used(rule, use) for rule in terms.rewards)))
    anna = shop.register("anna@example.com")
    for friend in friends or ("ben",):
        given.friends_order(shop, shop.share(anna), email=f"{friend}@example.com").pay()
    shop.run_periodic_tasks()
    return anna


def credits(api: Api, checkout: Any, customer: Customer | None) -> Any:
    data = api.run("checkout-credits", customer=customer, id=api.checkout_id(checkout))
    return data["checkout"]["referralCredits"]


def totals(api: Api, checkout: Any, customer: Customer) -> Any:
    found = credits(api, checkout, customer)
    return {name: found[name] for name in ("available", "applied")}


def use(
    api: Api, checkout: Any, customer: Customer, applied: bool, rewards: list[str] | None = None
) -> Any:
    variables = {"checkoutId": api.checkout_id(checkout), "applied": applied, "rewards": rewards}
    return api.run("use-credits", customer=customer, **variables)["checkoutReferralCreditsUpdate"]


def test_what_is_on_by_itself_is_turned_off_and_on_again(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    checkout = shop.checkout(customer=anna)
    assert totals(api, checkout, anna) == {"available": TEN, "applied": TEN}
    assert checkout.total == 90

    # when
    off = use(api, checkout, anna, False)

    # then
    assert off["errors"] == []
    assert off["credits"] == {"available": TEN, "applied": NOTHING}
    assert checkout.total == 100

    # when
    on = use(api, checkout, anna, True)

    # then
    assert on["credits"] == {"available": TEN, "applied": TEN}
    assert checkout.total == 90


def test_all_credits_that_fit_are_put_on_whatever_their_use(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST, "ben", "cara")
    checkout = shop.checkout(customer=anna)
    assert totals(api, checkout, anna) == {"available": TWENTY, "applied": NOTHING}

    # when
    on = use(api, checkout, anna, True)
    again = use(api, checkout, anna, True)

    # then
    assert on["credits"] == again["credits"] == {"available": TWENTY, "applied": TWENTY}
    assert checkout.total == 80


def test_one_document_may_turn_them_off_and_on(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    checkout = shop.checkout(customer=anna)

    # when
    answer = api.ask(
        """mutation($id: ID!) {
          off: checkoutReferralCreditsUpdate(id: $id, applied: false) {
            credits { applied { amount } }
          }
          on: checkoutReferralCreditsUpdate(id: $id, applied: true) {
            credits { applied { amount } }
          }
        }""",
        {"id": api.checkout_id(checkout)},
        customer=anna,
    )

    # then
    assert answer["data"] == {
        "off": {"credits": {"applied": {"amount": 0}}},
        "on": {"credits": {"applied": {"amount": 10}}},
    }


def test_in_another_currency_there_is_nothing_to_use(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST)
    checkout = shop.checkout(customer=anna, channel="euro")

    # when
    on = use(api, checkout, anna, True)

    # then
    nothing = {"amount": 0, "currency": "EUR"}
    assert on["credits"] == {"available": nothing, "applied": nothing}
    assert checkout.total == 100


def test_some_of_them_are_put_on_and_taken_off_by_their_rewards(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST, "ben", "cara", "dan")
    checkout = shop.checkout(customer=anna)
    first, second, third = (item["reward"]["id"] for item in credits(api, checkout, anna)["items"])

    # when
    on = use(api, checkout, anna, True, [third, first])

    # then
    assert on["errors"] == []
    assert on["credits"]["applied"] == TWENTY
    assert checkout.total == 80
    assert on_one_by_one(api, checkout, anna) == [
        (first, 10, True),
        (second, 10, False),
        (third, 10, True),
    ]

    # when: one of them is taken off, and one that is not on
    off = use(api, checkout, anna, False, [first, second])

    # then
    assert off["credits"]["applied"] == TEN
    assert checkout.total == 90
    assert on_one_by_one(api, checkout, anna) == [
        (first, 10, False),
        (second, 10, False),
        (third, 10, True),
    ]

    # when: none is meant
    none = use(api, checkout, anna, True, [])

    # then
    assert none["errors"] == []
    assert none["credits"]["applied"] == TEN


def on_one_by_one(api: Api, checkout: Any, customer: Customer) -> list[tuple[str, float, bool]]:
    items = credits(api, checkout, customer)["items"]
    return [(i["reward"]["id"], i["balance"]["amount"], i["isApplied"]) for i in items]


@pytest.mark.parametrize(
    "whose", ["somebody else's", "in another currency", "nobody's", "spent", "no reward"]
)
def test_a_credit_that_does_not_fit_changes_nothing(shop: Shop, api: Api, whose: str) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST, "ben", "cara")
    checkout = shop.checkout(customer=anna)
    own, other = (item["reward"]["id"] for item in credits(api, checkout, anna)["items"])
    asking, where = anna, checkout
    if whose == "somebody else's":
        asking = shop.register("eve@example.com")
        where = shop.checkout(customer=asking)
    elif whose == "in another currency":
        where = shop.checkout(customer=anna, channel="euro")
    elif whose == "nobody's":
        other = global_id("ReferralReward", 987654)
    elif whose == "spent":
        spending = shop.checkout(customer=anna)
        use(api, spending, anna, True, [other])
        spending.complete()
    else:
        other = global_id("Referral", 1)

    # when
    answer = use(
        api, where, asking, True, [own, other] if asking is anna and where is checkout else [other]
    )

    # then
    [error] = answer["errors"]
    assert (error["field"], error["code"]) == (
        "rewards",
        "GRAPHQL_ERROR" if whose == "no reward" else "NOT_FOUND",
    )
    assert answer["credits"] is None
    assert totals(api, where, asking)["applied"]["amount"] == 0
    assert where.total == 100


def test_one_can_be_taken_off_by_its_code_as_ever(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF, "ben", "cara")
    checkout = shop.checkout(customer=anna)
    first, _second = shop.gift_cards(anna)

    # when
    assert checkout.remove_code(first.code).accepted

    # then: partly on
    assert totals(api, checkout, anna) == {"available": TWENTY, "applied": TEN}


@pytest.mark.parametrize("who", ["another customer", "nobody"])
def test_nobody_else_sees_or_changes_them(shop: Shop, api: Api, who: str) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    checkout = shop.checkout(customer=anna)
    asking = shop.register("eve@example.com") if who == "another customer" else None

    # when
    variables = {"checkoutId": api.checkout_id(checkout), "applied": False}
    answer = api.ask(operation("use-credits"), variables, customer=asking)

    # then
    assert credits(api, checkout, asking) is None
    needed = "OWNER" if asking else "AUTHENTICATED_USER"
    assert [error["message"] for error in answer["errors"]] == [
        f"To access this path, you need one of the following permissions: {needed}"
    ]
    assert checkout.total == 90


def test_a_guests_checkout_is_nobodys(shop: Shop, api: Api) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST)
    checkout = shop.checkout(email="anna@example.com")

    # when
    variables = {"checkoutId": api.checkout_id(checkout), "applied": True}
    answer = api.ask(operation("use-credits"), variables, customer=anna)

    # then
    assert len(answer["errors"]) == 1
    assert checkout.total == 100
