"""`docs/settings.md`: every setting and every finding, made from the code."""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, get_args, get_origin

from babel import Locale
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

# Whatever reads settings has to be there to be listed.
from . import (  # noqa: F401
    budgets,
    chosen,
    claims,
    coupons,
    goods,
    history,
    ranking,
    rates,
    replay,
    rewards,
    rules,
    settle,
    store,
    taking_part,
)
from .findings import FindingCode
from .money import Amounts
from .readings import READINGS
from .sentences import LANGUAGES
from .terms import (
    Cap,
    Coupon,
    Goods,
    Group,
    LaterOrders,
    Milestone,
    Milestones,
    Offer,
    Prize,
    Ranking,
    ReferrerConditions,
    RewardRule,
    Settings,
    Span,
    Terms,
)

INTRODUCTION = """\
# Settings and findings

Made from the code: change it there, and write this page anew with
`python -m saleor_referral_plugin.sandbox referral_settings > docs/settings.md`.

A program's terms are one `Terms`, stored as JSON with every new version. An *amount per currency*
is `{"USD": "10", "EUR": "9"}`, and in points `{"MB": "500"}`; what is not named has no amount.
*Read by* names the functions that look at a setting; *Finding* is what may be said because of it.
"""
FINDINGS = """\
## Findings

What failed says so in the language of the checkout, the order or the account; in English where
there is no translation. Of an order that has failed some say something else. In `{braces}` stand
amounts, dates and numbers, written as the reader's region does.
"""

#: Settings that others consist of are found fault with where they are used.
VALUES = (
    Goods,
    ReferrerConditions,
    LaterOrders,
    Milestones,
    Milestone,
    Ranking,
    Prize,
    Group,
    Offer,
    Coupon,
    Span,
)

UNITS: dict[Any, str] = {
    Amounts: "amount per currency",
    AwareDatetime: "date and time with offset",
    Decimal: "%",
    bool: "yes or no",
    int: "number",
    str: "text",
}


def page() -> str:
    sections = [INTRODUCTION]
    sections += [_settings_of(model) for model in (Terms, RewardRule, Cap, *VALUES)]
    sections += [f"{FINDINGS}\n{_findings()}"]
    return "\n".join(sections)


def _settings_of(model: type[Settings]) -> str:
    is_read = model not in VALUES
    rows = []
    for name, field in model.model_fields.items():
        row = [f"`{name}`", _unit(field.annotation), _default(field), field.description or ""]
        if is_read:
            row += [_read_by(f"{model.__name__}.{name}"), _found(f"{model.__name__}.{name}")]
        rows.append(row)
    titles = ["Setting", "Unit", "Default", "Meaning", "Read by", "Finding"]
    about = " ".join((model.__doc__ or "").split())
    table = _table(titles if is_read else titles[:4], rows)
    return f"## {model.__name__}\n\n{about}\n\n{table}"


def _unit(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _unit(get_args(annotation)[0])
    if get_origin(annotation) is tuple:
        return f"list of {_unit(get_args(annotation)[0])}"
    if parts := [part for part in get_args(annotation) if part is not type(None)]:
        return _unit(parts[0])
    if issubclass(annotation, Enum):
        return ", ".join(f"`{value.value}`" for value in annotation)
    return UNITS.get(annotation) or f"[{annotation.__name__}](#{annotation.__name__.lower()})"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "has to be set"
    match field.default:
        case bool():
            return "yes" if field.default else "no"
        case None | () | Amounts(by_currency=()) | ReferrerConditions():
            return "none"
        case Enum():
            return f"`{field.default.value}`"
        case str():
            return f"`{field.default}`"
    return str(field.default)


def _read_by(setting: str) -> str:
    return _codes(name for name, reading in READINGS.items() if setting in reading.settings)


def _found(setting: str) -> str:
    given = {reading.gives for reading in READINGS.values() if setting in reading.settings}
    return _codes(code.value for code in FindingCode if code in given)


def _findings() -> str:
    rows = []
    for code in FindingCode:
        languages = LANGUAGES.values()
        rows.append([f"`{code.value}`", *(one.for_shoppers[code] for one in languages)])
        if code in LANGUAGES["en"].of_orders:
            rows.append(["… of an order", *(one.of_orders[code] for one in languages)])
    names = [Locale(language).get_display_name("en") or language for language in LANGUAGES]
    return _table(["Finding", *names], rows)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(' '.join(cell.split()) for cell in row)} |\n" for row in lines)
