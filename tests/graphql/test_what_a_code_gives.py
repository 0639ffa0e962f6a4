"""`referralCode`: what a code gives, for anybody, without saying whose it is."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Goods, Offer, Terms
from saleor_referral_plugin.models import ReferralCode
from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Shop


def test_a_percentage_with_a_minimum(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, minimum_order="50 USD, 45 EUR")
    code = shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("what-a-code-gives", code=code.lower().replace("-", " "), channel="default")

    # then
    assert data["referralCode"] == {
        "code": code,
        "displayName": None,
        "promises": [],
        "offer": {
            "description": "10% off your first order of $50.00 or more.",
            "percentage": 10,
            "amount": None,
            "freeShipping": False,
            "discountedOrders": 1,
            "minimum": {"amount": 50, "currency": "USD"},
            "newCustomersOnly": True,
        },
    }


def test_an_amount_for_everybody(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, referee_discount="10 USD, 9 EUR", new_customers_only=False)
    code = shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("what-a-code-gives", code=code, channel="euro")

    # then
    assert data["referralCode"] == {
        "code": code,
        "displayName": None,
        "promises": [],
        "offer": {
            "description": "€9.00 off your order.",
            "percentage": None,
            "amount": {"amount": 9, "currency": "EUR"},
            "freeShipping": False,
            "discountedOrders": 1,
            "minimum": None,
            "newCustomersOnly": False,
        },
    }


def test_the_delivery(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, referee_discount="free shipping", minimum_order="50 USD, 45 EUR")
    code = shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("what-a-code-gives", code=code, channel="default")

    # then
    assert data["referralCode"] == {
        "code": code,
        "displayName": None,
        "promises": [],
        "offer": {
            "description": "Free shipping on your first order of $50.00 or more.",
            "percentage": None,
            "amount": None,
            "freeShipping": True,
            "discountedOrders": 1,
            "minimum": {"amount": 50, "currency": "USD"},
            "newCustomersOnly": True,
        },
    }


@pytest.mark.parametrize(
    ("discount", "minimum", "description"),
    [
        (
            Offer(percent=Decimal(10)),
            {"USD": 50},
            "10% off selected products in your first order, for $50.00 or more of them.",
        ),
        (Offer(percent=Decimal(10)), {}, "10% off selected products in your first order."),
        (
            Offer(free_shipping=True),
            {"USD": 50},
            "Free shipping on your first order with $50.00 or more of selected products.",
        ),
        (
            None,
            {},
            "Tell us who sent you: enter the code with your first order with selected products.",
        ),
    ],
)
def test_what_is_for_some_of_the_goods_says_so(
    shop: Shop, api: Api, discount: Offer | None, minimum: dict[str, int], description: str
) -> None:
    # given
    shop.sell("shirt")
    terms = Terms(goods=Goods(products=("shirt",)), discount=discount, minimum=Amounts.of(minimum))
    shop.run_program(terms)
    code = shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("what-a-code-gives", code=code, channel="default")

    # then
    assert data["referralCode"]["offer"]["description"] == description


@pytest.mark.parametrize("typed", ["AAAAA-AAAAA", "nonsense", "", "FRIEND", "0" * 5000])
def test_what_is_nobodys_code_gives_nothing(shop: Shop, api: Api, typed: str) -> None:
    # given
    given.program(shop)
    shop.share(shop.register("anna@example.com"))

    # when
    data = api.run("what-a-code-gives", code=typed, channel="default")

    # then
    assert data == {"referralCode": None}


def test_a_code_that_cannot_be_used_answers_like_one_that_is_nobodys(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, channels="default")
    code = shop.share(shop.register("anna@example.com"))

    # when
    elsewhere = api.run("what-a-code-gives", code=code, channel="euro")
    nowhere = api.run("what-a-code-gives", code=code, channel="no-channel\0")
    shop.configure(program_running=False)
    stopped = api.run("what-a-code-gives", code=code, channel="default")
    shop.configure(program_running=True)
    ReferralCode.objects.update(is_active=False)
    retired = api.run("what-a-code-gives", code=code, channel="default")

    # then
    assert [elsewhere, nowhere, stopped, retired] == [{"referralCode": None}] * 4
