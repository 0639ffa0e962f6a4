"""What is counted for whoever watches the shop, by OpenTelemetry, in the scope in which Saleor
counts what its service does. Counters live in the process and cost no query; where nobody has
switched telemetry on, or the library is not there, they are nothing.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

try:
    from opentelemetry import metrics as otel
except ImportError:  # The sandbox has none; Saleor always has.
    otel = None

from .. import __version__
from .store import Store
from .totals import Totals

#: As `saleor.core.telemetry.Scope.SERVICE`.
SCOPE = "saleor.service"

#: By name: the unit, and what it is.
COUNTERS = {
    "settled": ("{order}", "Orders settled, by the status of their referral."),
    "not_settled": ("{order}", "Orders, and other steps of a sweep, that failed."),
    "refused": ("{claim}", "Codes refused, or taken off again, by reason."),
    "effects": ("{effect}", "Credits, coupons and messages tried, by outcome."),
}
GAUGES = {
    "unsettled.lag": ("s", "Age of the oldest order, or due moment, not settled yet."),
    "unsettled.due": ("{referral}", "Referrals that must be looked at by now."),
    "unsettled.failed": ("{order}", "Orders that could not be settled, and are tried again."),
    "effects.waiting": ("{effect}", "Credits, coupons and messages that are due."),
    "effects.failed": ("{effect}", "Those among them that failed at least once."),
    "events.waiting": ("{delivery}", "Events that endpoints have not taken yet."),
    "money.promised": ("{amount}", "Promised and not delivered yet, by currency."),
    "money.owed": ("{amount}", "In customers' hands and spendable, by currency."),
    "money.debt": ("{amount}", "Owed by customers: spent, and not deserved, by currency."),
}


def settled(status: str) -> None:
    _add("settled", status=status)


def not_settled() -> None:
    _add("not_settled")


def refused(reason: str) -> None:
    _add("refused", reason=reason)


def effect(kind: str, *, done: bool) -> None:
    _add("effects", kind=kind, outcome="done" if done else "failed")


def _add(name: str, **attributes: str) -> None:
    if otel is not None:
        _counter(name).add(1, attributes)


def show(values: dict[str, float], money: Iterable[Totals] = ()) -> None:
    """What is so now, as gauges, by name."""
    for name, value in values.items():
        _gauge(name).set(value)
    for totals in money:
        for name in ("promised", "owed", "debt"):
            amount = {"promised": totals.pending, "owed": totals.available, "debt": totals.debt}
            _gauge(f"money.{name}").set(float(amount[name].amount), {"currency": totals.currency})


def is_watched() -> bool:
    """Does anybody get to see what is counted? If not, nobody need ask the database for it."""
    if otel is None:
        return False
    provider: Any = otel.get_meter_provider()
    config = getattr(provider, "_sdk_config", None)
    # Saleor sets a provider up in any case; without a reader it leads nowhere.
    return bool(getattr(config, "metric_readers", False))


def watch(store: Store) -> None:
    """Show how things stand. Never at the cost of what is watched."""
    if is_watched():
        from . import watching

        watching.show(store)


@cache
def _counter(name: str) -> Any:
    unit, description = COUNTERS[name]
    return _meter().create_counter(f"saleor.referral.{name}", unit, description)


@cache
def _gauge(name: str) -> Any:
    unit, description = GAUGES[name]
    return _meter().create_gauge(f"saleor.referral.{name}", unit, description)


def _meter() -> Any:
    return otel.get_meter(SCOPE, __version__)
