"""What staff and apps do with programs, by the API."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import Terms
from saleor_referral_plugin.models import Program, ProgramChange, TermsVersion
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Shop

STAFF = ("MANAGE_DISCOUNTS",)
WHY = "For the summer."
GIVES = {"friend_saves_percent": 20, "referrer_gets": {"USD": "10", "EUR": 9}}


def ask(api: Api, name: str, *, app: bool = False, **variables: Any) -> Any:
    """The one answer of a ready document, asked by somebody who may."""
    answer = api.ask(operation(name), variables, permissions=STAFF, app=app)
    assert "errors" not in answer, answer
    [only] = answer["data"].values()
    return only


def create(api: Api, *, app: bool = False, **fields: Any) -> Any:
    given_fields = {"slug": "summer", "name": "Summer", "preset": "REFER_A_FRIEND", **fields}
    return ask(api, "create-program", input=given_fields, reason=WHY, app=app)


def made(api: Api, **fields: Any) -> str:
    answer = create(api, **fields)
    assert answer["errors"] == []
    return str(answer["program"]["id"])


def state() -> list[Any]:
    """All that there is of programs, to see whether something changed."""
    models = (Program, TermsVersion, ProgramChange)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def problems(answer: Any) -> list[tuple[str, str | None, str]]:
    assert answer["program"] is None
    return [(each["field"], each.get("path"), each["code"]) for each in answer["errors"]]


@pytest.mark.parametrize(("app", "kind"), [(False, "User"), (True, "App")])
def test_a_program_is_made_from_a_preset_and_it_is_written_down_by_whom(
    shop: Shop, api: Api, app: bool, kind: str
) -> None:
    # when
    answer = create(api, app=app, presetOptions=GIVES)

    # then
    program = Program.objects.get()
    assert answer == {
        "program": {
            "id": global_id("ReferralProgram", program.pk),
            "slug": "summer",
            "name": "Summer",
            "kind": "CUSTOMER",
            "status": "PAUSED",
            "version": 1,
        },
        "errors": [],
    }
    version = program.versions.get()
    gets = {"USD": 10, "EUR": 9}
    assert version.terms == presets.refer_a_friend(friend_saves_percent=20, referrer_gets=gets)
    change = ProgramChange.objects.get()
    assert (change.kind, change.reason, change.version) == ("create", WHY, 1)
    assert change.by == version.by
    assert change.by.split(":")[0] == kind


def test_a_program_is_made_from_rules_and_takes_codes_once_it_is_open(shop: Shop, api: Api) -> None:
    # given
    rules = {
        "discount": {"percent": "10"},
        "rewards": [{"worth": {"amounts": {"USD": "5"}}, "hold": {"days": 14}}],
    }
    program_id = made(api, preset=None, rules=rules, linkUrl="https://shop.example.com/")

    # when
    opened = ask(api, "open-program", id=program_id, reason="It starts.")

    # then
    program = Program.objects.get()
    assert program.versions.get().terms == Terms.from_json(rules)
    assert opened["errors"] == []
    assert opened["program"]["status"] == "OPEN"
    [edge] = opened["program"]["changes"]["edges"]
    assert (edge["node"]["kind"], edge["node"]["was"]) == ("OPEN", {"status": "paused"})
    code = shop.share(shop.register("anna@example.com"), program="summer")
    assert shop.checkout(email="ben@example.com").enter_code(code).accepted


def test_a_preset_says_what_kind_of_program_it_is_for(shop: Shop, api: Api) -> None:
    assert create(api, preset="PARTNER")["program"]["kind"] == "PARTNER"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"slug": "two words"}, [("slug", None, "INVALID")]),
        ({"slug": "s" * 51}, [("slug", None, "INVALID")]),
        ({"slug": "default"}, [("slug", None, "UNIQUE")]),
        ({"name": " "}, [("name", None, "INVALID")]),
        ({"linkUrl": "shop"}, [("linkUrl", None, "INVALID")]),
        ({"slug": "", "name": ""}, [("slug", None, "INVALID"), ("name", None, "INVALID")]),
        ({"preset": None}, [("rules", None, "REQUIRED")]),
        ({"rules": {}}, [("preset", None, "INVALID")]),
        ({"presetOptions": {"hold": 1}}, [("presetOptions", "hold", "INVALID")]),
        (
            {"presetOptions": {"hold_days": "soon", "referrer_gets": {"USD": "much"}}},
            [
                ("presetOptions", "referrer_gets.USD", "INVALID"),
                ("presetOptions", "hold_days", "INVALID"),
            ],
        ),
        (
            {"preset": "DROPBOX", "presetOptions": {"each": "9" * 30}},
            [("presetOptions", None, "INVALID")],
        ),
        ({"presetOptions": {"friend_saves_percent": 200}}, [("presetOptions", None, "INVALID")]),
        (
            {"preset": None, "rules": {"rewards": [{"worth": {"percent": 0}}], "colour": "red"}},
            [("rules", "rewards.0.worth.percent", "INVALID"), ("rules", "colour", "INVALID")],
        ),
        (
            {"preset": None, "rules": {"goods": {"categories": ["nowhere"]}}},
            [("rules", "goods", "INVALID")],
        ),
        (
            {"preset": None, "rules": {"channels": ["a\0b"]}},
            [("rules", None, "INVALID")],
        ),
        (
            {"preset": None, "rules": {"minimum": {"USD": "1e400"}}},
            [("rules", "minimum", "INVALID")],
        ),
        ({"preset": None, "presetOptions": {}}, [("presetOptions", None, "INVALID")]),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_where_it_is_and_nothing_is_saved(
    shop: Shop, api: Api, fields: dict[str, Any], wrong: list[Any]
) -> None:
    # given
    given.program(shop)
    before = state()

    # when
    answer = create(api, **fields)

    # then
    assert sorted(problems(answer), key=str) == sorted(wrong, key=str)
    assert state() == before


def test_what_is_wrong_is_said_in_words(shop: Shop, api: Api) -> None:
    # when
    answer = create(api, preset=None, rules={"touch": "middle", "minimum": {"USD": "-1"}, "x": 1})

    # then
    assert [error["message"] for error in answer["errors"]] == [
        "An amount is above 0.",
        "Input should be 'first' or 'last'.",
        'There is no "x".',
    ]


def test_other_terms_are_a_new_version_and_the_same_again_are_none(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api, presetOptions=GIVES)
    other = {"preset": "REFER_A_FRIEND", "presetOptions": {**GIVES, "hold_days": 30}}

    # when
    first = ask(api, "update-program", id=program_id, input=other, reason="Returns.")
    again = ask(api, "update-program", id=program_id, input=other, reason="Returns.")
    named = ask(api, "update-program", id=program_id, input={"name": "Sun"}, reason="Shorter.")

    # then
    versions = [answer["program"]["version"] for answer in (first, again, named)]
    assert versions == [2, 2, 2]
    [credit] = TermsVersion.objects.get(version=2).terms.rewards
    assert credit.hold.days == 30
    assert named["program"]["name"] == "Sun"
    recorded = ProgramChange.objects.order_by("pk").values_list("kind", "was", "reason")
    assert list(recorded[1:]) == [
        ("update", {"version": 1}, "Returns."),
        ("update", {"name": "Summer"}, "Shorter."),
    ]


def test_a_wrong_change_changes_nothing(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api)
    before = state()

    # when
    goods = {"name": "Sun", "rules": {"goods": {"products": ["nothing"]}}}
    answers = [
        ask(api, "update-program", id=program_id, input=goods, reason=WHY),
        ask(api, "update-program", id=program_id, input={"name": "Sun"}, reason=" "),
        ask(api, "update-program", id=program_id, input={"name": "Sun"}, reason="a\0"),
        ask(api, "update-program", id=global_id("ReferralProgram", 0), input={}, reason=WHY),
        ask(api, "update-program", id="Summer", input={}, reason=WHY),
    ]

    # then
    assert [problems(answer) for answer in answers] == [
        [("rules", "goods", "INVALID")],
        [("reason", None, "REQUIRED")],
        [("reason", None, "INVALID")],
        [("id", None, "NOT_FOUND")],
        [("id", None, "GRAPHQL_ERROR")],
    ]
    assert state() == before


def test_a_paused_program_takes_no_codes_and_keeps_its_promises(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api, presetOptions={**GIVES, "hold_days": 0})
    ask(api, "open-program", id=program_id, reason=WHY)
    code = shop.share(shop.register("anna@example.com"), program="summer")
    claimed = shop.checkout(email="ben@example.com")
    assert claimed.enter_code(code).accepted

    # when
    paused = ask(api, "pause-program", id=program_id, reason="Too many orders.")
    late = shop.checkout(email="cara@example.com").enter_code(code)
    assert claimed.complete().accepted
    claimed.placed.pay()

    # then
    assert paused["program"]["status"] == "PAUSED"
    assert not late.accepted
    referral = shop.referral(claimed.placed)
    assert referral is not None
    assert referral.status == "qualified"


def test_closed_archived_and_back_again(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api)
    ask(api, "open-program", id=program_id, reason=WHY)

    def do(what: str) -> Any:
        return ask(api, what, id=program_id, reason=WHY)

    # when
    too_soon = do("archive-program")
    closed = do("close-program")
    no_pause = do("pause-program")
    archived = do("archive-program")
    no_opening = do("open-program")
    back = do("unarchive-program")
    opened = do("open-program")

    # then
    assert problems(too_soon) == [("id", None, "PROGRAM_NOT_CLOSED")]
    assert closed["program"]["status"] == "CLOSED"
    assert problems(no_pause) == [("id", None, "PROGRAM_CLOSED")]
    assert archived["program"]["archivedAt"] is not None
    assert problems(no_opening) == [("id", None, "PROGRAM_ARCHIVED")]
    assert (back["program"]["archivedAt"], back["program"]["status"]) == (None, "CLOSED")
    assert opened["program"]["status"] == "OPEN"
    assert list(ProgramChange.objects.order_by("pk").values_list("kind", flat=True)) == [
        "create",
        "open",
        "close",
        "archive",
        "unarchive",
        "open",
    ]


def test_done_twice_it_is_recorded_once(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api)

    # when
    for _ in range(2):
        answer = ask(api, "close-program", id=program_id, reason=WHY)

    # then
    assert answer["errors"] == []
    assert ProgramChange.objects.filter(kind="close").count() == 1


def test_a_program_on_which_something_hangs_stays(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api)
    ask(api, "open-program", id=program_id, reason=WHY)
    code = shop.share(shop.register("anna@example.com"), program="summer")
    shop.checkout(email="ben@example.com").enter_code(code)
    before = state()

    # when
    answer = ask(api, "delete-program", id=program_id, reason="By mistake.")

    # then
    assert answer == {
        "program": None,
        "errors": [
            {
                "field": "id",
                "code": "IN_USE",
                "message": "On the program hang 1 code and 1 claim: close it instead.",
            }
        ],
    }
    assert state() == before


def test_a_program_on_which_nothing_hangs_is_gone_and_the_record_says_what_it_was(
    shop: Shop, api: Api
) -> None:
    # given
    program_id = made(api, presetOptions=GIVES)
    ask(api, "open-program", id=program_id, reason=WHY)
    rules = TermsVersion.objects.get().rules

    # when
    answer = ask(api, "delete-program", id=program_id, reason="By mistake.")

    # then
    assert answer["errors"] == []
    assert (answer["program"]["id"], answer["program"]["slug"]) == (program_id, "summer")
    assert (Program.objects.count(), TermsVersion.objects.count()) == (0, 0)
    change = ProgramChange.objects.get(kind="delete")
    assert (change.slug, change.reason) == ("summer", "By mistake.")
    assert (change.was["name"], change.was["rules"]) == ("Summer", rules)
    assert create(api)["errors"] == []


def test_the_program_of_the_plugins_page_is_neither_archived_nor_deleted(
    shop: Shop, api: Api
) -> None:
    # given
    given.program(shop)
    program_id = global_id("ReferralProgram", Program.objects.get().pk)
    ask(api, "close-program", id=program_id, reason=WHY)
    before = state()

    # when
    answers = [
        ask(api, f"{what}-program", id=program_id, reason=WHY) for what in ("archive", "delete")
    ]

    # then
    assert [problems(answer) for answer in answers] == [[("id", None, "ON_PLUGIN_PAGE")]] * 2
    assert state() == before


def test_an_archived_program_is_not_among_a_customers(shop: Shop, api: Api) -> None:
    # given
    program_id = made(api)
    ask(api, "open-program", id=program_id, reason=WHY)
    anna = shop.register("anna@example.com")
    shop.share(anna, program="summer")
    document = '{ me { referral { programs(channel: "default") { program { slug } } } } }'

    def programs() -> list[str]:
        answer = api.ask(document, customer=anna)
        return [each["program"]["slug"] for each in answer["data"]["me"]["referral"]["programs"]]

    # when
    ask(api, "close-program", id=program_id, reason=WHY)
    closed = programs()
    ask(api, "archive-program", id=program_id, reason=WHY)

    # then
    assert closed == ["summer"]
    assert programs() == []
