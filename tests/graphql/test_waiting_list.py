"""Signing up for a waiting list, and confirming it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from saleor_referral_plugin.engine import waitlist
from saleor_referral_plugin.engine.presets import waitlist as preset
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import ProgramKind
from saleor_referral_plugin.models import Program, Referral, ReferralCode, SignUp
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios.shop import Shop

PAGE = "http://localhost/waiting?lang=en"


@pytest.fixture
def told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, Any]]]:
    """What was sent to addresses: (address, event, payload)."""
    shop.run_program(preset(), slug="launch", kind=ProgramKind.WAITLIST)
    Program.objects.update(link_url="https://shop.example.com/")
    sent: list[tuple[str, str, dict[str, Any]]] = []
    store = get_store()
    tell = type(store).tell

    def noting(
        self: Any, user_ref: str, event: str, payload: dict[str, Any], *, email: str = ""
    ) -> None:
        tell(self, user_ref, event, payload, email=email)
        sent.append((email, event, payload))

    monkeypatch.setattr(type(store), "tell", noting)
    return sent


def sign_up(api: Api, email: str, code: str | None = None, **more: Any) -> Any:
    program = global_id("ReferralProgram", Program.objects.get(slug="launch").pk)
    given = {"program": program, "email": email, "code": code, "redirectUrl": PAGE, **more}
    return api.run("sign-up", **given)["referralSignUpCreate"]


def confirm(api: Api, token: str) -> Any:
    return api.run("confirm-sign-up", token=token)["referralSignUpConfirm"]


def token_in(message: tuple[str, str, dict[str, Any]]) -> str:
    return str(message[2]["token"])


def refusals(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer["errors"]]


def test_an_address_signs_up_confirms_and_shares(shop: Shop, api: Api, told: list[Any]) -> None:
    # when
    answer = sign_up(api, " anna@example.com ")

    # then
    assert answer == {"errors": []}
    [(address, event, payload)] = told
    assert (address, event) == ("anna@example.com", "referral_sign_up_requested")
    url = urlsplit(payload["confirm_url"])
    assert payload["confirm_url"].startswith(PAGE)
    assert parse_qs(url.query)["token"] == [payload["token"]]

    # when
    confirmed = confirm(api, payload["token"])

    # then
    code = str(ReferralCode.objects.get())
    assert confirmed["errors"] == []
    assert confirmed["signUp"].pop("confirmedAt") is not None
    assert confirmed["signUp"] == {
        "programName": "Refer a friend",
        "code": code,
        "link": f"https://shop.example.com/?ref={code}",
        "referrals": 0,
        "rank": None,
    }


def test_who_brings_friends_sees_it(shop: Shop, api: Api, told: list[Any]) -> None:
    # given
    sign_up(api, "anna@example.com")
    annas = token_in(told[0])
    code = confirm(api, annas)["signUp"]["code"]

    # when: two come with the code, one of them confirms
    sign_up(api, "ben@example.com", code)
    sign_up(api, "cara@example.com", code.lower())
    confirm(api, token_in(told[1]))

    # then
    seen = api.run("my-sign-up", token=annas)["referralSignUp"]
    assert (seen["referrals"], seen["rank"]) == (1, 1)
    assert sorted(Referral.objects.values_list("status", flat=True)) == ["attributed", "qualified"]


def test_nobody_learns_who_is_on_the_list_or_whose_a_code_is(
    shop: Shop, api: Api, told: list[Any]
) -> None:
    # given
    first = sign_up(api, "anna@example.com")
    code = confirm(api, token_in(told[0]))["signUp"]["code"]

    # when
    again = sign_up(api, "anna@example.com")
    with_own_code = sign_up(api, "Anna@example.com", code)

    # then
    assert first == again == with_own_code == {"errors": []}
    assert SignUp.objects.count() == 1
    assert Referral.objects.count() == 0


def test_before_confirmation_there_is_nothing_to_share(
    shop: Shop, api: Api, told: list[Any]
) -> None:
    # given
    sign_up(api, "anna@example.com")

    # when
    seen = api.run("my-sign-up", token=token_in(told[0]))["referralSignUp"]

    # then
    assert (seen["confirmedAt"], seen["code"], seen["link"]) == (None, None, None)
    assert ReferralCode.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"email": "nonsense"}, "email", "ADDRESS_INVALID"),
        ({"email": ""}, "email", "ADDRESS_INVALID"),
        ({"code": "AAAAA-AAAAA"}, "code", "CODE_INVALID"),
        ({"code": "nonsense"}, "code", "CODE_INVALID"),
        ({"redirectUrl": "https://evil.example.net/"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "nonsense"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "//localhost/waiting"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "javascript://localhost/%0aalert(1)"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "data://localhost/text"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://anna@localhost/"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://localhost\\@evil.example.net/"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://localhost@evil.example.net/"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://localhost.evil.example.net/"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://localhost/\r\nBcc: all@example.com"}, "redirectUrl", "INVALID"),
        ({"redirectUrl": "http://localhost/\u202eevil"}, "redirectUrl", "INVALID"),
        ({"program": global_id("ReferralProgram", 999_999)}, "program", "NOT_FOUND"),
        ({"program": "nonsense"}, "program", "GRAPHQL_ERROR"),
    ],
)
def test_what_cannot_be_is_refused_and_nobody_is_written_to(
    shop: Shop, api: Api, told: list[Any], given: dict[str, str], field: str, code: str
) -> None:
    # given
    before = build.everything()

    # when
    answer = sign_up(api, **{"email": "anna@example.com", **given})

    # then
    assert refusals(answer) == [(field, code)]
    assert (told, SignUp.objects.count()) == ([], 0)
    assert build.everything() == before


def test_an_ordinary_program_is_no_waiting_list(shop: Shop, api: Api, told: list[Any]) -> None:
    # given
    shop.run_program(preset(), slug="other")
    other = global_id("ReferralProgram", Program.objects.get(slug="other").pk)

    # then
    assert refusals(sign_up(api, "anna@example.com", program=other)) == [("program", "NOT_FOUND")]


def test_a_list_that_is_closed_takes_nobody(shop: Shop, api: Api, told: list[Any]) -> None:
    # given
    shop.run_program(preset(), slug="launch", kind=ProgramKind.WAITLIST, closed=True)

    # then
    assert refusals(sign_up(api, "anna@example.com")) == [("program", "PROGRAM_NOT_RUNNING")]


def test_one_address_is_not_flooded(shop: Shop, api: Api, told: list[Any]) -> None:
    # given
    for _ in range(3):
        assert sign_up(api, "anna@example.com") == {"errors": []}

    # when
    answer = sign_up(api, "anna+again@example.com")

    # then
    assert refusals(answer) == [("email", "TOO_MANY_TRIES")]
    assert answer["errors"][0]["retryAt"] is not None
    assert len(told) == 3


def test_one_client_does_not_fill_the_list(
    shop: Shop, api: Api, told: list[Any], settings: Any
) -> None:
    # given
    settings.REFERRAL_RATE_LIMITS = {"sign_up": "2 per hour"}
    for name in ("anna", "ben"):
        sign_up(api, f"{name}@example.com")

    # then
    assert refusals(sign_up(api, "cara@example.com")) == [("email", "TOO_MANY_TRIES")]
    assert SignUp.objects.count() == 2


@pytest.mark.parametrize("token", ["", "nonsense", "MQ:1tokEn:forged"])
def test_a_token_of_nobodys_confirms_nothing(
    shop: Shop, api: Api, told: list[Any], token: str
) -> None:
    # given
    sign_up(api, "anna@example.com")

    # then
    assert refusals(confirm(api, token)) == [("token", "NOT_FOUND")]
    assert api.run("my-sign-up", token=token) == {"referralSignUp": None}
    assert SignUp.objects.get().confirmed_at is None


def test_tokens_cannot_be_guessed_for_ever(shop: Shop, api: Api, settings: Any) -> None:
    # given
    settings.REFERRAL_RATE_LIMITS = {"unknown_code": "1 per hour"}
    confirm(api, "nonsense")

    # when
    answer = confirm(api, "nonsense")
    asked = api.ask(operation("my-sign-up"), {"token": "nonsense"})

    # then
    assert refusals(answer) == [("token", "TOO_MANY_TRIES")]
    assert asked["errors"][0]["extensions"]["referral"]["code"] == "TOO_MANY_TRIES"


def test_sign_ups_are_referrals_with_a_masked_friend(shop: Shop, api: Api, told: list[Any]) -> None:
    # given: a customer who shares their code of the waiting list
    anna = shop.register("anna@example.com")
    code = shop.share(anna, program="launch")
    sign_up(api, "ben@example.com", code)
    waitlist.confirm(token_in(told[0]), store=get_store())

    # when
    found = api.run("my-referrals", customer=anna)["me"]

    # then: without a program of the plugin's page there is no code, but there are referrals
    [node] = [edge["node"] for edge in found["referral"]["referrals"]["edges"]]
    assert node["referee"] == {"displayName": "b***"}
    assert node["status"] == "QUALIFIED"
