"""`Order.referral`: what became of the code, for whoever may see the order."""

from decimal import Decimal

from saleor_referral_plugin.engine.terms import Goods, Offer, Terms
from saleor_referral_plugin.models import Referral
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Shop

FINDINGS = """query($id: ID!) { order(id: $id) { referral { findings { code passed } } } }"""


def test_an_order_without_a_code_has_none(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    order = given.order_without_code(shop, "ben@example.com")

    # when
    data = api.run("order-with-referral", id=global_id("Order", order.ref))

    # then
    assert data["order"]["referral"] is None


def test_what_the_buyer_sees(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    order = given.friends_order(shop, code)

    # when
    data = api.run("order-with-referral", id=global_id("Order", order.ref))

    # then
    assert data["order"]["number"] == Referral.objects.get().order_number
    referral = data["order"]["referral"]
    assert referral["status"] == "ATTRIBUTED"
    assert referral["claim"] == {"code": code}
    assert referral["offer"] == {"description": "10% off your first order."}
    assert referral["discount"] == {"amount": 10, "currency": "USD"}
    assert referral["findings"][0] == {
        "code": "NOT_PAID",
        "passed": False,
        "message": "The order is not fully paid yet.",
    }

    # when
    order.pay()
    order.refund()
    data = api.run("order-with-referral", id=global_id("Order", order.ref))

    # then
    referral = data["order"]["referral"]
    assert referral["status"] == "REVERSED"
    assert referral["findings"][0] == {
        "code": "MONEY_BACK",
        "passed": False,
        "message": "The order was refunded or given back.",
    }


def test_what_came_off_some_of_the_goods(shop: Shop, api: Api) -> None:
    # given
    shop.sell("shirt")
    shop.run_program(Terms(goods=Goods(products=("shirt",)), discount=Offer(percent=Decimal(10))))
    code = shop.share(shop.register("anna@example.com"))
    order = given.friends_order(shop, code, lines=("shirt 40.00", "60.00"))

    # when
    data = api.run("order-with-referral", id=global_id("Order", order.ref))

    # then
    assert data["order"]["referral"]["discount"] == {"amount": 4, "currency": "USD"}


def test_the_order_keeps_the_offer_it_was_made_under(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    order = given.friends_order(shop, shop.share(shop.register("anna@example.com")))
    given.program(shop, referee_discount="20%")

    # when
    data = api.run("order-with-referral", id=global_id("Order", order.ref))

    # then
    assert data["order"]["referral"]["offer"] == {"description": "10% off your first order."}


def test_the_buyer_does_not_see_what_is_about_the_referrer(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, most_credits="1")
    code = shop.share(shop.register("anna@example.com"))
    given.friends_order(shop, code, email="ben@example.com").pay()
    order = given.friends_order(shop, code, email="cara@example.com")
    order.pay()
    about_the_referrer = {"CAP_REACHED", "REFERRER_BLOCKED", "REFERRER_GONE"}

    # when
    buyer = api.ask(FINDINGS, {"id": global_id("Order", order.ref)})
    staff = api.ask(
        FINDINGS,
        {"id": global_id("Order", order.ref)},
        permissions=("MANAGE_DISCOUNTS", "MANAGE_ORDERS"),
    )

    # then
    seen_by_buyer = {f["code"] for f in buyer["data"]["order"]["referral"]["findings"]}
    [failed, *others] = staff["data"]["order"]["referral"]["findings"]
    assert not seen_by_buyer & about_the_referrer
    assert failed == {"code": "CAP_REACHED", "passed": False}
    assert {"code": "REFERRER_GONE", "passed": True} in others
