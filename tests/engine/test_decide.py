"""The decision: facts in, what the books should say out. No database is within reach here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from prices import Money

from saleor_referral_plugin.engine.decide import (
    Decision,
    ReferralStatus,
    decide,
    judge_claim,
)
from saleor_referral_plugin.engine.facts import OrderFacts, RefereeFacts, ReferrerFacts, Used
from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.rewards import RewardDecision, cap_window, earned_at
from saleor_referral_plugin.engine.rules import (
    CLAIM_RULES,
    EARNING_RULES,
    QUALIFYING_RULES,
    REVIEW_RULES,
)
from saleor_referral_plugin.engine.terms import (
    AfterIssue,
    Beneficiary,
    Cap,
    CapPeriod,
    EarnedWhen,
    Goods,
    ReferrerConditions,
    RewardRule,
    Span,
    Terms,
    Touch,
)
from tests.engine.build import (
    ANNA,
    IN_EURO,
    NOW,
    PAID_AT,
    amounts,
    checkout,
    eur,
    history,
    order,
    percent,
    terms,
    usd,
)

IN_14_DAYS = PAID_AT + timedelta(days=14)


def failed(decision: Decision) -> tuple[str, ...]:
    return tuple(finding.code.value for finding in decision.findings if not finding.passed)


def credit(decision: Decision) -> RewardDecision:
    [reward] = decision.rewards
    assert (reward.beneficiary, reward.rule) == (Beneficiary.REFERRER, "credit")
    return reward


# the claim ------------------------------------------------------------------------------------


def test_a_claim_that_nothing_speaks_against_is_worth_the_discount() -> None:
    # when
    decision = judge_claim(terms(), checkout(), history(), NOW)

    # then
    assert decision.refusal is None
    assert decision.discount == usd(10)
    assert [finding.passed for finding in decision.findings] == [True] * len(CLAIM_RULES)


def test_every_rule_is_asked_and_the_shopper_hears_the_first() -> None:
    # given
    value = terms(
        goods=Goods(products=("shirt#1",)),
        minimum=Amounts.of({"USD": 500}),
        claim_valid=Span(hours=1),
        touch=Touch.FIRST,
        excluded_domains=("shop.example",),
        referrer=ReferrerConditions(has_bought=True),
        exclude_staff=True,
        referee_account_within=Span(hours=1),
        open_referrals=3,
    )
    everything_wrong = history(
        open_referrals=3,
        referrer_facts=ReferrerFacts(),
        referee_facts=RefereeFacts(is_staff=True),
        is_running=False,
        claimed_at=NOW - timedelta(hours=2),
        holds_other_code=True,
        referrer_parties=frozenset({"anna's phone"}),
        earlier_orders=1,
        referred_before=True,
    )

    # when
    phone = frozenset({"anna's phone"})
    hers = checkout(
        buyer=ANNA, parties=phone, email_domain="shop.example", goods=usd(0), has_goods=False
    )
    decision = judge_claim(value, hers, everything_wrong, NOW)

    # then
    assert [finding.code for finding in decision.findings] == [
        FindingCode.PROGRAM_NOT_RUNNING,
        FindingCode.CLAIM_EXPIRED,
        FindingCode.OWN_CODE,
        FindingCode.RELATED_PARTY,
        FindingCode.EXCLUDED_DOMAIN,
        FindingCode.STAFF_ACCOUNT,
        FindingCode.REFERRER_NOT_ELIGIBLE,
        FindingCode.ACCOUNT_NOT_NEW,
        FindingCode.NOT_NEW_CUSTOMER,
        FindingCode.ALREADY_REFERRED,
        FindingCode.TOO_MANY_OPEN,
        FindingCode.OTHER_CODE_HELD,
        FindingCode.NO_SUCH_GOODS,
        FindingCode.BELOW_MINIMUM,
    ]
    assert not any(finding.passed for finding in decision.findings)
    assert decision.refusal == decision.findings[0]


@pytest.mark.parametrize(
    ("goods", "offer", "expected"),
    [
        (usd("99.99"), percent(10), usd("9.99")),
        (usd(8), amounts(USD=10), usd(8)),
        (usd(80), amounts(USD=10), usd(10)),
        (eur(80), amounts(USD=10), None),
    ],
)
def test_a_discount_is_never_more_than_the_goods(
    goods: Money, offer: Any, expected: Money | None
) -> None:
    # when
    decision = judge_claim(
        terms(discount=offer), checkout(goods=goods, currency=goods.currency), history(), NOW
    )

    # then
    assert decision.discount == expected


def test_a_program_may_give_the_friend_nothing_off() -> None:
    # when
    decision = judge_claim(terms(discount=None), checkout(), history(), NOW)

    # then
    assert decision.refusal is None
    assert decision.discount == usd(0)


# from order to credit -------------------------------------------------------------------------


def test_an_unpaid_order_is_attributed_and_promises_nothing() -> None:
    # when
    decision = decide(terms(), order(captured=usd(0), paid_at=None), history(), NOW)

    # then
    assert decision.status is ReferralStatus.ATTRIBUTED
    assert failed(decision) == ("not_paid",)
    assert credit(decision) == RewardDecision(
        Beneficiary.REFERRER, "credit", usd(0), None, False, valid=Span(days=365)
    )
    assert (decision.earned_at, decision.look_again_at) == (None, None)


def test_a_paid_order_promises_the_credit_for_the_end_of_the_hold() -> None:
    # when
    decision = decide(terms(), order(), history(), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert failed(decision) == ()
    assert credit(decision) == RewardDecision(
        Beneficiary.REFERRER, "credit", usd(10), IN_14_DAYS, False, valid=Span(days=365)
    )
    assert (decision.earned_at, decision.look_again_at) == (PAID_AT, IN_14_DAYS)


@pytest.mark.parametrize(
    ("now", "is_approved"),
    [(IN_14_DAYS - timedelta(microseconds=1), False), (IN_14_DAYS, True)],
)
def test_the_hold_ends_to_the_moment(now: datetime, is_approved: bool) -> None:
    # when
    decision = decide(terms(), order(), history(), now)

    # then
    assert credit(decision).is_approved is is_approved
    assert decision.look_again_at == (None if is_approved else IN_14_DAYS)


def test_without_a_hold_it_is_approved_at_once() -> None:
    # when
    decision = decide(terms(hold_days=0), order(), history(), NOW)

    # then
    assert credit(decision).is_approved
    assert decision.look_again_at is None


@pytest.mark.parametrize(
    ("earned_when", "expected"),
    [
        (EarnedWhen.ORDERED, PAID_AT - timedelta(hours=3)),
        (EarnedWhen.PAID, PAID_AT),
        (EarnedWhen.FULFILLED, PAID_AT + timedelta(hours=5)),
    ],
)
def test_the_hold_runs_from_what_the_terms_ask_for(
    earned_when: EarnedWhen, expected: datetime
) -> None:
    # given
    facts = order(
        placed_at=PAID_AT - timedelta(hours=3),
        is_fulfilled=True,
        fulfilled_at=PAID_AT + timedelta(hours=5),
    )

    # when
    decision = decide(terms(earned_when=earned_when), facts, history(), NOW)

    # then
    assert decision.earned_at == expected
    assert credit(decision).hold_until == expected + timedelta(days=14)


@pytest.mark.parametrize(
    ("paid_at", "booked", "expected"),
    [
        pytest.param(PAID_AT, None, PAID_AT, id="the store's date"),
        pytest.param(PAID_AT, NOW - timedelta(days=9), PAID_AT, id="rather than ours"),
        pytest.param(None, NOW - timedelta(days=9), NOW - timedelta(days=9), id="else ours"),
        pytest.param(None, None, NOW, id="else now"),
        pytest.param(NOW + timedelta(days=1), None, NOW, id="never a day to come"),
    ],
)
def test_when_it_was_earned(
    paid_at: datetime | None, booked: datetime | None, expected: datetime
) -> None:
    assert earned_at(terms(), order(paid_at=paid_at), booked, NOW) == expected


def test_looking_again_does_not_lengthen_the_hold_of_an_order_without_a_date() -> None:
    # given
    undated = order(paid_at=None)
    first = decide(terms(), undated, history(), NOW)

    # when
    again = decide(
        terms(),
        undated,
        history(was_qualified=True, earned_at=first.earned_at),
        NOW + timedelta(days=13),
    )

    # then
    assert credit(again).hold_until == credit(first).hold_until == NOW + timedelta(days=14)


# what breaks it -------------------------------------------------------------------------------

DISQUALIFYING: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "cancelled": ({"is_void": True}, {}, ("order_void", "below_minimum")),
    "refunded": ({"refunded": usd(90)}, {}, ("money_back", "below_minimum")),
    "charged back": ({"charged_back": usd(90)}, {}, ("money_back", "below_minimum")),
    "returned": ({"returned": Fraction(1)}, {}, ("money_back", "below_minimum")),
    "code taken off": ({"voucher_code": None}, {}, ("code_taken_off",)),
    "own order": ({"buyer": ANNA}, {}, ("own_code",)),
    "not new": ({}, {"earlier_orders": 1}, ("not_new_customer",)),
    "referred before": ({}, {"referred_before": True}, ("already_referred",)),
    "below minimum": ({"goods": usd("49.99")}, {}, ("below_minimum",)),
}
WAITING: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "not confirmed": ({"is_confirmed": False}, {}, ("not_confirmed",)),
    "not paid": ({"captured": usd("89.99")}, {}, ("not_paid",)),
}
FROM_FIFTY = terms(minimum=Amounts.of({"USD": 50}))


@pytest.mark.parametrize(
    ("status", "was_qualified", "case"),
    [
        *((ReferralStatus.REJECTED, False, case) for case in DISQUALIFYING.items()),
        *((ReferralStatus.REVERSED, True, case) for case in DISQUALIFYING.items()),
        *((ReferralStatus.ATTRIBUTED, False, case) for case in WAITING.items()),
        *((ReferralStatus.REVERSED, True, case) for case in WAITING.items()),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_an_order_that_does_not_deserve_it_promises_nothing(
    status: ReferralStatus, was_qualified: bool, case: tuple[str, Any]
) -> None:
    # given
    _, (facts, known, expected) = case

    # when
    decision = decide(
        FROM_FIFTY, order(**facts), history(was_qualified=was_qualified, **known), NOW
    )

    # then
    assert decision.status is status
    assert failed(decision) == expected
    assert credit(decision).amount == usd(0)
    assert not credit(decision).is_approved
    assert (decision.earned_at, decision.look_again_at) == (None, None)


def test_every_rule_is_asked_of_every_order() -> None:
    # given
    facts = order(is_void=True, captured=usd(0), is_confirmed=False, buyer=ANNA)

    # when
    decision = decide(terms(), facts, history(referrer_is_gone=True), NOW)

    # then
    assert (
        len(decision.findings) == len(QUALIFYING_RULES) + len(EARNING_RULES) + len(REVIEW_RULES) + 1
    )
    assert failed(decision) == (
        "order_void",
        "own_code",
        "not_confirmed",
        "not_paid",
        "referrer_gone",
    )


def test_an_order_that_came_back_is_qualified_again() -> None:
    # when
    decision = decide(terms(), order(), history(was_qualified=True), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert credit(decision).amount == usd(10)


# how much -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, "4.50", id="the whole"),
        pytest.param({"refunded": usd(30)}, "3.00", id="a third refunded"),
        pytest.param({"refunded": usd(60)}, "1.50", id="two thirds refunded"),
        pytest.param({"refunded": usd(30), "charged_back": usd(30)}, "1.50", id="both"),
        pytest.param({"returned": Fraction(1, 3)}, "3.00", id="a third returned"),
        pytest.param({"returned": Fraction(1, 3), "refunded": usd(30)}, "3.00", id="once"),
        pytest.param({"net_goods": usd("89.99")}, "4.50", id="half a cent up"),
        pytest.param({"net_goods": usd("89.89")}, "4.49", id="less than half a cent down"),
    ],
)
def test_a_percentage_follows_what_stands_of_the_order(
    changed: dict[str, Any], expected: str
) -> None:
    # when
    decision = decide(terms(credit=percent(5)), order(**changed), history(), NOW)

    # then
    assert credit(decision).amount == usd(expected)


def test_an_amount_stands_whole_while_anything_stands() -> None:
    # when
    decision = decide(terms(), order(refunded=usd("89.99")), history(), NOW)

    # then
    assert credit(decision).amount == usd(10)


def test_the_amount_is_the_one_of_the_orders_currency() -> None:
    # when
    decision = decide(terms(), order(**IN_EURO), history(), NOW)

    # then
    assert credit(decision).amount == eur(9)


def test_a_currency_that_got_no_amount_gets_none_guessed() -> None:
    # when
    decision = decide(terms(credit=amounts(EUR=9)), order(), history(), NOW)

    # then
    assert credit(decision).amount == usd(0)


# the limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "expected", "reached"), [(0, 10, False), (2, 10, False), (3, 0, True), (9, 0, True)]
)
def test_a_number_of_credits(others: int, expected: int, reached: bool) -> None:
    # when
    decision = decide(terms(cap_count=3), order(), history(used=(Used(others),)), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert credit(decision).amount == usd(expected)
    assert failed(decision) == (("cap_reached",) if reached else ())


@pytest.mark.parametrize(
    ("used", "expected", "reached"),
    [
        (None, "10", False),
        ("15.00", "10", False),
        ("15.01", "9.99", True),
        ("25.00", "0", True),
        ("99.00", "0", True),
    ],
)
def test_the_last_credit_is_cut_to_what_the_amount_leaves(
    used: str | None, expected: str, reached: bool
) -> None:
    # given
    at_most = terms(cap_amount=Amounts.of({"USD": 25}), cap_period=CapPeriod.CALENDAR_MONTH)

    # when
    counted = Used(2, {"USD": Decimal(used)}) if used else Used()
    decision = decide(at_most, order(), history(used=(counted,)), NOW)

    # then
    assert credit(decision).amount == usd(expected)
    assert failed(decision) == (("cap_reached",) if reached else ())
    if reached:
        assert decision.findings[-2].sentence == "The limit of $25.00 per month is reached."


def test_a_limit_in_one_currency_is_none_in_another() -> None:
    # given
    at_most = terms(cap_amount=Amounts.of({"EUR": 1}))

    # then
    assert credit(decide(at_most, order(), history(), NOW)).amount == usd(10)


def test_the_smaller_of_both_limits_holds() -> None:
    # given
    at_most = terms(cap_count=1, cap_amount=Amounts.of({"USD": 25}))

    # then
    spent = history(used=(Used(1), Used(1, {"USD": Decimal(1)})))
    assert credit(decide(at_most, order(), spent, NOW)).amount == usd(0)


@pytest.mark.parametrize(
    ("period", "earned", "window"),
    [
        (CapPeriod.LIFE, NOW, None),
        (
            CapPeriod.CALENDAR_MONTH,
            datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ),
        (
            CapPeriod.CALENDAR_MONTH,
            datetime(2028, 2, 29, tzinfo=UTC),
            (datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        ),
        (
            CapPeriod.CALENDAR_YEAR,
            datetime(2028, 2, 29, 12, tzinfo=UTC),
            (datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)),
        ),
        pytest.param(
            CapPeriod.CALENDAR_MONTH,
            datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
            id="in UTC it was still February",
        ),
    ],
)
def test_the_period_of_the_limits(
    period: CapPeriod, earned: datetime, window: tuple[datetime, datetime] | None
) -> None:
    assert cap_window(terms(), Cap(count=1, period=period), earned) == window


# a referrer who is gone -----------------------------------------------------------------------


def test_a_referrer_who_is_gone_is_promised_nothing_more() -> None:
    # when
    decision = decide(terms(), order(), history(referrer_is_gone=True), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert failed(decision) == ("referrer_gone",)
    assert credit(decision).amount == usd(0)


@pytest.mark.parametrize("facts", [order(), order(refunded=usd(90)), order(is_void=True)])
def test_what_a_referrer_took_along_stays_in_the_books(facts: OrderFacts) -> None:
    # when
    decision = decide(
        terms(),
        facts,
        history(referrer_is_gone=True, was_qualified=True, delivered={"credit": usd(7)}),
        NOW,
    )

    # then
    assert credit(decision).amount == usd(7)


# purity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [terms(), terms(credit=percent(5), cap_count=1)])
def test_the_same_facts_give_the_same_decision(value: Terms) -> None:
    # given
    facts, known = order(refunded=usd(30)), history(used=(Used(1),))

    # then
    assert decide(value, facts, known, NOW) == decide(
        value.but(), replace(facts), replace(known), NOW
    )


def test_amounts_are_whole_cents() -> None:
    # when
    decision = decide(terms(credit=percent("3.33")), order(net_goods=usd("77.77")), history(), NOW)

    # then
    assert credit(decision).amount.amount.as_tuple().exponent == -2
    assert credit(decision).amount.amount == Decimal("2.59")


# the latest date to issue ---------------------------------------------------------------------


@pytest.mark.parametrize(("late", "amount"), [(timedelta(0), 10), (timedelta(microseconds=1), 0)])
def test_a_hold_that_ends_after_the_latest_date_gives_nothing(late: timedelta, amount: int) -> None:
    # given
    ends = PAID_AT + timedelta(days=14)
    rule = RewardRule(worth=amounts(USD=10), hold=Span(days=14), issue_until=ends - late)

    # when
    decision = decide(terms(rewards=(rule,)), order(), history(), NOW)

    # then
    assert decision.status == "qualified"
    assert [reward.amount for reward in decision.rewards] == [usd(amount)]
    assert failed(decision) == (("issued_too_late",) if late else ())


def test_an_action_that_comes_too_late_gives_nothing_and_the_other_reward_stays() -> None:
    # given
    other = RewardRule(worth=amounts(USD=10))
    rule = RewardRule(name="host", worth=amounts(USD=5), action="hosted", issue_until=PAID_AT)

    # when
    decision = decide(terms(rewards=(rule, other)), order(), history(actions={"hosted": NOW}), NOW)

    # then
    assert [reward.amount for reward in decision.rewards] == [usd(0), usd(10)]
    assert failed(decision) == ("issued_too_late",)
    assert decision.findings[-1].sentence == (
        "A reward could only have been given after March 9, 2026, which is too late."
    )


def test_what_was_delivered_and_stays_is_not_too_late() -> None:
    # given
    rule = RewardRule(
        worth=amounts(USD=10), hold=Span(days=14), issue_until=PAID_AT, after_issue=AfterIssue.KEEP
    )

    # when
    decision = decide(terms(rewards=(rule,)), order(), history(delivered={"credit": usd(10)}), NOW)

    # then
    assert [reward.amount for reward in decision.rewards] == [usd(10)]
    assert failed(decision) == ()
