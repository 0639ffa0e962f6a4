"""Terms: one immutable value, stored as JSON."""

import json
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import CapPeriod, EarnedWhen, Offer, Terms
from tests.engine.build import amounts, eur, percent, terms, usd

EVERYTHING = Terms(
    discount=percent("12.5"),
    credit=amounts(USD="10.00", JPY=1500),
    channels=("default", "euro"),
    minimum=Amounts.of({"USD": "50"}),
    new_customers_only=False,
    earned_when=EarnedWhen.FULFILLED,
    hold_days=0,
    cap_count=5,
    cap_amount=Amounts.of({"USD": "500"}),
    cap_period=CapPeriod.CALENDAR_MONTH,
    credit_valid_days=None,
)


@pytest.mark.parametrize("value", [EVERYTHING, terms()], ids=["everything", "ordinary"])
def test_stored_and_read_again_they_are_the_same(value: Terms) -> None:
    # when
    stored = json.loads(json.dumps(value.to_json()))

    # then
    assert Terms.from_json(stored) == value


def test_amounts_are_stored_as_text() -> None:
    # when
    stored = EVERYTHING.to_json()

    # then
    assert stored["discount"] == {"percent": "12.5"}
    assert stored["credit"] == {"amounts": {"JPY": "1500", "USD": "10"}}
    assert stored["cap_amount"] == {"USD": "500"}


def test_what_a_later_release_stored_besides_is_left_aside() -> None:
    # given
    stored = terms().to_json() | {"something_new": 1}

    # then
    assert Terms.from_json(stored) == terms()


def test_a_rule_that_is_newer_than_what_is_stored_has_its_default() -> None:
    # given
    stored = terms().to_json()
    del stored["cap_count"]

    # then
    assert Terms.from_json(stored) == terms()


def test_terms_are_never_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        terms().hold_days = 3  # type: ignore[misc]


@pytest.mark.parametrize("both", [True, False])
def test_an_offer_is_a_percentage_or_amounts(both: bool) -> None:
    # given
    given = (
        {"percent": Decimal(10), "amounts": Amounts.of({"USD": 10})}
        if both
        else {"percent": None, "amounts": Amounts()}
    )

    # then
    with pytest.raises(ValueError, match="not both or neither"):
        Offer(**given)


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
        ("euro", "EUR", "no referrer credit in EUR"),
        ("yen", "JPY", "no referee discount and no referrer credit in JPY"),
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
