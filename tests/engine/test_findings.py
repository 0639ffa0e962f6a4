"""Findings: for machines a code, for people a sentence in their language."""

import json
import string
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prices import Money

from saleor_referral_plugin.engine.facts import Used
from saleor_referral_plugin.engine.findings import (
    Audience,
    Finding,
    FindingCode,
    Refused,
    first_failed,
)
from saleor_referral_plugin.engine.money import Amounts, as_data
from saleor_referral_plugin.engine.rewards import promised
from saleor_referral_plugin.engine.rules import Case, in_time, minimum_reached
from saleor_referral_plugin.engine.sentences import LANGUAGES
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, Span
from tests.engine.build import NOW, checkout, history, order, terms, usd

CODES = list(FindingCode)
DETAIL: dict[str, Any] = {
    "minimum": {"amount": "50", "currency": "USD"},
    "missing": {"amount": "4.10", "currency": "USD"},
    "until": "2026-03-31T23:59:59.999999+02:00",
    "credit": "EUR",
    "currency": "USD",
    "orders": 3,
    "limit": {"amount": "500", "currency": "USD"},
    "period": "year",
    "span": {"hours": 2},
    "by": "Cleo",
    "reason": "known to us",
    "least": 4,
    "most": 20,
}


def said(code: FindingCode, language: str, **detail: Any) -> str:
    """With plain spaces: babel's do not break."""
    sentence = Finding(code, False, DETAIL | detail).sentence_in(language)
    return sentence.replace("\xa0", " ").replace("\u202f", " ")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("on_order", [False, True])
@pytest.mark.parametrize("code", CODES)
def test_every_failed_finding_has_one_plain_sentence(
    code: FindingCode, on_order: bool, language: str
) -> None:
    # when
    sentence = Finding(code, False, DETAIL, on_order=on_order).sentence_in(language)

    # then
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not set(sentence) & set("{}…")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_details(language: str) -> None:
    # given
    english, other = LANGUAGES["en"], LANGUAGES[language]

    # then
    assert set(other.for_shoppers) == set(FindingCode)
    assert set(other.of_orders) == set(english.of_orders)
    assert set(other.periods) == {*CapPeriod} - {CapPeriod.ROLLING}
    assert set(other.nouns) == {"rewards", *Span.model_fields}
    assert all(set(forms) == {"one", "other"} for forms in other.nouns.values())
    assert placeholders(other.within) == {"span"}
    for code, text in english.for_shoppers.items():
        assert placeholders(other.for_shoppers[code]) == placeholders(text)
    for code, text in english.of_orders.items():
        assert placeholders(other.of_orders[code]) == placeholders(text)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Add $4.10 more to use this referral code (minimum $50.00)."),
        ("en-gb", "Add US$4.10 more to use this referral code (minimum US$50.00)."),
        (
            "nl",
            "Bestel nog voor US$ 4,10 om deze uitnodigingscode te gebruiken (minimaal US$ 50,00).",
        ),
        ("it", "Aggiungi ancora 4,10 USD per usare questo codice invito (minimo 50,00 USD)."),
        (
            "da",
            "Læg varer for 4,10 US$ mere i kurven for at bruge henvisningskoden "
            "(minimum 50,00 US$).",
        ),
    ],
)
def test_amounts_are_written_as_the_reader_writes_them(language: str, sentence: str) -> None:
    assert said(FindingCode.BELOW_MINIMUM, language) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This referral code expired on March 31, 2026."),
        ("en-gb", "This referral code expired on 31 March 2026."),
        ("nl", "Deze uitnodigingscode is op 31 maart 2026 verlopen."),
        ("it", "Questo codice invito è scaduto in data 31 marzo 2026."),
        ("da", "Henvisningskoden udløb den 31. marts 2026."),
    ],
)
def test_a_date_is_that_of_the_programs_time_zone(language: str, sentence: str) -> None:
    assert said(FindingCode.CLAIM_EXPIRED, language) == sentence


@pytest.mark.parametrize(
    ("language", "limit", "period", "sentence"),
    [
        ("en", 1, "month", "The limit of 1 reward per month is reached."),
        ("en", 1000, "life", "The limit of 1,000 rewards in all is reached."),
        ("en", 3, {"days": 1}, "The limit of 3 rewards within 1 day is reached."),
        ("nl", 1, "month", "De limiet van 1 beloning per maand is bereikt."),
        ("nl-be", 3, {"days": 30}, "De limiet van 3 beloningen binnen 30 dagen is bereikt."),
        ("it", 1, "year", "Il limite di 1 premio all'anno è stato raggiunto."),
        ("it-ch", 1_000_000, "life", "Il limite di 1’000’000 premi in totale è stato raggiunto."),
        ("da", 1, "life", "Grænsen på 1 belønning i alt er nået."),
        ("da-gl", 2, {"months": 6}, "Grænsen på 2 belønninger inden for 6 måneder er nået."),
    ],
)
def test_limits_are_said_in_good_grammar(
    language: str, limit: int, period: Any, sentence: str
) -> None:
    assert said(FindingCode.CAP_REACHED, language, limit=limit, period=period) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The limit of 1,500 MB per year is reached."),
        ("nl", "De limiet van 1.500 MB per jaar is bereikt."),
        ("it", "Il limite di 1.500 MB all'anno è stato raggiunto."),
        ("da", "Grænsen på 1.500 MB pr. år er nået."),
    ],
)
def test_points_stand_before_their_unit(language: str, sentence: str) -> None:
    # given
    limit = as_data(Money(Decimal(1500), "MB"))

    # then
    assert said(FindingCode.CAP_REACHED, language, limit=limit) == sentence


@pytest.mark.parametrize("language", ["nl", "NL", "nl-be", "NL_BE", "nl_NL", "nl-de", "nl-!!"])
def test_a_language_is_found_however_its_code_is_written(language: str) -> None:
    assert said(FindingCode.CODE_INVALID, language) == "Deze uitnodigingscode is niet geldig."


@pytest.mark.parametrize("language", ["en", "pt-br", "zh-hans-cn", "ca-es-valencia", "dav", ""])
def test_a_language_without_a_catalogue_is_answered_in_english(language: str) -> None:
    assert said(FindingCode.BELOW_MINIMUM, language) == (
        "Add $4.10 more to use this referral code (minimum $50.00)."
    )


def test_a_detail_that_was_not_stored_leaves_a_gap() -> None:
    assert Finding(FindingCode.CLAIM_EXPIRED, False).sentence == (
        "This referral code expired on …."
    )


def test_a_rule_gives_amounts_as_data() -> None:
    # given
    case = Case.of_checkout(checkout(goods=usd("45.90")), history(), NOW)

    # when
    finding = minimum_reached(terms(minimum={"USD": 50}), case)

    # then
    assert finding.detail == {
        "minimum": {"amount": "50", "currency": "USD"},
        "missing": {"amount": "4.10", "currency": "USD"},
    }


def test_a_time_is_given_with_the_offset_of_the_programs_zone() -> None:
    # given
    midnight = datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Rome")).astimezone(UTC)
    case = Case.of_checkout(checkout(), history(), midnight)

    # when
    finding = in_time(terms(orders_until=midnight, time_zone="Europe/Rome"), case)

    # then
    assert finding.detail == {"until": "2026-06-30T23:59:59.999999+02:00"}
    assert finding.sentence == "This referral code expired on June 30, 2026."


@pytest.mark.parametrize(
    ("cap", "detail", "sentence"),
    [
        (
            Cap(count=1, period=CapPeriod.ROLLING, rolling=Span(days=30)),
            {"limit": 1, "period": {"days": 30}},
            "The limit of 1 reward within 30 days is reached.",
        ),
        (
            Cap(amount=Amounts.of({"USD": 15}), period=CapPeriod.LIFE),
            {"limit": {"amount": "15", "currency": "USD"}, "period": "life"},
            "The limit of $15.00 in all is reached.",
        ),
    ],
)
def test_a_limit_is_given_with_its_period(cap: Cap, detail: dict[str, Any], sentence: str) -> None:
    # given
    used = Used(1, {"USD": Decimal(10)})

    # when
    _, (finding, _) = promised(terms(caps=(cap,)), order(), history(used=(used,)), NOW, NOW)

    # then
    assert finding.detail == detail
    assert finding.sentence == sentence


monies = st.builds(
    Money,
    st.decimals(0, 10**9, places=2),
    st.sampled_from(("USD", "EUR", "DKK", "JPY", "KWD", "MB", "points")),
).map(as_data)
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.datetimes(timezones=zones | st.just(UTC)).map(lambda time: time.isoformat())
spans = st.one_of(
    *(st.builds(Span, **{unit: st.integers(0, 1_200)}) for unit in ("hours", "days", "months"))
).map(lambda span: span.model_dump(exclude_defaults=True))
details = st.fixed_dictionaries(
    {},
    optional={
        "minimum": monies,
        "missing": monies,
        "until": times,
        "limit": monies | st.integers(1, 10**9),
        "period": spans | st.sampled_from(CapPeriod).map(lambda period: period.value),
        "span": spans,
        "channel": st.text(max_size=5),
    },
)
regions = st.sampled_from(("", "-be", "-CH", "_DK", "-gb", "-xx", "-latn-it", "-!"))
languages = st.builds(str.__add__, st.sampled_from((*LANGUAGES, "pt", "DA")), regions) | st.text()


@given(st.sampled_from(CODES), st.booleans(), details, languages)
def test_any_finding_is_said_in_any_language(
    code: FindingCode, on_order: bool, detail: dict[str, Any], language: str
) -> None:
    # given
    finding = Finding(code, False, detail, on_order=on_order)

    # when
    stored = json.loads(json.dumps(finding.to_json()))
    sentence = Finding.from_json(stored).sentence_in(language)

    # then
    assert sentence == finding.sentence_in(language)
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert not set(sentence) & set("{}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_passed_finding_has_nothing_to_say(language: str) -> None:
    assert Finding(FindingCode.OWN_CODE, True).sentence_in(language) == ""


@pytest.mark.parametrize("audience", Audience)
def test_stored_and_read_again_it_is_the_same(audience: Audience) -> None:
    # given
    finding = Finding(FindingCode.BELOW_MINIMUM, False, DETAIL, audience)

    # then
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_what_is_stored_is_not_shared_with_who_reads_it() -> None:
    # given
    stored = Finding(FindingCode.BELOW_MINIMUM, False, dict(DETAIL)).to_json()

    # when
    Finding.from_json(stored).detail["minimum"] = "nothing"

    # then
    assert stored["detail"] == DETAIL


def test_the_first_failed_is_what_a_shopper_hears() -> None:
    # given
    passed = Finding(FindingCode.OWN_CODE, True)
    first = Finding(FindingCode.NOT_NEW_CUSTOMER, False)
    second = Finding(FindingCode.BELOW_MINIMUM, False, DETAIL)

    # then
    assert first_failed([passed, first, second]) is first
    assert first_failed([passed]) is None
    assert str(Refused(first)) == "This referral code is for new customers only."
