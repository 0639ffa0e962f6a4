"""`docs/settings.md`: what can be set, by whom it is read, and what is said because of it."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import CommandError, call_command

from saleor_referral_plugin.engine.facts import Followed, RefereeFacts, ReferrerFacts
from saleor_referral_plugin.engine.readings import READINGS
from saleor_referral_plugin.engine.rules import (
    CLAIM_RULES,
    EARNING_RULES,
    LATE_CLAIM_RULES,
    LATER_ORDER_RULES,
    QUALIFYING_RULES,
    REVIEW_RULES,
    Case,
    Rule,
    referrer_there,
)
from saleor_referral_plugin.engine.settings_page import page
from saleor_referral_plugin.engine.terms import (
    Cap,
    EarnedWhen,
    LaterOrders,
    MinimumOf,
    Offer,
    ReferrerConditions,
    RewardRule,
    Settings,
    Span,
    Terms,
    Touch,
)
from tests.engine.build import NOW, history, order, terms

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
RULES = list(
    dict.fromkeys(
        (
            *CLAIM_RULES,
            *QUALIFYING_RULES,
            *LATE_CLAIM_RULES,
            *LATER_ORDER_RULES,
            *EARNING_RULES,
            *REVIEW_RULES,
            referrer_there,
        )
    )
)


def read_by(rule: Rule) -> set[str]:
    return set(READINGS[f"rules.{rule.__name__}"].settings)


class WatchedTerms(Terms):
    """Terms that know which of their settings were looked at."""

    seen: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        if name in Terms.model_fields:
            WatchedTerms.seen.add(f"Terms.{name}")
        return super().__getattribute__(name)


@pytest.fixture
def watched() -> Iterator[WatchedTerms]:
    """With everything set that makes a rule look further."""
    everything = terms(
        channels=("default",),
        time_zone="Europe/Rome",
        claims_until=NOW + timedelta(days=1),
        orders_until=NOW + timedelta(days=1),
        claim_valid=Span(days=7),
        claim_after=Span(days=7),
        minimum={"USD": 50},
        minimum_of=MinimumOf.NET,
        touch=Touch.FIRST,
        earned_when=EarnedWhen.FULFILLED,
        later_orders=LaterOrders(within=Span(months=1)),
        referrer=ReferrerConditions(customer_for=Span(months=1)),
        referee_account_within=Span(hours=1),
    )
    made = WatchedTerms(**{name: getattr(everything, name) for name in Terms.model_fields})
    WatchedTerms.seen.clear()
    yield made
    WatchedTerms.seen.clear()


@pytest.mark.parametrize("model", [Terms, RewardRule, Cap])
def test_every_setting_is_read_by_something_that_says_so(model: type[Settings]) -> None:
    # when
    read = {setting for reading in READINGS.values() for setting in reading.settings}

    # then
    assert {f"{model.__name__}.{name}" for name in model.model_fields} <= read


def test_nothing_says_that_it_reads_what_is_no_setting() -> None:
    # given
    settings = {
        f"{model.__name__}.{name}"
        for model in (Terms, RewardRule, Cap)
        for name in model.model_fields
    }

    # then
    for reading in READINGS.values():
        assert set(reading.settings) <= settings


@pytest.mark.parametrize("model", [Terms, RewardRule, Cap, Offer, Span])
def test_every_setting_says_what_it_means(model: type[Settings]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_gives_the_finding_that_it_names(rule: Rule) -> None:
    # when
    finding = rule(terms(), Case.of_order(order(), history()))

    # then
    assert finding.code is READINGS[f"rules.{rule.__name__}"].gives


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_names_the_settings_that_it_looks_at(rule: Rule, watched: WatchedTerms) -> None:
    # when
    a_while_ago = Followed(NOW - timedelta(days=9), later_orders=0)
    known = history(
        follows=a_while_ago,
        referrer_facts=ReferrerFacts(NOW),
        referee_facts=RefereeFacts(NOW),
        claimed_late=True,
    )
    rule(watched, Case.of_order(order(), known))

    # then
    assert {name for name in read_by(rule) if name.startswith("Terms.")} == watched.seen


def test_the_committed_page_is_what_the_code_says() -> None:
    assert page() == COMMITTED.read_text(encoding="utf-8")


def test_the_command_prints_what_is_committed() -> None:
    # given
    said = StringIO()

    # when
    call_command("referral_settings", stdout=said)

    # then
    assert said.getvalue() == COMMITTED.read_text(encoding="utf-8")


def test_the_command_fails_when_the_page_is_another(tmp_path: Path) -> None:
    # given
    other, said = tmp_path / "settings.md", StringIO()
    other.write_text("# Settings\n", encoding="utf-8")

    # when
    with pytest.raises(CommandError) as failure:
        call_command("referral_settings", check=other, stderr=said)

    # then
    assert str(failure.value) == f"{other} is not what the code says: write it anew."
    assert "+# Settings and findings" in said.getvalue()
