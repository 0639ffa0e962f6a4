"""A code in a checkout's metadata, and that it is a try like any other: Saleor's hooks are not
told whose request they serve."""

from typing import Any

import pytest

from saleor_referral_plugin.models import RateCount
from tests.graphql.api import SaleorApi
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop

UPDATE = """mutation($id: ID!, $code: String!) {
  updateMetadata(id: $id, input: [{key: "referral_code", value: $code}]) { errors { field } }
}"""


@pytest.fixture
def code(shop: SaleorShop, settings: Any) -> str:
    settings.REFERRAL_RATE_LIMITS = {"unknown_code": "3 per hour"}
    given.program(shop)
    return shop.share(shop.register("anna@example.com"))


def with_code(shop: SaleorShop, code: str, **who: Any) -> Any:
    return shop.checkout(metadata={"referral_code": code}, **who).shown_code


def test_who_brings_many_unknown_codes_brings_no_other(shop: SaleorShop, code: str) -> None:
    # given
    ben = shop.register("ben@example.com")
    for number in range(4):
        assert with_code(shop, f"NOBODY-{number}", email="carl@example.com") is None

    # then: from the same address; somebody who is logged in counts by themselves
    assert with_code(shop, code, email="carl@example.com") is None
    assert with_code(shop, code, customer=ben) == "FRIEND"


def test_metadata_that_is_changed_counts_as_well(shop: SaleorShop, code: str) -> None:
    # given
    api, checkout = SaleorApi(), shop.checkout(email="carl@example.com")
    checkout_id = api.checkout_id(checkout)
    for number in range(4):
        api.ask(UPDATE, {"id": checkout_id, "code": f"NOBODY-{number}"})

    # when
    answer = api.ask(UPDATE, {"id": checkout_id, "code": code})

    # then
    assert answer["data"]["updateMetadata"]["errors"] == []
    assert checkout.shown_code is None

    # when
    api.ask(UPDATE, {"id": checkout_id, "code": f"{code} "}, address="203.0.113.9")

    # then
    assert checkout.shown_code == "FRIEND"


def test_a_checkout_without_a_code_is_counted_by_nobody(shop: SaleorShop, code: str) -> None:
    # when
    shop.checkout(email="carl@example.com", metadata={"colour": "blue"})

    # then
    assert not RateCount.objects.exists()


def test_a_code_that_is_set_later_is_claimed_and_one_taken_off_stays_off(
    shop: SaleorShop, code: str
) -> None:
    # given
    api, checkout = SaleorApi(), shop.checkout(email="ben@example.com")
    checkout_id = api.checkout_id(checkout)

    # when
    api.ask(UPDATE, {"id": checkout_id, "code": code})

    # then
    assert checkout.shown_code == "FRIEND"

    # when: it is taken off, and something else is noted
    assert checkout.remove_code(code).accepted
    other = UPDATE.replace("referral_code", "colour")
    api.ask(other, {"id": checkout_id, "code": "blue"})

    # then
    assert checkout.shown_code is None
