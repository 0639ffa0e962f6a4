"""`where` and `sortBy` on a customer's rewards and referrals; what runs out, and points."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import Span
from saleor_referral_plugin.models import Program, Referral, Reward
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


@pytest.fixture
def anna(shop: Shop) -> Customer:
    """Five referrals on the first five days of January, worth 10 to 50 USD; the second was
    reversed and its reward voided, the third issued."""
    given.program(shop)
    anna = shop.register("anna@example.com")
    made = build.referrals(anna, 5)
    for number, referral in enumerate(made, start=1):
        Reward.objects.filter(referral=referral).update(
            hold_until=build.FIRST_DAY + timedelta(days=20 - number) if number > 1 else None
        )
    Referral.objects.filter(pk=made[1].pk).update(status="reversed", earned_at=None)
    Reward.objects.filter(referral=made[1]).update(status="voided")
    Reward.objects.filter(referral=made[2]).update(status="issued")
    return anna


def rewards(api: Api, customer: Customer, **asked: Any) -> tuple[list[int], int]:
    found = api.run("my-rewards", customer=customer, **asked)["me"]["referral"]["rewards"]
    days = [int(edge["node"]["createdAt"][8:10]) for edge in found["edges"]]
    return days, found["totalCount"]


def referrals(api: Api, customer: Customer, **asked: Any) -> tuple[list[int], int]:
    found = api.run("my-referrals", customer=customer, **asked)["me"]["referral"]["referrals"]
    days = [int(edge["node"]["placedAt"][8:10]) for edge in found["edges"]]
    return days, found["totalCount"]


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"status": {"eq": "PENDING"}}, [5, 4, 1]),
        ({"status": {"oneOf": ["VOIDED", "ISSUED"]}}, [3, 2]),
        ({"beneficiary": {"eq": "REFEREE"}}, []),
        ({"kind": {"oneOf": ["CREDIT", "POINTS"]}}, [5, 4, 3, 2, 1]),
        ({"createdAt": {"range": {"gte": "2026-01-04T00:00:00Z"}}}, [5, 4]),
        ({"createdAt": {"range": {"lte": "2026-01-02T00:00:00Z"}}}, [2, 1]),
        ({"createdAt": {"eq": "2026-01-02T00:00:00Z"}}, [2]),
        ({"holdUntil": {"eq": None}}, [1]),
        (
            {"OR": [{"status": {"eq": "ISSUED"}}, {"holdUntil": {"eq": None}}]},
            [3, 1],
        ),
        (
            {
                "AND": [
                    {"status": {"eq": "PENDING"}},
                    {"createdAt": {"range": {"lte": "2026-01-04T00:00:00Z"}}},
                ]
            },
            [4, 1],
        ),
    ],
)
def test_rewards_are_filtered_and_counted(
    api: Api, anna: Customer, where: dict[str, Any], days: list[int]
) -> None:
    assert rewards(api, anna, where=where) == (days, len(days))


def test_rewards_of_a_program(api: Api, anna: Customer) -> None:
    # given
    this = global_id("ReferralProgram", Program.objects.get().pk)
    other = global_id("ReferralProgram", 999_999)

    # then
    assert rewards(api, anna, where={"program": {"eq": this}})[1] == 5
    assert rewards(api, anna, where={"program": {"oneOf": [other]}})[1] == 0


@pytest.mark.parametrize(
    ("field", "direction", "days"),
    [
        ("CREATED_AT", "ASC", [1, 2, 3, 4, 5]),
        ("CREATED_AT", "DESC", [5, 4, 3, 2, 1]),
        ("HOLD_UNTIL", "ASC", [5, 4, 3, 2, 1]),
        ("HOLD_UNTIL", "DESC", [1, 2, 3, 4, 5]),
        ("AMOUNT", "ASC", [1, 2, 3, 4, 5]),
    ],
)
def test_rewards_are_sorted_page_by_page(
    api: Api, anna: Customer, field: str, direction: str, days: list[int]
) -> None:
    # when
    seen: list[int] = []
    after = None
    for _ in range(3):
        found = api.run(
            "my-rewards",
            customer=anna,
            first=2,
            after=after,
            sortBy={"field": field, "direction": direction},
        )["me"]["referral"]["rewards"]
        seen += [int(edge["node"]["createdAt"][8:10]) for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]

    # then
    assert seen == days
    assert found["pageInfo"]["hasNextPage"] is False


def test_referrals_are_filtered_and_sorted(api: Api, anna: Customer) -> None:
    # given
    reversed_one = {"status": {"eq": "REVERSED"}}
    by_earning = {"field": "EARNED_AT", "direction": "DESC"}

    # then
    assert referrals(api, anna, where=reversed_one) == ([2], 1)
    assert referrals(api, anna, sortBy=by_earning) == ([2, 5, 4, 3, 1], 5)
    assert referrals(api, anna, where={"earnedAt": {"eq": None}}) == ([2], 1)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {"status": {"eq": "PENDING", "oneOf": ["ISSUED"]}},
            "Only one option can be specified in the filter by `status`.",
        ),
        ({"program": {"eq": "nonsense"}}, "Invalid ID: nonsense. Expected: ReferralProgram."),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    api: Api, anna: Customer, where: dict[str, Any], message: str
) -> None:
    # when
    answer = api.ask(
        """query($where: ReferralRewardWhereInput) {
          me { referral { rewards(first: 2, where: $where) { edges { node { id } } } } }
        }""",
        {"where": where},
        customer=anna,
    )

    # then
    assert answer["data"]["me"]["referral"]["rewards"] is None
    assert [error["message"] for error in answer["errors"]] == [message]


def test_a_reward_says_what_it_is_for(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.milestone(steps={1: {"USD": 20}}))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()

    # when
    data = api.run("my-rewards", customer=anna)["me"]["referral"]["rewards"]

    # then
    [node] = [edge["node"] for edge in data["edges"]]
    assert (node["rule"], node["occurrence"], node["programName"]) == (
        "milestones",
        "1",
        "Refer a friend",
    )
    assert node["findings"] == []


def test_what_runs_out_soon_is_said_with_its_day(shop: Shop, api: Api) -> None:
    # given: a credit for 60 days, of which 4 of 10 USD are spent
    given.program(shop, hold_days="0", credit_valid_days="60")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)
    shopping = shop.checkout(lines=["4.00"], customer=anna)
    assert shopping.enter_code(card.code).accepted
    assert shopping.complete().accepted

    # when
    [later] = api.run("my-balance", customer=anna)["me"]["referral"]["balances"]
    [soon] = api.run("my-balance", customer=anna, days=61)["me"]["referral"]["balances"]

    # then
    expires_at = Reward.objects.get().expires_at
    assert expires_at is not None
    assert later["expiring"] == []
    assert soon["available"] == {"amount": 6, "currency": "USD"}
    assert soon["expiring"] == [
        {
            "amount": {"amount": 6, "currency": "USD"},
            "expiresAt": expires_at.isoformat(),
        }
    ]


def test_points_have_a_balance_and_run_out_too(shop: Shop, api: Api) -> None:
    # given
    terms = presets.dropbox()
    rewards = tuple(rule.but(valid=Span(days=20)) for rule in terms.rewards)
    shop.run_program(terms.but(rewards=rewards))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    shop.run_periodic_tasks()

    # when
    [balance] = api.run("my-balance", customer=anna)["me"]["referral"]["balances"]

    # then
    assert balance["currency"] == "MB"
    assert balance["available"] == {"amount": 500, "currency": "MB"}
    assert [part["amount"]["amount"] for part in balance["expiring"]] == [500]


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_one_looks_ahead_within_reason(api: Api, anna: Customer, days: int) -> None:
    # when
    answer = api.ask(
        """query($days: Int) {
          me { referral { balances { expiring(days: $days) { expiresAt } } } }
        }""",
        {"days": days},
        customer=anna,
    )

    # then
    assert [error["message"] for error in answer["errors"]] == [
        "Argument `days` must be between 1 and 3660."
    ]
