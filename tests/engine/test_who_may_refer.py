"""Who may refer, and who may be referred."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import rules
from saleor_referral_plugin.engine.claims import claim_code, objection
from saleor_referral_plugin.engine.facts import CustomerFacts, RefereeFacts, ReferrerFacts
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.referrers import invite
from saleor_referral_plugin.engine.rules import Case
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import ReferrerConditions, Span
from saleor_referral_plugin.models import Claim, LedgerEntry
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
        ({"in_groups": ("gold", "vip")}, ReferrerFacts(group="vip"), True),
        ({"in_groups": ("gold", "vip")}, ReferrerFacts(group="silver"), False),
        ({"in_groups": ("gold",)}, ReferrerFacts(), False),
        ({"not_in_groups": ("banned",)}, ReferrerFacts(group="banned"), False),
        ({"not_in_groups": ("banned",)}, ReferrerFacts(), True),
        ({}, ReferrerFacts(is_staff=True), True),
        ({"exclude_staff": True}, ReferrerFacts(is_staff=True), False),
        ({"exclude_staff": True}, ReferrerFacts(), True),
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


@pytest.mark.parametrize(
    ("excludes", "known", "passes"),
    [
        (True, RefereeFacts(is_staff=True), False),
        (True, RefereeFacts(), True),
        (True, None, True),
        (False, RefereeFacts(is_staff=True), True),
    ],
)
def test_staff_cannot_be_referred_where_the_terms_say_so(
    excludes: bool, known: RefereeFacts | None, passes: bool
) -> None:
    # given
    case = Case.of_checkout(checkout(), history(referee_facts=known), NOW)

    # when
    finding = rules.not_staff(terms(exclude_staff=excludes), case)

    # then
    assert (finding.code, finding.passed) == (FindingCode.STAFF_ACCOUNT, passes)


HOUR, MOMENT = timedelta(hours=1), timedelta.resolution


@pytest.mark.parametrize(
    ("registered_at", "passes"),
    [
        (NOW - HOUR - MOMENT, False),
        (NOW - HOUR, True),
        (NOW, True),
        (NOW + HOUR, True),
        (NOW + HOUR + MOMENT, False),
        (None, False),
    ],
)
def test_the_account_was_made_around_the_claim(
    registered_at: datetime | None, passes: bool
) -> None:
    # given
    known = history(claimed_at=NOW, referee_facts=RefereeFacts(registered_at))

    # when
    within_an_hour = terms(referee_account_within=Span(hours=1))
    finding = rules.account_new(within_an_hour, Case.of_order(order(), known))

    # then
    assert (finding.code, finding.passed) == (FindingCode.ACCOUNT_NOT_NEW, passes)
    assert finding.detail == ({} if passes else {"span": {"hours": 1}})
    assert rules.account_new(terms(), Case.of_order(order(), known)).passed


@pytest.mark.parametrize(
    ("after", "is_completing", "passes"),
    [
        (HOUR, False, True),
        (HOUR + MOMENT, False, False),
        (HOUR, True, False),
    ],
)
def test_a_guest_may_make_an_account_until_the_checkout_completes(
    after: timedelta, is_completing: bool, passes: bool
) -> None:
    # given
    known = history(claimed_at=NOW, referee_facts=RefereeFacts(), is_completing=is_completing)
    case = Case.of_checkout(checkout(), known, NOW + after)

    # when
    finding = rules.account_new(terms(referee_account_within=Span(hours=1)), case)

    # then
    assert finding.passed is passes


@pytest.mark.django_db
@pytest.mark.parametrize(("group", "status"), [("gold", "qualified"), ("", "rejected")])
def test_the_referrers_group_in_the_program_counts(
    store: FakeStore, group: str, status: str
) -> None:
    # given
    version = run_program(store, terms(referrer=ReferrerConditions(in_groups=("gold",))))
    code = share(store)
    invite(store.customers["1"], version.program, store=store, group=group)

    # when
    referral = settle(place(store, code), store=store)

    # then
    assert referral is not None
    assert referral.status == status
    assert LedgerEntry.objects.exists() is (status == "qualified")


@pytest.mark.django_db
def test_who_leaves_the_group_keeps_what_they_earned(store: FakeStore) -> None:
    # given
    version = run_program(store, terms(referrer=ReferrerConditions(in_groups=("gold",))))
    code = share(store)
    invite(store.customers["1"], version.program, store=store, group="gold")
    settle(place(store, code), store=store)

    # when
    invite(store.customers["1"], version.program, store=store, group="silver")
    referral = settle("order-1", store=store)

    # then
    assert referral is not None
    assert referral.status == "qualified"


@pytest.mark.django_db
def test_who_deletes_the_account_later_was_a_referral_all_the_same(store: FakeStore) -> None:
    # given
    run_program(store, terms(referee_account_within=Span(hours=1), exclude_staff=True))
    code = share(store)
    store.customers["2"] = CustomerFacts("2", "ben@example.com", registered_at=NOW)
    ref = place(store, code)
    store.orders[ref] = order(
        ref=ref, voucher_code=store.orders[ref].voucher_code, buyer=person("2", "ben@example.com")
    )
    first = settle(ref, store=store)
    assert first is not None
    assert first.status == "qualified"

    # when
    del store.customers["2"]
    store.orders[ref] = order(
        ref=ref, voucher_code=store.orders[ref].voucher_code, buyer=person(None, "ben@example.com")
    )
    again = settle(ref, store=store)

    # then
    assert again is not None
    assert again.status == "qualified"


@pytest.mark.django_db
def test_a_guest_holds_the_code_and_loses_it_when_completing_as_one(store: FakeStore) -> None:
    # given
    version = run_program(store, terms(referee_account_within=Span(hours=1)))
    code = share(store)
    guest = checkout(buyer=person(None, "ben@example.com"), voucher_code=version.offer_code)
    claim_code(
        store=store,
        checkout="checkout-1",
        facts=guest,
        typed=code.code,
        source=Claim.Source.PROMO_CODE,
    )

    # when
    meanwhile = objection(store=store, facts=guest)
    at_last = objection(store=store, facts=guest, completing=True)

    # then
    assert meanwhile is None
    assert at_last is not None
    assert at_last.code is FindingCode.ACCOUNT_NOT_NEW
    assert at_last.sentence == (
        "Only accounts made within 1 hour of entering this referral code can order with it."
    )
    assert Claim.objects.get().status == Claim.Status.REFUSED


@pytest.mark.django_db
def test_an_old_account_is_refused_at_once(store: FakeStore) -> None:
    # given
    run_program(store, terms(referee_account_within=Span(days=1)))
    code = share(store)
    long_ago = NOW - timedelta(days=2)
    store.customers["2"] = CustomerFacts("2", "ben@example.com", registered_at=long_ago)

    # when
    with pytest.raises(Refused) as refusal:
        claim_code(
            store=store,
            checkout="checkout-1",
            facts=checkout(buyer=person("2", "ben@example.com")),
            typed=code.code,
            source=Claim.Source.PROMO_CODE,
        )

    # then
    assert refusal.value.finding.code is FindingCode.ACCOUNT_NOT_NEW
    assert store.codes_on == {}
    assert not Claim.objects.filter(status=Claim.Status.OPEN).exists()
