"""`User.referral.programs`: what is open to a customer, how far they have come, and why not."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import (
    ProgramKind,
    ReferrerConditions,
    RewardKind,
    Span,
)
from saleor_referral_plugin.models import Program, ReferralCode
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


def programs_of(api: Api, customer: Customer, channel: str = "default") -> dict[str, Any]:
    data = api.run("my-programs", customer=customer, channel=channel, source="mail")
    found = data["me"]["referral"]["programs"]
    return {each["program"]["slug"]: each for each in found}


def failed(part: Any) -> list[str]:
    return [finding["code"] for finding in part["findings"] if not finding["passed"]]


@pytest.fixture
def anna(shop: Shop) -> Customer:
    given.program(shop, link_url="https://shop.example.com/{channel}/")
    return shop.register("anna@example.com")


def test_an_open_program_has_code_link_and_what_it_gives(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # when
    part = programs_of(api, anna)["default"]

    # then
    code = shop.share(anna)
    assert part["isOpen"] is True
    assert failed(part) == []
    assert part["code"] == code
    assert part["link"] == f"https://shop.example.com/default/?ref={code}&utm_source=mail"
    assert part["program"] == {
        "id": global_id("ReferralProgram", Program.objects.get().pk),
        "slug": "default",
        "name": "Refer a friend",
        "kind": "CUSTOMER",
        "offer": {"description": "10% off your first order."},
        "promises": [
            {
                "description": "$10.00 for each friend, 14 days after their order is paid.",
                "beneficiary": "REFERRER",
                "kind": "CREDIT",
                "percentage": None,
                "amount": {"amount": 10, "currency": "USD"},
            }
        ],
    }
    assert (part["group"], part["progress"]) == (None, [])


def test_a_program_by_invitation_says_so_and_keeps_its_terms_to_itself(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    terms = presets.tiered_ambassador(percent=5)
    shop.run_program(terms, slug="ambassadors", kind=ProgramKind.INFLUENCER, priority=10)

    # when
    closed = programs_of(api, anna)["ambassadors"]

    # then
    assert (closed["isOpen"], failed(closed)) == (False, ["NOT_INVITED"])
    assert closed["findings"][0]["message"] == "This program is by invitation only."
    assert (closed["code"], closed["link"], closed["progress"]) == (None, None, [])
    assert (closed["program"]["offer"], closed["program"]["promises"]) == (None, [])
    assert not ReferralCode.objects.filter(program__slug="ambassadors").exists()

    # when
    shop.invite(anna, program="ambassadors")
    opened = programs_of(api, anna)

    # then: the one with the higher priority comes first
    assert list(opened) == ["ambassadors", "default"]
    assert opened["ambassadors"]["isOpen"] is True
    assert opened["ambassadors"]["code"] == shop.share(anna, program="ambassadors")
    [promise] = opened["ambassadors"]["program"]["promises"]
    assert promise["description"] == (
        "5% of each friend's goods, 30 days after their order is paid."
    )


def test_members_of_a_group_see_what_their_group_gets(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    terms = presets.tiered_ambassador(percent=5)
    shop.run_program(terms, slug="ambassadors", kind=ProgramKind.INFLUENCER)

    # when
    shop.invite(anna, group="silver", program="ambassadors")
    part = programs_of(api, anna)["ambassadors"]

    # then
    assert part["group"] == "silver"
    assert part["program"]["promises"][0]["percentage"] == 8


def test_who_is_not_yet_what_is_asked_for_reads_why(shop: Shop, api: Api) -> None:
    # given
    asked = ReferrerConditions(has_bought=True, customer_for=Span(days=30))
    shop.run_program(presets.refer_a_friend().but(referrer=asked))
    anna = shop.register("anna@example.com")

    # when
    before = programs_of(api, anna)["default"]

    # then
    assert (before["isOpen"], failed(before)) == (False, ["NOT_YET_ELIGIBLE"])
    assert before["findings"][0]["message"] == "You cannot take part in this program yet."

    # when
    given.order_without_code(shop, "anna@example.com", customer=anna)
    shop.travel(days=31)

    # then
    assert programs_of(api, anna)["default"]["isOpen"] is True


def test_where_a_program_does_not_run_it_is_not_open(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    given.program(shop, channels="default")

    # when
    there = programs_of(api, anna, "euro")["default"]

    # then
    assert failed(there) == ["PROGRAM_NOT_RUNNING"]
    assert programs_of(api, anna, "no-channel") == {}


def test_a_stopped_program_is_shown_to_who_was_in_it_and_to_nobody_else(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    shop.share(anna)
    shop.run_program(presets.refer_a_friend(), slug="other")
    shop.run_program(presets.refer_a_friend(), slug="other", closed=True)
    given.program(shop, program_running=False)

    # then
    assert list(programs_of(api, anna)) == ["default"]
    assert failed(programs_of(api, anna)["default"]) == ["PROGRAM_NOT_RUNNING"]
    assert programs_of(api, anna)["default"]["code"] == shop.share(anna)


def test_progress_towards_milestones_and_what_the_next_takes(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.milestone(steps={2: {"USD": 20}, 5: {"USD": 50}}))
    anna = shop.register("anna@example.com")
    build.referrals(anna, 3)

    # when
    [progress] = programs_of(api, anna)["default"]["progress"]

    # then
    assert progress == {
        "name": "milestones",
        "period": "LIFE",
        "endsAt": None,
        "referrals": 3,
        "revenue": {"amount": 0, "currency": "USD"},
        "reached": [{"description": "$20.00 for 2 friends."}],
        "next": {
            "description": "$50.00 for 5 friends.",
            "reward": {"amount": 50, "currency": "USD"},
            "group": None,
        },
        "missingReferrals": 2,
        "missingRevenue": None,
    }


def test_tiers_of_a_year_are_counted_in_that_year(shop: Shop, api: Api) -> None:
    # given: three referrals in the January of the past
    shop.run_program(
        presets.tiered_ambassador(percent=5, tiers={2: ("silver", 8)}),
        kind=ProgramKind.INFLUENCER,
    )
    anna = shop.register("anna@example.com")
    shop.invite(anna)
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()

    # when
    [progress] = programs_of(api, anna)["default"]["progress"]

    # then
    assert (progress["period"], progress["referrals"]) == ("CALENDAR_YEAR", 1)
    assert progress["missingReferrals"] == 1
    assert progress["next"]["group"] == "silver"
    assert progress["endsAt"].startswith("20")

    # when
    shop.travel(days=366)

    # then
    [progress] = programs_of(api, anna)["default"]["progress"]
    assert progress["referrals"] == 0


def test_what_a_program_gives_anybody_may_read(shop: Shop, api: Api) -> None:
    # given
    terms = presets.dropbox()
    shop.run_program(terms)

    # when
    program = api.run("what-a-program-gives", channel="default")["referralProgram"]

    # then
    said = [(p["beneficiary"], p["kind"], p["description"]) for p in program["promises"]]
    assert said == [
        (
            "REFERRER",
            RewardKind.POINTS.name,
            "500 MB for each friend, as soon as their order is paid.",
        ),
        ("REFEREE", RewardKind.POINTS.name, "500 MB for you, as soon as your order is paid."),
    ]
    assert program["promises"][0]["amount"] == {"amount": 500, "currency": "MB"}


def test_milestones_are_said_in_words_and_amounts(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.milestone())

    # when
    program = api.run("what-a-program-gives", channel="default")["referralProgram"]

    # then
    [milestones] = program["milestones"]
    assert milestones["name"] == "milestones"
    assert milestones["steps"] == [
        {
            "description": "$20.00 for 3 friends.",
            "referrals": 3,
            "revenue": None,
            "reward": {"amount": 20, "currency": "USD"},
            "kind": "CREDIT",
            "group": None,
        },
        {
            "description": "$100.00 for 10 friends.",
            "referrals": 10,
            "revenue": None,
            "reward": {"amount": 100, "currency": "USD"},
            "kind": "CREDIT",
            "group": None,
        },
    ]


@pytest.mark.parametrize("why", ["by invitation", "stopped", "elsewhere", "nowhere", "unknown"])
def test_every_program_that_is_not_open_to_all_answers_alike(
    shop: Shop, api: Api, why: str
) -> None:
    # given
    terms = presets.refer_a_friend()
    kind = ProgramKind.PARTNER if why == "by invitation" else ProgramKind.CUSTOMER
    channels = ("euro",) if why == "elsewhere" else ()
    shop.run_program(terms.but(channels=channels), slug="it", kind=kind)
    if why == "stopped":
        shop.run_program(terms, slug="it", closed=True)

    # when
    data = api.run(
        "what-a-program-gives",
        program="other" if why == "unknown" else "it",
        channel="no-channel" if why == "nowhere" else "default",
    )

    # then
    assert data == {"referralProgram": None}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('channel: "default"', "At least one of arguments is required: 'id', 'slug'."),
        (
            'channel: "default", id: "x", slug: "y"',
            "Argument 'id' cannot be combined with 'slug'",
        ),
        ('channel: "default", id: "x"', "Invalid ID: x. Expected: ReferralProgram."),
    ],
)
def test_a_program_is_named_in_one_way(shop: Shop, api: Api, arguments: str, message: str) -> None:
    # when
    answer = api.ask(f"{{ referralProgram({arguments}) {{ id }} }}")

    # then
    assert [error["message"] for error in answer["errors"]] == [message]
