"""`Checkout.referral`: what codes do on a checkout, for whoever may see it."""

from decimal import Decimal

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Goods, Offer, Terms
from saleor_referral_plugin.models import Claim
from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_checkout_without_a_code_has_none(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    checkout_id = api.checkout_id(shop.checkout())

    # when
    data = api.run("checkout-with-referral", id=checkout_id)

    # then
    assert data["checkout"] == {
        "id": checkout_id,
        "voucherCode": None,
        "totalPrice": {"gross": {"amount": 100, "currency": "USD"}},
        "referral": None,
    }


def test_the_claim_in_force(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted

    # when
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    referral = data["checkout"]["referral"]
    assert referral.pop("claim").items() >= {
        ("code", code),
        ("status", "OPEN"),
        ("source", "PROMO_CODE"),
    }
    assert referral == {
        "offer": {
            "description": "10% off your first order of $50.00 or more.",
            "minimum": {"amount": 50, "currency": "USD"},
        },
        "discount": {"amount": 10, "currency": "USD"},
        "missing": None,
        "conflict": None,
        "refusal": None,
    }


def test_what_is_missing_is_of_the_programs_goods(shop: Shop, api: Api) -> None:
    # given
    shop.sell("shirt")
    shop.run_program(
        Terms(
            goods=Goods(products=("shirt",)),
            discount=Offer(percent=Decimal(10)),
            minimum=Amounts.of({"USD": 50}),
        )
    )
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(lines=("shirt 40.00", "60.00"), email="ben@example.com")
    assert not checkout.enter_code(code).accepted

    # when
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    referral = data["checkout"]["referral"]
    assert referral["missing"] == {"amount": 10, "currency": "USD"}


def test_the_last_refusal_with_failed_findings_first(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="120 USD")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    checkout = shop.checkout(customer=anna)
    assert not checkout.enter_code(code).accepted

    # when
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    referral = data["checkout"]["referral"]
    assert referral["claim"] is None
    assert referral["discount"] == {"amount": 0, "currency": "USD"}
    assert referral["missing"] == {"amount": 20, "currency": "USD"}
    assert referral["refusal"]["code"] == code
    assert referral["refusal"]["judgedAt"] == Claim.objects.get().judged_at.isoformat()
    assert referral["refusal"]["findings"] == [
        {
            "code": "OWN_CODE",
            "passed": False,
            "message": "You cannot use your own referral code.",
        },
        {
            "code": "BELOW_MINIMUM",
            "passed": False,
            "message": "Add $20.00 more to use this referral code (minimum $120.00).",
        },
        {"code": "PROGRAM_NOT_RUNNING", "passed": True, "message": None},
        {"code": "CLAIM_EXPIRED", "passed": True, "message": None},
        {"code": "RELATED_PARTY", "passed": True, "message": None},
        {"code": "EXCLUDED_DOMAIN", "passed": True, "message": None},
        {"code": "STAFF_ACCOUNT", "passed": True, "message": None},
        {"code": "REFERRER_NOT_ELIGIBLE", "passed": True, "message": None},
        {"code": "ACCOUNT_NOT_NEW", "passed": True, "message": None},
        {"code": "NOT_NEW_CUSTOMER", "passed": True, "message": None},
        {"code": "ALREADY_REFERRED", "passed": True, "message": None},
        {"code": "TOO_MANY_OPEN", "passed": True, "message": None},
        {"code": "OTHER_CODE_HELD", "passed": True, "message": None},
        {"code": "NO_SUCH_GOODS", "passed": True, "message": None},
    ]


def test_a_finding_is_said_in_the_language_asked_for(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="120 USD")
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert not checkout.enter_code(code).accepted

    # when
    answer = api.ask(
        """query($id: ID!, $none: LanguageCodeEnum) { checkout(id: $id) { referral { refusal {
          findings {
            plain: message
            none: message(languageCode: $none)
            danish: message(languageCode: DA)
          }
        } } } }""",
        {"id": api.checkout_id(checkout)},
    )

    # then
    english = "Add $20.00 more to use this referral code (minimum $120.00)."
    danish = (
        "Læg varer for 20,00\xa0US$ mere i kurven for at bruge henvisningskoden "
        "(minimum 120,00\xa0US$)."
    )
    findings = answer["data"]["checkout"]["referral"]["refusal"]["findings"]
    assert findings[0] == {"plain": english, "none": english, "danish": danish}
    assert findings[1] == {"plain": None, "none": None, "danish": None}


def test_a_code_taken_off_leaves_nothing(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    assert checkout.remove_code(code).accepted

    # when
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    assert data["checkout"]["referral"] is None


def test_a_claim_that_another_buyer_may_not_have_ends_as_a_refusal(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted
    checkout.log_in(anna)

    # when
    data = api.run("checkout-with-referral", id=api.checkout_id(checkout))

    # then
    referral = data["checkout"]["referral"]
    assert data["checkout"]["voucherCode"] is None
    assert referral["claim"] is None
    assert referral["refusal"]["findings"][0]["code"] == "OWN_CODE"
