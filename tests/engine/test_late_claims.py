"""A code claimed for an order that was made without it, and orders attached by staff."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import claims, staff
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import stop_programs
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.staff import CannotDecide
from saleor_referral_plugin.engine.terms import Milestone, Milestones, Span
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Claim, Referral, ReferralCode, Reward
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
from tests.engine.build import NOW, PAID_AT, amounts, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

BEN = person("2", "ben@example.com")
WEEK = Span(days=7)
WHO = {"by": "Cleo", "reason": "she told us"}


def old(code: ReferralCode, **age: float) -> ReferralCode:
    """A code from before the order."""
    ReferralCode.objects.filter(pk=code.pk).update(
        created_at=PAID_AT - timedelta(**age or {"days": 1})
    )
    return code


def given_code(store: FakeStore, **settings: Any) -> ReferralCode:
    run_program(store, terms(**{"hold_days": 0, "claim_after": WEEK} | settings))
    return old(share(store))


def put_ordinary(store: FakeStore, **facts: Any) -> None:
    """Ben's order of a day ago, without a code."""
    ordinary = {"buyer": BEN, "voucher_code": None, "total": usd(100), "captured": usd(100)}
    put_order(store, order(**ordinary | facts), email="ben@example.com")


def claim(store: FakeStore, code: ReferralCode) -> Referral:
    return claims.claim_for_order("order-1", code.code, by=BEN, store=store)


def test_a_forgotten_code_is_bound_to_the_order_and_reviewed(store: FakeStore) -> None:
    # given
    code = given_code(store)
    put_ordinary(store)

    # when
    referral = claim(store, code)

    # then
    assert (referral.status, failed(referral)) == ("in_review", ["claimed_late"])
    made = Claim.objects.get()
    assert (made.order_ref, made.checkout_ref, made.status) == ("order-1", None, "used")
    assert (made.source, made.created_at) == ("after_order", NOW)
    assert all(finding["passed"] for finding in made.findings)
    assert not Reward.objects.exists()


def test_without_a_review_it_counts_at_once(store: FakeStore) -> None:
    # given
    code = given_code(store, review_late_claims=False)
    put_ordinary(store)

    # when
    referral = claim(store, code)

    # then
    assert (referral.status, failed(referral)) == ("qualified", [])
    assert entries_of("order-1") == [("promised", "10")]
    assert reward_of("order-1").earned_at == PAID_AT
    assert store.codes_on == {}


def test_a_late_claim_waits_for_the_money_like_any(store: FakeStore) -> None:
    # given
    code = given_code(store, review_late_claims=False)
    put_ordinary(store, captured=usd(0), paid_at=None)

    # when
    referral = claim(store, code)
    change(store, "order-1", captured=usd(100), paid_at=store.now())
    settle("order-1", store=store)

    # then
    assert referral.status == "attributed"
    referral.refresh_from_db()
    assert referral.status == "qualified"


def test_an_order_has_one_claim_whoever_claims_again(store: FakeStore) -> None:
    # given
    code = given_code(store)
    cleos = old(share(store, "3", "cleo@example.com"))
    put_ordinary(store)
    first = claim(store, code)

    # when
    again = claim(store, code)
    with pytest.raises(Refused) as refused:
        claim(store, cleos)

    # then
    assert again == first
    assert refused.value.finding.code is FindingCode.OTHER_CODE_HELD
    assert Referral.objects.get() == first
    assert list(Claim.objects.order_by("pk").values_list("code", "status")) == [
        (code.pk, "used"),
        (cleos.pk, "refused"),
    ]


def test_the_code_on_the_order_goes_before_one_that_is_claimed_later(store: FakeStore) -> None:
    # given
    code = given_code(store)
    place(store, share(store, "3", "cleo@example.com"))

    # when
    with pytest.raises(Refused) as refused:
        claims.claim_for_order("order-1", code.code, store=store)

    # then
    assert refused.value.finding.code is FindingCode.OTHER_CODE_HELD
    assert Referral.objects.get().referrer.user_ref == "3"


def below(store: FakeStore) -> None:
    put_ordinary(store, goods=usd(30))


def not_new(store: FakeStore) -> None:
    put_ordinary(store)
    place_another(store, "order-0", "ben@example.com", "2")


def void(store: FakeStore) -> None:
    put_ordinary(store, is_void=True)


def refunded(store: FakeStore) -> None:
    put_ordinary(store, refunded=usd(100))


def too_late(store: FakeStore) -> None:
    put_ordinary(store)
    store.travel(days=6, microseconds=1)


def stopped(store: FakeStore) -> None:
    put_ordinary(store)
    stop_programs()


def referred(store: FakeStore) -> None:
    put_ordinary(store)
    settle(
        place(store, share(store, "3", "cleo@example.com"), 2, email="ben@example.com"), store=store
    )


@pytest.mark.parametrize(
    ("happened", "code"),
    [
        (below, FindingCode.BELOW_MINIMUM),
        (not_new, FindingCode.NOT_NEW_CUSTOMER),
        (void, FindingCode.ORDER_VOID),
        (refunded, FindingCode.MONEY_BACK),
        (too_late, FindingCode.CLAIM_TOO_LATE),
        (stopped, FindingCode.PROGRAM_NOT_RUNNING),
        (referred, FindingCode.ALREADY_REFERRED),
    ],
)
def test_what_is_refused_is_stored_and_nothing_else(
    store: FakeStore, happened: Callable[[FakeStore], None], code: FindingCode
) -> None:
    # given
    annas = given_code(store, minimum=Amounts.of({"USD": 50}))
    happened(store)
    before = list(Referral.objects.all())

    # when
    with pytest.raises(Refused) as refused:
        claim(store, annas)

    # then
    assert refused.value.finding.code is code
    made = Claim.objects.get(order_ref="order-1")
    assert (made.status, made.checkout_ref) == ("refused", None)
    assert next(f["code"] for f in made.findings if not f["passed"]) == code.value
    assert list(Referral.objects.all()) == before
    assert not Reward.objects.filter(referral__order_ref="order-1").exists()


def test_the_last_moment_of_the_span_is_not_too_late(store: FakeStore) -> None:
    # given
    code = given_code(store)
    put_ordinary(store)
    store.travel(days=6)

    # then
    assert claim(store, code).status == "in_review"


def test_where_the_terms_say_nothing_it_is_always_too_late(store: FakeStore) -> None:
    # given
    code = given_code(store, claim_after=None)
    put_ordinary(store)

    # when
    with pytest.raises(Refused) as refused:
        claim(store, code)

    # then
    assert refused.value.finding.code is FindingCode.CLAIM_TOO_LATE


def test_what_was_not_there_was_not_forgotten(store: FakeStore) -> None:
    # given
    code = old(given_code(store), seconds=-1)
    put_ordinary(store)

    # when
    with pytest.raises(Refused) as refused:
        claim(store, code)

    # then
    assert refused.value.finding.code is FindingCode.CODE_TOO_NEW


@pytest.mark.parametrize("ref", ["order-1", "nowhere"])
def test_to_others_an_order_is_as_if_it_were_not(store: FakeStore, ref: str) -> None:
    # given
    code = given_code(store)
    put_ordinary(store)

    # when
    with pytest.raises(Refused) as refused:
        claims.claim_for_order(ref, code.code, by=person("9", "eve@example.com"), store=store)

    # then
    assert refused.value.finding.code is FindingCode.ORDER_NOT_YOURS
    assert not Claim.objects.exists()


def test_a_referral_of_a_late_claim_counts_for_milestones(store: FakeStore) -> None:
    # given
    step = Milestone(count=1, worth=amounts(USD=50))
    code = given_code(store, review_late_claims=False, milestones=(Milestones(steps=(step,)),))
    put_ordinary(store)

    # when
    claim(store, code)

    # then
    assert Reward.objects.get(referral=None).amount == 50


# attached by staff ---------------------------------------------------------------------------


def attach(store: FakeStore, code: ReferralCode, ref: str = "order-1") -> Referral:
    return staff.attach(ref, code.referrer, program=code.program, store=store, **WHO)


def test_an_order_that_staff_attach_needs_no_review_and_no_haste(store: FakeStore) -> None:
    # given
    code = given_code(store, claim_after=None)
    put_ordinary(store)
    store.travel(days=100)

    # when
    referral = attach(store, code)
    carry_out(store=store)

    # then
    assert (referral.status, referral.referrer) == ("qualified", code.referrer)
    made = Claim.objects.get()
    assert (made.source, made.order_ref, made.status) == ("staff", "order-1", "used")
    [decision] = referral.staff_decisions.all()
    assert (decision.kind, decision.by, decision.reason) == ("attach", "Cleo", "she told us")
    assert reward_of("order-1").status == "issued"
    assert list(verify(store=store)) == []


def test_an_attached_order_whose_rules_fail_can_be_overridden(store: FakeStore) -> None:
    # given
    code = given_code(store)
    not_new(store)

    # when
    attached = attach(store, code)
    overridden = staff.override(attached, store=store, **WHO)

    # then
    assert (attached.status, overridden.status) == ("rejected", "qualified")


def test_an_order_is_attached_anew_once_it_was_detached(store: FakeStore) -> None:
    # given
    code = given_code(store)
    cleo = old(share(store, "3", "cleo@example.com"))
    first = settle(place(store, code), store=store)
    assert first is not None

    # when
    staff.detach(first, store=store, **WHO)
    second = attach(store, cleo)

    # then
    assert (second.status, second.order_ref) == ("qualified", "order-1")
    assert settle("order-1", store=store) == second
    assert [r.amount for r in Reward.objects.order_by("pk")] == [0, 10]


def buy_oneself(store: FakeStore) -> None:
    put_ordinary(store, buyer=person("1", "anna@example.com"))


def taken(store: FakeStore) -> None:
    settle(place(store, share(store, "3", "cleo@example.com")), store=store)


def forgotten(store: FakeStore) -> None:
    put_ordinary(store)
    code = ReferralCode.objects.get()
    code.referrer.forgotten_at = store.now()
    code.referrer.save()


@pytest.mark.parametrize(
    ("happened", "code"),
    [
        (lambda store: None, "NO_ORDER"),
        (buy_oneself, "CANNOT_BE_OVERRIDDEN"),
        (taken, "ATTACHED_ALREADY"),
        (forgotten, "HOLDER_GONE"),
    ],
)
def test_what_cannot_be_attached_changes_nothing(
    store: FakeStore, happened: Callable[[FakeStore], None], code: str
) -> None:
    # given
    annas = given_code(store)
    happened(store)
    before = list(Claim.objects.values()), list(Referral.objects.values("pk", "status"))

    # when
    with pytest.raises(CannotDecide) as error:
        attach(store, annas)

    # then
    assert error.value.code == code
    assert (list(Claim.objects.values()), list(Referral.objects.values("pk", "status"))) == before


def test_an_order_is_judged_as_of_when_it_was_placed(store: FakeStore) -> None:
    # given an order placed since by the same friend
    code = given_code(store)
    put_ordinary(store)
    later = replace(store.orders["order-1"], ref="order-2", placed_at=NOW)
    put_order(store, later, email="ben@example.com")

    # then
    assert claim(store, code).status == "in_review"
