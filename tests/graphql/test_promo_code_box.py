"""The storefront's own documents for promo codes: unchanged, and one field richer."""

from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_referral_code_works_in_the_promo_code_box(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))

    # when
    data = api.run("add-promo-code", checkoutId=checkout_id, promoCode=code)

    # then
    assert data["checkoutAddPromoCode"] == {
        "errors": [],
        "checkout": {
            "id": checkout_id,
            "voucherCode": "FRIEND",
            "discountName": "A friend's discount",
            "discount": {"amount": 10, "currency": "USD"},
            "totalPrice": {"gross": {"amount": 90, "currency": "USD"}},
        },
    }


def test_a_refusal_carries_its_sentence_and_a_code_for_programs(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    checkout = shop.checkout(email="anna@example.com")

    # when
    data = api.run("add-promo-code", checkoutId=api.checkout_id(checkout), promoCode=code)

    # then
    assert data["checkoutAddPromoCode"] == {
        "errors": [
            {
                "message": "You cannot use your own referral code.",
                "field": "promoCode",
                "code": "VOUCHER_NOT_APPLICABLE",
                "referralErrorCode": "OWN_CODE",
                "referralRetryAt": None,
            }
        ],
        "checkout": None,
    }
    assert checkout.shown_code is None


def test_a_code_that_is_nobodys_is_refused_as_ever(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))

    # when
    data = api.run("add-promo-code", checkoutId=checkout_id, promoCode="NOPE")

    # then
    [error] = data["checkoutAddPromoCode"]["errors"]
    assert (error["field"], error["code"], error["referralErrorCode"]) == (
        "promoCode",
        "INVALID",
        None,
    )


def test_a_code_is_taken_off_as_it_was_typed_or_as_it_is_shown(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))

    for shown in (code, "FRIEND"):
        # when
        api.run("add-promo-code", checkoutId=checkout_id, promoCode=code)
        data = api.run("remove-promo-code", checkoutId=checkout_id, promoCode=shown)

        # then
        assert data["checkoutRemovePromoCode"] == {
            "errors": [],
            "checkout": {
                "id": checkout_id,
                "voucherCode": None,
                "totalPrice": {"gross": {"amount": 100, "currency": "USD"}},
            },
        }
