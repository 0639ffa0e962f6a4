"""Money: prices.Money everywhere, rounded once, never converted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.numbers import format_currency, get_currency_precision
from prices import Money


def zero(currency: str) -> Money:
    return Money(Decimal(0), currency)


def round_money(money: Money, rounding: str = ROUND_HALF_UP) -> Money:
    """Round to the currency's minor unit (2 digits for USD, 0 for JPY)."""
    exponent = Decimal(1).scaleb(-get_currency_precision(money.currency))
    return Money(money.amount.quantize(exponent, rounding=rounding), money.currency)


def share(money: Money, ratio: Decimal) -> Money:
    """`money` times `ratio`, rounded down once: a share never exceeds its whole."""
    return round_money(Money(money.amount * ratio, money.currency), ROUND_DOWN)


def total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, zero(currency))


def say(money: Money) -> str:
    """`4.10 EUR` as a person reads it, e.g. "€4.10"."""
    return str(format_currency(money.amount, money.currency, locale="en_US"))


@dataclass(frozen=True, slots=True)
class Amounts:
    """One explicit amount per currency; what is not named has no amount, and none is guessed."""

    by_currency: tuple[tuple[str, Decimal], ...] = ()

    @classmethod
    def of(cls, amounts: Mapping[str, Decimal | str | int]) -> "Amounts":
        return cls(tuple(sorted((c, Decimal(str(a))) for c, a in amounts.items())))

    def get(self, currency: str) -> Money | None:
        for name, amount in self.by_currency:
            if name == currency:
                return Money(amount, currency)
        return None

    def __bool__(self) -> bool:
        return bool(self.by_currency)

    def as_dict(self) -> dict[str, str]:
        return {currency: str(amount) for currency, amount in self.by_currency}

    def __str__(self) -> str:
        return ", ".join(f"{amount:f} {currency}" for currency, amount in self.by_currency)
