"""What a qualified referral gives: to whom, how much, and what the limits leave of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from prices import Money

from saleor_referral_plugin.engine.decide import Decision, ReferralStatus, decide
from saleor_referral_plugin.engine.facts import Used
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.rewards import RewardDecision, cap_window, earned_at
from saleor_referral_plugin.engine.terms import (
    AfterIssue,
    Beneficiary,
    Cap,
    CapPeriod,
    EarnedWhen,
    Overflow,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from tests.engine.build import (
    IN_EURO,
    NOW,
    PAID_AT,
    amounts,
    eur,
    history,
    order,
    percent,
    terms,
    usd,
)

TICK = timedelta(microseconds=1)
TEN = RewardRule(worth=amounts(USD=10, EUR=9))
THANKS = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3, EUR=2))
BONUS = RewardRule(name="bonus", worth=amounts(USD=4))
DATA = RewardRule(name="data", kind=RewardKind.POINTS, worth=amounts(MB=500))
MUG = RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(MUG=1))


def mb(number: int) -> Money:
    return Money(Decimal(number), "MB")


def mugs(number: int) -> Money:
    return Money(Decimal(number), "MUG")


def decided(
    *rewards: RewardRule,
    caps: tuple[Cap, ...] = (),
    used: tuple[Used, ...] = (),
    delivered: dict[str, Money] | None = None,
    facts: dict[str, Any] | None = None,
    **known: Any,
) -> Decision:
    return decide(
        terms(rewards=rewards, caps=caps),
        order(**facts or {}),
        history(used=used, delivered=delivered or {}, **known),
        NOW,
    )


def given_by(decision: Decision) -> dict[str, Money]:
    return {reward.rule: reward.amount for reward in decision.rewards}


def limit_said(decision: Decision) -> str:
    """The sentence that says which limit was reached; empty for none."""
    [finding] = [f for f in decision.findings if f.code == "cap_reached"]
    return finding.sentence


# to whom --------------------------------------------------------------------------------------


def test_both_sides_get_their_rewards_each_after_a_hold_of_its_own() -> None:
    # when
    decision = decided(TEN.but(hold=Span(days=14)), THANKS)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert decision.rewards == (
        RewardDecision(
            Beneficiary.REFERRER, "credit", usd(10), PAID_AT + timedelta(days=14), False
        ),
        RewardDecision(Beneficiary.REFEREE, "thanks", usd(3), PAID_AT, True),
    )
    assert decision.look_again_at == PAID_AT + timedelta(days=14)


def test_it_is_looked_at_again_when_the_first_of_several_holds_ends() -> None:
    # given
    rewards = (TEN.but(hold=Span(days=14)), THANKS.but(hold=Span(hours=36)))

    # when
    first = decided(*rewards)
    then = decide(terms(rewards=rewards), order(), history(), PAID_AT + timedelta(hours=36))

    # then
    assert first.look_again_at == PAID_AT + timedelta(hours=36)
    assert [reward.is_approved for reward in then.rewards] == [False, True]
    assert then.look_again_at == PAID_AT + timedelta(days=14)


def test_a_hold_of_months_ends_in_the_programs_time_zone() -> None:
    # given: paid at noon in Berlin, before the clocks are changed
    value = terms(rewards=(TEN.but(hold=Span(months=1)),), time_zone="Europe/Berlin")
    paid_at = datetime(2026, 3, 9, 11, tzinfo=UTC)

    # when
    [reward] = decide(value, order(paid_at=paid_at), history(), NOW).rewards

    # then
    assert reward.hold_until == datetime(2026, 4, 9, 10, tzinfo=UTC)


def test_a_program_without_rewards_qualifies_its_referrals_all_the_same() -> None:
    # when
    decision = decided()

    # then
    assert (decision.status, decision.rewards) == (ReferralStatus.QUALIFIED, ())
    assert decision.look_again_at is None


def test_an_order_that_does_not_deserve_them_promises_none_of_the_rewards() -> None:
    # when
    decision = decided(TEN, THANKS, DATA, MUG, facts={"is_void": True})

    # then
    assert decision.rewards == (
        RewardDecision(Beneficiary.REFERRER, "credit", usd(0)),
        RewardDecision(Beneficiary.REFEREE, "thanks", usd(0)),
        RewardDecision(Beneficiary.REFERRER, "data", mb(0), kind=RewardKind.POINTS),
        RewardDecision(Beneficiary.REFERRER, "mug", mugs(0), kind=RewardKind.CUSTOM),
    )


def test_the_friend_gets_theirs_although_the_referrer_is_gone() -> None:
    # when
    decision = decided(TEN, THANKS, referrer_is_gone=True)

    # then
    assert given_by(decision) == {"credit": usd(0), "thanks": usd(3)}


def test_what_was_delivered_to_a_referrer_who_is_gone_stays_rule_by_rule() -> None:
    # when
    decision = decided(
        TEN,
        BONUS,
        THANKS,
        facts={"refunded": usd(90)},
        delivered={"bonus": usd(4), "thanks": usd(3)},
        referrer_is_gone=True,
        was_qualified=True,
    )

    # then
    assert given_by(decision) == {"credit": usd(0), "bonus": usd(4), "thanks": usd(0)}
    assert [reward.is_approved for reward in decision.rewards] == [False, True, False]


def test_a_reward_for_the_order_itself_is_earned_when_it_is_placed() -> None:
    # given
    value = terms(earned_when=EarnedWhen.ORDERED)
    unpaid = order(placed_at=PAID_AT, captured=usd(0), paid_at=None)

    # then
    assert decide(value, unpaid, history(), NOW).status is ReferralStatus.QUALIFIED
    assert earned_at(value, unpaid, NOW, NOW) == PAID_AT


# points, and what is delivered outside the shop -----------------------------------------------


@pytest.mark.parametrize("facts", [{}, IN_EURO, {"refunded": usd("89.99")}])
def test_points_are_in_a_unit_of_their_own_whatever_the_orders_currency(
    facts: dict[str, Any],
) -> None:
    # when
    [reward] = decided(DATA, facts=facts).rewards

    # then
    assert (reward.kind, reward.amount) == (RewardKind.POINTS, mb(500))


def test_points_are_taken_back_like_a_credit() -> None:
    # when
    decision = decided(DATA, facts={"refunded": usd(90)}, delivered={"data": mb(500)})

    # then
    assert given_by(decision) == {"data": mb(0)}


@pytest.mark.parametrize(
    "facts", [{}, {"refunded": usd(90)}, {"is_void": True}, {"captured": usd(0)}]
)
def test_what_was_delivered_outside_the_shop_stays(facts: dict[str, Any]) -> None:
    # when
    [reward] = decided(MUG, facts=facts, delivered={"mug": mugs(1)}, was_qualified=True).rewards

    # then
    assert (reward.amount, reward.is_approved) == (mugs(1), True)


def test_what_was_not_yet_delivered_outside_the_shop_is_not_any_more() -> None:
    # when
    [reward] = decided(
        MUG, facts={"refunded": usd(90)}, delivered={"mug": mugs(0)}, was_qualified=True
    ).rewards

    # then
    assert (reward.amount, reward.is_approved) == (mugs(0), False)


# how much -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "rate", "expected"),
    [
        ("0.10", "5", "0.01"),
        ("0.09", "5", "0.00"),
        ("89.90", "5", "4.50"),
        ("89.89", "5", "4.49"),
        ("10.00", "0.05", "0.01"),
        ("9.99", "0.05", "0.00"),
        ("90.00", "100", "90.00"),
    ],
)
def test_a_percentage_is_rounded_half_up_once(net: str, rate: str, expected: str) -> None:
    # when
    decision = decided(RewardRule(worth=percent(rate)), facts={"net_goods": usd(net)})

    # then
    assert given_by(decision) == {"credit": usd(expected)}


def test_what_stands_of_the_order_is_not_rounded_before_the_percentage() -> None:
    # given: 0.0333... of 0.10 stands
    facts = {"net_goods": usd("0.10"), "returned": Fraction(2, 3)}

    # when
    decision = decided(RewardRule(worth=percent(15)), facts=facts)

    # then: half a cent, which of 0.03 it were not
    assert given_by(decision) == {"credit": usd("0.01")}


def test_a_percentage_of_yen_has_no_decimals() -> None:
    # given
    def jpy(number: int) -> Money:
        return Money(Decimal(number), "JPY")

    facts = {
        "currency": "JPY",
        "goods": jpy(110),
        "net_goods": jpy(110),
        "total": jpy(110),
        "captured": jpy(110),
        "refunded": jpy(0),
        "charged_back": jpy(0),
    }

    # when
    decision = decided(RewardRule(worth=percent(5)), facts=facts)

    # then
    assert given_by(decision) == {"credit": jpy(6)}


BETWEEN = RewardRule(worth=percent(10), least=Amounts.of({"USD": 5}), most=Amounts.of({"USD": 8}))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"net_goods": usd("49.94")}, usd(5), id="below the least"),
        pytest.param({"net_goods": usd(50)}, usd(5), id="the least"),
        pytest.param({"net_goods": usd("50.10")}, usd("5.01"), id="between"),
        pytest.param({"net_goods": usd(80)}, usd(8), id="the most"),
        pytest.param({"net_goods": usd("80.10")}, usd(8), id="above the most"),
        pytest.param({"net_goods": usd("0.04")}, usd(5), id="a share of less than a cent"),
        pytest.param({"net_goods": usd(0)}, usd(0), id="nothing"),
        pytest.param({"refunded": usd(89)}, usd(5), id="little is left"),
        pytest.param({**IN_EURO, "net_goods": eur(900)}, eur(90), id="a currency not named"),
    ],
)
def test_a_percentage_stays_between_its_least_and_its_most(
    facts: dict[str, Any], expected: Money
) -> None:
    assert given_by(decided(BETWEEN, facts=facts)) == {"credit": expected}


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        pytest.param(TEN, {"net_goods": usd(12)}, usd(10), id="less than the goods"),
        pytest.param(TEN, {"net_goods": usd("9.99")}, usd("9.99"), id="more than the goods"),
        pytest.param(
            TEN,
            {"net_goods": usd(12), "refunded": usd(45)},
            usd(6),
            id="more than what stands of them",
        ),
        pytest.param(BETWEEN, {"net_goods": usd(3)}, usd(3), id="the least is more"),
        pytest.param(DATA, {"net_goods": usd(3)}, mb(500), id="points are no money"),
    ],
)
def test_a_credit_may_be_never_more_than_the_goods(
    rule: RewardRule, facts: dict[str, Any], expected: Money
) -> None:
    # when
    decision = decided(rule.but(never_above_net=True), facts=facts)

    # then
    assert given_by(decision) == {rule.name: expected}


# limits ---------------------------------------------------------------------------------------


def test_a_number_counts_every_reward_of_the_referral() -> None:
    # when
    decision = decided(TEN, BONUS, DATA, caps=(Cap(count=3),), used=(Used(1),))

    # then
    assert given_by(decision) == {"credit": usd(10), "bonus": usd(4), "data": mb(0)}
    assert limit_said(decision) == "The limit of 3 rewards per year is reached."


def test_a_limit_of_one_is_said_in_the_singular() -> None:
    # when
    decision = decided(TEN, caps=(Cap(count=1, period=CapPeriod.CALENDAR_MONTH),), used=(Used(1),))

    # then
    assert limit_said(decision) == "The limit of 1 reward per month is reached."


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [
        (Overflow.CUT, {"credit": usd(10), "bonus": usd(2)}),
        (Overflow.REFUSE, {"credit": usd(10), "bonus": usd(0)}),
    ],
)
def test_the_reward_that_does_not_fit_is_cut_or_refused(
    overflow: Overflow, expected: dict[str, Money]
) -> None:
    # given
    cap = Cap(amount=Amounts.of({"USD": 15}), overflow=overflow)

    # when
    decision = decided(TEN, BONUS, caps=(cap,), used=(Used(1, {"USD": Decimal(3)}),))

    # then
    assert given_by(decision) == expected
    assert limit_said(decision) == "The limit of $15.00 per year is reached."


@pytest.mark.parametrize("overflow", Overflow)
def test_a_reward_that_fits_exactly_is_given_whole(overflow: Overflow) -> None:
    # given
    cap = Cap(amount=Amounts.of({"USD": 15}), overflow=overflow)

    # when
    decision = decided(TEN, caps=(cap,), used=(Used(1, {"USD": Decimal(5)}),))

    # then
    assert given_by(decision) == {"credit": usd(10)}
    assert limit_said(decision) == ""


def test_after_one_that_is_refused_a_smaller_one_may_fit() -> None:
    # given
    cap = Cap(amount=Amounts.of({"USD": 9}), overflow=Overflow.REFUSE)

    # then
    assert given_by(decided(TEN, BONUS, caps=(cap,))) == {"credit": usd(0), "bonus": usd(4)}


def test_what_one_limit_has_cut_another_counts_cut() -> None:
    # given
    caps = (Cap(amount=Amounts.of({"USD": 6})), Cap(amount=Amounts.of({"USD": 7})))

    # when: 6 of 10 are left, and 1 of 4 by the second
    decision = decided(TEN, BONUS, caps=caps)

    # then
    assert given_by(decision) == {"credit": usd(6), "bonus": usd(0)}
    assert limit_said(decision) == "The limit of $6.00 per year is reached."


def test_a_reward_that_one_limit_refuses_counts_for_no_other() -> None:
    # given
    caps = (Cap(count=1), Cap(amount=Amounts.of({"USD": 9}), overflow=Overflow.REFUSE))

    # then: the first would have taken the one place
    assert given_by(decided(TEN, BONUS, caps=caps)) == {"credit": usd(0), "bonus": usd(4)}


def test_each_limit_counts_what_it_has_counted_itself() -> None:
    # given
    caps = (
        Cap(count=5, period=CapPeriod.LIFE),
        Cap(count=2, period=CapPeriod.CALENDAR_MONTH),
    )

    # then
    assert given_by(decided(TEN, caps=caps, used=(Used(4), Used(1)))) == {"credit": usd(10)}
    assert given_by(decided(TEN, caps=caps, used=(Used(5), Used(1)))) == {"credit": usd(0)}
    assert given_by(decided(TEN, caps=caps, used=(Used(4), Used(2)))) == {"credit": usd(0)}


def test_points_have_limits_in_their_unit() -> None:
    # given
    caps = (Cap(amount=Amounts.of({"MB": 1200, "USD": 4})),)

    # when
    decision = decided(TEN, DATA, caps=caps, used=(Used(2, {"MB": Decimal(1000)}),))

    # then
    assert given_by(decision) == {"credit": usd(4), "data": mb(200)}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (Beneficiary.REFERRER, {"credit": usd(0), "thanks": usd(3)}),
        (Beneficiary.REFEREE, {"credit": usd(10), "thanks": usd(0)}),
    ],
)
def test_a_limit_is_one_side_s(to: Beneficiary, expected: dict[str, Money]) -> None:
    # when
    decision = decided(TEN, THANKS, caps=(Cap(count=1, to=to),), used=(Used(1),))

    # then
    assert given_by(decision) == expected


def test_the_friend_s_rewards_of_one_referral_share_their_limit() -> None:
    # given
    more = THANKS.but(name="more")
    cap = Cap(amount=Amounts.of({"USD": 5}), to=Beneficiary.REFEREE)

    # then
    assert given_by(decided(TEN, THANKS, more, caps=(cap,))) == {
        "credit": usd(10),
        "thanks": usd(3),
        "more": usd(2),
    }


def test_a_limit_for_each_friend_counts_both_rewards_of_a_referral() -> None:
    # given: what others brought does not count, so nothing is used before
    cap = Cap(amount=Amounts.of({"USD": 12}), per_referee=True, period=CapPeriod.LIFE)

    # when
    decision = decided(TEN, BONUS, caps=(cap,), used=(Used(),))

    # then
    assert given_by(decision) == {"credit": usd(10), "bonus": usd(2)}
    assert limit_said(decision) == "The limit of $12.00 in all is reached."


@pytest.mark.parametrize("rewards", [(TEN, MUG), (MUG, TEN)], ids=["before", "behind"])
def test_what_was_delivered_for_good_takes_its_place_first(
    rewards: tuple[RewardRule, ...],
) -> None:
    # when
    decision = decided(*rewards, caps=(Cap(count=1),), delivered={"mug": mugs(1)})

    # then
    assert given_by(decision) == {"credit": usd(0), "mug": mugs(1)}


def test_what_was_delivered_for_good_is_not_counted_twice() -> None:
    # when
    decision = decided(MUG, TEN, caps=(Cap(count=2),), delivered={"mug": mugs(1)})

    # then
    assert given_by(decision) == {"mug": mugs(1), "credit": usd(10)}
    assert limit_said(decision) == ""


# the periods of the limits --------------------------------------------------------------------


def window_of(earned: datetime, zone: str = "UTC", **cap: Any) -> tuple[datetime, datetime] | None:
    return cap_window(terms(time_zone=zone), Cap(count=1, **cap), earned)


@pytest.mark.parametrize(
    ("zone", "period", "earned", "window"),
    [
        pytest.param(
            "Europe/Copenhagen",
            CapPeriod.CALENDAR_MONTH,
            datetime(2026, 3, 31, 21, 59, 59, 999999, tzinfo=UTC),
            (datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)),
            id="the last moment of March, which has the change of clocks",
        ),
        pytest.param(
            "Europe/Copenhagen",
            CapPeriod.CALENDAR_MONTH,
            datetime(2026, 3, 31, 22, tzinfo=UTC),
            (datetime(2026, 3, 31, 22, tzinfo=UTC), datetime(2026, 4, 30, 22, tzinfo=UTC)),
            id="the first of April",
        ),
        pytest.param(
            "America/New_York",
            CapPeriod.CALENDAR_YEAR,
            datetime(2027, 1, 1, 4, 59, tzinfo=UTC),
            (datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)),
            id="still the old year",
        ),
        pytest.param(
            "Pacific/Auckland",
            CapPeriod.CALENDAR_YEAR,
            datetime(2026, 12, 31, 11, tzinfo=UTC),
            (datetime(2026, 12, 31, 11, tzinfo=UTC), datetime(2027, 12, 31, 11, tzinfo=UTC)),
            id="already the new one",
        ),
        pytest.param(
            "America/Asuncion",
            CapPeriod.CALENDAR_MONTH,
            datetime(2023, 10, 1, 4, tzinfo=UTC),
            (datetime(2023, 10, 1, 4, tzinfo=UTC), datetime(2023, 11, 1, 3, tzinfo=UTC)),
            id="a month that begins at one o'clock",
        ),
    ],
)
def test_calendar_periods_are_those_of_the_programs_time_zone(
    zone: str, period: CapPeriod, earned: datetime, window: tuple[datetime, datetime]
) -> None:
    assert window_of(earned, zone, period=period) == window


@pytest.mark.parametrize(
    ("apart", "counts"),
    [
        (timedelta(0), True),
        (timedelta(hours=30 * 24) - TICK, True),
        (timedelta(hours=30 * 24), False),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_rolling_period_reaches_as_far_back_as_ahead(
    apart: timedelta, counts: bool, zone: str
) -> None:
    # given: clocks are changed on 29 March
    earned = datetime(2026, 3, 20, 12, tzinfo=UTC)
    cap = {"period": CapPeriod.ROLLING, "rolling": Span(days=30)}

    # when
    window = window_of(earned, zone, **cap)

    # then
    assert window is not None
    start, end = window
    assert (start <= earned - apart < end) is counts
    assert (start <= earned + apart < end) is counts


def test_a_rolling_limit_names_its_length() -> None:
    # given
    cap = Cap(count=2, period=CapPeriod.ROLLING, rolling=Span(days=30))

    # when
    decision = decided(TEN, caps=(cap,), used=(Used(2),))

    # then
    assert limit_said(decision) == "The limit of 2 rewards within 30 days is reached."


def test_for_life_all_counts() -> None:
    assert window_of(NOW, period=CapPeriod.LIFE) is None


# purity ---------------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_rewards() -> None:
    # given
    value: Terms = terms(
        rewards=(TEN, THANKS, DATA), caps=(Cap(count=2), Cap(amount=Amounts.of({"USD": 5})))
    )
    known = history(used=(Used(1), Used(1, {"USD": Decimal(1)})))

    # when
    first = decide(value, order(), known, NOW)
    again = decide(Terms.from_json(value.to_json()), order(), replace(known), NOW)

    # then
    assert first == again
    assert known.used == (Used(1), Used(1, {"USD": Decimal(1)}))


# what refunds do ------------------------------------------------------------------------------


@pytest.mark.parametrize(("proportional", "expected"), [(False, 10), (True, 5)])
def test_an_amount_is_given_whole_or_falls_with_what_is_refunded(
    proportional: bool, expected: int
) -> None:
    decision = decided(TEN.but(proportional=proportional), facts={"refunded": usd(45)})
    assert given_by(decision) == {"credit": usd(expected)}


@pytest.mark.parametrize(
    ("after_issue", "expected"),
    [(AfterIssue.DEBT, 0), (AfterIssue.WAIVE, 0), (AfterIssue.KEEP, 10)],
)
def test_what_was_issued_is_taken_back_or_kept_as_the_terms_say(
    after_issue: AfterIssue, expected: int
) -> None:
    decision = decided(
        TEN.but(after_issue=after_issue),
        facts={"refunded": usd(90)},
        delivered={"credit": usd(10)},
        was_qualified=True,
    )
    assert given_by(decision) == {"credit": usd(expected)}
