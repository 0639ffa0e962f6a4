"""Who may refer, and who may be referred."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import rules
from saleor_referral_plugin.engine.facts import CustomerFacts, ReferrerFacts
from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.engine.rules import Case
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import ReferrerConditions, Span
from tests.engine.books import place, put_order, run_program, share
from tests.engine.build import NOW, PAID_AT, checkout, history, order, terms
from tests.engine.fake_store import FakeStore


@pytest.mark.parametrize(
    ("domain", "passes"),
    [
        ("shop.example", False),
        ("staff.shop.example", False),
        ("myshop.example", True),
        ("example", True),
        ("", True),
    ],
)
def test_an_excluded_domain_and_those_below_it_are_refused(domain: str, passes: bool) -> None:
    # given
    case = Case.of_checkout(checkout(email_domain=domain), history(), NOW)

    # when
    finding = rules.domain_allowed(terms(excluded_domains=("Shop.example",)), case)

    # then
    assert (finding.code, finding.passed) == (FindingCode.EXCLUDED_DOMAIN, passes)


@pytest.mark.parametrize(
    ("wanted", "known", "passes"),
    [
        ({}, ReferrerFacts(), True),
        ({"has_bought": True}, ReferrerFacts(orders=1), True),
        ({"has_bought": True}, ReferrerFacts(orders=0), False),
        ({"customer_for": Span(days=30)}, ReferrerFacts(NOW - timedelta(days=30)), True),
        (
            {"customer_for": Span(days=30)},
            ReferrerFacts(NOW - timedelta(days=30) + timedelta.resolution),
            False,
        ),
        ({"customer_for": Span(days=30)}, ReferrerFacts(), False),
        ({"countries": ("DK", "SE")}, ReferrerFacts(country="SE"), True),
        ({"countries": ("DK", "SE")}, ReferrerFacts(country="NO"), False),
        ({"countries": ("DK",)}, None, True),
    ],
)
def test_a_referrer_is_what_the_terms_ask_for(
    wanted: dict[str, Any], known: ReferrerFacts | None, passes: bool
) -> None:
    # given
    case = Case.of_checkout(checkout(), history(referrer_facts=known), NOW)

    # when
    finding = rules.referrer_eligible(terms(referrer=ReferrerConditions(**wanted)), case)

    # then
    assert (finding.code, finding.passed) == (FindingCode.REFERRER_NOT_ELIGIBLE, passes)


def test_a_country_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match='"XX" is no country'):
        ReferrerConditions(countries=("XX",))


@pytest.mark.django_db
@pytest.mark.parametrize("has_bought", [True, False])
def test_the_referrers_own_orders_before_the_friends_are_counted(
    store: FakeStore, has_bought: bool
) -> None:
    # given
    run_program(store, terms(referrer=ReferrerConditions(has_bought=True)))
    code = share(store)
    ref = place(store, code)
    at = PAID_AT - timedelta(days=1) if has_bought else PAID_AT + timedelta(hours=1)
    own = order(ref="own", number="99", placed_at=at, voucher_code=None, checkout_ref="own")
    put_order(store, own)
    store.placed[-1] = store.placed[-1].__class__("own", "1", "anna@example.com", at, NOW)
    store.customers["1"] = CustomerFacts("1", "anna@example.com")

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == ("qualified" if has_bought else "rejected")
