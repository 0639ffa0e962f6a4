"""What people decide, as facts: it holds, whatever is settled afterwards, until it is undone."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from prices import Money

from saleor_referral_plugin.engine import claims, codes, staff
from saleor_referral_plugin.engine.chosen import choose_code
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.effects import carry_out, note_spending
from saleor_referral_plugin.engine.facts import CustomerFacts, Person
from saleor_referral_plugin.engine.findings import Finding, FindingCode, Refused
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import current_program, save_program
from saleor_referral_plugin.engine.referrers import code_for, forget, holder_of, referrer_of
from saleor_referral_plugin.engine.sending import mark_sent
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    AfterIssue,
    Cap,
    CapPeriod,
    Group,
    LaterOrders,
    Milestone,
    Milestones,
    ProgramKind,
    RewardKind,
    RewardRule,
    Span,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.engine.waitlist import confirm, sign_up, token_of
from saleor_referral_plugin.models import (
    Claim,
    LedgerEntry,
    Membership,
    Program,
    Referral,
    Referrer,
    Reward,
    StaffDecision,
)
from tests.engine.books import (
    change,
    entries_of,
    failed,
    place,
    place_another,
    put_order,
    reward_of,
    run_program,
    share,
)
from tests.engine.build import PAID_AT, amounts, checkout, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

WHO = {"by": "Cleo", "reason": "known to us"}


def referral_of(store: FakeStore, **facts: Any) -> Referral:
    """Of Anna's friend's order, with no hold on its 10 USD."""
    run_program(store, terms(hold_days=0))
    referral = settle(place(store, share(store), **facts), store=store)
    assert referral is not None
    return referral


def rejected(store: FakeStore) -> Referral:
    """Of somebody who had ordered before."""
    run_program(store, terms(hold_days=0))
    code = share(store)
    place_another(store, "order-0", "friend1@example.com")
    referral = settle(place(store, code), store=store)
    assert referral is not None
    return referral


def in_review(store: FakeStore) -> Referral:
    """Of a referrer who was blocked before the order was paid."""
    referral = referral_of(store, captured=usd(0), paid_at=None)
    staff.block(referral.referrer, store=store, **WHO)
    change(store, "order-1", captured=usd(90), paid_at=PAID_AT)
    settled = settle("order-1", store=store)
    assert settled is not None
    return settled


def everything() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for model in (Claim, Referrer, Referral, Reward, LedgerEntry, StaffDecision):
        rows += [dict(row) for row in model.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name != "settled_at"} for row in rows]


def refused(code: str, do: Callable[[], object]) -> None:
    """With this code, and without a trace."""
    before = everything()
    with pytest.raises(CannotDecide) as error:
        do()
    assert error.value.code == code
    assert everything() == before


def settled_again(store: FakeStore, referral: Referral) -> Referral:
    for _ in range(2):
        settle(referral.order_ref, store=store)
        carry_out(store=store)
    assert list(verify(store=store)) == []
    return Referral.objects.get(pk=referral.pk)


# referrals -----------------------------------------------------------------------------------


def test_what_staff_reject_is_taken_back_and_stays_so(store: FakeStore) -> None:
    # given
    referral = referral_of(store)
    carry_out(store=store)

    # when
    referral = staff.reject(referral, store=store, **WHO)

    # then
    assert referral.status == "reversed"
    referral = settled_again(store, referral)
    assert (referral.status, failed(referral)) == ("reversed", ["staff_decision", "staff_reason"])
    assert entries_of("order-1") == [
        ("promised", "10"),
        ("delivered", "10"),
        ("promised", "-10"),
        ("taken_back", "-10"),
    ]
    assert reward_of("order-1").status == "clawed_back"
    assert [credit.balance for credit in store.credits.values()] == [usd(0)]


def test_what_waits_and_is_rejected_never_counts(store: FakeStore) -> None:
    # given
    referral = referral_of(store, captured=usd(0), paid_at=None)
    staff.reject(referral, store=store, **WHO)

    # when
    change(store, "order-1", captured=usd(90), paid_at=PAID_AT)

    # then
    assert settled_again(store, referral).status == "rejected"
    assert not Reward.objects.exists()


def test_a_decision_says_who_when_and_why(store: FakeStore) -> None:
    # given
    referral = referral_of(store)

    # when
    referral = staff.reject(referral, by="Cleo", reason="a friend of a friend", store=store)

    # then
    decision = StaffDecision.objects.get()
    assert (decision.kind, decision.referral) == ("reject", referral)
    assert (decision.by, decision.reason, decision.at) == (
        "Cleo",
        "a friend of a friend",
        store.now(),
    )
    shown, why = map(Finding.from_json, referral.findings[-2:])
    assert shown.sentence == (
        "The shop has looked at this order and decided that it does not count."
    )
    assert (shown.audience, shown.detail) == ("shopper", {})
    assert why.sentence == "Decided by Cleo (a friend of a friend)."
    assert why.audience == "staff"


def test_an_override_qualifies_in_spite_of_what_failed(store: FakeStore) -> None:
    # given
    referral = rejected(store)

    # when
    referral = staff.override(referral, store=store, **WHO)

    # then
    referral = settled_again(store, referral)
    assert (referral.status, failed(referral)) == ("qualified", ["not_new_customer"])
    assert (reward_of("order-1").status, reward_of("order-1").amount) == ("issued", 10)


def test_an_override_waits_for_the_money_and_goes_with_it(store: FakeStore) -> None:
    # given
    referral = rejected(store)
    change(store, "order-1", captured=usd(0), paid_at=None)

    # when
    waiting = staff.override(referral, store=store, **WHO)
    change(store, "order-1", captured=usd(90), paid_at=PAID_AT)
    paid = settled_again(store, referral)
    change(store, "order-1", refunded=usd(90))
    refunded = settled_again(store, referral)

    # then
    assert [r.status for r in (waiting, paid, refunded)] == ["attributed", "qualified", "reversed"]


@pytest.mark.parametrize(
    ("firm", "facts"),
    [
        ("order_void", {"is_void": True}),
        ("money_back", {"refunded": usd(90)}),
        ("own_code", {"buyer": person("1", "anna@example.com")}),
    ],
)
def test_what_no_person_can_change_is_not_overridden(
    store: FakeStore, firm: str, facts: dict[str, Any]
) -> None:
    # given
    referral = rejected(store)
    change(store, "order-1", **facts)
    settle("order-1", store=store)

    # then
    refused("CANNOT_BE_OVERRIDDEN", lambda: staff.override(referral, store=store, **WHO))
    referral.refresh_from_db()
    assert firm in failed(referral)


def test_a_friend_has_one_referrer_also_by_an_override(store: FakeStore) -> None:
    # given
    referral_of(store)
    cleo = share(store, "3", "cleo@example.com")
    second = settle(place(store, cleo, 2, email="friend1@example.com"), store=store)
    assert second is not None

    # then
    refused("CANNOT_BE_OVERRIDDEN", lambda: staff.override(second, store=store, **WHO))


@pytest.mark.parametrize(
    ("decide", "made", "status"),
    [
        (staff.reject, referral_of, "qualified"),
        (staff.override, rejected, "reversed"),
        (staff.approve, in_review, "qualified"),
    ],
)
def test_what_is_undone_is_what_the_rules_make_of_it(
    store: FakeStore,
    decide: Callable[..., Referral],
    made: Callable[[FakeStore], Referral],
    status: str,
) -> None:
    # given
    referral = decide(made(store), store=store, **WHO)

    # when
    referral = staff.undo(referral, by="Dora", reason="a mistake", store=store)

    # then
    assert settled_again(store, referral).status == status
    assert (referral.decided_by, len(referral.staff_decisions.all())) == (None, 2)
    assert not {"staff_decision", "staff_reason"} & {f["code"] for f in referral.findings}


def test_the_newest_decision_counts(store: FakeStore) -> None:
    # given
    referral = rejected(store)

    # when
    for decide in (staff.override, staff.reject, staff.override):
        referral = decide(referral, store=store, **WHO)

    # then
    assert settled_again(store, referral).status == "qualified"
    assert [d.kind for d in StaffDecision.objects.all()] == ["override", "reject", "override"]


@pytest.mark.parametrize(
    ("decide", "made"),
    [(staff.reject, referral_of), (staff.override, rejected), (staff.approve, in_review)],
)
def test_decided_twice_is_decided_once(
    store: FakeStore, decide: Callable[..., Referral], made: Callable[[FakeStore], Referral]
) -> None:
    # given
    referral = decide(made(store), store=store, **WHO)
    before = everything()

    # when
    decide(referral, store=store, **WHO)

    # then
    assert everything() == before


@pytest.mark.parametrize("who", [{"by": "", "reason": "why"}, {"by": "Cleo", "reason": " "}])
def test_who_decides_says_who_and_why(store: FakeStore, who: dict[str, str]) -> None:
    # given
    referral = referral_of(store)

    # then
    refused("REQUIRED", lambda: staff.reject(referral, store=store, **who))
    refused("REQUIRED", lambda: staff.void(reward_of("order-1"), store=store, **who))
    refused("REQUIRED", lambda: staff.block(referral.referrer, store=store, **who))


def test_what_needs_no_decision_is_told_so(store: FakeStore) -> None:
    # given
    referral = referral_of(store)

    # then
    refused("NOT_OPEN", lambda: staff.approve(referral, store=store, **WHO))
    refused("NOT_REFUSED", lambda: staff.override(referral, store=store, **WHO))
    refused("NOTHING_TO_UNDO", lambda: staff.undo(referral, store=store, **WHO))


def test_nobody_decides_of_an_order_that_is_gone(store: FakeStore) -> None:
    # given
    referral = referral_of(store)
    del store.orders["order-1"]

    # then
    refused("NO_ORDER", lambda: staff.reject(referral, store=store, **WHO))


def test_nobody_decides_so_of_a_sign_up(store: FakeStore) -> None:
    # given
    run_program(store, terms())
    code = share(store)
    sign_up("ben@example.com", program=code.program, store=store, code=code.code)

    # then
    refused("NO_ORDER", lambda: staff.approve(Referral.objects.get(), store=store, **WHO))
    refused("NO_ORDER", lambda: staff.detach(Referral.objects.get(), store=store, **WHO))


def test_a_sign_up_is_found_not_to_be_real_until_that_is_undone(store: FakeStore) -> None:
    # given
    run_program(store, terms())
    code = share(store)
    found = sign_up("ben@example.com", program=code.program, store=store, code=code.code)
    confirm(token_of(found), store=store)
    referral = Referral.objects.get()
    refused("NOTHING_TO_UNDO", lambda: staff.undo(referral, store=store, **WHO))

    # when
    for _ in range(2):
        referral = staff.reject(referral, store=store, **WHO)

    # then
    assert (referral.status, failed(referral)) == ("reversed", ["not_real"])
    found.refresh_from_db()
    assert (found.rejected_by, found.reason) == ("Cleo", "known to us")

    # and when
    referral = staff.undo(referral, store=store, **WHO)

    # then
    assert (referral.status, referral.decided_by) == ("qualified", None)
    assert [decision.kind for decision in referral.staff_decisions.all()] == ["reject", "undo"]


def test_what_staff_decided_is_never_changed(store: FakeStore) -> None:
    # given
    referrer = referral_of(store).referrer
    staff.block(referrer, store=store, **WHO)
    staff.unblock(referrer, store=store, **WHO)

    # then
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        StaffDecision.objects.update(by="somebody else")
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        StaffDecision.objects.all().delete()


@pytest.mark.parametrize("is_rejected", [False, True])
def test_only_an_order_of_which_somebody_has_decided_costs_a_query(
    store: FakeStore, is_rejected: bool
) -> None:
    # given
    referral = referral_of(store)
    if is_rejected:
        staff.reject(referral, store=store, **WHO)

    # when
    with CaptureQueriesContext(connection) as queries:
        settle("order-1", store=store)

    # then
    asked = [q for q in queries.captured_queries if 'FROM "referral_staffdecision"' in q["sql"]]
    assert len(asked) == is_rejected


# one reward ----------------------------------------------------------------------------------

CREDIT = RewardRule(worth=amounts(USD=10))
SPACE = RewardRule(name="space", kind=RewardKind.POINTS, worth=amounts(MB=500))
MUG = RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(mug=1))


@pytest.mark.parametrize("otherwise", AfterIssue)
def test_a_withdrawn_reward_is_taken_back_and_the_others_stay(
    store: FakeStore, otherwise: AfterIssue
) -> None:
    # given
    run_program(store, terms(rewards=(CREDIT.but(after_issue=otherwise), SPACE)))
    settle(place(store, share(store)), store=store)
    carry_out(store=store)

    # when
    reward = staff.void(reward_of("order-1"), store=store, **WHO)

    # then
    referral = settled_again(store, reward_of("order-1").referral or Referral())
    assert (referral.status, failed(referral)) == ("qualified", ["reward_withdrawn"])
    reward.refresh_from_db()
    assert (reward.status, reward.amount) == ("clawed_back", 0)
    assert reward_of("order-1", "space").amount == 500
    assert store.credits[reward.credit_ref or ""].balance == usd(0)


def test_a_withdrawn_reward_takes_no_room_within_the_limits(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0, cap_count=1))
    code = share(store)
    for number in (1, 2):
        settle(place(store, code, number), store=store)

    # when
    staff.void(reward_of("order-1"), store=store, **WHO)
    settle("order-2", store=store)
    settle("order-1", store=store)

    # then
    assert [reward_of(ref).amount for ref in ("order-1", "order-2")] == [0, 10]


def test_a_reward_given_back_is_as_before(store: FakeStore) -> None:
    # given
    referral = referral_of(store)
    reward = staff.void(reward_of("order-1"), store=store, **WHO)

    # when
    reward = staff.give_back(reward, store=store, **WHO)

    # then
    assert failed(settled_again(store, referral)) == []
    reward.refresh_from_db()
    assert (reward.status, reward.amount, reward.voided_by) == ("issued", 10, None)
    refused("NOTHING_TO_UNDO", lambda: staff.give_back(reward, store=store, **WHO))


def test_a_reward_of_an_order_that_is_gone_can_be_withdrawn(store: FakeStore) -> None:
    # given
    referral_of(store)
    del store.orders["order-1"]

    # when
    staff.void(reward_of("order-1"), store=store, **WHO)

    # then
    assert (reward_of("order-1").status, reward_of("order-1").amount) == ("voided", 0)
    assert list(verify(store=store)) == []


def test_a_withdrawn_milestone_stays_withdrawn_until_given_back(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, worth=amounts(USD=50))
    run_program(store, terms(milestones=(Milestones(steps=(step,)),)))
    referral = settle(place(store, share(store)), store=store)
    assert referral is not None
    reward = Reward.objects.get(referral=None)

    # when
    staff.void(reward, store=store, **WHO)

    # then
    settled_again(store, referral)
    reward.refresh_from_db()
    assert (reward.amount, reward.status) == (0, "voided")

    # and when
    staff.give_back(reward, store=store, **WHO)

    # then
    settled_again(store, referral)
    reward.refresh_from_db()
    assert (reward.amount, reward.status) == (50, "issued")


def test_what_was_sent_is_not_withdrawn_by_a_word(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(MUG,)))
    settle(place(store, share(store)), store=store)
    reward = mark_sent(reward_of("order-1", "mug"), by="Cleo", store=store)

    # then
    refused("DELIVERED_OUTSIDE", lambda: staff.void(reward, store=store, **WHO))


def test_a_credit_whose_gift_card_is_gone_is_issued_again_with_what_was_left(
    store: FakeStore,
) -> None:
    # given
    referral = referral_of(store)
    carry_out(store=store)
    lost = reward_of("order-1")
    store.credits[lost.credit_ref or ""].balance = usd(4)
    note_spending(lost, store=store)
    del store.credits[lost.credit_ref or ""]

    # when
    staff.issue_again(lost, store=store, **WHO)

    # then
    settled_again(store, referral)
    reward = reward_of("order-1")
    assert reward.credit_ref not in (None, lost.credit_ref)
    assert [credit.balance for credit in store.credits.values()] == [usd(4)]
    assert entries_of("order-1")[2:] == [("spent", "-6"), ("taken_back", "-4"), ("delivered", "4")]
    refused("STILL_THERE", lambda: staff.issue_again(reward, store=store, **WHO))


def test_something_that_got_lost_on_its_way_is_sent_again(store: FakeStore) -> None:
    # given
    run_program(store, terms(rewards=(MUG,)))
    settle(place(store, share(store)), store=store)
    reward = reward_of("order-1", "mug")
    refused("NOT_ISSUED", lambda: staff.issue_again(reward, store=store, **WHO))
    mark_sent(reward, by="Cleo", store=store)

    # when
    reward = staff.issue_again(reward, store=store, **WHO)

    # then
    assert reward.status == "approved"
    assert mark_sent(reward, by="Cleo", store=store).status == "issued"
    assert list(verify(store=store)) == []


# referrers -----------------------------------------------------------------------------------


def test_the_code_of_a_blocked_referrer_is_nobodys(store: FakeStore) -> None:
    # given
    run_program(store)
    code = share(store)
    staff.block(code.referrer, store=store, **WHO)
    facts = checkout(buyer=person(None, "ben@example.com"))

    # when
    with pytest.raises(Refused) as refusal:
        claims.claim_code(
            store=store,
            checkout="checkout-1",
            facts=facts,
            typed=code.code,
            source=Claim.Source.API,
        )

    # then
    assert refusal.value.finding == Finding(FindingCode.CODE_INVALID, False)
    preview = claims.preview(store=store, facts=facts, typed=code.code)
    assert preview.refusal == Finding(FindingCode.CODE_INVALID, False)
    assert (store.codes_on, Claim.objects.count()) == ({}, 0)


def test_a_claim_of_before_the_block_is_refused(store: FakeStore) -> None:
    # given
    version = run_program(store)
    code = share(store)
    facts = checkout(buyer=person(None, "ben@example.com"), voucher_code=version.offer_code)
    claims.claim_code(
        store=store, checkout="checkout-1", facts=facts, typed=code.code, source=Claim.Source.API
    )

    # when
    staff.block(code.referrer, store=store, **WHO)
    finding = claims.judge_again(store=store, checkout="checkout-1", facts=facts)

    # then
    assert finding is not None
    assert finding.code is FindingCode.CODE_INVALID
    assert Claim.objects.get().status == Claim.Status.REFUSED
    assert store.codes_on == {}


def test_what_a_blocked_referrer_has_open_goes_to_review(store: FakeStore) -> None:
    # when
    referral = in_review(store)

    # then
    assert (referral.status, failed(referral)) == ("in_review", ["referrer_blocked"])
    assert not Reward.objects.exists()
    assert settled_again(store, referral).status == "in_review"


def test_what_is_approved_counts_for_a_blocked_referrer_too(store: FakeStore) -> None:
    # given
    referral = in_review(store)

    # when
    staff.approve(referral, store=store, **WHO)

    # then
    assert settled_again(store, referral).status == "qualified"
    assert reward_of("order-1").amount == 10


def test_what_is_in_review_is_rejected(store: FakeStore) -> None:
    # given
    referral = in_review(store)

    # when
    staff.reject(referral, store=store, **WHO)

    # then
    assert settled_again(store, referral).status == "rejected"
    assert not Reward.objects.exists()


def test_what_has_qualified_before_the_block_stays(store: FakeStore) -> None:
    # given
    referral = referral_of(store)

    # when
    staff.block(referral.referrer, store=store, **WHO)

    # then
    assert settled_again(store, referral).status == "qualified"
    assert reward_of("order-1").status == "issued"


def test_when_the_block_ends_what_was_in_review_counts(store: FakeStore) -> None:
    # given
    referral = in_review(store)

    # when
    referrer = staff.unblock(referral.referrer, store=store, **WHO)

    # then
    referral.refresh_from_db()
    assert referral.status == "qualified"
    refused("NOTHING_TO_UNDO", lambda: staff.unblock(referrer, store=store, **WHO))


def test_who_is_in_review_is_somebodys_friend_already(store: FakeStore) -> None:
    # given
    in_review(store)
    cleo = share(store, "3", "cleo@example.com")

    # when
    second = settle(place(store, cleo, 2, email="friend1@example.com"), store=store)

    # then
    assert second is not None
    assert (second.status, failed(second)) == ("rejected", ["already_referred"])


# adjusting -----------------------------------------------------------------------------------


def program_of(store: FakeStore) -> tuple[Program, Referrer]:
    run_program(store)
    referrer = share(store).referrer
    program = current_program()
    assert program is not None
    return program, referrer


def adjust(store: FakeStore, amount: Money, **more: Any) -> Reward:
    program = current_program()
    assert program is not None
    holder = more.pop("holder", None) or Referrer.objects.get(user_ref="1")
    return staff.adjust(holder, amount, program=program, store=store, **WHO | more)


@pytest.mark.parametrize("amount", [usd("7.50"), Money(Decimal(500), "MB")])
def test_an_amount_given_by_staff_is_a_reward_of_its_own(store: FakeStore, amount: Money) -> None:
    # given
    points = RewardRule(name="megabytes", kind=RewardKind.POINTS, worth=amounts(MB=1))
    run_program(store, terms().but(rewards=(points,)))
    share(store)

    # when
    reward = adjust(store, amount, valid=Span(days=30))
    carry_out(store=store)

    # then
    reward.refresh_from_db()
    assert (reward.referral, reward.status, reward.amount) == (None, "issued", amount.amount)
    assert reward.expires_at is not None
    assert [(e.kind, e.amount) for e in reward.entries.all()] == [
        ("promised", amount.amount),
        ("delivered", amount.amount),
    ]
    assert StaffDecision.objects.get().reward == reward
    assert list(verify(store=store)) == []


def test_the_same_key_is_the_same_adjustment(store: FakeStore) -> None:
    # given
    program_of(store)
    first = adjust(store, usd(5), key="ticket 12")

    # when
    again = adjust(store, usd(5), key="ticket 12")

    # then
    assert again == first
    refused("KEY_USED", lambda: adjust(store, usd(6), key="ticket 12"))
    assert adjust(store, usd(5)) != first


def test_what_staff_gave_can_be_withdrawn_and_given_back(store: FakeStore) -> None:
    # given
    program_of(store)
    reward = adjust(store, usd(5))
    carry_out(store=store)

    # when
    staff.void(reward, store=store, **WHO)
    carry_out(store=store)
    withdrawn = [credit.balance for credit in store.credits.values()]
    staff.give_back(reward, store=store, **WHO)
    carry_out(store=store)

    # then
    assert withdrawn == [usd(0)]
    assert [credit.balance for credit in store.credits.values()] == [usd(5)]
    assert list(verify(store=store)) == []


def test_what_staff_gave_counts_towards_no_limit(store: FakeStore) -> None:
    # given
    cap = Cap(count=1, period=CapPeriod.LIFE)
    run_program(store, terms(hold_days=0, caps=(cap,)))
    code = share(store)
    adjust(store, usd(5))

    # when
    settle(place(store, code), store=store)

    # then
    assert reward_of("order-1").amount == 10


@pytest.mark.parametrize(
    ("code", "amount"),
    [
        ("NOT_POSITIVE", usd(0)),
        ("NOT_POSITIVE", usd(-5)),
        ("INVALID_AMOUNT", usd("0.001")),
        ("INVALID_AMOUNT", usd(1_000_000_000)),
        ("INVALID_AMOUNT", Money(Decimal("Infinity"), "USD")),
        ("INVALID_UNIT", Money(Decimal(500), "MB")),
        ("INVALID_UNIT", Money(Decimal(5), "usd")),
    ],
)
def test_an_amount_that_cannot_be_given(store: FakeStore, code: str, amount: Money) -> None:
    # given
    program_of(store)

    # then
    refused(code, lambda: adjust(store, amount))


def test_nobody_is_given_what_cannot_reach_them(store: FakeStore) -> None:
    # given
    program_of(store)
    guest = holder_of(person(None, "guest@example.com"), store.now())
    gone = Referrer.objects.create(created_at=store.now(), forgotten_at=store.now())

    # then
    refused("NO_ACCOUNT", lambda: adjust(store, usd(5), holder=guest))
    refused("HOLDER_GONE", lambda: adjust(store, usd(5), holder=gone))


# orders and referrers ------------------------------------------------------------------------


def test_a_detached_order_brings_nothing_and_is_free(store: FakeStore) -> None:
    # given
    referral = referral_of(store)
    carry_out(store=store)

    # when
    referral = staff.detach(referral, store=store, **WHO)
    carry_out(store=store)

    # then
    assert (referral.status, referral.has_order) == ("reversed", False)
    assert StaffDecision.objects.get().of == "order-1"
    assert settle("order-1", store=store) is None
    assert settle(referral.order_ref, store=store) == referral
    assert Reward.objects.get().amount == 0
    assert list(verify(store=store)) == []
    refused("NO_ORDER", lambda: staff.undo(referral, store=store, **WHO))


def test_a_later_order_stays_with_the_first(store: FakeStore) -> None:
    # given
    run_program(store, terms(later_orders=LaterOrders()))
    settle(place(store, share(store)), store=store)
    put_order(
        store,
        order(
            ref="later",
            checkout_ref=None,
            voucher_code=None,
            buyer=person(None, "friend1@example.com"),
            placed_at=store.now(),
        ),
    )
    later = settle("later", store=store)
    assert later is not None

    # then
    refused("IS_A_LATER_ORDER", lambda: staff.detach(later, store=store, **WHO))


# invitations ---------------------------------------------------------------------------------

BEN = CustomerFacts(user_ref="2", email="ben@example.com")


def partners(store: FakeStore) -> Program:
    """By invitation, with a group."""
    return save_program(
        store=store,
        slug="partners",
        kind=ProgramKind.PARTNER,
        terms=terms().but(groups=(Group(name="gold"),)),
        is_running=True,
    )


def memberships() -> list[tuple[str, str]]:
    return list(Membership.objects.values_list("group", "by"))


def test_whoever_is_invited_takes_part_until_that_is_undone(store: FakeStore) -> None:
    # given
    program = partners(store)

    # when
    for _ in range(2):
        referrer = staff.invite(BEN, program, store=store, **WHO)
    code = code_for(BEN, program, store=store)

    # then
    assert memberships() == [("", "Cleo")]
    assert codes.find(code.code) == code

    # and when
    staff.uninvite(referrer, program, store=store, **WHO)

    # then
    assert memberships() == []
    assert codes.find(code.code) is None
    with pytest.raises(Refused):
        code_for(BEN, program, store=store)

    # and when
    staff.invite(BEN, program, group="gold", store=store, **WHO)

    # then: the very code that was shared before
    assert memberships() == [("gold", "Cleo")]
    assert code_for(BEN, program, store=store) == codes.find(code.code) == code
    said = [(each.kind, each.of) for each in referrer.staff_decisions.all()]
    n = program.pk
    assert said == [("invite", f"{n}:"), ("uninvite", f"{n}:"), ("invite", f"{n}:gold")]


def test_what_cannot_be_said_of_a_member(store: FakeStore) -> None:
    # given
    program = partners(store)
    referrer = referrer_of(BEN, store=store)

    # then
    refused("NO_SUCH_GROUP", lambda: staff.invite(BEN, program, group="god", store=store, **WHO))
    refused("NOTHING_TO_UNDO", lambda: staff.uninvite(referrer, program, store=store, **WHO))


def test_in_an_open_program_a_code_works_for_whoever_leaves_a_group(store: FakeStore) -> None:
    # given
    program, referrer = program_of(store)
    code = referrer.codes.get()
    customer = CustomerFacts(user_ref=referrer.user_ref or "", email="anna@example.com")
    staff.invite(customer, program, store=store, **WHO)

    # when
    staff.uninvite(referrer, program, store=store, **WHO)

    # then
    assert codes.find(code.code) == code


# two accounts of one person ------------------------------------------------------------------


def two_accounts(store: FakeStore) -> tuple[Referrer, Referrer]:
    """Each with a code in the same program, without a hold on its rewards."""
    run_program(store, terms(hold_days=0))
    found = share(store, "1", "anna@example.com"), share(store, "2", "anna@work.example.com")
    other, remains = (code.referrer for code in found)
    return other, remains


def codes_of(referrer: Referrer) -> dict[str, bool]:
    """Those that work for them, and whether it is the one that is shared."""
    return {code.code: code.replaced_at is None for code in referrer.codes.all()}


def test_the_codes_of_both_work_for_the_one_who_remains(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    [code], [shared] = codes_of(other), codes_of(remains)
    before = settle(place(store, other.codes.get()), store=store)

    # when
    for _ in range(2):
        staff.merge(other, remains, store=store, **WHO)
    other.refresh_from_db()

    # then
    assert (codes_of(other), codes_of(remains)) == ({}, {code: False, shared: True})
    program = current_program()
    assert program is not None
    assert codes.code_of(other, program, store=store).code == shared
    found = codes.find(code)
    assert found is not None
    after = settle(place(store, found, 2), store=store)
    assert before is not None
    assert after is not None
    assert (before.referrer, after.referrer) == (other, remains)

    # and when
    staff.unmerge(other, store=store, **WHO)

    # then
    assert (codes_of(other), codes_of(remains)) == ({code: True}, {shared: True})
    assert set(Referrer.objects.values_list("same_as", flat=True)) == {None}
    assert [each.kind for each in other.staff_decisions.all()] == ["merge", "unmerge"]


def test_what_one_ordered_by_the_code_of_the_other_is_their_own_until_that_is_undone(
    store: FakeStore,
) -> None:
    # given
    other, remains = two_accounts(store)
    ref = place(store, other.codes.get(), email="anna@work.example.com")
    referral = settle(ref, store=store)
    assert referral is not None
    carry_out(store=store)
    assert referral.status == "qualified"

    # when
    staff.merge(other, remains, store=store, **WHO)

    # then
    referral = settled_again(store, referral)
    assert (referral.status, failed(referral)) == ("reversed", ["own_code"])
    assert [credit.balance for credit in store.credits.values()] == [usd(0)]

    # and when
    other.refresh_from_db()
    staff.unmerge(other, store=store, **WHO)

    # then
    assert settled_again(store, referral).status == "qualified"
    assert [credit.balance for credit in store.credits.values()] == [usd(10)]


def test_neither_account_can_claim_what_is_its_own(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    both = [codes.find(code) for referrer in (other, remains) for code in codes_of(referrer)]
    staff.merge(other, remains, store=store, **WHO)

    # then
    for account in ("1", "2"):
        customer = store.customer(account)
        assert customer is not None
        for code in both:
            assert code is not None
            with pytest.raises(Refused) as error:
                claims.claim_on_account(customer, code.code, store=store)
            assert error.value.finding.code is FindingCode.OWN_CODE


def test_a_code_that_the_one_who_remains_has_chosen_comes_back_all_the_same(
    store: FakeStore,
) -> None:
    # given
    other, remains = two_accounts(store)
    [code], [shared] = codes_of(other), codes_of(remains)
    program = current_program()
    assert program is not None
    staff.merge(other, remains, store=store, **WHO)
    choose_code(remains, program, code, store=store)

    # when
    other.refresh_from_db()
    staff.unmerge(other, store=store, **WHO)

    # then
    assert (codes_of(other), codes_of(remains)) == ({code: True}, {shared: False})


def test_one_that_was_replaced_meanwhile_is_shared_again(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    [code], [shared] = codes_of(other), codes_of(remains)
    program = current_program()
    assert program is not None
    staff.merge(other, remains, store=store, **WHO)
    choose_code(remains, program, code, store=store)
    store.travel(days=1)
    choose_code(remains, program, shared, store=store)

    # when
    other.refresh_from_db()
    staff.unmerge(other, store=store, **WHO)

    # then
    assert (codes_of(other), codes_of(remains)) == ({code: True}, {shared: True})


def test_who_remains_may_go_first(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    [code] = codes_of(other)
    staff.merge(other, remains, store=store, **WHO)
    other.refresh_from_db()

    # when
    forget(Person("2"), store=store)
    nobodys = codes.find(code)
    other = Referrer.objects.get(pk=other.pk)
    staff.unmerge(other, store=store, **WHO)

    # then
    assert nobodys is None
    found = codes.find(code)
    assert found is not None
    assert found.referrer == other


def test_whoever_is_merged_outlives_the_account_that_goes(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    [code] = codes_of(other)
    staff.merge(other, remains, store=store, **WHO)

    # when
    forget(Person("1"), store=store)

    # then
    other.refresh_from_db()
    assert codes.find(code) is not None
    refused("HOLDER_GONE", lambda: staff.unmerge(other, store=store, **WHO))


def test_who_cannot_be_merged(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    third = referrer_of(CustomerFacts(user_ref="3", email="c@example.com"), store=store)
    gone = Referrer.objects.create(created_at=store.now(), forgotten_at=store.now())
    refused("NOTHING_TO_UNDO", lambda: staff.unmerge(other, store=store, **WHO))
    refused("SAME_REFERRER", lambda: staff.merge(other, other, store=store, **WHO))
    refused("HOLDER_GONE", lambda: staff.merge(gone, remains, store=store, **WHO))
    refused("REQUIRED", lambda: staff.merge(other, remains, by="Cleo", reason=" ", store=store))
    staff.block(third, store=store, **WHO)
    refused("ONE_IS_BLOCKED", lambda: staff.merge(third, remains, store=store, **WHO))

    # when
    staff.merge(other, remains, store=store, **WHO)

    # then
    staff.unblock(third, store=store, **WHO)
    refused("MERGED_ALREADY", lambda: staff.merge(other, third, store=store, **WHO))
    refused("MERGED_ALREADY", lambda: staff.merge(third, other, store=store, **WHO))
    refused("MERGED_ALREADY", lambda: staff.merge(remains, third, store=store, **WHO))
    remains.refresh_from_db()
    refused("NOTHING_TO_UNDO", lambda: staff.unmerge(remains, store=store, **WHO))


def test_three_accounts_are_one_person_until_the_last_is_another(store: FakeStore) -> None:
    # given
    other, remains = two_accounts(store)
    third = referrer_of(CustomerFacts(user_ref="3", email="c@example.com"), store=store)

    # when
    for each in (other, third):
        staff.merge(each, remains, store=store, **WHO)
        each.refresh_from_db()
    staff.unmerge(other, store=store, **WHO)

    # then
    same = dict(Referrer.objects.order_by("pk").values_list("pk", "same_as"))
    assert same == {other.pk: None, remains.pk: remains.pk, third.pk: remains.pk}
