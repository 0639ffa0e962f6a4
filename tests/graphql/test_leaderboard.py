"""The leaderboard: masked, with shared ranks, and with the place of whoever asks."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import CapPeriod, Terms
from saleor_referral_plugin.models import Referral
from tests.graphql import build
from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


def for_ever() -> Terms:
    terms = presets.ranking()
    [ranking] = terms.rankings
    return terms.but(rankings=(ranking.but(period=CapPeriod.LIFE),))


@pytest.fixture
def people(shop: Shop) -> list[Customer]:
    """Anna with 3 referrals, Ben and Cara with 2 (Ben had them first), Dan with 1."""
    shop.run_program(for_ever())
    people = [shop.register(f"{name}@example.com") for name in ("anna", "ben", "cara", "dan")]
    first = 0
    for customer, count in zip(people, (3, 2, 2, 1), strict=True):
        build.referrals(customer, count, first=first)
        first += count
    return people


def board(api: Api, customer: Customer | None = None, **page: Any) -> Any:
    data = api.run("leaderboard", customer=customer, channel="default", **page)
    [found] = data["referralProgram"]["leaderboards"]
    return found


def lines(found: Any) -> list[tuple[int, str, int]]:
    nodes = [edge["node"] for edge in found["places"]["edges"]]
    return [(node["rank"], node["displayName"], node["referrals"]) for node in nodes]


def test_anybody_sees_it_masked_and_ties_share_a_rank(
    shop: Shop, api: Api, people: list[Customer]
) -> None:
    # when
    found = board(api)

    # then
    assert lines(found) == [(1, "a***", 3), (2, "b***", 2), (2, "c***", 2), (4, "d***", 1)]
    assert found["own"] is None
    assert found["places"]["totalCount"] == 4
    assert (found["period"], found["startsAt"], found["endsAt"]) == ("LIFE", None, None)
    assert [prize["description"] for prize in found["prizes"]] == [
        "$100.00 for place 1.",
        "$50.00 for place 2.",
        "$25.00 for place 3.",
    ]


def test_who_asks_sees_their_own_place_whatever_the_page(
    shop: Shop, api: Api, people: list[Customer]
) -> None:
    # given
    *_, cara, _dan = people
    api.run("choose-display-name", customer=cara, displayName="Cara")

    # when
    found = board(api, cara, first=1)

    # then
    assert lines(found) == [(1, "a***", 3)]
    assert found["places"]["edges"][0]["node"]["isOwn"] is False
    assert found["own"] == {"rank": 2, "displayName": "Cara", "referrals": 2}
    assert [edge["node"]["isOwn"] for edge in board(api, cara)["places"]["edges"]] == [
        False,
        False,
        True,
        False,
    ]
    assert board(api, shop.register("eve@example.com"))["own"] is None


def test_page_after_page_shows_all_of_them_once(
    shop: Shop, api: Api, people: list[Customer]
) -> None:
    # when
    first = board(api, first=3)
    second = board(api, first=3, after=first["places"]["pageInfo"]["endCursor"])

    # then
    assert [rank for rank, _, _ in lines(first) + lines(second)] == [1, 2, 2, 4]
    assert first["places"]["pageInfo"]["hasNextPage"] is True
    assert second["places"]["pageInfo"]["hasNextPage"] is False


def test_pages_go_backwards_too(shop: Shop, api: Api, people: list[Customer]) -> None:
    # when
    answer = api.ask(
        """{ referralProgram(slug: "default", channel: "default") { leaderboards {
          places(last: 2) { pageInfo { hasPreviousPage startCursor } edges { node { rank } } }
        } } }"""
    )

    # then
    [found] = answer["data"]["referralProgram"]["leaderboards"]
    assert [edge["node"]["rank"] for edge in found["places"]["edges"]] == [2, 4]
    assert found["places"]["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize("cursor", ["nonsense", "cGxhY2U6eA==", "cGxhY2U6LTE="])
def test_a_cursor_of_nothing_is_refused(
    shop: Shop, api: Api, people: list[Customer], cursor: str
) -> None:
    # when
    answer = api.ask(
        """query($after: String) { referralProgram(slug: "default", channel: "default") {
          leaderboards { places(first: 2, after: $after) { edges { node { rank } } } }
        } }""",
        {"after": cursor},
    )

    # then
    assert {error["message"] for error in answer["errors"]} == {"Received cursor is invalid."}


def test_who_deleted_their_account_has_no_name(
    shop: Shop, api: Api, people: list[Customer]
) -> None:
    # given
    shop.delete_account(people[0])

    # then
    assert lines(board(api))[0] == (1, "***", 3)


def test_what_was_reversed_counts_no_more(shop: Shop, api: Api, people: list[Customer]) -> None:
    # given
    Referral.objects.filter(referrer__user_ref=people[0].user_ref).update(status="reversed")

    # then
    assert lines(board(api)) == [(1, "b***", 2), (1, "c***", 2), (3, "d***", 1)]


def test_a_program_without_a_ranking_shows_none(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    build.referrals(shop.register("anna@example.com"), 2)

    # when
    data = api.run("leaderboard", channel="default")

    # then
    assert data["referralProgram"]["leaderboards"] == []


def test_a_month_has_its_own_board(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.ranking())
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()

    # when
    found = board(api)

    # then
    assert lines(found) == [(1, "a***", 1)]
    assert found["period"] == "CALENDAR_MONTH"
    assert found["startsAt"] < found["endsAt"]

    # when
    shop.travel(days=40)

    # then
    assert lines(board(api)) == []
