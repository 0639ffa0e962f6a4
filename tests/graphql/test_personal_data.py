"""One person's data, told and erased by the API."""

from typing import Any

from saleor_referral_plugin.models import Erasure, Referral
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

STAFF = ("MANAGE_USERS",)


def friend_of(shop: Shop, anna: Customer) -> Customer:
    """Ben, who has bought with Anna's code and paid."""
    given.program(shop, hold_days="0")
    ben = shop.register("ben@example.com")
    given.friends_order(shop, shop.share(anna), email=ben.email, customer=ben).pay()
    shop.run_periodic_tasks()
    return ben


def ask(api: Api, name: str, **variables: Any) -> Any:
    return api.ask(operation(name), variables, permissions=STAFF)


def told(api: Api, **whose: Any) -> Any:
    return ask(api, "personal-data", **whose)["data"]["referralPersonalData"]


def erase(api: Api, **variables: Any) -> Any:
    answer = ask(api, "erase-personal-data", **variables)
    return answer["data"]["referralPersonalDataErase"]


def test_a_person_is_told_by_account_and_by_address(shop: Shop, api: Api) -> None:
    # given
    anna = shop.register("anna@example.com")
    ben = friend_of(shop, anna)

    # when
    by_account = told(api, userId=global_id("User", ben.user_ref))
    by_address = told(api, email="Ben+shop@example.com")
    annas = told(api, userId=global_id("User", anna.user_ref))

    # then
    for of_ben in (by_account, by_address):
        assert [referral["status"] for referral in of_ben["referred"]] == ["qualified"]
        assert of_ben["referrals"] == of_ben["rewards"] == []
        assert len(of_ben["orders"]) == 1
    assert [referral["status"] for referral in annas["referrals"]] == ["qualified"]
    assert [reward["status"] for reward in annas["rewards"]] == ["issued"]
    assert annas["referred"] == annas["orders"] == []


def test_what_is_erased_does_not_come_back_and_the_totals_stay(shop: Shop, api: Api) -> None:
    # given
    anna = shop.register("anna@example.com")
    ben = friend_of(shop, anna)
    user_id = global_id("User", ben.user_ref)

    # when
    answer = erase(api, userId=user_id, reason="Asked for by letter.")
    shop.run_periodic_tasks()

    # then
    assert answer["errors"] == []
    assert answer["erased"] == {"referrers": 0, "referrals": 1, "orders": 1, "claims": 1}
    assert all(not rows for rows in told(api, userId=user_id).values())
    assert shop.balance(anna) == 10
    shop.verify_books()
    [erasure] = Erasure.objects.all()
    assert erasure.reason == "Asked for by letter."
    assert erasure.by.startswith("User:")


def test_a_referrer_who_is_erased_keeps_no_credit(shop: Shop, api: Api) -> None:
    # given
    anna = shop.register("anna@example.com")
    friend_of(shop, anna)

    # when
    answer = erase(api, userId=global_id("User", anna.user_ref), reason="Asked for.")

    # then
    assert answer["erased"]["referrers"] == 1
    assert [card.balance for card in shop.gift_cards(anna)] in ([], [0])
    shop.verify_books()


def test_of_an_account_that_is_none_nothing_is_told(shop: Shop, api: Api) -> None:
    # given
    friend_of(shop, shop.register("anna@example.com"))

    # when
    answers = [told(api, userId=global_id("User", key)) for key in ("abc", "9" * 30, "-1")]

    # then
    for answer in answers:
        assert all(not rows for rows in answer.values())


def test_one_person_is_named_and_a_reason_given(shop: Shop, api: Api) -> None:
    # given
    ben = friend_of(shop, shop.register("anna@example.com"))
    user_id = global_id("User", ben.user_ref)
    before = build.everything()

    # when
    answers = [
        erase(api, reason="Asked for."),
        erase(api, userId=user_id, email=ben.email, reason="Asked for."),
        erase(api, userId="nonsense", reason="Asked for."),
        erase(api, userId=user_id, reason=" "),
    ]

    # then
    assert [[(e["field"], e["code"]) for e in answer["errors"]] for answer in answers] == [
        [(None, "GRAPHQL_ERROR")],
        [(None, "GRAPHQL_ERROR")],
        [(None, "GRAPHQL_ERROR")],
        [("reason", "REQUIRED")],
    ]
    assert build.everything() == before
    assert Referral.objects.filter(referee_email_key=None).count() == 0
