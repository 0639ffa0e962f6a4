"""A code that is good for several orders of one friend."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import claims
from saleor_referral_plugin.engine.decide import ReferralStatus, decide, judge_claim
from saleor_referral_plugin.engine.facts import Followed
from saleor_referral_plugin.engine.findings import FindingCode, Refused, first_failed
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import LaterOrders, Per, RewardRule, Terms
from saleor_referral_plugin.models import Claim, Referral, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, PAID_AT, amounts, checkout, history, order, percent, terms
from tests.engine.fake_store import FakeStore

FRIEND = "friend@example.com"
SHARE = RewardRule(name="share", worth=percent(10), per=Per.ORDER)


def thrice(**changes: Any) -> Terms:
    return terms(**{"discounted_orders": 3, "rewards": (SHARE,)} | changes)


def after(discounted: int, *, stands: bool = True, later_orders: int = 0) -> Followed:
    return Followed(PAID_AT, later_orders, stands=stands, discounted=discounted)


# deciding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("used", "allowed"), [(1, True), (2, True), (3, False), (4, False)])
def test_the_code_is_taken_until_so_many_orders_stand(used: int, allowed: bool) -> None:
    # given: everything that keeps a stranger from using it
    value = thrice(claims_until=NOW)
    known = history(follows=after(used), earlier_orders=used, referred_before=True)

    # when
    decision = judge_claim(value, checkout(), known, NOW)

    # then
    assert (decision.refusal is None) is allowed
    if decision.refusal is not None:
        assert decision.refusal.code is FindingCode.DISCOUNTS_USED
        assert decision.refusal.detail == {"orders": 3}


def test_the_minimum_and_the_other_rules_hold_each_time() -> None:
    # given
    known = history(follows=after(1), holds_other_code=True)

    # when
    decision = judge_claim(thrice(), checkout(), known, NOW)

    # then
    assert decision.refusal is not None
    assert decision.refusal.code is FindingCode.OTHER_CODE_HELD


@pytest.mark.parametrize(
    ("follows", "failed"),
    [
        (after(1), None),
        (after(2, later_orders=50), None),
        (after(3), FindingCode.DISCOUNTS_USED),
        (after(1, stands=False), FindingCode.LATER_ORDER),
    ],
)
def test_an_order_with_the_code_counts_while_there_are_discounts_left(
    follows: Followed, failed: FindingCode | None
) -> None:
    # when
    known = history(follows=follows, claimed_at=PAID_AT, earlier_orders=1, referred_before=True)
    decision = decide(thrice(later_orders=LaterOrders(count=1)), order(), known, NOW)

    # then
    found = first_failed(decision.findings)
    assert (found and found.code) == failed
    assert (decision.status is ReferralStatus.QUALIFIED) is (failed is None)


def test_no_order_counts_after_the_program_has_closed_for_orders() -> None:
    # when
    known = history(follows=after(1), claimed_at=PAID_AT)
    decision = decide(thrice(orders_until=PAID_AT), order(), known, NOW)

    # then
    found = first_failed(decision.findings)
    assert found is not None
    assert found.code is FindingCode.CLAIM_EXPIRED


def test_thresholds_may_count_discounted_orders() -> None:
    rule = RewardRule(worth=amounts(USD=5), from_orders=2)

    assert thrice(rewards=(rule,)).rewards == (rule,)
    with pytest.raises(ValueError, match="needs later orders to count"):
        thrice(discounted_orders=1, rewards=(rule,))


# claiming and settling -----------------------------------------------------------------------


def _claim(store: FakeStore, typed: str, number: int, email: str = FRIEND) -> Claim:
    return claims.claim_code(
        store=store,
        checkout=f"checkout-{number}",
        facts=checkout(ref=f"checkout-{number}", buyer=person(None, email)),
        typed=typed,
        source=Claim.Source.PROMO_CODE,
    )


@pytest.mark.django_db
def test_who_uses_it_again_gets_the_terms_of_the_first_time(store: FakeStore) -> None:
    # given
    first_terms = run_program(store, thrice())
    code = share(store)
    settle(place(store, code, 1, email=FRIEND), store=store)
    newer = run_program(store, thrice(discount=percent(50)))
    assert newer.offer_code != first_terms.offer_code

    # when
    claim = _claim(store, code.code, 2)

    # then
    assert claim.terms == first_terms
    assert store.codes_on == {"checkout-2": first_terms.offer_code}
    facts = checkout(
        ref="checkout-2", buyer=person(None, FRIEND), voucher_code=first_terms.offer_code
    )
    assert claims.objection(store=store, facts=facts, completing=True) is None
    assert _claim(store, code.code, 3, "else@example.com").terms == newer


@pytest.mark.django_db
@pytest.mark.parametrize("completing", [False, True])
def test_the_promise_outlives_the_day_on_which_the_program_closed(
    store: FakeStore, completing: bool
) -> None:
    # given
    version = run_program(store, thrice(claims_until=NOW + timedelta(hours=1)))
    code = share(store)
    settle(place(store, code, 1, email=FRIEND), store=store)
    store.travel(hours=2)

    # when
    claim = _claim(store, code.code, 2)
    with pytest.raises(Refused):
        _claim(store, code.code, 3, "else@example.com")

    # then: also when it is judged again
    facts = checkout(ref="checkout-2", buyer=person(None, FRIEND), voucher_code=version.offer_code)
    assert claims.objection(store=store, facts=facts, completing=completing) is None
    claim.refresh_from_db()
    assert claim.status == Claim.Status.OPEN


@pytest.mark.django_db
def test_two_checkouts_at_once_are_judged_again_when_they_complete(store: FakeStore) -> None:
    # given: one discount is left, and two checkouts have claimed it
    version = run_program(store, thrice(discounted_orders=2))
    code = share(store)
    settle(place(store, code, 1, email=FRIEND), store=store)
    for number in (2, 3):
        _claim(store, code.code, number)
    Claim.objects.filter(checkout_ref="checkout-2").delete()
    settle(place(store, code, 2, email=FRIEND), store=store)

    # when
    facts = checkout(ref="checkout-3", buyer=person(None, FRIEND), voucher_code=version.offer_code)
    objection = claims.objection(store=store, facts=facts, completing=True)

    # then
    assert objection is not None
    assert objection.code is FindingCode.DISCOUNTS_USED


@pytest.mark.django_db
@pytest.mark.parametrize("turns", [(1, 2), (2, 1), (2, 1, 2, 1)])
def test_in_any_order_the_second_follows_the_first(
    store: FakeStore, turns: tuple[int, ...]
) -> None:
    # given
    run_program(store, thrice(hold_days=0))
    code = share(store)
    place(store, code, 1, email=FRIEND, placed_at=PAID_AT - timedelta(hours=1))
    place(store, code, 2, email=FRIEND)
    store.placed.sort(key=lambda placed: placed.ref)

    # when
    for number in turns:
        settle(f"order-{number}", store=store)

    # then
    first, second = (Referral.objects.get(order_ref=f"order-{n}") for n in (1, 2))
    assert (first.status, second.status) == ("qualified", "qualified")
    assert (first.follows, second.follows) == (None, first)
    assert [int(reward.amount) for reward in Reward.objects.all()] == [9, 9]


@pytest.mark.django_db
def test_an_order_that_falls_leaves_its_discount_to_another(store: FakeStore) -> None:
    # given
    run_program(store, thrice(discounted_orders=2))
    code = share(store)
    for number in (1, 2):
        settle(place(store, code, number, email=FRIEND), store=store)
    with pytest.raises(Refused):
        _claim(store, code.code, 3)

    # when
    change(store, "order-2", is_void=True)
    settle("order-2", store=store)

    # then
    assert _claim(store, code.code, 3).status == Claim.Status.OPEN
