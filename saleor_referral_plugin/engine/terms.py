"""The rules of a program, as one immutable value."""

from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from prices import Money

from .money import Amounts, plain, share


class EarnedWhen(StrEnum):
    PAID = "paid"
    FULFILLED = "fulfilled"


class CapPeriod(StrEnum):
    LIFE = "life"
    CALENDAR_MONTH = "month"
    CALENDAR_YEAR = "year"


@dataclass(frozen=True, slots=True)
class Offer:
    """Either a percentage (0 < percent <= 100) or an amount per currency."""

    percent: Decimal | None = None
    amounts: Amounts = Amounts()

    def __post_init__(self) -> None:
        if (self.percent is None) == (not self.amounts):
            raise ValueError("An offer is either a percentage or amounts, not both or neither.")

    def is_priced_in(self, currency: str) -> bool:
        return self.percent is not None or self.amounts.get(currency) is not None

    def of(self, base: Money) -> Money | None:
        """What the offer is worth on `base`; None when its currency has no amount."""
        if self.percent is not None:
            return share(base, Fraction(self.percent) / 100)
        return self.amounts.get(base.currency)

    @property
    def currencies(self) -> tuple[str, ...] | None:
        """Those it is priced in; None: all."""
        return None if self.percent is not None else tuple(self.amounts.as_dict())

    def __str__(self) -> str:
        return f"{plain(self.percent)}%" if self.percent is not None else str(self.amounts)


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a program's rules. Days are 24 hours; calendar periods are in UTC.

    channels            slugs the program runs in; empty: all of them
    discount            what the referee gets at checkout
    minimum             least goods value before the discount, as the shop enters prices
                        (with tax where it does), per currency; none named: no minimum
    new_customers_only  earlier orders, by account or by e-mail, exclude the referee
    credit              what the referrer gets: amounts, or a percentage of the referee's
                        goods net of discount, tax and shipping
    earned_when         the order is fully paid, or fully fulfilled
    hold_days           days between earning and crediting
    cap_count           most credits per referrer in `cap_period`; None: no limit
    cap_amount          most credit per referrer in `cap_period`, per currency; no limit
                        where none is named
    credit_valid_days   days an issued credit stays valid; None: for ever
    """

    discount: Offer
    credit: Offer
    channels: tuple[str, ...] = ()
    minimum: Amounts = Amounts()
    new_customers_only: bool = True
    earned_when: EarnedWhen = EarnedWhen.PAID
    hold_days: int = 14
    cap_count: int | None = None
    cap_amount: Amounts = Amounts()
    cap_period: CapPeriod = CapPeriod.CALENDAR_YEAR
    credit_valid_days: int | None = 365

    def runs_in(self, channel: str, currency: str) -> bool:
        return not self.why_not_in(channel, currency)

    def share_a_voucher_with(self, other: "Terms") -> bool:
        """Would one voucher in the store do for both?"""
        return self._voucher == other._voucher

    @property
    def _voucher(self) -> tuple[Any, ...]:
        """What it says, and where it is listed: only where the credit has a price, too."""
        return self.discount, self.minimum, self.channels, self.credit.currencies

    def why_not_in(self, channel: str, currency: str) -> str:
        """Why the program does not run in a channel, in words; empty when it does."""
        if self.channels and channel not in self.channels:
            return "not among the program's channels"
        missing = [
            name
            for name, offer in (
                ("referee discount", self.discount),
                ("referrer credit", self.credit),
            )
            if not offer.is_priced_in(currency)
        ]
        if missing:
            return f"no {' and no '.join(missing)} in {currency}"
        return ""

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "channels": list(self.channels),
            "discount": _offer_to_json(self.discount),
            "credit": _offer_to_json(self.credit),
            "minimum": self.minimum.as_dict(),
            "cap_amount": self.cap_amount.as_dict(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Terms":
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        return cls(
            **{
                **values,
                "channels": tuple(values["channels"]),
                "discount": _offer_from_json(values["discount"]),
                "credit": _offer_from_json(values["credit"]),
                "minimum": Amounts.of(values["minimum"]),
                "cap_amount": Amounts.of(values["cap_amount"]),
                "earned_when": EarnedWhen(values["earned_when"]),
                "cap_period": CapPeriod(values["cap_period"]),
            }
        )


def _offer_to_json(offer: Offer) -> dict[str, Any]:
    if offer.percent is not None:
        return {"percent": str(plain(offer.percent))}
    return {"amounts": offer.amounts.as_dict()}


def _offer_from_json(data: dict[str, Any]) -> Offer:
    if "percent" in data:
        return Offer(percent=Decimal(data["percent"]))
    return Offer(amounts=Amounts.of(data["amounts"]))
