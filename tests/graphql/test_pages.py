"""Connections: pages of a referrer's rewards and referrals."""

from typing import Any

import pytest

from tests.graphql import build
from tests.graphql.api import Api
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

REFERRALS = """query($first: Int, $last: Int, $after: String, $before: String) {
  me {
    referral {
      referrals(first: $first, last: $last, after: $after, before: $before) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { placedAt } }
      }
    }
  }
}"""


@pytest.fixture
def anna(shop: Shop) -> Customer:
    """Five referrals, on the first five days of January; Ben's are nobody else's."""
    given.program(shop)
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    build.referrals(anna, 5)
    build.referrals(ben, 2, first=5)
    return anna


def page(api: Api, customer: Customer, **arguments: Any) -> Any:
    answer = api.ask(REFERRALS, arguments, customer=customer)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["me"]["referral"]["referrals"]


def days(page: Any) -> list[int]:
    return [int(edge["node"]["placedAt"][8:10]) for edge in page["edges"]]


def flags(page: Any) -> tuple[bool, bool]:
    return page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]


def test_the_newest_come_first(api: Api, anna: Customer) -> None:
    # when
    first = page(api, anna, first=2)

    # then
    assert first["totalCount"] == 5
    assert days(first) == [5, 4]
    assert flags(first) == (False, True)
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]


def test_page_after_page_shows_all_of_them_once(api: Api, anna: Customer) -> None:
    # given
    first = page(api, anna, first=2)

    # when
    second = page(api, anna, first=2, after=first["pageInfo"]["endCursor"])
    third = page(api, anna, first=2, after=second["pageInfo"]["endCursor"])

    # then
    assert (days(second), flags(second)) == ([3, 2], (True, True))
    assert (days(third), flags(third)) == ([1], (True, False))


def test_pages_go_backwards_too(api: Api, anna: Customer) -> None:
    # given
    last = page(api, anna, last=2)

    # when
    before = page(api, anna, last=2, before=last["pageInfo"]["startCursor"])

    # then
    assert (days(last), flags(last)) == ([2, 1], (True, False))
    assert (days(before), flags(before)) == ([4, 3], (True, True))


def test_a_page_may_hold_more_than_there_is(api: Api, anna: Customer) -> None:
    # when
    everything = page(api, anna, first=100)

    # then
    assert days(everything) == [5, 4, 3, 2, 1]
    assert flags(everything) == (False, False)


def test_the_count_alone_needs_no_page(api: Api, anna: Customer) -> None:
    # when
    answer = api.ask("{ me { referral { rewards { totalCount } } } }", customer=anna)

    # then
    assert answer == {"data": {"me": {"referral": {"rewards": {"totalCount": 5}}}}} | {
        key: value for key, value in answer.items() if key == "extensions"
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {},
            "You must provide a `first` or `last` value to properly paginate the `referrals` "
            "connection.",
        ),
        ({"first": 0}, "Argument `first` must be a non-negative integer."),
        ({"last": -1}, "Argument `last` must be a non-negative integer."),
        (
            {"first": 101},
            "Requesting 101 records on the `referrals` connection exceeds the `first` limit of "
            "100 records.",
        ),
        ({"first": 1, "last": 1}, "Argument `last` cannot be combined with `first`."),
        ({"first": 1, "before": "x"}, "Argument `first` cannot be combined with `before`."),
        ({"last": 1, "after": "x"}, "Argument `last` cannot be combined with `after`."),
        ({"first": 1, "after": "nonsense"}, "Received cursor is invalid."),
        ({"first": 1, "after": "é"}, "Received cursor is invalid."),
        # ["2026-01-01"], [1, 2], {}, 7, [null, null]
        ({"first": 1, "after": "WyIyMDI2LTAxLTAxIl0="}, "Received cursor is invalid."),
        ({"first": 1, "after": "WzEsIDJd"}, "Received cursor is invalid."),
        ({"first": 1, "after": "e30="}, "Received cursor is invalid."),
        ({"first": 1, "after": "Nw=="}, "Received cursor is invalid."),
        ({"first": 1, "after": "W251bGwsIG51bGxd"}, "Received cursor is invalid."),
    ],
)
def test_what_cannot_be_a_page_is_refused(
    api: Api, anna: Customer, arguments: dict[str, Any], message: str
) -> None:
    # when
    answer = api.ask(REFERRALS, arguments, customer=anna)

    # then
    assert answer["data"]["me"]["referral"]["referrals"] is None
    assert {error["message"] for error in answer["errors"]} == {message}
