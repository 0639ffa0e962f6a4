"""What staff and apps decide, by the API. What it makes due is carried out at once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.db import connections

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import presets, waitlist
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import (
    Group,
    Offer,
    ProgramKind,
    RewardKind,
    RewardRule,
)
from saleor_referral_plugin.models import (
    AnsweredRequest,
    LedgerEntry,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    StaffDecision,
)
from tests.graphql import build
from tests.graphql.api import Api, global_id, operation
from tests.scenarios import given
from tests.scenarios.shop import Customer, Order, Shop

STAFF = ("MANAGE_DISCOUNTS",)
WHY = "Known to us."


def do(api: Api, document: str, /, *, app: bool = False, **variables: Any) -> Any:
    """Run a ready document as staff; its mutation's payload."""
    answer = api.ask(operation(document), variables, permissions=STAFF, app=app)
    assert "errors" not in answer, answer
    [payload] = answer["data"].values()
    return payload


def problems(payload: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in payload["errors"]]


def id_of(row: Any) -> str:
    names = {Reward: "ReferralReward", Program: "ReferralProgram"}
    return global_id(names.get(type(row), type(row).__name__), row.pk)


def referral_of(order: Order) -> Referral:
    return Referral.objects.get(order_ref=order.ref)


def referrer_row(customer: Customer) -> Referrer:
    return Referrer.objects.get(user_ref=customer.user_ref)


def credited(shop: Shop) -> tuple[Customer, Order]:
    """Anna, and a friend's order that has brought her 10 USD."""
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 10
    return anna, order


def referral_in_review(shop: Shop) -> Referral:
    """A paid order of a friend, whose referrer was blocked before."""
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    shop.run_periodic_tasks()
    shop.block(anna)
    order.pay()
    return referral_of(order)


# referrals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("app", "kind"), [(False, "User"), (True, "App")])
def test_what_was_in_review_counts_and_it_is_written_down_who_said_so(
    shop: Shop, api: Api, app: bool, kind: str
) -> None:
    # given
    referral = referral_in_review(shop)
    assert referral.status == "in_review"

    # when
    answer = do(api, "approve-referral", id=id_of(referral), reason=WHY, app=app)

    # then
    assert answer == {"referral": {"id": id_of(referral), "status": "QUALIFIED"}, "errors": []}
    decision = StaffDecision.objects.get(kind="approve")
    assert (decision.by.split(":")[0], decision.reason) == (kind, WHY)


def test_what_cannot_be_approved_is_said_and_nothing_changes(shop: Shop, api: Api) -> None:
    # given
    referral = referral_in_review(shop)
    before = build.everything()

    # when
    blank = do(api, "approve-referral", id=id_of(referral), reason=" ")
    nobody = do(api, "approve-referral", id=global_id("Referral", 999_999), reason=WHY)
    senseless = do(api, "approve-referral", id="Anna", reason=WHY)
    unspeakable = do(api, "approve-referral", id=id_of(referral), reason="a\0b")

    # then
    assert blank == {
        "referral": None,
        "errors": [{"field": "reason", "code": "REQUIRED", "message": "Say who decides, and why."}],
    }
    assert problems(nobody) == [("id", "NOT_FOUND")]
    assert problems(senseless) == [("id", "GRAPHQL_ERROR")]
    assert problems(unspeakable) == [("reason", "INVALID")]
    assert build.everything() == before


def test_what_is_rejected_is_taken_back_at_once_and_undone_it_is_credited_again(
    shop: Shop, api: Api
) -> None:
    # given
    anna, order = credited(shop)
    referral_id = id_of(referral_of(order))

    # when
    rejected = do(api, "reject-referral", id=referral_id, reason=WHY)
    left = shop.balance(anna)
    undone = do(api, "undo-decision", id=referral_id, reason="They are neighbours.")
    nothing = do(api, "undo-decision", id=referral_id, reason=WHY)

    # then
    assert rejected["referral"] == {"id": referral_id, "status": "REVERSED"}
    assert left == 0
    assert undone["referral"] == {"id": referral_id, "status": "QUALIFIED"}
    assert shop.balance(anna) == 10
    assert problems(nothing) == [("id", "NOTHING_TO_UNDO")]
    shop.verify_books()


def test_what_the_rules_refuse_is_overridden_but_for_what_is_firm(shop: Shop, api: Api) -> None:
    # given
    given.program(shop, hold_days="0", minimum_order="50 USD")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    orders = [given.friends_order(shop, code, email=f"{name}@example.com") for name in ("b", "c")]
    for order in orders:
        order.pay()
    orders[0].refund("60.00")
    orders[1].cancel()
    shop.run_periodic_tasks()
    small, cancelled = (id_of(referral_of(order)) for order in orders)

    # when
    overridden = do(api, "override-referral", id=small, reason="We sent the wrong size.")
    firm = do(api, "override-referral", id=cancelled, reason=WHY)
    again = do(api, "undo-decision", id=small, reason=WHY)
    counts = do(api, "override-referral", id=small, reason=WHY)

    # then
    assert overridden["referral"]["status"] == "QUALIFIED"
    assert problems(firm) == [("id", "CANNOT_BE_OVERRIDDEN")]
    assert again["referral"]["status"] == "REVERSED"
    assert counts["referral"]["status"] == "QUALIFIED"
    assert shop.balance(anna) == 10


def test_an_order_changes_its_referrer(shop: Shop, api: Api) -> None:
    # given
    anna, order = credited(shop)
    dora = shop.register("dora@example.com")
    code, dora_id = shop.share(dora), id_of(referrer_row(dora))
    order_id = global_id("Order", order.ref)
    taken = do(api, "attach-order", input={"order": order_id, "code": code}, reason=WHY)
    assert problems(taken) == [("order", "ATTACHED_ALREADY")]

    # when
    detached = do(api, "detach-order", id=id_of(referral_of(order)), reason="It was Dora.")
    by_code = do(api, "attach-order", input={"order": order_id, "code": code}, reason=WHY)
    balances = shop.balance(anna), shop.balance(dora)
    do(api, "detach-order", id=by_code["referral"]["id"], reason="No, it was not.")
    as_referrer = do(
        api, "attach-order", input={"order": order_id, "referrer": dora_id}, reason="It was."
    )

    # then
    assert detached["referral"]["status"] == "REVERSED"
    assert by_code["referral"]["status"] == as_referrer["referral"]["status"] == "QUALIFIED"
    assert balances == (0, 10)
    assert shop.balance(dora) == 10
    assert referral_of(order).referrer == referrer_row(dora)
    shop.verify_books()


def test_what_cannot_be_attached(shop: Shop, api: Api) -> None:
    # given
    _, order = credited(shop)
    code = str(ReferralCode.objects.get())
    order_id, missing = global_id("Order", order.ref), global_id("Referrer", 999_999)
    nowhere = global_id("Order", "7c9e6679-7425-40de-944b-e07fc1f90ae7")
    program = global_id("ReferralProgram", 999_999)
    someone = id_of(Referrer.objects.get())
    before = build.everything()

    # then
    for asked, problem in (
        ({"order": order_id}, ("code", "GRAPHQL_ERROR")),
        ({"order": order_id, "code": code, "referrer": someone}, ("code", "GRAPHQL_ERROR")),
        ({"order": order_id, "code": "nobody"}, ("code", "NOT_FOUND")),
        ({"order": order_id, "referrer": missing}, ("referrer", "NOT_FOUND")),
        ({"order": order_id, "referrer": someone, "program": program}, ("program", "NOT_FOUND")),
        ({"order": nowhere, "code": code}, ("order", "NO_ORDER")),
        ({"order": "Order", "code": code}, ("order", "GRAPHQL_ERROR")),
        ({"order": global_id("Order", 12), "code": code}, ("order", "GRAPHQL_ERROR")),
    ):
        assert problems(do(api, "attach-order", input=asked, reason=WHY)) == [problem], asked
    assert build.everything() == before


def test_a_sign_up_is_found_not_to_be_real(shop: Shop, api: Api) -> None:
    # given
    shop.run_program(presets.waitlist(), slug="launch", kind=ProgramKind.WAITLIST)
    program, store = Program.objects.get(slug="launch"), get_store()
    first = waitlist.sign_up("first@example.com", program=program, store=store)
    code = waitlist.code_of(first, store=store)
    second = waitlist.sign_up("x@example.com", program=program, store=store, code=str(code))
    waitlist.confirm(waitlist.token_of(second), store=store)
    referral_id = id_of(Referral.objects.get())

    # when
    rejected = do(api, "reject-referral", id=referral_id, reason="A made-up address.")
    undone = do(api, "undo-decision", id=referral_id, reason=WHY)

    # then
    assert rejected["referral"]["status"] == "REVERSED"
    assert undone["referral"]["status"] == "QUALIFIED"


def test_an_app_records_what_a_referee_has_done(shop: Shop, api: Api) -> None:
    # given
    hosting = RewardRule(name="hosting", worth=Offer(amounts=Amounts.of({"USD": 8})), action="host")
    shop.run_program(presets.refer_a_friend(hold_days=0).but(rewards=(hosting,)))
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    referral_id = id_of(referral_of(order))

    # when
    recorded = do(api, "record-action", id=referral_id, name="host", app=True)
    after = shop.balance(anna)
    unknown = do(api, "record-action", id=referral_id, name="hots", app=True)
    ahead = do(api, "record-action", id=referral_id, name="host", at="2199-01-01T00:00:00Z")
    taken_back = do(api, "take-back-action", id=referral_id, name="host", reason="No guest came.")
    nothing = do(api, "take-back-action", id=referral_id, name="host", reason=WHY)

    # then
    assert recorded["errors"] == taken_back["errors"] == []
    assert (after, shop.balance(anna)) == (8, 0)
    assert problems(unknown) == [("name", "NO_SUCH_ACTION")]
    assert problems(ahead) == [("at", "INVALID")]
    assert problems(nothing) == [("name", "NOTHING_TO_UNDO")]
    assert [each.kind for each in StaffDecision.objects.all()] == ["action", "undo"]


# rewards -------------------------------------------------------------------------------------


def test_a_reward_is_withdrawn_and_given_after_all(shop: Shop, api: Api) -> None:
    # given
    anna, _ = credited(shop)
    reward_id = id_of(Reward.objects.get())

    # when
    voided = do(api, "void-reward", id=reward_id, reason="Promised by mistake.")
    left = shop.balance(anna)
    restored = do(api, "restore-reward", id=reward_id, reason="It was none.")
    there = do(api, "issue-reward-again", id=reward_id, reason=WHY)

    # then
    assert voided["reward"]["status"] == "CLAWED_BACK"
    assert left == 0
    assert restored["reward"] == {
        "id": reward_id,
        "status": "ISSUED",
        "amount": {"amount": 10, "currency": "USD"},
    }
    assert shop.balance(anna) == 10
    assert problems(there) == [("id", "STILL_THERE")]
    shop.verify_books()


def mugs(shop: Shop, friends: int) -> list[Reward]:
    """To be sent to Anna for so many friends."""
    mug = RewardRule(
        name="mug", kind=RewardKind.CUSTOM, worth=Offer(amounts=Amounts.of({"mug": 1}))
    )
    shop.run_program(presets.refer_a_friend(hold_days=0).but(rewards=(mug,)))
    code = shop.share(shop.register("anna@example.com"))
    for number in range(friends):
        given.friends_order(shop, code, email=f"friend{number}@example.com").pay()
    return list(Reward.objects.order_by("pk"))


def test_what_is_delivered_outside_the_shop_is_marked_as_sent(shop: Shop, api: Api) -> None:
    # given
    [reward] = mugs(shop, 1)
    reward_id = id_of(reward)

    # when
    sent = do(api, "mark-reward-as-sent", id=reward_id, note="by post")
    voided = do(api, "void-reward", id=reward_id, reason=WHY)
    lost = do(api, "issue-reward-again", id=reward_id, reason="It got lost.")
    do(api, "mark-reward-as-sent", id=reward_id)
    came_back = do(api, "mark-reward-as-not-sent", id=reward_id, reason="It came back.")
    twice = do(api, "mark-reward-as-not-sent", id=reward_id, reason=WHY)

    # then
    assert sent["reward"]["status"] == "ISSUED"
    assert problems(voided) == [("id", "DELIVERED_OUTSIDE")]
    assert lost["reward"]["status"] == came_back["reward"]["status"] == "APPROVED"
    assert problems(twice) == [("id", "NOT_SENT")]
    kinds = ["send", "issue_again", "send", "undo"]
    assert [each.kind for each in StaffDecision.objects.all()] == kinds


def test_a_credit_is_delivered_by_the_shop_itself(shop: Shop, api: Api) -> None:
    # given
    credited(shop)

    # when
    answer = do(api, "mark-reward-as-sent", id=id_of(Reward.objects.get()))

    # then
    assert problems(answer) == [("id", "NOT_CUSTOM")]


# referrers -----------------------------------------------------------------------------------


def test_a_referrer_is_blocked_until_that_is_undone(shop: Shop, api: Api) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    anna_id = id_of(referrer_row(anna))

    # when
    blocked = do(api, "block-referrer", id=anna_id, reason="Too many at once.")
    refused = shop.checkout(email="ben@example.com").enter_code(code)
    unblocked = do(api, "unblock-referrer", id=anna_id, reason="A newsletter.")
    nothing = do(api, "unblock-referrer", id=anna_id, reason=WHY)

    # then
    assert blocked == unblocked == {"referrer": {"id": anna_id}, "errors": []}
    assert not refused.accepted
    assert shop.checkout(email="ben@example.com").enter_code(code).accepted
    assert problems(nothing) == [("id", "NOTHING_TO_UNDO")]


def test_a_referrer_is_given_an_amount(shop: Shop, api: Api) -> None:
    # given
    anna, _ = credited(shop)
    what = {"amount": 2.5, "currency": "USD", "validDays": 30}

    # when
    answer = do(
        api, "adjust-balance", id=id_of(referrer_row(anna)), input=what, reason="For the trouble."
    )

    # then
    assert answer["errors"] == []
    assert answer["reward"]["status"] == "ISSUED"
    assert answer["reward"]["amount"] == {"amount": 2.5, "currency": "USD"}
    [balance] = answer["referrer"]["balances"]
    assert balance == {
        "currency": "USD",
        "available": {"amount": 12.5},
        "pending": {"amount": 0},
    }
    assert shop.balance(anna) == Decimal("12.5")
    assert Reward.objects.latest("pk").expires_at is not None


def test_what_cannot_be_given(shop: Shop, api: Api) -> None:
    # given
    anna, _ = credited(shop)
    before = build.everything()

    # then
    for asked, problem in (
        ({"amount": 0, "currency": "USD"}, ("amount", "NOT_POSITIVE")),
        ({"amount": 0.001, "currency": "USD"}, ("amount", "INVALID_AMOUNT")),
        ({"amount": 1e9, "currency": "USD"}, ("amount", "INVALID_AMOUNT")),
        ({"amount": 5, "currency": "MB"}, ("currency", "INVALID_UNIT")),
        ({"amount": 5, "currency": "usd"}, ("currency", "INVALID_UNIT")),
        ({"amount": 5, "currency": "USD", "validDays": 0}, ("validDays", "INVALID")),
        ({"amount": 5, "currency": "USD", "program": "default"}, ("program", "GRAPHQL_ERROR")),
    ):
        answer = do(api, "adjust-balance", id=id_of(referrer_row(anna)), input=asked, reason=WHY)
        assert problems(answer) == [problem], asked
    assert build.everything() == before


def test_a_customer_is_invited_into_a_group_until_that_is_undone(shop: Shop, api: Api) -> None:
    # given
    terms = presets.affiliate_commission(percent=5).but(groups=(Group(name="gold"),))
    shop.run_program(terms, slug="partners", kind=ProgramKind.PARTNER)
    program = id_of(Program.objects.get(slug="partners"))
    anna = shop.register("anna@example.com")
    asked = {"user": global_id("User", anna.user_ref), "program": program}

    # when
    invited = do(api, "invite-referrer", input={**asked, "group": "gold"}, reason=WHY)
    code = shop.share(anna, program="partners")
    anna_id = invited["referrer"]["id"]
    gone = do(api, "uninvite-referrer", id=anna_id, program=program, reason=WHY)
    refused = shop.checkout(email="ben@example.com").enter_code(code)
    nothing = do(api, "uninvite-referrer", id=anna_id, program=program, reason=WHY)
    unknown = do(api, "invite-referrer", input={**asked, "group": "god"}, reason=WHY)
    nobody = {**asked, "user": global_id("User", 999_999_999)}
    missing = do(api, "invite-referrer", input=nobody, reason=WHY)
    senseless = do(api, "invite-referrer", input={**asked, "user": anna_id}, reason=WHY)

    # then
    assert (invited["errors"], gone["errors"]) == ([], [])
    assert not refused.accepted
    assert problems(nothing) == [("program", "NOTHING_TO_UNDO")]
    assert problems(unknown) == [("group", "NO_SUCH_GROUP")]
    assert problems(missing) == [("user", "NOT_FOUND")]
    assert problems(senseless) == [("user", "GRAPHQL_ERROR")]


def test_two_accounts_of_one_person_are_merged_until_that_is_undone(shop: Shop, api: Api) -> None:
    # given an order that one has made with the code of the other
    given.program(shop, hold_days="0")
    anna, other = shop.register("anna@example.com"), shop.register("anna@work.example.com")
    code, shared = shop.share(other), shop.share(anna)
    order = given.friends_order(shop, code, customer=anna)
    order.pay()
    assert shop.balance(other) == 10
    both = {"id": id_of(referrer_row(other)), "into": id_of(referrer_row(anna))}

    # when
    merged = do(api, "merge-referrers", **both, reason="She told us.")
    own = shop.balance(other)
    given.friends_order(shop, code, email="zoe@example.com").pay()
    refused = shop.checkout(customer=other).enter_code(shared)
    page = api.run("my-referral-page", customer=other, channel="default")["me"]["referral"]
    nonsense = do(api, "merge-referrers", id=both["id"], into=both["id"], reason=WHY)
    missing = do(api, "merge-referrers", **{**both, "into": "Anna"}, reason=WHY)

    # then
    assert merged == {"referrer": {"id": both["into"]}, "errors": []}
    assert own == 0
    assert (shop.balance(anna), shop.balance(other)) == (10, 0)
    assert (refused.accepted, refused.code) == (False, "own_code")
    assert page["code"] == shared
    assert problems(nonsense) == [("id", "SAME_REFERRER")]
    assert problems(missing) == [("into", "GRAPHQL_ERROR")]

    # and when
    parted = do(api, "unmerge-referrer", id=both["id"], reason="It is her sister.")
    nothing = do(api, "unmerge-referrer", id=both["id"], reason=WHY)

    # then
    assert parted == {"referrer": {"id": both["id"]}, "errors": []}
    assert (shop.balance(anna), shop.balance(other)) == (10, 10)
    assert problems(nothing) == [("id", "NOTHING_TO_UNDO")]
    shop.verify_books()


# many at once --------------------------------------------------------------------------------


def several_in_review(shop: Shop, number: int) -> list[str]:
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    orders = [
        given.friends_order(shop, code, email=f"friend{n}@example.com") for n in range(number)
    ]
    shop.run_periodic_tasks()
    shop.block(anna)
    for order in orders:
        order.pay()
    return [id_of(referral_of(order)) for order in orders]


def test_many_count_at_once(shop: Shop, api: Api) -> None:
    # given
    ids = several_in_review(shop, 3)

    # when
    answer = do(api, "approve-referrals", ids=ids[::-1], reason=WHY)

    # then
    results = [
        {"referral": {"id": each, "status": "QUALIFIED"}, "errors": []} for each in ids[::-1]
    ]
    assert answer == {"count": 3, "results": results, "errors": []}
    assert LedgerEntry.objects.filter(kind="delivered").count() == 3


@pytest.mark.parametrize(
    ("policy", "done"),
    [
        (None, False),
        ("REJECT_EVERYTHING", False),
        ("REJECT_FAILED_ROWS", True),
        ("IGNORE_FAILED", True),
    ],
)
def test_what_the_policy_says_is_done_about_errors(
    shop: Shop, api: Api, policy: str | None, done: bool
) -> None:
    # given
    good = several_in_review(shop, 2)
    ids = [good[0], "Anna", global_id("Referral", 999_999), good[1]]
    before = build.everything()

    # when
    answer = do(api, "reject-referrals", ids=ids, reason=WHY, errorPolicy=policy)

    # then
    assert [problems(result) for result in answer["results"]] == [
        [],
        [("id", "GRAPHQL_ERROR")],
        [("id", "NOT_FOUND")],
        [],
    ]
    assert [bool(result["referral"]) for result in answer["results"]] == [done, False, False, done]
    assert answer["count"] == (2 if done else 0)
    statuses = set(Referral.objects.values_list("status", flat=True))
    assert statuses == ({"rejected"} if done else {"in_review"})
    assert done or build.everything() == before


def test_too_many_at_once_are_refused_together(shop: Shop, api: Api) -> None:
    # given
    [referral_id] = several_in_review(shop, 1)
    before = build.everything()

    # when
    answer = do(api, "approve-referrals", ids=[referral_id] * 101, reason=WHY)

    # then
    assert problems(answer) == [("ids", "BULK_LIMIT")]
    assert (answer["count"], answer["results"]) == (0, [])
    assert build.everything() == before


def test_many_rewards_are_sent_and_many_withdrawn(shop: Shop, api: Api) -> None:
    # given
    ids = [id_of(reward) for reward in mugs(shop, 3)]

    # when
    sent = do(api, "mark-rewards-as-sent", ids=ids[:2], note="by post")
    voided = do(api, "void-rewards", ids=ids[1:], reason=WHY, errorPolicy="REJECT_FAILED_ROWS")

    # then
    assert (sent["count"], voided["count"]) == (2, 1)
    assert [problems(result) for result in voided["results"]] == [[("id", "DELIVERED_OUTSIDE")], []]
    statuses = Reward.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["issued", "issued", "voided"]


# once ----------------------------------------------------------------------------------------


def test_the_same_request_with_the_same_key_is_carried_out_once(shop: Shop, api: Api) -> None:
    # given
    anna, _ = credited(shop)
    asked = {
        "id": id_of(referrer_row(anna)),
        "input": {"amount": 5, "currency": "USD"},
        "reason": "For the trouble.",
        "idempotencyKey": "ticket 12",
    }

    # when
    first = do(api, "adjust-balance", **asked)
    again = do(api, "adjust-balance", **asked)
    other = do(api, "adjust-balance", **{**asked, "input": {"amount": 6, "currency": "USD"}})
    another = do(api, "block-referrer", id=asked["id"], reason=WHY, idempotencyKey="ticket 12")
    somebody = do(api, "adjust-balance", app=True, **asked)

    # then
    assert first["errors"] == []
    assert again == first
    assert problems(other) == [("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")]
    assert problems(another) == [("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")]
    assert somebody["reward"]["id"] != first["reward"]["id"]
    assert shop.balance(anna) == 20


def test_what_was_refused_stays_refused_for_its_key(shop: Shop, api: Api) -> None:
    # given
    _, order = credited(shop)
    asked = {"id": id_of(referral_of(order)), "reason": WHY, "idempotencyKey": "undo 1"}
    first = do(api, "undo-decision", **asked)

    # when
    do(api, "reject-referral", id=asked["id"], reason=WHY)
    again = do(api, "undo-decision", **asked)

    # then
    assert problems(first) == [("id", "NOTHING_TO_UNDO")]
    assert again == first
    assert referral_of(order).status == "reversed"


def test_a_bulk_request_is_answered_the_same_for_its_key(shop: Shop, api: Api) -> None:
    # given
    ids = [*several_in_review(shop, 2), "Anna"]
    asked = {"reason": WHY, "errorPolicy": "IGNORE_FAILED", "idempotencyKey": "bulk 1"}

    # when
    first = do(api, "approve-referrals", ids=ids, **asked)
    again = do(api, "approve-referrals", ids=ids, **asked)
    other = do(api, "approve-referrals", ids=ids[::-1], **asked)

    # then
    assert first["count"] == 2
    assert again == first
    assert problems(other) == [("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")]
    assert StaffDecision.objects.filter(kind="approve").count() == 2


@pytest.mark.parametrize("key", ["", "  ", "k" * 256, "a\0b"])
def test_what_can_be_no_key(shop: Shop, api: Api, key: str) -> None:
    # given
    _, order = credited(shop)
    before = build.everything()

    # when
    referral_id = id_of(referral_of(order))
    answer = do(api, "reject-referral", id=referral_id, reason=WHY, idempotencyKey=key)

    # then
    assert problems(answer) == [("idempotencyKey", "INVALID")]
    assert build.everything() == before


def test_two_who_send_the_same_at_once_give_it_once(shop: Shop, api: Api) -> None:
    # given
    anna, _ = credited(shop)
    asked = {
        "id": id_of(referrer_row(anna)),
        "input": {"amount": 5, "currency": "USD"},
        "reason": "For the trouble.",
    }
    do(api, "adjust-balance", **asked)

    def ask(_: int) -> Any:
        try:
            return do(api, "adjust-balance", **asked, idempotencyKey="ticket 12")
        finally:
            connections.close_all()

    # when
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))

    # then
    assert {answer["reward"]["id"] for answer in answers} == {id_of(Reward.objects.latest("pk"))}
    assert Reward.objects.filter(rule="Adjustment").count() == 2
    assert AnsweredRequest.objects.count() == 1
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 20


def test_without_a_broker_the_sweep_carries_out_what_was_decided(shop: Shop, api: Api) -> None:
    # given
    anna, order = credited(shop)

    # when
    with mock.patch.object(tasks.carry_out, "apply_async", side_effect=OSError("no broker")):
        answer = do(api, "reject-referral", id=id_of(referral_of(order)), reason=WHY)
    before = shop.balance(anna)
    shop.run_periodic_tasks()

    # then
    assert answer["errors"] == []
    assert (before, shop.balance(anna)) == (10, 0)


def test_what_the_request_read_before_is_read_again(shop: Shop, api: Api) -> None:
    # given
    _, order = credited(shop)
    seen = "{ referral { rewards { amount { amount } } } }"
    same = f'(id: "{id_of(referral_of(order))}", reason: "Known to us.")'

    # when
    answer = api.ask(
        f"mutation {{ no: referralReject{same} {seen} yes: referralDecisionUndo{same} {seen} }}",
        permissions=STAFF,
    )

    # then
    worth = {
        name: [reward["amount"]["amount"] for reward in payload["referral"]["rewards"]]
        for name, payload in answer["data"].items()
    }
    assert worth == {"no": [0], "yes": [10]}
