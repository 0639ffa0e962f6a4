"""What takes long, by the API: replays, and newer terms for the past."""

from typing import Any
from unittest import mock

import pytest

from saleor_referral_plugin import tasks
from saleor_referral_plugin.models import Job, Program, ProgramChange
from tests.graphql import build
from tests.graphql.api import Api, global_id
from tests.graphql.test_query_counts import our_queries
from tests.graphql.test_staff_programs import STAFF, WHY, ask
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop

RULES = {
    "discount": {"percent": "10"},
    "rewards": [{"worth": {"amounts": {"USD": "8", "EUR": "7"}}, "hold": {"days": 14}}],
}


@pytest.fixture
def anna(shop: Shop) -> Customer:
    """Two friends of hers have bought, for 10 USD each."""
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    for friend in ("ben", "cara"):
        given.friends_order(shop, code, email=f"{friend}@example.com").pay()
    shop.travel(days=1)
    return anna


def program_id() -> str:
    return global_id("ReferralProgram", Program.objects.get(slug="default").pk)


def with_newer_terms(api: Api) -> None:
    update = ask(api, "update-program", id=program_id(), input={"rules": RULES}, reason=WHY)
    assert update["errors"] == []


def started(api: Api, name: str, **variables: Any) -> str:
    answer = ask(api, name, **variables)
    assert answer["errors"] == []
    return str(answer["job"]["id"])


def problem(answer: Any) -> tuple[str, str]:
    assert answer["job"] is None
    [error] = answer["errors"]
    return error["field"], error["code"]


def test_a_draft_is_replayed_over_past_orders(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    before = build.everything()

    # when
    job_id = started(api, "replay-program", input={"program": program_id(), "rules": RULES})
    job = ask(api, "job", id=job_id)

    # then: without a broker it is done at once
    differences = job["replay"].pop("differences")
    assert job == {
        "kind": "REPLAY",
        "status": "SUCCESS",
        "done": 2,
        "total": 2,
        "message": None,
        "version": None,
        "program": {"slug": "default"},
        "replay": {
            "orders": 2,
            "qualified": 2,
            "different": 2,
            "wouldGive": [{"amount": 16, "currency": "USD"}],
            "gave": [{"amount": 20, "currency": "USD"}],
        },
        "change": None,
    }
    assert [each["status"] for each in differences] == ["QUALIFIED"] * 2
    assert differences[0]["wouldGive"] == [{"amount": 8, "currency": "USD"}]
    order = api.ask(
        f'{{ order(id: "{differences[0]["orderId"]}") {{ number }} }}',
        permissions=("MANAGE_ORDERS",),
    )
    assert order["data"]["order"]["number"]
    assert build.everything() | {"Job": []} == before


def test_newer_terms_are_previewed_for_the_past_and_then_carried_out(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    with_newer_terms(api)
    shop.travel(days=1)

    # when
    preview = started(api, "preview-retroactive-change", program=program_id())
    previewed = ask(api, "job", id=preview)
    held = [reward.amount for reward in shop.rewards(anna)]
    run = started(api, "run-retroactive-change", preview=preview, reason="For all.")
    done = ask(api, "job", id=run)

    # then
    assert (previewed["kind"], previewed["status"]) == ("RETROACTIVE_PREVIEW", "SUCCESS")
    assert (previewed["version"], previewed["done"], previewed["total"]) == (2, 2, 2)
    minus_four = {"amount": -4, "currency": "USD"}
    [greatest] = previewed["change"].pop("greatest")
    assert greatest["amount"] == minus_four
    assert previewed["change"] == {"referrals": 2, "promises": [minus_four], "holders": 1}
    assert held == [10, 10]
    assert (done["kind"], done["status"], done["done"]) == ("RETROACTIVE_RUN", "SUCCESS", 2)
    assert done["change"] == {
        "referrals": 2,
        "promises": [minus_four],
        "holders": None,
        "greatest": [],
    }
    assert [reward.amount for reward in shop.rewards(anna)] == [8, 8]
    shop.verify_books()
    change = ProgramChange.objects.get(kind="retroactive_run")
    assert (change.by.split(":")[0], change.reason) == ("User", "For all.")


def test_a_run_that_is_asked_for_again_with_its_key_is_the_same_run(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    with_newer_terms(api)
    preview = started(api, "preview-retroactive-change", program=program_id())
    asked = {"preview": preview, "reason": "For all.", "idempotencyKey": "one"}

    # when
    runs = [started(api, "run-retroactive-change", **asked) for _ in range(2)]

    # then
    assert runs[0] == runs[1]
    assert Job.objects.filter(kind="retroactive_run").count() == 1
    assert [reward.amount for reward in shop.rewards(anna)] == [8, 8]


def test_what_is_not_confirmed_moves_nothing(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    with_newer_terms(api)
    preview = started(api, "preview-retroactive-change", program=program_id())
    replay = started(api, "replay-program", input={"program": program_id(), "rules": RULES})
    other = {"rules": {**RULES, "minimum": {"USD": "5"}}}
    ask(api, "update-program", id=program_id(), input=other, reason=WHY)
    newer = started(api, "preview-retroactive-change", program=program_id())
    before = build.everything()

    def run(job_id: str, reason: str = WHY) -> tuple[str, str]:
        return problem(ask(api, "run-retroactive-change", preview=job_id, reason=reason))

    # then
    assert run(preview) == ("preview", "TERMS_CHANGED")
    assert run(replay) == ("preview", "NO_PREVIEW")
    assert run(newer, " ") == ("reason", "REQUIRED")
    assert run(global_id("ReferralJob", 0)) == ("preview", "NOT_FOUND")
    assert run(program_id()) == ("preview", "GRAPHQL_ERROR")
    assert build.everything() == before
    started(api, "run-retroactive-change", preview=newer, reason=WHY)
    assert run(newer) == ("preview", "RUN_DONE")


def test_a_wrong_replay_is_not_begun(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    goods = {"goods": {"products": ["nothing"]}}

    # when
    answers = [
        ask(api, "replay-program", input={"program": program_id(), "rules": {"x": 1}}),
        ask(api, "replay-program", input={"program": program_id(), "rules": goods}),
        ask(api, "replay-program", input={"program": program_id()}),
        ask(api, "replay-program", input={"program": global_id("ReferralProgram", 0)}),
    ]

    # then
    assert [problem(answer) for answer in answers] == [
        ("rules", "INVALID"),
        ("rules", "INVALID"),
        ("rules", "REQUIRED"),
        ("program", "NOT_FOUND"),
    ]
    assert Job.objects.count() == 0


def test_a_job_whose_message_was_lost_waits_and_can_be_cancelled(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given: the broker is down
    replay = {"program": program_id(), "rules": RULES}
    with mock.patch.object(tasks.work_on_job, "apply_async", side_effect=OSError):
        kept = started(api, "replay-program", input=replay)
        cancelled = started(api, "replay-program", input=replay)
    assert ask(api, "job", id=kept)["status"] == "PENDING"

    # when
    first = ask(api, "cancel-job", id=cancelled)
    again = ask(api, "cancel-job", id=cancelled)
    shop.run_periodic_tasks()

    # then: the sweep takes up the other
    assert (first["job"]["status"], first["errors"]) == ("CANCELLED", [])
    assert problem(again) == ("id", "JOB_OVER")
    assert ask(api, "job", id=kept)["status"] == "SUCCESS"
    assert ask(api, "job", id=cancelled)["message"].startswith("Cancelled by User:")


def test_jobs_are_listed_newest_first_page_by_page(shop: Shop, api: Api, anna: Customer) -> None:
    # given
    other = Program.objects.create(slug="other", name="Other", created_at="2026-01-01T00:00:00Z")
    replays = []
    for _ in range(3):
        shop.travel(hours=1)
        replays.append(
            started(api, "replay-program", input={"program": program_id(), "rules": RULES})
        )
    other_id = global_id("ReferralProgram", other.pk)
    shop.travel(hours=1)
    of_other = started(api, "replay-program", input={"program": other_id, "rules": RULES})

    # when
    first = ask(api, "jobs", first=2)
    rest = ask(api, "jobs", first=5, after=first["pageInfo"]["endCursor"])
    others = ask(api, "jobs", first=5, program=other_id)

    # then
    def ids(page: Any) -> list[str]:
        return [edge["node"]["id"] for edge in page["edges"]]

    assert ids(first) == [of_other, replays[2]]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    assert ids(rest) == [replays[1], replays[0]]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert (ids(others), others["totalCount"]) == ([of_other], 1)


def test_a_long_list_of_jobs_asks_no_more_than_a_short_one(
    shop: Shop, api: Api, anna: Customer
) -> None:
    # given
    document = """{ referralJobs(first: 50) { totalCount edges { node {
        version program { slug version changes(first: 1) { edges { node { kind } } } } } } } }"""

    def queries() -> int:
        return len(our_queries(api, document, {}, permissions=STAFF))

    def preview(count: int) -> None:
        for _ in range(count):
            started(api, "preview-retroactive-change", program=program_id())

    preview(2)
    few = queries()

    # when
    preview(10)
    many = queries()

    # then: jobs, how many, versions, programs, newest terms, changes
    assert many == few == 6
