"""`referralCodeUpdate` and `referrerUpdate`: what referrers choose for themselves."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import ProgramKind
from saleor_referral_plugin.models import Claim, Program, ReferralCode, Referrer
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


@pytest.fixture
def anna(shop: Shop) -> Customer:
    given.program(shop, link_url="https://shop.example.com/")
    return shop.register("anna@example.com")


def choose(api: Api, customer: Customer, code: str, **more: Any) -> Any:
    return api.run("choose-code", customer=customer, code=code, **more)["referralCodeUpdate"]


def refusals(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer["errors"]]


def test_a_customer_chooses_a_code_and_the_old_one_works_on(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    old = shop.share(anna)

    # when
    answer = choose(api, anna, "anna-Lee 26")

    # then
    assert answer["errors"] == []
    assert answer["code"] == "ANNA-LEE-26"
    assert answer["referrer"]["code"] == "ANNA-LEE-26"
    assert answer["referrer"]["link"] == "https://shop.example.com/?ref=ANNA-LEE-26"
    assert shop.share(anna) == "ANNA-LEE-26"
    for typed in (old, "ANNA-LEE-26", "anna1ee26", "Anna Lee 26"):
        checkout = shop.checkout(email="ben@example.com")
        assert checkout.enter_code(typed).accepted, typed
    referrers = set(Claim.objects.values_list("code__referrer__user_ref", flat=True))
    assert referrers == {anna.user_ref}


def test_an_earlier_code_can_be_chosen_again_and_is_nobody_elses(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    ben = shop.register("ben@example.com")
    choose(api, anna, "ANNA-ONE")
    choose(api, anna, "ANNA-TWO")

    # when
    taken = choose(api, ben, "anna one")
    again = choose(api, anna, "ANNA-ONE")

    # then
    assert refusals(taken) == [("code", "CODE_TAKEN")]
    assert again["code"] == "ANNA-ONE"
    assert not ReferralCode.objects.filter(referrer__user_ref=ben.user_ref).exists()
    of_anna = ReferralCode.objects.filter(referrer__user_ref=anna.user_ref)
    assert set(of_anna.values_list("written", flat=True)) == {"", "ANNA-ONE", "ANNA-TWO"}
    assert of_anna.filter(replaced_at=None).get().written == "ANNA-ONE"


@pytest.mark.parametrize(
    "wanted",
    [
        "ABC",
        "A" * 21,
        "ANNA!",
        "ÄNNE1",
        "",
        "   ",
        "---",
        "-ANNA",
        "SH1T-HAPPENS",
        "FR1END",
        "FRIEND",
        "friend7",
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    shop: Shop, api: Api, anna: Customer, wanted: str
) -> None:
    # given
    old = shop.share(anna)
    before = build.everything()

    # when
    answer = choose(api, anna, wanted)

    # then
    assert refusals(answer) == [("code", "CODE_UNFIT")]
    assert answer["errors"][0]["message"] == (
        "A code has 4 to 20 letters and digits, and no word that offends."
    )
    assert shop.share(anna) == old
    assert build.everything() == before


@pytest.mark.parametrize("wanted", ["JESSICA", "Michelle-26", "sebastian", "KURT", "Cassandra"])
def test_names_are_no_rude_words(shop: Shop, api: Api, anna: Customer, wanted: str) -> None:
    assert choose(api, anna, wanted)["errors"] == []


def test_a_code_of_the_shops_own_is_taken_however_it_is_written(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given: a credit is a gift card, with a code
    given.program(shop, hold_days="0")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)

    # when
    answer = choose(api, anna, card.code.lower())

    # then
    assert refusals(answer)[0] in [("code", "CODE_TAKEN"), ("code", "CODE_UNFIT")]
    assert not ReferralCode.objects.exclude(written="").exists()


def test_a_code_cannot_be_changed_all_the_time(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    for number in range(5):
        assert choose(api, anna, f"ANNA-{number}")["errors"] == []
    before = build.everything()

    # when
    answer = choose(api, anna, "ANNA-6")

    # then
    assert refusals(answer) == [("code", "TOO_MANY_TRIES")]
    assert answer["errors"][0]["retryAt"] is not None
    assert build.everything() == before

    # when
    shop.travel(days=31)

    # then
    assert choose(api, anna, "ANNA-6")["code"] == "ANNA-6"


def test_codes_cannot_be_tried_out_for_ever(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    choose(api, shop.register("ben@example.com"), "BENJAMIN")
    tried = [refusals(choose(api, anna, "BENJAMIN")) for _ in range(30)]
    assert tried == [[("code", "CODE_TAKEN")]] * 30

    # when
    answer = choose(api, anna, "SOMETHING-ELSE")

    # then
    assert refusals(answer) == [("code", "TOO_MANY_TRIES")]

    # when
    shop.travel(hours=1, seconds=1)

    # then
    assert choose(api, anna, "SOMETHING-ELSE")["errors"] == []


def test_each_program_has_its_own_code(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    terms = presets.affiliate_commission(percent=5)
    shop.run_program(terms, slug="affiliates", kind=ProgramKind.AFFILIATE)
    program = global_id("ReferralProgram", Program.objects.get(slug="affiliates").pk)

    # when
    not_invited = choose(api, anna, "ANNA-PRO", program=program)
    shop.invite(anna, program="affiliates")
    invited = choose(api, anna, "ANNA-PRO", program=program)

    # then
    assert refusals(not_invited) == [("code", "NOT_INVITED")]
    assert invited["code"] == "ANNA-PRO"
    assert shop.share(anna, program="affiliates") == "ANNA-PRO"
    assert shop.share(anna) != "ANNA-PRO"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (global_id("ReferralProgram", 999_999), "NOT_FOUND"),
        (global_id("Order", 1), "GRAPHQL_ERROR"),
        ("nonsense", "GRAPHQL_ERROR"),
    ],
)
def test_a_program_that_is_not_there_is_an_error(
    shop: Shop, api: Api, anna: Customer, program: str, code: str
) -> None:
    assert refusals(choose(api, anna, "ANNA-26", program=program)) == [("program", code)]


def test_the_name_one_chose_is_all_that_others_learn(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    code = shop.share(anna)

    # when
    answer = api.run("choose-display-name", customer=anna, displayName="  Anna   L. ")

    # then
    assert answer["referrerUpdate"]["errors"] == []
    assert answer["referrerUpdate"]["referrer"]["displayName"] == "Anna L."
    seen = api.run("what-a-code-gives", code=code, channel="default")
    assert seen["referralCode"]["displayName"] == "Anna L."

    # when
    api.run("choose-display-name", customer=anna, displayName="")

    # then
    seen = api.run("what-a-code-gives", code=code, channel="default")
    assert seen["referralCode"]["displayName"] is None


@pytest.mark.parametrize(
    "name", ["anna@example.com", "Anna 2000", "https://x", "A" * 41, "Shit", "...", "Anna\u202e"]
)
def test_a_name_that_is_none_is_refused(shop: Shop, api: Api, anna: Customer, name: str) -> None:
    # when
    answer = api.run("choose-display-name", customer=anna, displayName=name)["referrerUpdate"]

    # then
    assert refusals(answer) == [("displayName", "NAME_UNFIT")]
    assert set(Referrer.objects.values_list("display_name", flat=True)) <= {""}


def test_a_deleted_account_leaves_no_name(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    api.run("choose-display-name", customer=anna, displayName="Anna")

    # when
    shop.delete_account(anna)

    # then
    assert Referrer.objects.get().display_name == ""


@pytest.mark.parametrize("name", ["choose-code", "choose-display-name"])
def test_who_is_not_logged_in_is_denied(shop: Shop, api: Api, anna: Customer, name: str) -> None:
    # given
    before = build.everything()

    # when
    answer = api.ask(operation(name), {"code": "ANNA-26", "displayName": "Anna"})

    # then
    assert [error["message"] for error in answer["errors"]] == [
        "To access this path, you need one of the following permissions: AUTHENTICATED_USER"
    ]
    assert build.everything() == before
