"""Money: prices.Money everywhere, rounded once, never converted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from babel import Locale
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    is_currency,
)
from prices import Money


def zero(currency: str) -> Money:
    return Money(Decimal(0), currency)


def plain(number: Decimal) -> Decimal:
    """The same number written one way only: 10.00 and 1E+1 are 10."""
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()


def times(money: Money, ratio: Fraction, rounding: str = ROUND_HALF_UP) -> Money:
    """`money` times an exact ratio, rounded once, to the currency's minor unit (2 digits
    for USD, 0 for JPY)."""
    digits = _digits(money.currency)
    over, under = money.amount.as_integer_ratio()
    over, under = over * ratio.numerator * 10**digits, under * ratio.denominator
    # In whole numbers: floor(x + 1/2), or floor(x).
    half_up = rounding == ROUND_HALF_UP
    units = (2 * over + under) // (2 * under) if half_up else over // under
    return Money(Decimal(units).scaleb(-digits), money.currency)


_digits = lru_cache(maxsize=512)(get_currency_precision)


def round_money(money: Money) -> Money:
    """Rounded to the currency's minor unit, half up."""
    return times(money, Fraction(1))


def share(money: Money, ratio: Fraction) -> Money:
    """`money` times `ratio`, rounded down once: a share never exceeds its whole."""
    return times(money, ratio, ROUND_DOWN)


def total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, zero(currency))


def say(money: Money, locale: Locale | str = "en_US") -> str:
    """`4.10 EUR` as a person reads it, e.g. "€4.10". A unit of points is no currency: it
    stands after its number, e.g. "500 MB"."""
    if is_currency(money.currency):
        return str(format_currency(money.amount, money.currency, locale=locale))
    return f"{format_decimal(money.amount, locale=locale)} {money.currency}"


def as_data(money: Money) -> dict[str, str]:
    """To be stored as JSON, and read by anybody."""
    return {"amount": f"{money.amount:f}", "currency": money.currency}


@dataclass(frozen=True, slots=True)
class Amounts:
    """One explicit amount per currency; what is not named has no amount, and none is guessed."""

    by_currency: tuple[tuple[str, Decimal], ...] = ()

    @classmethod
    def of(cls, amounts: Mapping[str, Decimal | str | int]) -> "Amounts":
        return cls(tuple(sorted((c, plain(Decimal(str(a)))) for c, a in amounts.items())))

    def get(self, currency: str) -> Money | None:
        for name, amount in self.by_currency:
            if name == currency:
                return Money(amount, currency)
        return None

    def as_money(self) -> list[Money]:
        return [Money(amount, currency) for currency, amount in self.by_currency]

    def __bool__(self) -> bool:
        return bool(self.by_currency)

    def as_dict(self) -> dict[str, str]:
        return {currency: str(amount) for currency, amount in self.by_currency}

    def __str__(self) -> str:
        return ", ".join(f"{amount:f} {currency}" for currency, amount in self.by_currency)
