"""The shopper is answered in the language that Saleor knows of them."""

from typing import Any

import pytest
from saleor.account.models import User
from saleor.checkout.models import Checkout

from tests.graphql.api import SaleorApi, global_id
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorCheckout, SaleorShop

OWN_CODE = "Je kunt je eigen uitnodigingscode niet gebruiken."


@pytest.fixture
def api() -> SaleorApi:
    return SaleorApi()


def in_language(checkout: SaleorCheckout, code: str, api: SaleorApi) -> SaleorCheckout:
    answer = api.ask(
        """mutation($id: ID!, $language: LanguageCodeEnum!) {
          checkoutLanguageCodeUpdate(id: $id, languageCode: $language) { errors { message } }
        }""",
        {"id": checkout.id, "language": code},
    )
    assert answer["data"]["checkoutLanguageCodeUpdate"]["errors"] == []
    return checkout


def first_message(answer: dict[str, Any], *path: str) -> Any:
    for step in path:
        answer = answer[step]
    return answer["findings"][0]["message"]


def test_the_promo_code_box_refuses_in_the_checkouts_language(
    shop: SaleorShop, api: SaleorApi
) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = in_language(shop.checkout(customer=anna), "NL_BE", api)

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.code, answer.message) == ("own_code", OWN_CODE)


def test_a_language_without_sentences_is_answered_in_english(
    shop: SaleorShop, api: SaleorApi
) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = in_language(shop.checkout(customer=anna), "PT_BR", api)

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert answer.message == "You cannot use your own referral code."


def test_our_own_mutation_and_the_checkouts_findings_do_so_too(
    shop: SaleorShop, api: SaleorApi
) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    checkout = in_language(shop.checkout(customer=anna), "NL", api)

    # when
    applied = api.run("apply-code", checkoutId=checkout.id, code=shop.share(anna))
    seen = api.run("checkout-with-referral", id=checkout.id)

    # then
    [error] = applied["checkoutReferralCodeApply"]["errors"]
    assert error["message"] == OWN_CODE
    assert first_message(seen, "checkout", "referral", "refusal") == OWN_CODE


def test_completing_is_refused_in_the_checkouts_language(shop: SaleorShop, api: SaleorApi) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    checkout = in_language(shop.checkout(email="ben@example.com"), "IT", api)
    assert checkout.enter_code(code).accepted
    shop.past_order("ben@example.com")

    # when
    answer = checkout.complete()

    # then
    assert (answer.code, answer.message) == (
        "not_new_customer",
        "Questo codice invito è riservato ai nuovi clienti.",
    )


def test_an_order_speaks_the_buyers_language_and_a_page_its_readers(
    shop: SaleorShop, api: SaleorApi
) -> None:
    # given: Anna reads Danish, Ben's order was made in Dutch and is not paid
    given.program(shop)
    anna = shop.register("anna@example.com")
    User.objects.filter(pk=anna.user_ref).update(language_code="da")
    checkout = in_language(shop.checkout(email="ben@example.com"), "NL", api)
    assert checkout.enter_code(shop.share(anna)).accepted
    assert checkout.complete().accepted
    assert not Checkout.objects.exists()
    shop.run_periodic_tasks()

    # when
    order = api.run("order-with-referral", id=global_id("Order", checkout.placed.ref))
    page = api.run("my-referral-page", customer=anna, channel="default")

    # then
    [edge] = page["me"]["referral"]["referrals"]["edges"]
    assert first_message(order, "order", "referral") == (
        "De bestelling is nog niet volledig betaald."
    )
    assert first_message(edge, "node") == "Ordren er endnu ikke betalt fuldt ud."
