"""`checkoutReferralCodeApply` and `checkoutReferralCodeRemove`."""

from typing import Any

import pytest

from saleor_referral_plugin.models import Claim
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Shop


def claims() -> list[tuple[Any, ...]]:
    return list(Claim.objects.order_by("pk").values_list("status", "source", "terms__offer_code"))


def test_a_code_is_put_on_a_checkout(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(lines=["100.00"], email="ben@example.com")

    # when
    data = api.run("apply-code", checkoutId=api.checkout_id(checkout), code=f" {code.lower()}")

    # then
    assert data["checkoutReferralCodeApply"] == {
        "errors": [],
        "referral": {
            "claim": {"code": code},
            "discount": {"amount": 10, "currency": "USD"},
            "missing": None,
        },
        "checkout": {
            "id": api.checkout_id(checkout),
            "voucherCode": "FRIEND",
            "totalPrice": {"gross": {"amount": 90, "currency": "USD"}},
        },
    }
    assert checkout.shown_code == "FRIEND"
    assert checkout.discount == 10
    assert claims() == [("open", "api", "FRIEND")]


def test_a_refused_code_says_why_and_changes_nothing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(lines=["45.90"], email="ben@example.com")

    # when
    data = api.run("apply-code", checkoutId=api.checkout_id(checkout), code=code)

    # then
    assert data["checkoutReferralCodeApply"] == {
        "errors": [
            {
                "field": "code",
                "message": "Add $4.10 more to use this referral code (minimum $50.00).",
                "code": "BELOW_MINIMUM",
                "retryAt": None,
            }
        ],
        "referral": {
            "claim": None,
            "discount": {"amount": 0, "currency": "USD"},
            "missing": {"amount": 4.1, "currency": "USD"},
        },
        "checkout": {
            "id": api.checkout_id(checkout),
            "voucherCode": None,
            "totalPrice": {"gross": {"amount": 45.9, "currency": "USD"}},
        },
    }
    assert checkout.shown_code is None
    assert claims() == [("refused", "api", "FRIEND")]


def test_the_own_code_is_refused(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    checkout = shop.checkout(customer=anna)

    # when
    data = api.run("apply-code", customer=anna, checkoutId=api.checkout_id(checkout), code=code)

    # then
    assert data["checkoutReferralCodeApply"]["errors"] == [
        {
            "field": "code",
            "message": "You cannot use your own referral code.",
            "code": "OWN_CODE",
            "retryAt": None,
        }
    ]
    assert checkout.shown_code is None
    assert claims() == [("refused", "api", "FRIEND")]


@pytest.mark.parametrize("typed", ["AAAAA-AAAAA", "nonsense", "", "FRIEND"])
def test_nobodys_code_is_refused_and_leaves_no_trace(shop: Shop, api: Api, typed: str) -> None:
    # given
    given.program(shop)
    shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")

    # when
    data = api.run("apply-code", checkoutId=api.checkout_id(checkout), code=typed)

    # then
    answer = data["checkoutReferralCodeApply"]
    assert answer["errors"] == [
        {
            "field": "code",
            "message": "This referral code is not valid.",
            "code": "CODE_INVALID",
            "retryAt": None,
        }
    ]
    assert answer["referral"] is None
    assert checkout.shown_code is None
    assert claims() == []


def test_another_code_takes_the_place_of_the_first(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    annas = shop.share(shop.register("anna@example.com"))
    caras = shop.share(shop.register("cara@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    api.run("apply-code", checkoutId=api.checkout_id(checkout), code=annas)

    # when
    data = api.run("apply-code", checkoutId=api.checkout_id(checkout), code=caras)

    # then
    assert data["checkoutReferralCodeApply"]["referral"]["claim"] == {"code": caras}
    assert claims() == [("withdrawn", "api", "FRIEND"), ("open", "api", "FRIEND")]
    assert checkout.discount == 10


def test_a_refused_code_leaves_the_one_before_in_force(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    bens = shop.share(shop.register("ben@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    annas = shop.share(anna)
    api.run("apply-code", checkoutId=api.checkout_id(checkout), code=annas)

    # when
    data = api.run("apply-code", checkoutId=api.checkout_id(checkout), code=bens)

    # then
    answer = data["checkoutReferralCodeApply"]
    assert [error["code"] for error in answer["errors"]] == ["OWN_CODE"]
    assert answer["referral"]["claim"] == {"code": annas}
    assert answer["referral"]["discount"] == {"amount": 10, "currency": "USD"}
    assert answer["checkout"]["voucherCode"] == "FRIEND"


def test_a_code_is_taken_off_a_checkout(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    api.run("apply-code", checkoutId=api.checkout_id(checkout), code=code)

    # when
    data = api.run("remove-code", checkoutId=api.checkout_id(checkout))

    # then
    assert data["checkoutReferralCodeRemove"] == {
        "errors": [],
        "checkout": {
            "id": api.checkout_id(checkout),
            "voucherCode": None,
            "totalPrice": {"gross": {"amount": 100, "currency": "USD"}},
        },
    }
    assert checkout.shown_code is None
    assert claims() == [("withdrawn", "api", "FRIEND")]


def test_there_may_be_no_code_to_take_off(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    checkout = shop.checkout(email="ben@example.com")

    # when
    data = api.run("remove-code", checkoutId=api.checkout_id(checkout))

    # then
    assert data["checkoutReferralCodeRemove"]["errors"] == [
        {
            "field": "id",
            "message": "There is no referral code on this checkout.",
            "code": "NOT_FOUND",
        }
    ]


def test_applied_and_taken_off_in_one_request(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    document = """mutation($id: ID!, $code: String!) {
      on: checkoutReferralCodeApply(id: $id, code: $code) { referral { claim { status } } }
      off: checkoutReferralCodeRemove(id: $id) { referral { claim { status } } }
    }"""

    # when
    answer = api.ask(document, {"id": checkout_id, "code": code})

    # then
    assert answer["data"] == {
        "on": {"referral": {"claim": {"status": "OPEN"}}},
        "off": {"referral": None},
    }


@pytest.mark.parametrize("name", ["apply-code", "remove-code"])
def test_an_unknown_checkout_is_not_found(shop: Shop, api: Api, name: str) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    gone = global_id("Checkout", "00000000-0000-4000-8000-000000000000")

    # when
    answer = api.ask(operation(name), {"checkoutId": gone, "code": code})

    # then
    [result] = answer["data"].values()
    assert result["checkout"] is None
    [error] = result["errors"]
    assert (error["field"], error["code"]) == ("id", "NOT_FOUND")
    assert error["message"] == f"Couldn't resolve to a node: {gone}"
    assert claims() == []


@pytest.mark.parametrize(
    "wrong",
    [global_id("User", "1"), global_id("Checkout", "\0"), "nonsense", ""],
    ids=["of a user", "of no checkout", "none", "empty"],
)
def test_an_id_of_something_else_is_refused(shop: Shop, api: Api, wrong: str) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("apply-code", checkoutId=wrong, code=code)

    # then
    answer = data["checkoutReferralCodeApply"]
    assert (answer["checkout"], answer["referral"]) == (None, None)
    assert [error["code"] for error in answer["errors"]] == ["GRAPHQL_ERROR"]
    assert claims() == []
