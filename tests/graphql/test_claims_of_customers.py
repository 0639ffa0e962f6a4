"""Codes that customers claim on their account, and for orders they have placed."""

from typing import Any
from uuid import UUID

from saleor_referral_plugin.engine import programs
from saleor_referral_plugin.engine.presets import refer_a_friend
from saleor_referral_plugin.engine.terms import Span, Terms
from saleor_referral_plugin.models import Claim
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


def terms(**changes: Any) -> Terms:
    return refer_a_friend().but(claim_after=Span(days=7), **changes)


def claim(api: Api, customer: Customer, **variables: Any) -> Any:
    return api.run("claim-code", customer=customer, **variables)["referralClaimCreate"]


def claimed(api: Api, customer: Customer) -> Any:
    return api.run("my-claim", customer=customer)["me"]["referralClaim"]


def errors(answer: Any) -> list[tuple[str | None, str]]:
    return [(error["field"], error["code"]) for error in answer["errors"]]


# on the account -------------------------------------------------------------------------------


def test_a_code_claimed_on_the_account_goes_on_the_next_checkout(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    assert claimed(api, ben) is None

    # when
    answer = claim(api, ben, code=code.lower())

    # then
    assert answer["errors"] == []
    assert (answer["claim"]["code"], answer["claim"]["status"]) == (code, "OPEN")
    mine = claimed(api, ben)
    assert (mine["id"], mine["code"]) == (answer["claim"]["id"], code)
    assert {finding["passed"] for finding in mine["findings"]} == {True}
    assert shop.checkout(customer=ben).discount == 10


def test_it_is_withdrawn_once(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    claim(api, ben, code=code)

    # when
    answers = [api.run("withdraw-claim", customer=ben)["referralClaimDelete"] for _ in range(2)]

    # then
    assert [errors(answer) for answer in answers] == [[], [(None, "NOT_FOUND")]]
    assert (answers[0]["claim"]["code"], answers[0]["claim"]["status"]) == (code, "WITHDRAWN")
    assert claimed(api, ben) is None
    assert shop.checkout(customer=ben).discount == 0


def test_what_may_not_be_claimed_is_refused_and_an_earlier_claim_stays(
    shop: Shop, api: Api
) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    annas, bens = shop.share(anna), shop.share(ben)
    claim(api, ben, code=annas)

    # when
    own, nobodys = claim(api, ben, code=bens), claim(api, ben, code="NOBODY")

    # then
    assert errors(own) == [("code", "OWN_CODE")]
    assert errors(nobodys) == [("code", "CODE_INVALID")]
    assert claimed(api, ben)["code"] == annas


def test_a_claim_is_asked_for_in_one_way(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    before = build.everything()

    # when
    answers = [claim(api, ben), claim(api, ben, code=code, checkoutId=checkout_id)]

    # then
    assert [errors(answer) for answer in answers] == [[(None, "GRAPHQL_ERROR")]] * 2
    assert build.everything() == before


def test_what_a_guest_claimed_is_taken_over_by_the_account_as_of_then(shop: Shop, api: Api) -> None:
    # given a guest whose address is not the account's
    shop.run_program(terms(claim_valid=Span(days=7)))
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    guests = shop.checkout(email="other@example.com")
    assert guests.enter_code(shop.share(anna)).accepted
    shop.travel(days=5)

    # when
    answer = claim(api, ben, checkoutId=api.checkout_id(guests))
    mine = shop.checkout(customer=ben)

    # then
    assert answer["errors"] == []
    assert mine.discount == 10

    # and when
    shop.travel(days=3)

    # then
    assert mine.complete().code == "claim_expired"


def test_what_was_promised_to_the_guest_stands_when_the_program_is_switched_off(
    shop: Shop, api: Api
) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    guests = shop.checkout(email="other@example.com")
    assert guests.enter_code(code).accepted
    programs.stop_programs()

    # when
    typed = claim(api, ben, code=code)
    taken_over = claim(api, ben, checkoutId=api.checkout_id(guests))

    # then
    assert errors(typed) == [("code", "PROGRAM_NOT_RUNNING")]
    assert errors(taken_over) == []


def test_nobody_takes_over_what_is_not_theirs_to_take(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    bens, bare = shop.checkout(customer=ben), shop.checkout(email="cara@example.com")
    guests = shop.checkout(email="dan@example.com")
    for checkout in (bens, guests):
        assert checkout.enter_code(code).accepted
    eve = shop.register("eve@example.com")
    before = build.everything()

    # when
    answers = [claim(api, eve, checkoutId=api.checkout_id(each)) for each in (bens, bare)]
    missing = claim(api, eve, checkoutId=global_id("Checkout", UUID(int=7)))
    senseless = claim(api, eve, checkoutId="Checkout")

    # then
    assert [errors(answer) for answer in answers] == [[("checkoutId", "NOT_FOUND")]] * 2
    assert errors(missing) == [("checkoutId", "NOT_FOUND")]
    assert [field for field, _ in errors(senseless)] == ["checkoutId"]
    assert build.everything() == before

    # and when the one who shares the code logs in on the guest's checkout
    own = claim(api, anna, checkoutId=api.checkout_id(guests))

    # then
    assert errors(own) == [("checkoutId", "OWN_CODE")]
    assert claimed(api, anna) is None


# for an order ---------------------------------------------------------------------------------


def for_order(api: Api, customer: Customer, order: Any, code: str) -> Any:
    return api.run(
        "claim-for-order", customer=customer, orderId=global_id("Order", order.ref), code=code
    )["orderReferralCodeApply"]


def test_a_forgotten_code_waits_for_staff_and_the_same_again_is_the_same(
    shop: Shop, api: Api
) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    order = given.order_without_code(shop, ben.email, customer=ben)
    order.pay()

    # when
    answers = [for_order(api, ben, order, code) for _ in range(2)]

    # then
    assert answers[0] == answers[1]
    assert answers[0]["errors"] == []
    assert answers[0]["referral"]["status"] == "IN_REVIEW"
    failed = [each["code"] for each in answers[0]["referral"]["findings"] if not each["passed"]]
    assert "CLAIMED_LATE" in failed
    assert Claim.objects.count() == 1


def test_nobody_claims_for_an_order_of_somebody_else(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    eve = shop.register("eve@example.com")
    code = shop.share(anna)
    order = given.order_without_code(shop, ben.email, customer=ben)
    before = build.everything()

    # when
    answer = for_order(api, eve, order, code)
    variables = {"orderId": global_id("Order", order.ref), "code": code}
    nobody = api.ask(operation("claim-for-order"), variables)

    # then
    assert (answer["referral"], errors(answer)) == (None, [("id", "ORDER_NOT_YOURS")])
    assert nobody["data"]["orderReferralCodeApply"] is None
    assert build.everything() == before


def test_a_code_that_comes_too_late_is_refused(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    order = given.order_without_code(shop, ben.email, customer=ben)
    shop.travel(days=8)

    # when
    answer = for_order(api, ben, order, code)

    # then
    assert (answer["referral"], errors(answer)) == (None, [("code", "CLAIM_TOO_LATE")])
