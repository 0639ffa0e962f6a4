"""Money is rounded once, and never converted."""

from decimal import Decimal
from fractions import Fraction

import pytest
from prices import Money

from saleor_referral_plugin.engine.money import (
    Amounts,
    plain,
    round_money,
    say,
    share,
    total,
    zero,
)
from tests.engine.build import eur, usd


@pytest.mark.parametrize(
    ("amount", "ratio", "expected"),
    [
        ("90", "0.05", "4.50"),
        ("99.99", "0.10", "9.99"),
        ("0.09", "0.10", "0.00"),
        ("100", "1", "100.00"),
        ("100", "0", "0.00"),
    ],
)
def test_a_share_is_rounded_down(amount: str, ratio: str, expected: str) -> None:
    # when
    part = share(usd(amount), Fraction(ratio))

    # then
    assert part == usd(expected)
    assert str(part.amount) == expected


@pytest.mark.parametrize("thirds", [1, 2, 3])
def test_a_third_costs_no_cent_although_no_decimal_can_say_it(thirds: int) -> None:
    # when
    part = share(usd(90), Fraction(thirds, 3) * 5 / 100)

    # then
    assert part == usd("1.50") * thirds


@pytest.mark.parametrize(
    ("currency", "expected"), [("USD", "12.34"), ("JPY", "12"), ("KWD", "12.345")]
)
def test_each_currency_has_its_own_smallest_unit(currency: str, expected: str) -> None:
    # when
    rounded = share(Money(Decimal("12.3450"), currency), Fraction(1))

    # then
    assert str(rounded.amount) == expected
    assert rounded.currency == currency


@pytest.mark.parametrize(("amount", "rounded"), [("1.005", "1.01"), ("1.0049", "1.00")])
def test_half_a_cent_is_rounded_up(amount: str, rounded: str) -> None:
    assert round_money(usd(amount)) == usd(rounded)


@pytest.mark.parametrize(
    ("number", "written"), [("10.00", "10"), ("1E+1", "10"), ("9.50", "9.5"), ("0.0", "0")]
)
def test_a_number_is_written_one_way_only(number: str, written: str) -> None:
    assert str(plain(Decimal(number))) == written


def test_nothing_adds_up_to_zero_of_the_currency_named() -> None:
    assert total([], "EUR") == zero("EUR") == eur(0)
    assert total([eur(1), eur(2)], "EUR") == eur(3)


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="USD"):
        total([eur(1), usd(2)], "EUR")


@pytest.mark.parametrize(
    ("money", "said"),
    [
        (usd("4.1"), "$4.10"),
        (eur("1234.5"), "€1,234.50"),
        (Money(Decimal(500), "JPY"), "¥500"),
        (Money(Decimal("1500.5"), "MB"), "1,500.5 MB"),
    ],
)
def test_people_read_money_as_they_are_used_to(money: Money, said: str) -> None:
    assert say(money) == said


def test_a_currency_that_is_not_named_has_no_amount() -> None:
    # given
    amounts = Amounts.of({"USD": "10", "EUR": "9.50"})

    # then
    assert amounts.get("USD") == usd(10)
    assert amounts.get("EUR") == eur("9.50")
    assert amounts.get("GBP") is None


def test_amounts_are_the_same_in_any_order_and_any_spelling() -> None:
    # given
    one = Amounts.of({"USD": "10", "EUR": "9.50"})
    other = Amounts.of({"EUR": Decimal("9.5"), "USD": 10})

    # then
    assert one == other
    assert hash(one) == hash(other)


def test_amounts_are_written_as_an_owner_would_type_them() -> None:
    # given
    amounts = Amounts.of({"USD": "10", "EUR": "9.50"})

    # then
    assert str(amounts) == "9.5 EUR, 10 USD"
    assert Amounts.of(amounts.as_dict()) == amounts
    assert bool(amounts)
    assert not Amounts()
