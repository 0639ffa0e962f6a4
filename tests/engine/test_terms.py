"""Terms: one immutable value, stored as JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    EarnedWhen,
    Milestone,
    MinimumOf,
    Offer,
    Overflow,
    Prize,
    RewardKind,
    RewardRule,
    Span,
    Terms,
    Touch,
)
from tests.engine.build import NOW, amounts, eur, percent, terms, usd

EVERYTHING = Terms(
    channels=("default", "euro"),
    time_zone="Europe/Copenhagen",
    claims_until=datetime(2026, 12, 31, 23, tzinfo=UTC),
    orders_until=datetime(2027, 1, 31, tzinfo=timezone(timedelta(hours=2))),
    discount=percent("12.5"),
    minimum=Amounts.of({"USD": "50"}),
    minimum_of=MinimumOf.NET,
    new_customers_only=False,
    new_after=Span(months=18),
    claim_valid=Span(hours=36),
    touch=Touch.FIRST,
    earned_when=EarnedWhen.ORDERED,
    rewards=(
        RewardRule(
            name="share",
            worth=percent("7.5"),
            least=Amounts.of({"USD": 2}),
            most=Amounts.of({"USD": 20, "JPY": 2000}),
            never_above_net=True,
            hold=Span(days=30),
            valid=Span(months=6),
        ),
        RewardRule(
            name="data",
            to=Beneficiary.REFEREE,
            kind=RewardKind.POINTS,
            worth=amounts(MB=500),
            valid=Span(days=90),
        ),
        RewardRule(name="mug", kind=RewardKind.CUSTOM, worth=amounts(MUG=1)),
        RewardRule(name="gift", worth=amounts(USD="10.00", JPY=1500)),
    ),
    caps=(
        Cap(count=5, period=CapPeriod.CALENDAR_MONTH),
        Cap(amount=Amounts.of({"USD": "500"}), period=CapPeriod.LIFE, overflow=Overflow.REFUSE),
        Cap(
            count=1,
            to=Beneficiary.REFEREE,
            per_referee=True,
            period=CapPeriod.ROLLING,
            rolling=Span(days=30),
        ),
    ),
)


@pytest.mark.parametrize(
    "value", [EVERYTHING, terms(), Terms()], ids=["everything", "ordinary", "nothing"]
)
def test_stored_and_read_again_they_are_the_same(value: Terms) -> None:
    # when
    stored = json.loads(json.dumps(value.to_json()))

    # then
    assert Terms.from_json(stored) == value
    assert Terms.from_json(stored).to_json() == stored


def test_amounts_are_stored_as_text() -> None:
    # when
    stored = EVERYTHING.to_json()

    # then
    assert stored["discount"] == {"percent": "12.5", "amounts": {}, "free_shipping": False}
    assert stored["rewards"][3]["worth"] == {
        "percent": None,
        "amounts": {"JPY": "1500", "USD": "10"},
        "free_shipping": False,
    }
    assert stored["caps"][1]["amount"] == {"USD": "500"}


def test_every_setting_is_stored_also_where_it_is_the_default() -> None:
    # when
    stored = terms(cap_count=1).to_json()

    # then
    assert set(stored) == set(Terms.model_fields)
    assert set(stored["rewards"][0]) == set(RewardRule.model_fields)
    assert set(stored["caps"][0]) == set(Cap.model_fields)


@pytest.mark.parametrize(
    "where", ["the terms", "a reward", "a limit", "an offer", "a span"], ids=lambda where: where
)
def test_a_setting_that_a_later_release_stored_is_refused(where: str) -> None:
    # given
    stored = terms(cap_count=1).to_json()
    place: dict[str, Any] = {
        "the terms": stored,
        "a reward": stored["rewards"][0],
        "a limit": stored["caps"][0],
        "an offer": stored["rewards"][0]["worth"],
        "a span": stored["rewards"][0]["hold"],
    }[where]
    place["something_new"] = 1

    # then
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Terms.from_json(stored)


def test_a_rule_that_is_newer_than_what_is_stored_has_its_default() -> None:
    # given
    stored = terms().to_json()
    del stored["caps"]
    del stored["touch"]

    # then
    assert Terms.from_json(stored) == terms()


@pytest.mark.parametrize(
    ("value", "name"), [(terms(), "touch"), (terms().rewards[0], "hold"), (Span(days=1), "days")]
)
def test_terms_are_never_changed(value: Any, name: str) -> None:
    with pytest.raises(ValidationError, match="Instance is frozen"):
        setattr(value, name, None)


def test_a_changed_copy_is_checked_like_a_new_one() -> None:
    # when
    longer = Span(days=1).but(days=2)

    # then
    assert longer == Span(days=2)
    with pytest.raises(ValidationError, match="only one of them"):
        longer.but(hours=1)


# what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("both", [True, False])
def test_an_offer_is_a_percentage_or_amounts(both: bool) -> None:
    # given
    given = (
        {"percent": Decimal(10), "amounts": Amounts.of({"USD": 10})}
        if both
        else {"percent": None, "amounts": Amounts()}
    )

    # then
    with pytest.raises(ValueError, match="one of them"):
        Offer(**given)


@pytest.mark.parametrize("number", ["0", "-1", "100.01", "NaN", "Infinity", "ten", ""])
def test_a_percentage_is_above_0_and_up_to_100(number: str) -> None:
    with pytest.raises(ValidationError, match="percent"):
        Offer(percent=number)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"USD": "ten"}, '"ten" is no number'),
        ({"USD": None}, '"None" is no number'),
        ({"USD": "NaN"}, '"NaN" is no number'),
        ({"USD": "Infinity"}, '"Infinity" is no number'),
        ({"USD": "0"}, "an amount is above 0"),
        ({"USD": "10", "EUR": "-9"}, "an amount is above 0"),
        ("10 USD", "write an amount per currency"),
        (None, "write an amount per currency"),
        ([["USD", 10]], "write an amount per currency"),
    ],
)
def test_what_is_no_amount_is_refused(given: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Terms.from_json({"minimum": given})
    with pytest.raises(ValidationError, match=why):
        Terms(minimum=given)


@pytest.mark.parametrize("bad", ["0", "-1"])
def test_amounts_made_elsewhere_are_checked_as_well(bad: str) -> None:
    with pytest.raises(ValidationError, match="an amount is above 0"):
        Offer(amounts=Amounts.of({"USD": bad}))


@pytest.mark.parametrize("name", ["", "Credit", "9th", "a b", "-a", "a" * 33])
def test_a_reward_has_a_plain_short_name(name: str) -> None:
    with pytest.raises(ValidationError, match="String should match pattern"):
        RewardRule(name=name, worth=percent(5))


@pytest.mark.parametrize("kind", [RewardKind.POINTS, RewardKind.CUSTOM])
def test_only_a_credit_is_a_percentage(kind: RewardKind) -> None:
    with pytest.raises(ValidationError, match="only a credit can be a percentage"):
        RewardRule(kind=kind, worth=percent(5))


@pytest.mark.parametrize("kind", [RewardKind.POINTS, RewardKind.CUSTOM])
def test_points_are_in_one_unit(kind: RewardKind) -> None:
    with pytest.raises(ValidationError, match="points and custom rewards are in one unit"):
        RewardRule(kind=kind, worth=amounts(MB=500, GB=1))


@pytest.mark.parametrize("bound", ["least", "most"])
def test_only_a_percentage_has_a_least_and_a_most(bound: str) -> None:
    with pytest.raises(ValidationError, match="least and most are for percentages"):
        RewardRule(worth=amounts(USD=10), **{bound: Amounts.of({"USD": 1})})


@pytest.mark.parametrize(
    "given", [{}, {"count": 1, "amount": Amounts.of({"USD": 1})}], ids=["neither", "both"]
)
def test_a_limit_is_a_number_or_an_amount(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either a number of rewards or an amount"):
        Cap(**given)


def test_a_limit_of_no_rewards_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Cap(count=0)


@pytest.mark.parametrize(
    "given",
    [
        {"period": CapPeriod.ROLLING},
        {"period": CapPeriod.ROLLING, "rolling": Span()},
        {"period": CapPeriod.LIFE, "rolling": Span(days=30)},
        {"rolling": Span()},
    ],
    ids=["no length", "an empty length", "a length for life", "an empty length of a year"],
)
def test_a_rolling_period_and_no_other_has_a_length(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a rolling period, and no other, needs its length"):
        Cap(count=1, **given)


@pytest.mark.parametrize("name", ["Middle/Earth", "", "utc+2", "europe/berlin"])
def test_a_time_zone_is_one_that_exists(name: str) -> None:
    with pytest.raises(ValidationError, match="is no time zone"):
        Terms(time_zone=name)


@pytest.mark.parametrize("name", ["claims_until", "orders_until"])
def test_a_moment_has_a_time_zone(name: str) -> None:
    with pytest.raises(ValidationError, match="Input should have timezone info"):
        Terms(**{name: datetime(2026, 1, 1)})


def test_two_rewards_have_two_names_also_when_they_go_to_two_people() -> None:
    # given
    rule = RewardRule(name="credit", worth=percent(5))

    # then
    with pytest.raises(ValidationError, match="two rewards of one program have the same name"):
        Terms(rewards=(rule, rule.but(to=Beneficiary.REFEREE)))
    assert len(Terms(rewards=(rule, rule.but(name="credit-2"))).rewards) == 2


# spans ----------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")
ZONE_UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    "given", [{"hours": 1, "days": 1}, {"days": 1, "months": 1}, {"hours": 1, "months": 1}]
)
def test_a_span_has_one_unit(given: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="write hours, days or months, only one of them"):
        Span(**given)


@pytest.mark.parametrize("given", [{"hours": -1}, {"days": 36_601}, {"months": 1_201}])
def test_a_span_is_neither_negative_nor_longer_than_a_lifetime(given: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="Input should be"):
        Span(**given)


@pytest.mark.parametrize(
    ("span", "length"),
    [
        (Span(days=1), timedelta(hours=24)),
        (Span(days=7), timedelta(hours=168)),
        (Span(hours=24), timedelta(hours=24)),
        (Span(), timedelta(0)),
    ],
)
@pytest.mark.parametrize("change", [(3, 28), (3, 29), (10, 24), (10, 25)])
@pytest.mark.parametrize("given_in", [UTC, BERLIN])
def test_a_day_is_24_hours_also_when_clocks_are_changed(
    span: Span, length: timedelta, change: tuple[int, int], given_in: Any
) -> None:
    # given: noon of the day before the change, or of its day
    start = datetime(2026, *change, 11, tzinfo=UTC)

    # when
    end = span.after(start.astimezone(given_in), BERLIN)
    begin = span.before(start.astimezone(given_in), BERLIN)

    # then
    assert (end.astimezone(UTC), begin.astimezone(UTC)) == (start + length, start - length)
    assert (end.tzinfo, begin.tzinfo) == (given_in, given_in)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        pytest.param((2026, 1, 31, 12), 1, (2026, 2, 28, 12), id="a shorter month"),
        pytest.param((2028, 1, 31, 12), 1, (2028, 2, 29, 12), id="a leap year"),
        pytest.param((2026, 2, 28, 12), 1, (2026, 3, 28, 12), id="a longer month"),
        pytest.param((2026, 1, 31, 12), 2, (2026, 3, 31, 12), id="over a shorter one"),
        pytest.param((2026, 11, 30, 12), 3, (2027, 2, 28, 12), id="over New Year"),
        pytest.param((2028, 2, 29, 12), 12, (2029, 2, 28, 12), id="a year"),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last(
    start: tuple[int, ...], months: int, end: tuple[int, ...]
) -> None:
    # given
    start_at, end_at = (datetime(*when, tzinfo=UTC) for when in (start, end))  # type: ignore[misc]

    # then
    assert Span(months=months).after(start_at, ZONE_UTC) == end_at


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [
        ((2026, 3, 31, 12), 1, (2026, 2, 28, 12)),
        ((2026, 2, 28, 12), 1, (2026, 1, 28, 12)),
        ((2027, 1, 31, 12), 2, (2026, 11, 30, 12)),
        ((2028, 2, 29, 12), 12, (2027, 2, 28, 12)),
    ],
)
def test_a_month_begins_on_the_same_day_or_the_last(
    end: tuple[int, ...], months: int, start: tuple[int, ...]
) -> None:
    # given
    start_at, end_at = (datetime(*when, tzinfo=UTC) for when in (start, end))  # type: ignore[misc]

    # then
    assert Span(months=months).before(end_at, ZONE_UTC) == start_at


def test_a_month_keeps_the_hour_of_the_programs_time_zone() -> None:
    # given: noon in Berlin, in winter and in summer
    winter = datetime(2026, 3, 15, 11, tzinfo=UTC)
    summer = datetime(2026, 4, 15, 10, tzinfo=UTC)

    # then
    assert Span(months=1).after(winter, BERLIN) == summer
    assert Span(months=1).before(summer, BERLIN) == winter
    assert Span(months=1).after(winter, ZONE_UTC) == datetime(2026, 4, 15, 11, tzinfo=UTC)


def test_a_month_is_counted_from_the_day_of_the_programs_time_zone() -> None:
    # given: 31 January in Berlin is 30 January in UTC still
    start = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)

    # then: 00:30 on the last of February, and on 28 February by UTC
    assert Span(months=1).after(start, BERLIN) == datetime(2026, 2, 27, 23, 30, tzinfo=UTC)
    assert Span(months=1).after(start, ZONE_UTC) == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)


def test_a_month_that_ends_in_an_hour_that_is_left_out_ends_after_it() -> None:
    # given: 02:30 in Berlin, an hour that 29 March 2026 does not have
    start = datetime(2026, 1, 29, 1, 30, tzinfo=UTC)

    # then: it is 03:30 there
    assert Span(months=2).after(start, BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "said", "is_something"),
    [
        (Span(hours=1), "1 hour", True),
        (Span(hours=36), "36 hours", True),
        (Span(days=1), "1 day", True),
        (Span(days=14), "14 days", True),
        (Span(months=1), "1 month", True),
        (Span(months=6), "6 months", True),
        (Span(), "0 days", False),
    ],
)
def test_a_span_reads_as_people_say_it(span: Span, said: str, is_something: bool) -> None:
    assert (str(span), bool(span)) == (said, is_something)


# what they say --------------------------------------------------------------------------------


def test_an_offer_is_worth_its_share_or_its_amount() -> None:
    assert percent(10).of(usd("99.99")) == usd("9.99")
    assert amounts(USD=10).of(usd(5)) == usd(10)
    assert amounts(USD=10).of(eur(5)) is None


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (percent("10.00"), "10%"),
        (percent("100"), "100%"),
        (percent("12.5"), "12.5%"),
        (amounts(USD=10, EUR=9), "9 EUR, 10 USD"),
    ],
)
def test_an_offer_reads_as_its_owner_would_write_it(offer: Offer, said: str) -> None:
    assert str(offer) == said


@pytest.mark.parametrize(
    ("channel", "currency", "why"),
    [
        ("default", "USD", ""),
        ("outlet", "USD", "not among the program's channels"),
        ("euro", "EUR", "no referrer's credit in EUR"),
        ("yen", "JPY", "no friend's discount and no referrer's credit in JPY"),
    ],
)
def test_where_it_does_not_run_it_says_why(channel: str, currency: str, why: str) -> None:
    # given
    value = terms(
        channels=("default", "euro", "yen"),
        discount=amounts(USD=5, EUR=5),
        credit=amounts(USD=10),
    )

    # then
    assert value.why_not_in(channel, currency) == why
    assert value.runs_in(channel, currency) is (why == "")


def test_a_credit_for_the_friend_needs_a_price_and_points_need_none() -> None:
    # given
    credit = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3))
    points = RewardRule(name="points", kind=RewardKind.POINTS, worth=amounts(MB=500))

    # then
    assert terms(rewards=(credit,)).why_not_in("euro", "EUR") == "no friend's credit in EUR"
    assert terms(rewards=(points,)).why_not_in("euro", "EUR") == ""


def test_rewards_are_found_by_name_and_by_whom_they_are_for() -> None:
    # given
    share, data, mug, gift = EVERYTHING.rewards

    # then
    assert EVERYTHING.reward("mug") == mug
    assert list(EVERYTHING.rewards_to(Beneficiary.REFERRER)) == [share, mug, gift]
    assert list(EVERYTHING.rewards_to(Beneficiary.REFEREE)) == [data]


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({"hold_days": 0}, True),
        ({"credit": amounts(USD=1, EUR=1)}, True),
        ({"cap_count": 1}, True),
        ({"claim_valid": Span(days=1)}, True),
        ({"touch": Touch.FIRST}, True),
        ({"claims_until": NOW}, True),
        ({"credit": amounts(USD=1)}, False),
        ({"credit": percent(5)}, False),
        ({"discount": percent(11)}, False),
        ({"minimum": Amounts.of({"USD": 1})}, False),
        ({"minimum_of": MinimumOf.NET}, False),
        ({"channels": ("default",)}, False),
    ],
)
def test_a_voucher_is_shared_unless_it_says_something_else(
    changes: dict[str, Any], shared: bool
) -> None:
    assert terms().share_a_voucher_with(terms(**changes)) is shared


@pytest.mark.parametrize(
    ("kind", "unit", "said"),
    [
        (RewardKind.CREDIT, "MB", 'a credit is in currencies; "MB" is none'),
        (RewardKind.POINTS, "USD", "not named like a currency"),
        (RewardKind.CUSTOM, "a-unit-that-is-far-too-long", "up to 16 characters"),
    ],
)
def test_what_a_reward_is_counted_in_fits_its_kind(kind: RewardKind, unit: str, said: str) -> None:
    worth = Offer(amounts=Amounts.of({unit: 1}))
    for make in (
        lambda: RewardRule(kind=kind, worth=worth),
        lambda: Milestone(count=1, kind=kind, worth=worth),
        lambda: Prize(kind=kind, worth=worth),
    ):
        with pytest.raises(ValueError, match=said):
            make()


def test_a_rolling_period_is_not_counted_in_months() -> None:
    with pytest.raises(ValueError, match="hours or days"):
        Cap(count=1, period=CapPeriod.ROLLING, rolling=Span(months=1))


# free shipping -------------------------------------------------------------------------------


def test_free_shipping_is_a_discount_in_any_currency() -> None:
    # given
    free = Offer(free_shipping=True)

    # then
    assert str(free) == "free shipping"
    assert free.is_priced_in("JPY")
    assert free.of(usd(100)) == usd(0)
    assert terms(discount=free).runs_in("default", "USD")
    assert Terms.from_json(terms(discount=free).to_json()).discount == free


@pytest.mark.parametrize("other", [{"percent": Decimal(10)}, {"amounts": {"USD": "10"}}])
def test_free_shipping_goes_with_no_other_discount(other: dict[str, Any]) -> None:
    # when
    with pytest.raises(ValidationError) as refused:
        Offer(free_shipping=True, **other)

    # then
    assert "either a percentage, amounts or free shipping: one of them" in str(refused.value)


def test_free_shipping_is_no_reward() -> None:
    # when
    with pytest.raises(ValidationError) as refused:
        RewardRule(worth=Offer(free_shipping=True))

    # then
    assert "free shipping is a discount; a reward is an amount or a percentage" in str(
        refused.value
    )
