"""Each rule by itself: what it lets pass, what not, and what it says then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from babel.dates import format_date

from saleor_referral_plugin.engine import rules
from saleor_referral_plugin.engine.facts import Person
from saleor_referral_plugin.engine.findings import Audience, FindingCode
from saleor_referral_plugin.engine.money import Amounts, as_data
from saleor_referral_plugin.engine.rules import Case, Rule
from saleor_referral_plugin.engine.terms import EarnedWhen, MinimumOf, Span, Terms
from tests.engine.build import (
    ANNA,
    BEN,
    NOW,
    amounts,
    checkout,
    eur,
    history,
    order,
    percent,
    terms,
    usd,
)

NOBODY = Person()


def at_checkout(**changes: Any) -> Case:
    return Case.of_checkout(checkout(**changes), history(), NOW)


def knowing(**known: Any) -> Case:
    return Case.of_checkout(checkout(), history(**known), NOW)


def of_order(**changes: Any) -> Case:
    return Case.of_order(order(**changes), history())


# who, where, how much -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "passes"),
    [
        pytest.param(at_checkout(), True, id="named and priced"),
        pytest.param(at_checkout(channel="elsewhere"), False, id="channel not named"),
        pytest.param(at_checkout(currency="EUR", goods=eur(9)), False, id="currency not priced"),
        pytest.param(knowing(is_running=False), False, id="switched off"),
    ],
)
def test_the_program_runs_where_it_is_named_and_priced(case: Case, passes: bool) -> None:
    # given
    in_dollars = terms(channels=("default", "other"), credit=amounts(USD=10))

    # when
    finding = rules.program_running(in_dollars, case)

    # then
    assert (finding.code, finding.passed) == (FindingCode.PROGRAM_NOT_RUNNING, passes)
    assert finding.detail == {"channel": case.channel, "currency": case.currency}


def test_a_program_without_named_channels_runs_in_all_that_are_priced() -> None:
    # when
    finding = rules.program_running(
        terms(channels=(), discount=percent(10), credit=percent(5)), at_checkout(channel="any")
    )

    # then
    assert finding.passed


@pytest.mark.parametrize(
    ("buyer", "passes"),
    [
        pytest.param(BEN, True, id="somebody else"),
        pytest.param(NOBODY, True, id="nobody yet"),
        pytest.param(ANNA, False, id="the same"),
        pytest.param(Person(ANNA.user_ref, BEN.email_key), False, id="the account"),
        pytest.param(Person(None, ANNA.email_key), False, id="the address"),
    ],
)
def test_nobody_uses_their_own_code(buyer: Person, passes: bool) -> None:
    # when
    finding = rules.not_own_code(terms(), at_checkout(buyer=buyer))

    # then
    assert (finding.code, finding.passed) == (FindingCode.OWN_CODE, passes)


def test_nobody_yet_is_not_the_same_as_a_referrer_who_is_gone() -> None:
    # given
    case = Case.of_checkout(checkout(buyer=NOBODY), history(referrer=NOBODY), NOW)

    # then
    assert rules.not_own_code(terms(), case).passed


@pytest.mark.parametrize(
    ("wanted", "earlier_orders", "passes"),
    [(True, 0, True), (True, 1, False), (True, 7, False), (False, 7, True)],
)
def test_new_customers_have_no_earlier_order(
    wanted: bool, earlier_orders: int, passes: bool
) -> None:
    # when
    finding = rules.new_customer(
        terms(new_customers_only=wanted), knowing(earlier_orders=earlier_orders)
    )

    # then
    assert (finding.code, finding.passed) == (FindingCode.NOT_NEW_CUSTOMER, passes)


@pytest.mark.parametrize("referred_before", [True, False])
def test_the_first_referrer_keeps_the_friend(referred_before: bool) -> None:
    # when
    finding = rules.not_referred_before(terms(), knowing(referred_before=referred_before))

    # then
    assert (finding.code, finding.passed) == (FindingCode.ALREADY_REFERRED, not referred_before)


@pytest.mark.parametrize(
    ("goods", "missing"),
    [("45.90", "$4.10"), ("49.99", "$0.01"), ("0", "$50.00")],
)
def test_below_the_minimum_it_says_how_much_is_missing(goods: str, missing: str) -> None:
    # given
    from_fifty = terms(minimum=Amounts.of({"USD": 50}))

    # when
    finding = rules.minimum_reached(from_fifty, at_checkout(goods=usd(goods)))

    # then
    assert (finding.code, finding.passed) == (FindingCode.BELOW_MINIMUM, False)
    short = as_data(usd(50) - usd(goods))
    assert finding.detail == {"minimum": as_data(usd(50)), "missing": short}
    assert finding.sentence == (f"Add {missing} more to use this referral code (minimum $50.00).")


@pytest.mark.parametrize("minimum", [{"USD": 100}, {"EUR": 1000}, {}])
def test_the_minimum_is_reached_by_itself_or_where_none_is_named(
    minimum: dict[str, int],
) -> None:
    # when
    finding = rules.minimum_reached(terms(minimum=Amounts.of(minimum)), at_checkout())

    # then
    assert finding.passed


@pytest.mark.parametrize(
    ("refunded", "passes"), [("0", True), ("45", True), ("45.01", False), ("90", False)]
)
def test_what_was_given_back_counts_no_more_towards_the_minimum(
    refunded: str, passes: bool
) -> None:
    # when: the half of 100 USD of goods stands after half of the 90 USD paid went back
    finding = rules.minimum_reached(
        terms(minimum=Amounts.of({"USD": 50})), of_order(refunded=usd(refunded))
    )

    # then
    assert finding.passed is passes


def test_a_minimum_may_be_one_of_the_net_value() -> None:
    # given: 100 USD of goods, of which 90 are net
    minimum = Amounts.of({"USD": 91})

    # when
    of_goods = rules.minimum_reached(terms(minimum=minimum), of_order())
    of_net = rules.minimum_reached(terms(minimum=minimum, minimum_of=MinimumOf.NET), of_order())

    # then
    assert of_goods.passed
    assert not of_net.passed
    assert of_net.detail == {"minimum": as_data(usd(91)), "missing": as_data(usd("1.00"))}


@pytest.mark.parametrize(
    ("refunded", "passes"), [("0", True), ("45", True), ("45.01", False), ("90", False)]
)
def test_what_was_given_back_counts_no_more_towards_a_net_minimum(
    refunded: str, passes: bool
) -> None:
    # when: the half of 90 USD net stands after half of the 90 USD paid went back
    finding = rules.minimum_reached(
        terms(minimum=Amounts.of({"USD": 45}), minimum_of=MinimumOf.NET),
        of_order(refunded=usd(refunded)),
    )

    # then
    assert finding.passed is passes


def test_a_checkout_of_which_the_net_value_is_not_known_is_asked_for_its_goods() -> None:
    # given
    net = terms(minimum=Amounts.of({"USD": 100}), minimum_of=MinimumOf.NET)

    # then
    assert rules.minimum_reached(net, at_checkout(goods=usd(100))).passed
    assert not rules.minimum_reached(net, at_checkout(goods=usd("99.99"))).passed


# in time --------------------------------------------------------------------------------------

CLAIMED_AT = datetime(2026, 3, 28, 9, 30, 15, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def ordered_at(placed_at: datetime) -> Case:
    return Case.of_order(order(placed_at=placed_at), history(claimed_at=CLAIMED_AT))


def checked_out_at(now: datetime) -> Case:
    return Case.of_checkout(checkout(), history(claimed_at=CLAIMED_AT), now)


@pytest.mark.parametrize("case_at", [ordered_at, checked_out_at])
@pytest.mark.parametrize(
    ("valid", "hours"),
    [(Span(hours=1), 1), (Span(days=1), 24), (Span(days=30), 720)],
    ids=str,
)
def test_a_claim_is_valid_to_the_last_moment_of_its_hours(
    case_at: Callable[[datetime], Case], valid: Span, hours: int
) -> None:
    # given: the clocks of the program are changed in the night after the claim
    value = terms(claim_valid=valid, time_zone="Europe/Berlin")
    last = CLAIMED_AT + timedelta(hours=hours)

    # when
    in_time, too_late = (rules.in_time(value, case_at(at)) for at in (last, last + TICK))

    # then
    assert (in_time.code, in_time.passed) == (FindingCode.CLAIM_EXPIRED, True)
    assert (too_late.code, too_late.passed) == (FindingCode.CLAIM_EXPIRED, False)
    assert datetime.fromisoformat(too_late.detail["until"]) == last
    day = format_date(last.astimezone(value.zone), "long", locale="en")
    assert too_late.sentence == f"This referral code expired on {day}."


def test_a_claim_that_is_valid_for_months_ends_at_its_hour_in_the_programs_time_zone() -> None:
    # given: claimed at 10:30:15 in Berlin, in winter
    value = terms(claim_valid=Span(months=1), time_zone="Europe/Berlin")
    last = datetime(2026, 4, 28, 8, 30, 15, tzinfo=UTC)

    # then
    assert rules.in_time(value, ordered_at(last)).passed
    assert not rules.in_time(value, ordered_at(last + TICK)).passed


def test_a_claim_made_now_is_in_time() -> None:
    # given: nothing is known of an earlier claim
    case = Case.of_checkout(checkout(), history(), NOW)

    # then
    assert rules.in_time(terms(claim_valid=Span(hours=1)), case).passed


@pytest.mark.parametrize("case_at", [ordered_at, checked_out_at])
def test_a_claim_without_an_end_is_valid_for_ever(case_at: Callable[[datetime], Case]) -> None:
    # when
    finding = rules.in_time(terms(), case_at(CLAIMED_AT + timedelta(days=10_000)))

    # then
    assert (finding.passed, finding.detail) == (True, {})


@pytest.mark.parametrize("case_at", [ordered_at, checked_out_at])
def test_from_the_moment_the_program_closes_no_order_qualifies(
    case_at: Callable[[datetime], Case],
) -> None:
    # given
    closes = CLAIMED_AT + timedelta(hours=5)
    value = terms(orders_until=closes, claim_valid=Span(days=30))

    # when
    in_time, too_late = (rules.in_time(value, case_at(at)) for at in (closes - TICK, closes))

    # then
    assert in_time.passed
    assert not too_late.passed
    assert too_late.detail == {"until": (closes - TICK).isoformat()}


def test_the_earlier_of_both_ends_counts() -> None:
    # given
    value = terms(orders_until=CLAIMED_AT + timedelta(days=30), claim_valid=Span(hours=1))

    # when
    finding = rules.in_time(value, ordered_at(CLAIMED_AT + timedelta(hours=2)))

    # then
    assert not finding.passed
    assert finding.detail == {"until": (CLAIMED_AT + timedelta(hours=1)).isoformat()}


def test_from_the_moment_claims_end_no_code_is_taken() -> None:
    # given
    value = terms(claims_until=NOW)

    # when
    before, then = (
        rules.program_running(value, Case.of_checkout(checkout(), history(), at))
        for at in (NOW - TICK, NOW)
    )

    # then
    assert (before.passed, then.passed) == (True, False)
    assert then.code is FindingCode.PROGRAM_NOT_RUNNING


def test_a_code_claimed_before_claims_end_keeps_its_promise() -> None:
    # given
    value: Terms = terms(claims_until=NOW)
    claimed = history(claimed_at=NOW - TICK)

    # when
    finding = rules.program_running(
        value, Case.of_checkout(checkout(), claimed, NOW + timedelta(days=30))
    )

    # then
    assert finding.passed


@pytest.mark.parametrize("holds_other_code", [True, False])
def test_a_code_that_goes_before_this_one_stays(holds_other_code: bool) -> None:
    # when
    finding = rules.first_code(terms(), knowing(holds_other_code=holds_other_code))

    # then
    assert (finding.code, finding.passed) == (
        FindingCode.OTHER_CODE_HELD,
        not holds_other_code,
    )


# the order ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "code", "broken"),
    [
        (rules.code_still_on, FindingCode.CODE_TAKEN_OFF, {"voucher_code": None}),
        (rules.not_void, FindingCode.ORDER_VOID, {"is_void": True}),
        (rules.confirmed, FindingCode.NOT_CONFIRMED, {"is_confirmed": False}),
        (rules.paid, FindingCode.NOT_PAID, {"captured": usd("89.99")}),
        (rules.something_kept, FindingCode.MONEY_BACK, {"refunded": usd(90)}),
        (rules.something_kept, FindingCode.MONEY_BACK, {"charged_back": usd(90)}),
        (rules.something_kept, FindingCode.MONEY_BACK, {"returned": Fraction(1)}),
    ],
)
def test_a_sound_order_passes_and_a_broken_one_does_not(
    rule: Rule, code: FindingCode, broken: dict[str, Any]
) -> None:
    # when
    sound, refused = rule(terms(), of_order()), rule(terms(), of_order(**broken))

    # then
    assert (sound.code, sound.passed) == (code, True)
    assert (refused.code, refused.passed) == (code, False)


def test_of_a_cancelled_order_it_is_not_said_that_the_money_went_back() -> None:
    # when
    finding = rules.something_kept(terms(), of_order(is_void=True, refunded=usd(90)))

    # then
    assert (finding.code, finding.passed) == (FindingCode.MONEY_BACK, True)


def test_paid_once_in_full_is_paid_whatever_went_back() -> None:
    # when
    finding = rules.paid(terms(), of_order(captured=usd(90), refunded=usd(90)))

    # then
    assert finding.passed


@pytest.mark.parametrize(
    ("earned_when", "not_paid", "not_fulfilled"),
    [
        (EarnedWhen.ORDERED, True, True),
        (EarnedWhen.PAID, False, True),
        (EarnedWhen.FULFILLED, True, False),
    ],
)
def test_only_what_the_terms_ask_for_must_have_happened(
    earned_when: EarnedWhen, not_paid: bool, not_fulfilled: bool
) -> None:
    # given
    asked = terms(earned_when=earned_when)
    nothing_happened = of_order(captured=usd(0), is_fulfilled=False)

    # then
    assert rules.paid(asked, nothing_happened).passed is not_paid
    assert rules.fulfilled(asked, nothing_happened).passed is not_fulfilled


def test_fulfilled_passes_when_all_is_sent() -> None:
    # when
    finding = rules.fulfilled(terms(earned_when=EarnedWhen.FULFILLED), of_order(is_fulfilled=True))

    # then
    assert (finding.code, finding.passed) == (FindingCode.NOT_FULFILLED, True)


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        ({}, "1"),
        ({"refunded": usd("22.50")}, "0.75"),
        ({"refunded": usd("22.50"), "charged_back": usd(45)}, "0.25"),
        ({"returned": Fraction("0.4")}, "0.6"),
        ({"returned": Fraction("0.4"), "refunded": usd(9)}, "0.6"),
        ({"returned": Fraction("0.4"), "refunded": usd(81)}, "0.1"),
        ({"refunded": usd(100)}, "0"),
        ({"is_void": True}, "0"),
        ({"total": usd(0), "captured": usd(0)}, "1"),
        ({"total": usd(0), "captured": usd(0), "returned": Fraction("0.5")}, "0.5"),
    ],
)
def test_what_stands_is_less_the_money_back_or_the_goods_back_if_more(
    facts: dict[str, Any], kept: str
) -> None:
    assert order(**facts).kept == Fraction(kept)


def test_only_staff_hear_that_the_referrer_is_gone() -> None:
    # when
    finding = rules.referrer_there(terms(), knowing(referrer_is_gone=True))

    # then
    assert (finding.code, finding.passed) == (FindingCode.REFERRER_GONE, False)
    assert finding.audience is Audience.STAFF


@pytest.mark.parametrize(
    "rule",
    [rules.not_void, rules.something_kept, rules.code_still_on, *rules.EARNING_RULES],
    ids=lambda rule: rule.__name__,
)
def test_a_rule_for_orders_says_so_when_there_is_only_a_checkout(rule: Rule) -> None:
    # given: terms that make both `paid` and `fulfilled` look at the order
    earned_when = EarnedWhen.FULFILLED if rule is rules.fulfilled else EarnedWhen.PAID

    # then
    with pytest.raises(TypeError, match="orders only"):
        rule(terms(earned_when=earned_when), at_checkout())


def test_every_rule_of_a_claim_can_be_asked_of_an_order() -> None:
    assert all(rule(terms(), of_order()).passed for rule in rules.CLAIM_RULES)
