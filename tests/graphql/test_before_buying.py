"""`checkoutReferralPreview`, and two codes for the one place of a voucher."""

from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.models import RateCount
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Shop


def preview(api: Api, checkout: Any, code: str) -> Any:
    data = api.run("preview-code", checkoutId=api.checkout_id(checkout), code=code)
    return data["checkoutReferralPreview"]


def failed(answer: Any) -> list[str]:
    return [finding["code"] for finding in answer["findings"] if not finding["passed"]]


def put_voucher_on(shop: Shop, checkout: Any, discount: str) -> None:
    """Another voucher than ours: the shop's own, an amount off."""
    if shop.name == "saleor":
        from saleor.channel.models import Channel
        from saleor.discount.models import Voucher, VoucherChannelListing, VoucherCode

        voucher = Voucher.objects.create(discount_value_type="fixed", type="entire_order")
        VoucherChannelListing.objects.create(
            voucher=voucher,
            channel=Channel.objects.get(slug="default"),
            discount_value=Decimal(discount),
            currency="USD",
        )
        VoucherCode.objects.create(voucher=voucher, code="SUMMER")
        assert checkout.enter_code("SUMMER").accepted
    else:
        # The sandbox shop has no vouchers of its own.
        from saleor_referral_plugin.sandbox.models import Checkout

        Checkout.objects.filter(pk=checkout.token).update(
            voucher_code="SUMMER", discount=Decimal(discount)
        )


def test_a_code_is_looked_at_without_being_tried(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    before = build.everything()

    # when
    answer = preview(api, checkout, code.lower())

    # then
    assert answer["isAccepted"] is True
    assert answer["discount"] == {"amount": 10, "currency": "USD"}
    assert answer["offer"] == {"description": "10% off your first order of $50.00 or more."}
    assert (answer["missing"], answer["conflict"], failed(answer)) == (None, None, [])
    assert build.everything() == before
    assert checkout.shown_code is None


def test_every_reason_against_it_is_said_and_what_is_missing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="120 USD")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    checkout = shop.checkout(customer=anna)

    # when
    answer = preview(api, checkout, code)

    # then
    assert answer["isAccepted"] is False
    assert answer["discount"] is None
    assert answer["missing"] == {"amount": 20, "currency": "USD"}
    assert failed(answer) == ["OWN_CODE", "BELOW_MINIMUM"]
    assert answer["findings"][0]["message"] == "You cannot use your own referral code."


@pytest.mark.parametrize("code", ["AAAAA-AAAAA", "nonsense", "", "FRIEND"])
def test_a_code_of_nobodys_says_nothing_else(shop: Shop, api: Api, code: str) -> None:
    # given
    given.program(shop)
    checkout = shop.checkout(email="ben@example.com")

    # when
    answer = preview(api, checkout, code)

    # then
    assert answer == {
        "isAccepted": False,
        "discount": None,
        "missing": None,
        "offer": None,
        "conflict": None,
        "findings": [
            {
                "code": "CODE_INVALID",
                "passed": False,
                "message": "This referral code is not valid.",
            }
        ],
    }


def test_who_looks_at_too_many_has_to_wait(shop: Shop, api: Api, settings: Any) -> None:
    # given
    given.program(shop)
    settings.REFERRAL_RATE_LIMITS = {"unknown_code": "1 per minute"}
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    preview(api, checkout, "NOBODY")
    variables = {"checkoutId": api.checkout_id(checkout), "code": "NOBODY-2"}
    api.ask(operation("preview-code"), variables)

    # when
    answer = api.ask(operation("preview-code"), {**variables, "code": code})

    # then
    assert answer["data"] == {"checkoutReferralPreview": None}
    [error] = answer["errors"]
    assert error["extensions"]["referral"]["code"] == "TOO_MANY_TRIES"


def test_a_checkout_that_is_not_there_has_none(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    gone = global_id("Checkout", "00000000-0000-0000-0000-000000000000")

    # when
    answer = api.ask(operation("preview-code"), {"checkoutId": gone, "code": "AAAAA-AAAAA"})

    # then
    assert answer["data"] == {"checkoutReferralPreview": None}
    assert RateCount.objects.count() == 0


@pytest.mark.parametrize(
    ("other", "better"), [("4.00", "REFERRAL"), ("10.00", "EITHER"), ("15.00", "VOUCHER")]
)
def test_with_another_voucher_it_says_which_is_better(
    shop: Shop, api: Api, other: str, better: str
) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    put_voucher_on(shop, checkout, other)

    # when
    answer = preview(api, checkout, code)

    # then
    assert answer["isAccepted"] is True
    assert answer["conflict"] == {
        "voucherCode": "SUMMER",
        "voucherDiscount": {"amount": float(other), "currency": "USD"},
        "referralDiscount": {"amount": 10, "currency": "USD"},
        "better": better,
    }


def test_a_claimed_code_that_was_displaced_is_remembered_on_the_checkout(
    shop: Shop, api: Api
) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted

    # when
    put_voucher_on(shop, checkout, "4.00")
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    referral = data["checkout"]["referral"]
    assert (referral["claim"], referral["refusal"]) == (None, None)
    assert referral["discount"] == {"amount": 0, "currency": "USD"}
    assert referral["offer"]["description"] == "10% off your first order."
    assert referral["conflict"] == {
        "voucherCode": "SUMMER",
        "voucherDiscount": {"amount": 4, "currency": "USD"},
        "referralDiscount": {"amount": 10, "currency": "USD"},
        "better": "REFERRAL",
    }
