"""Ready-made terms, and what draft terms would mean."""

from typing import Any

import pytest

from saleor_referral_plugin.engine.presets import PRESETS
from saleor_referral_plugin.engine.terms import Terms
from saleor_referral_plugin.models import Program
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.graphql.test_staff_programs import STAFF, ask
from tests.scenarios import given
from tests.scenarios.shop import Shop


def preview(api: Api, **draft: Any) -> Any:
    return ask(api, "preview-program", input=draft)


def test_every_preset_is_listed_with_what_can_be_said_of_it(shop: Shop, api: Api) -> None:
    # when
    listed = {each["preset"]: each for each in ask(api, "program-presets")}

    # then
    assert list(listed) == [name.upper() for name in PRESETS]
    partner = listed["PARTNER"]
    assert partner["kind"] == "PARTNER"
    assert partner["description"].startswith("By invitation, with a company: a fixed fee")
    assert Terms.from_json(partner["rules"]) == PRESETS["partner"]()
    options = {option["name"]: option for option in partner["options"]}
    assert list(options) == ["currency", "amount", "minimum", "budget", "days", "hold_days"]
    assert options["days"] == {
        "name": "days",
        "description": "So many days after the claim an order counts.",
        "default": 90,
        "schema": {"default": 90, "title": "Days", "type": "integer"},
    }
    assert all(each["description"] for one in listed.values() for each in one["options"])


def test_the_rules_are_described_for_machines(shop: Shop, api: Api) -> None:
    # when
    schema = ask(api, "program-rules-schema")

    # then
    assert set(schema["properties"]) == set(Terms.model_fields)
    assert schema["properties"]["claim_valid"]["description"].startswith("From the claim to")


def test_a_draft_is_said_in_words_for_each_channel_and_nothing_is_saved(
    shop: Shop, api: Api
) -> None:
    # given
    given.program(shop)
    before = build.everything()
    options = {"friend_saves_percent": 20, "referrer_gets": {"USD": 10}, "hold_days": 0}

    # when
    answer = preview(api, preset="REFER_A_FRIEND", presetOptions=options)

    # then
    default, euro = answer["channels"]
    assert default == {
        "channel": "default",
        "currency": "USD",
        "whyNot": None,
        "offer": {"description": "20% off your first order."},
        "promises": [{"description": "$10.00 for each friend, as soon as their order is paid."}],
        "milestones": [],
    }
    assert euro == {
        "channel": "euro",
        "currency": "EUR",
        "whyNot": "no referrer's credit in EUR",
        "offer": None,
        "promises": [],
        "milestones": [],
    }
    assert answer["warnings"] == [
        {
            "code": "NO_HOLD",
            "channel": None,
            "message": "credit: issued as soon as the order is paid; what is spent before a "
            "return is a debt.",
        },
        {
            "code": "CHANNEL_LEFT_OUT",
            "channel": "euro",
            "message": "The program does not run in euro: no referrer's credit in EUR.",
        },
    ]
    assert (answer["isNewVersion"], answer["errors"]) == (True, [])
    assert build.everything() == before


@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ({}, [("GIVES_NOTHING", None)]),
        ({"discount": {"percent": 10}, "claims_until": "2020-01-01T00:00:00Z"}, [("OVER", None)]),
        ({"discount": {"percent": 10}, "channels": ["us", "euro"]}, [("CHANNEL_UNKNOWN", "us")]),
        ({"discount": {"percent": 10}, "minimum": {"EUR": 5}}, [("MINIMUM_MISSING", "default")]),
        (
            {
                "rewards": [{"worth": {"percent": 10}, "hold": {"days": 1}}],
                "caps": [{"amount": {"USD": 5}}],
            },
            [("LIMIT_MISSING", "euro")],
        ),
        ({"discount": {"percent": 10}}, []),
    ],
    ids=str,
)
def test_what_may_not_be_meant_so_is_said(
    shop: Shop, api: Api, rules: dict[str, Any], warned: list[Any]
) -> None:
    warnings = preview(api, rules=rules)["warnings"]
    assert [(each["code"], each["channel"]) for each in warnings] == warned


def test_a_wrong_draft_says_what_is_wrong(shop: Shop, api: Api) -> None:
    # when
    answers = [
        preview(api, rules={"rewards": [{"worth": {"percent": "x"}}]}),
        preview(api, rules={"goods": {"products": ["nothing"]}}),
        preview(api),
    ]

    # then
    errors = [
        [(each["field"], each["path"], each["code"]) for each in answer["errors"]]
        for answer in answers
    ]
    assert errors == [
        [("rules", "rewards.0.worth.percent", "INVALID")],
        [("rules", "goods", "INVALID")],
        [("rules", None, "REQUIRED")],
    ]
    assert [answer["channels"] for answer in answers] == [[], [], []]


def test_a_draft_is_compared_with_the_program_whose_it_may_become(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    program = Program.objects.get()
    program_id = global_id("ReferralProgram", program.pk)
    rules = program.versions.get().rules

    # when
    own = preview(api, id=program_id)
    same = preview(api, id=program_id, rules=rules)
    other = preview(api, id=program_id, rules={**rules, "minimum": {"USD": 5}})

    # then
    assert [each["isNewVersion"] for each in (own, same, other)] == [False, False, True]
    assert own["channels"] == same["channels"] != []


@pytest.mark.parametrize("program_id", [global_id("ReferralProgram", 0), "Summer"])
def test_there_is_no_preview_for_a_program_that_is_not_there(
    shop: Shop, api: Api, program_id: str
) -> None:
    answer = api.ask(operation("preview-program"), {"input": {"id": program_id}}, permissions=STAFF)
    assert answer["data"] == {"referralProgramPreview": None}
    assert len(answer["errors"]) == 1
