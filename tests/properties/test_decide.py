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
    decide,
    judge_claim,
)
from saleor_referral_plugin.engine.facts import CheckoutFacts, History, OrderFacts
from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.money import Amounts, times
from saleor_referral_plugin.engine.rewards import cap_window
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    EarnedWhen,
    MinimumOf,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from tests.engine.build import NOW, history, order, percent, usd
from tests.engine.build import amounts as units_of
from tests.engine.build import terms as ordinary_terms
from tests.properties.strategies import (
    DIGITS,
    caps,
    cases,
    claims,
    moments,
    reward_rules,
    rolling_spans,
    sound_cases,
    terms,
)

#: Findings that speak against a reward; those that only explain it are left out.
EXPLAINING = {FindingCode.REFERRER_GONE, FindingCode.CAP_REACHED}


def amount(decision: Decision) -> Decimal:
    [reward] = decision.rewards
    return reward.amount.amount


def amounts_of(decision: Decision) -> dict[str, Decimal]:
    return {reward.rule: reward.amount.amount for reward in decision.rewards}


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
    if not is_sound:
        stays = {
            rule.name: known.delivered[rule.name].amount
            for rule in value.rewards
            if rule.name in known.delivered
            and (
                rule.kind is RewardKind.CUSTOM
                or (rule.to is Beneficiary.REFERRER and known.referrer_is_gone)
            )
        }
        nothing = dict.fromkeys((rule.name for rule in value.rewards), Decimal(0))
        assert amounts_of(decision) == nothing | stays


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
    rewards = decide(value, facts, replace(known, delivered={}), NOW).rewards

    # then
    assert [reward.rule for reward in rewards] == [rule.name for rule in value.rewards]
    for rule, reward in zip(value.rewards, rewards, strict=True):
        if rule.kind is RewardKind.CREDIT:
            assert reward.amount.currency == facts.currency
        else:
            assert {reward.amount.currency} == set(rule.worth.amounts.as_dict())
        assert reward.amount.amount >= 0
        assert reward.amount.amount == round(
            reward.amount.amount, DIGITS.get(reward.amount.currency, 2)
        )


@given(terms, sound_cases)
def test_no_limit_is_ever_exceeded(value: Terms, case: tuple[OrderFacts, History]) -> None:
    # given
    facts, known = case

    # when
    decision = decide(value, facts, known, NOW)

    # then: what is used up already leaves no room, however much it is
    for cap, used in zip(value.caps, known.used, strict=False):
        given_to = [r for r in decision.rewards if r.beneficiary is cap.to and r.amount]
        if cap.count is not None:
            assert len(given_to) <= max(cap.count - used.count, 0)
        for unit, most in cap.amount.by_currency:
            given_in = [r.amount.amount for r in given_to if r.amount.currency == unit]
            left = max(most - used.amounts.get(unit, Decimal(0)), Decimal(0))
            assert sum(given_in, Decimal(0)) <= left


@given(terms, sound_cases, st.sampled_from(Beneficiary), st.integers(1, 2))
def test_beside_what_was_delivered_for_good_nothing_exceeds_a_limit(
    value: Terms, case: tuple[OrderFacts, History], to: Beneficiary, most: int
) -> None:
    # given: what is given outside the shop is delivered, and takes a place in the limit
    facts, known = case
    mug = RewardRule(name="mug", to=to, kind=RewardKind.CUSTOM, worth=units_of(MUG=3))
    others = tuple(rule.but(to=to) for rule in value.rewards)
    value = value.but(rewards=(mug, *others), caps=(Cap(count=most, to=to),))
    known = replace(known, used=())
    first = decide(value, facts, known, NOW)
    delivered = {r.rule: r.amount for r in first.rewards if r.rule == "mug" and r.amount}

    # when: the others are asked before it
    turned = value.but(rewards=(*others, mug))
    again = decide(turned, facts, replace(known, delivered=delivered), NOW)

    # then
    assert sum(1 for reward in again.rewards if reward.amount) <= most
    assert all(amounts_of(again)[name] == money.amount for name, money in delivered.items())


@given(terms, sound_cases)
def test_a_reward_is_whole_or_the_limit_that_cut_it_is_said(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case

    # when
    limited = decide(value, facts, known, NOW)
    unlimited = decide(value.but(caps=()), facts, known, NOW)

    # then
    assert unlimited.status is limited.status
    less = [
        name for name, whole in amounts_of(unlimited).items() if amounts_of(limited)[name] != whole
    ]
    assert all(amounts_of(limited)[name] < amounts_of(unlimited)[name] for name in less)
    reached = [f for f in limited.findings if f.code is FindingCode.CAP_REACHED and not f.passed]
    assert bool(reached) is bool(less)


@given(terms, sound_cases)
def test_what_would_be_cut_is_not_given_where_it_is_to_be_refused(
    value: Terms, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case
    refusing = value.but(caps=tuple(cap.but(overflow=Overflow.REFUSE) for cap in value.caps))

    # when
    given_or_not = decide(refusing, facts, known, NOW)
    unlimited = decide(value.but(caps=()), facts, known, NOW)

    # then
    for name, whole in amounts_of(unlimited).items():
        assert amounts_of(given_or_not)[name] in (0, whole)


@given(
    net=st.integers(0, 10**7).map(lambda cents: usd(Decimal(cents) / 100)),
    back=st.integers(0, 9000).map(lambda cents: usd(Decimal(cents) / 100)),
    hundredths=st.integers(1, 10_000),
)
@example(net=usd(90), back=usd(60), hundredths=500)
@example(net=usd("0.03"), back=usd(30), hundredths=5000)
def test_a_percentage_is_its_exact_share_rounded_half_up_once(
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
    assert amount(decision) == Decimal(floor(exact * 100 + Fraction(1, 2))) / 100


@given(reward_rules("credit"), sound_cases)
def test_a_reward_stays_within_its_own_bounds(
    rule: RewardRule, case: tuple[OrderFacts, History]
) -> None:
    # given
    facts, known = case
    value = ordinary_terms(rewards=(rule,))

    # when
    decision = decide(value, facts, known, NOW)

    # then
    assume(decision.status is ReferralStatus.QUALIFIED)
    [reward] = decision.rewards
    stands = times(facts.net_goods, facts.kept)
    most, least = rule.most.get(facts.currency), rule.least.get(facts.currency)
    if most is not None:
        assert reward.amount <= most
    if rule.never_above_net and rule.kind is RewardKind.CREDIT:
        assert reward.amount <= stands
    if least is not None and facts.net_goods:
        assert reward.amount >= min(least, most or least, stands if rule.never_above_net else least)


@given(terms, sound_cases, st.integers(0, 9000))
def test_more_money_back_is_never_more_reward(
    value: Terms, case: tuple[OrderFacts, History], cents: int
) -> None:
    # given: where a reward that shrinks leaves no more room for another
    facts, known = case
    value = value.but(caps=())
    more = replace(facts, refunded=facts.refunded + facts.total * Decimal(cents) / 9000)

    # when
    before, after = (decide(value, state, known, NOW) for state in (facts, more))

    # then
    for name, less in amounts_of(after).items():
        assert less <= amounts_of(before)[name]


@given(reward_rules("credit"), st.lists(caps(), max_size=3), sound_cases, st.integers(0, 9000))
def test_more_money_back_is_never_more_of_a_reward_that_is_cut(
    rule: RewardRule, limits: list[Cap], case: tuple[OrderFacts, History], cents: int
) -> None:
    # given
    facts, known = case
    value = ordinary_terms(
        rewards=(rule,), caps=tuple(cap.but(overflow=Overflow.CUT) for cap in limits)
    )
    more = replace(facts, refunded=facts.refunded + facts.total * Decimal(cents) / 9000)

    # when
    before, after = (decide(value, state, known, NOW) for state in (facts, more))

    # then
    assert amount(after) <= amount(before)


@given(
    net=st.integers(0, 10**7).map(lambda cents: usd(Decimal(cents) / 100)),
    refunds=st.lists(st.integers(0, 9000), min_size=1, max_size=5),
    hundredths=st.integers(1, 10_000),
)
def test_what_is_taken_back_is_in_proportion_to_what_went_back(
    net: Money, refunds: list[int], hundredths: int
) -> None:
    # given: 90 USD paid, refunded step by step
    value = ordinary_terms(credit=percent(str(Decimal(hundredths) / 100)))
    whole = Fraction(net.amount) * Fraction(hundredths, 10_000)

    # then: never half a cent off, and nothing adds up on the way
    known = history()
    for cents in sorted(refunds):
        facts = order(net_goods=net, refunded=usd(Decimal(cents) / 100))
        decision = decide(value, facts, known, NOW)
        exact = whole * (1 - Fraction(cents, 9000))
        assert abs(Fraction(amount(decision)) - exact) <= Fraction(1, 200)
        known = replace(known, was_qualified=True, earned_at=decision.earned_at)


@given(terms, sound_cases, st.integers(0, 365), st.integers(1, 30))
def test_looking_again_when_it_says_so_approves_and_not_before(
    value: Terms, case: tuple[OrderFacts, History], days_ago: int, days_left: int
) -> None:
    # given
    facts, known = case
    facts = replace(facts, **dict.fromkeys(dates_of(facts), NOW - timedelta(days=days_ago)))
    holds = [Span(days=days_ago + days_left), Span(days=days_ago + days_left + 1)]
    rewards = tuple(rule.but(hold=hold) for rule, hold in zip(value.rewards, holds, strict=False))
    value = value.but(minimum=Amounts(), minimum_of=MinimumOf.GOODS, rewards=rewards)
    if value.earned_when is EarnedWhen.ORDERED:
        facts = replace(facts, placed_at=NOW - timedelta(days=days_ago))
    first = decide(value, facts, replace(known, earned_at=None), NOW)
    again_at = first.look_again_at
    assume(facts.kept > 0)
    assert again_at is not None
    booked = replace(known, was_qualified=True, earned_at=first.earned_at)

    # when
    too_early = decide(value, facts, booked, again_at - timedelta(microseconds=1))
    in_time = decide(value, facts, booked, again_at)
    at_last = decide(value, facts, booked, again_at + timedelta(days=1))

    # then: each at the end of its own hold
    assert too_early.rewards == first.rewards
    assert too_early.look_again_at == again_at
    assert in_time.rewards == (replace(first.rewards[0], is_approved=True), *first.rewards[1:])
    assert in_time.look_again_at == (again_at + timedelta(days=1) if rewards[1:] else None)
    assert at_last.rewards == tuple(replace(r, is_approved=True) for r in first.rewards)
    assert at_last.look_again_at is None


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


@given(terms, st.sampled_from(CapPeriod), moments)
def test_a_moment_is_in_its_own_period(value: Terms, period: CapPeriod, earned: datetime) -> None:
    # given
    assume(period is not CapPeriod.ROLLING)
    cap = Cap(count=1, period=period)

    # when
    window = cap_window(value, cap, earned)

    # then
    if window is not None:
        start, end = window
        assert start <= earned < end
        assert cap_window(value, cap, start) == window
        assert cap_window(value, cap, end) != window


@given(terms, rolling_spans, moments, st.integers(-800, 800), st.integers(-1, 1))
def test_of_two_moments_each_is_in_the_others_rolling_period_or_neither(
    value: Terms, rolling: Span, earned: datetime, hours: int, ticks: int
) -> None:
    # given
    cap = Cap(count=1, period=CapPeriod.ROLLING, rolling=rolling)
    other = earned + timedelta(hours=hours, microseconds=ticks)

    # when
    around, around_other = (cap_window(value, cap, at) for at in (earned, other))

    # then
    assert around is not None
    assert around_other is not None
    is_near = abs(other - earned) < timedelta(hours=rolling.hours, days=rolling.days)
    assert (around[0] <= other < around[1]) is is_near
    assert (around_other[0] <= earned < around_other[1]) is is_near


@given(terms, claims)
def test_a_discount_is_never_more_than_the_goods(
    value: Terms, case: tuple[CheckoutFacts, History]
) -> None:
    # given
    facts, known = case

    # when
    decision = judge_claim(value, facts, known, NOW)

    # then
    assert value.discount is not None
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
    decision = judge_claim(value, *case, NOW)

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
