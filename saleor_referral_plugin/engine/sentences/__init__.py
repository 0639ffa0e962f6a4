"""What findings say to people, in the languages that have a catalogue here.

A catalogue is one module with one `Language`; a new language is a new module and its line in
LANGUAGES. Amounts, dates and numbers are written as the reader's region does.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from prices import Money

from ..money import say
from .danish import DANISH
from .dutch import DUTCH
from .english import ENGLISH
from .italian import ITALIAN
from .language import Language

LANGUAGES: dict[str, Language] = {"en": ENGLISH, "nl": DUTCH, "it": ITALIAN, "da": DANISH}
DEFAULT = "en"

#: Stands for a detail that was not stored: a sentence must never be what breaks a checkout.
UNKNOWN = "…"


def sentence(code: str, detail: Mapping[str, Any], language: str, *, of_order: bool) -> str:
    """What a failed finding says. `language` is a code such as "nl", "nl-be" or "NL_BE"; one
    without a catalogue is answered in English."""
    catalogue, locale = _reader(language)
    text = (of_order and catalogue.of_orders.get(code)) or catalogue.for_shoppers[code]
    said = {name: _say(name, value, catalogue, locale) for name, value in detail.items()}
    return text.format_map(defaultdict(lambda: UNKNOWN, said))


@lru_cache(maxsize=256)
def _reader(language: str) -> tuple[Language, Locale]:
    """The catalogue, and the locale in which amounts and dates go with it."""
    tag = language.replace("-", "_").lower()
    name = tag.partition("_")[0]
    if name not in LANGUAGES:
        return LANGUAGES[DEFAULT], Locale(DEFAULT)
    try:
        return LANGUAGES[name], Locale.parse(tag)
    except (ValueError, UnknownLocaleError):
        return LANGUAGES[name], Locale(name)


def _say(name: str, value: Any, catalogue: Language, locale: Locale) -> str:
    """One detail, by what it is; what is none of these is said as it stands."""
    match name, value:
        case _, {"amount": amount, "currency": currency}:
            return say(Money(Decimal(amount), currency), locale)
        case "until", str():
            return _say_date(value, locale)
        case "limit", int():
            return _count(value, "rewards", catalogue, locale)
        case "period", dict():
            [(unit, number)] = value.items() or [("days", 0)]
            return catalogue.within.format(span=_count(number, unit, catalogue, locale))
        case "span", dict():
            [(unit, number)] = value.items() or [("days", 0)]
            return _count(number, unit, catalogue, locale)
        case "period", str():
            return catalogue.periods.get(value, value)
    return str(value)


def _say_date(value: str, locale: Locale) -> str:
    """The day it was where the time was written down: its offset is not changed."""
    return str(format_date(datetime.fromisoformat(value), "long", locale=locale))


def _count(number: int, what: str, catalogue: Language, locale: Locale) -> str:
    nouns = catalogue.nouns[what]
    noun = nouns.get(locale.plural_form(number), nouns["other"])
    return f"{format_decimal(number, locale=locale)} {noun}"
