"""What a language needs to say findings."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """The sentences of one language, by finding code.

    for_shoppers  for the person it concerns, while something can still be done
    of_orders     what is said instead when it is an order that has failed
    nouns         what is counted, after its number: by CLDR plural form
    periods       how a limit's period is said right after the limit, by CapPeriod
    within        the same of a rolling period; `{span}` is the likes of "30 days"

    Placeholders that a sentence may hold: `{missing}` and `{minimum}`, amounts; `{until}`,
    a date; `{span}`, the likes of "30 days"; `{orders}`, a number above 1; `{limit}`, an amount or
    a number of rewards; `{period}`, always after it; `{by}` and `{reason}`, who decided something
    and why, as they wrote it. An amount does not end a sentence: some end in a full stop of their
    own ("50,00 kr.").
    """

    for_shoppers: Mapping[str, str]
    of_orders: Mapping[str, str]
    nouns: Mapping[str, Mapping[str, str]]
    periods: Mapping[str, str]
    within: str
