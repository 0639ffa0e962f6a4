"""What holds of every decision, whatever the terms, the order and the past."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import assume, example, given
from hypothesis import strategies as st
from prices import Money

from saleor_referral_plugin.engine.decide import (
    Decision,
    ReferralStatus,
    cap_window,
    decide,
    judge_claim,
)
from saleor_referral_plugin.engine.facts import CheckoutFacts, History, OrderFacts
from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Terms
from tests.engine.build import NOW, history, order, percent, usd
from tests.engine.build import terms as ordinary_terms
from tests.properties.strategies import DIGITS, cases, claims, moments, sound_cases, terms

#: Findings that speak against a reward; those that only explain it are left out.
EXPLAINING = {FindingCode.REFERRER_GONE, FindingCode.CAP_REACHED}


def amount(decision: Decision) -> Decimal:
    [reward] = decision.rewards
    return reward.amount.amount


def dates_of(facts: OrderFacts) -> dict[str, datetime]:
    dates = {"paid_at": facts.paid_at, "fulfilled_at": facts.fulfilled_at}
    return {name: at for name, at in dates.items() if at is not None}


def speaks_against(findings: tuple[Finding, ...]) -> bool:
    return any(not f.passed and f.code not in EXPLAINING for f in findings)


@given(terms, cases | sound_cases)
def test_only_a_qualified_order_is_rewarded(value: Terms, case: tuple[OrderFacts, History]) -> None:
    # given
    facts, known = case

    # when
    decision = decide(value, facts, known, NOW)

    # then
    is_sound = not speaks_against(decision.findings)
    assert (decision.status is ReferralStatus.QUALIFIED) is is_sound
    if not is_sound and not known.referrer_is_gone:
        assert amount(decision) == 0


@given(terms, cases)
def test_a_reversed_referral_was_qualified_and_a_rejected_one_never(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case

    # when
    status = decide(value, facts, known, NOW).status

    # then
    if status is ReferralStatus.REVERSED:
        assert known.was_qualified
    if status in (ReferralStatus.REJECTED, ReferralStatus.ATTRIBUTED):
        assert not known.was_qualified


@given(terms, cases | sound_cases)
def test_an_amount_never_changes_currency_nor_is_it_finer_than_its_currency(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case

    # when
    [reward] = decide(value, facts, known, NOW).rewards

    # then
    assert reward.amount.currency == facts.currency
    assert reward.amount.amount >= 0
    assert reward.amount.amount == round(reward.amount.amount, DIGITS[facts.currency])


@given(terms, sound_cases)
def test_no_limit_is_ever_exceeded(value: Terms, case: tuple[OrderFacts, History]) -> None:
    # given
    facts, known = case
    used = known.credits_amount.amount if known.credits_amount else Decimal(0)

    # when
    reward = amount(decide(value, facts, known, NOW))

    # then
    limit = value.cap_amount.get(facts.currency)
    if limit is not None:
        assert reward == 0 or used + reward <= limit.amount
    if value.cap_count is not None:
        assert reward == 0 or known.credits_count + 1 <= value.cap_count


@given(terms, sound_cases)
def test_what_is_less_than_promised_is_said_why(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case
    without_limits = replace(value, cap_count=None, cap_amount=type(value.cap_amount)())

    # when
    limited = decide(value, facts, known, NOW)
    unlimited = decide(without_limits, facts, known, NOW)

    # then
    assert amount(limited) <= amount(unlimited)
    said = {f.code for f in limited.findings if not f.passed}
    if amount(limited) < amount(unlimited):
        assert FindingCode.CAP_REACHED in said


@given(
    net=st.integers(0, 10**7).map(lambda cents: usd(Decimal(cents) / 100)),
    back=st.integers(0, 9000).map(lambda cents: usd(Decimal(cents) / 100)),
    hundredths=st.integers(1, 10_000),
)
@example(net=usd(90), back=usd(60), hundredths=500)
@example(net=usd("0.03"), back=usd(30), hundredths=5000)
def test_a_percentage_is_its_exact_share_rounded_down_once(
    net: Money, back: Money, hundredths: int
) -> None:
    # given
    value = ordinary_terms(credit=percent(str(Decimal(hundredths) / 100)))
    facts = order(net_goods=net, refunded=back)
    assume(facts.kept > 0)

    # when
    decision = decide(value, facts, history(), NOW)

    # then
    kept = 1 - Fraction(back.amount) / 90
    exact = Fraction(net.amount) * kept * Fraction(hundredths, 10_000)
    assert amount(decision) == Decimal(floor(exact * 100)) / 100


@given(terms, sound_cases, st.integers(0, 9000))
def test_more_money_back_is_never_more_reward(
    value: Terms, case: tuple[OrderFacts, History], cents: int
) -> None:
    # given
    facts, known = case
    more = replace(facts, refunded=facts.refunded + facts.total * Decimal(cents) / 9000)

    # when
    before, after = (decide(value, state, known, NOW) for state in (facts, more))

    # then
    assert amount(after) <= amount(before)


@given(terms, sound_cases, st.integers(0, 365), st.integers(1, 30))
def test_looking_again_when_it_says_so_approves_and_not_before(
    value: Terms, case: tuple[OrderFacts, History], days_ago: int, days_left: int
) -> None:
    # given
    facts, known = case
    facts = replace(facts, **dict.fromkeys(dates_of(facts), NOW - timedelta(days=days_ago)))
    value = replace(value, minimum=Amounts(), hold_days=days_ago + days_left)
    first = decide(value, facts, replace(known, earned_at=None), NOW)
    again_at = first.look_again_at
    assume(facts.kept > 0)
    assert again_at is not None
    booked = replace(known, was_qualified=True, earned_at=first.earned_at)

    # when
    too_early = decide(value, facts, booked, again_at - timedelta(microseconds=1))
    in_time = decide(value, facts, booked, again_at)

    # then
    [promised], [due] = first.rewards, in_time.rewards
    assert too_early.rewards == first.rewards
    assert due == replace(promised, is_approved=True)
    assert in_time.look_again_at is None


@given(terms, cases | sound_cases)
def test_what_time_cannot_change_is_not_looked_at_again(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case
    facts = replace(facts, **{name: min(at, NOW) for name, at in dates_of(facts).items()})
    first = decide(value, facts, known, NOW)
    assume(first.look_again_at is None)

    # when
    booked = replace(known, earned_at=first.earned_at)
    in_ten_years = decide(value, facts, booked, NOW + timedelta(days=3650))

    # then
    assert (in_ten_years.status, in_ten_years.rewards) == (first.status, first.rewards)


@given(terms, moments)
def test_a_moment_is_in_its_own_period(value: Terms, earned: datetime) -> None:
    # when
    window = cap_window(value, earned)

    # then
    if window is not None:
        start, end = window
        assert start <= earned < end
        assert cap_window(value, start) == window
        assert cap_window(value, end) != window


@given(terms, claims)
def test_a_discount_is_never_more_than_the_goods(
    value: Terms, case: tuple[CheckoutFacts, History]
) -> None:
    # given
    facts, known = case

    # when
    decision = judge_claim(value, facts, known)

    # then
    priced = value.discount.is_priced_in(facts.currency)
    assert (decision.discount is not None) is priced
    if decision.discount is not None:
        assert 0 <= decision.discount.amount <= facts.goods.amount
        assert decision.discount.currency == facts.currency


@given(terms, claims)
def test_a_claim_is_refused_by_its_first_failed_rule_or_not_at_all(
    value: Terms, case: tuple[CheckoutFacts, History]
) -> None:
    # when
    decision = judge_claim(value, *case)

    # then
    failed = [finding for finding in decision.findings if not finding.passed]
    assert decision.refusal == (failed[0] if failed else None)
    assert all(finding.sentence for finding in failed)


@given(terms, cases)
def test_every_finding_can_be_stored(value: Terms, case: tuple[OrderFacts, History]) -> None:
    for finding in decide(value, *case, NOW).findings:
        assert Finding.from_json(finding.to_json()) == finding


@given(terms)
def test_terms_stored_and_read_again_are_the_same(value: Terms) -> None:
    assert Terms.from_json(value.to_json()) == value
