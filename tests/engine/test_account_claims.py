"""A code claimed on an account: when it goes on a checkout, and what ends it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import claims, staff
from saleor_referral_plugin.engine.facts import CheckoutFacts, CustomerFacts
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import stop_programs
from saleor_referral_plugin.engine.rules import ACCOUNT_RULES
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import Span, Touch
from saleor_referral_plugin.models import Claim, Referral, ReferralCode
from tests.engine.books import place_another, put_order, run_program, share
from tests.engine.build import NOW, checkout, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

BEN = person("2", "ben@example.com")
CUSTOMER = CustomerFacts("2", "ben@example.com")


def given_code(store: FakeStore, **settings: Any) -> ReferralCode:
    run_program(store, terms(**settings))
    store.customers["2"] = CUSTOMER
    return share(store)


def claimed(store: FakeStore, code: ReferralCode) -> Claim:
    return claims.claim_on_account(CUSTOMER, code.code, store=store)


def refusal(store: FakeStore, code: ReferralCode) -> FindingCode:
    with pytest.raises(Refused) as refused:
        claimed(store, code)
    return refused.value.finding.code


def of_ben(**changes: Any) -> CheckoutFacts:
    return checkout(**{"buyer": BEN} | changes)


def put_on(store: FakeStore, **facts: Any) -> Claim | None:
    seen = of_ben(**facts)
    return claims.put_account_claim_on(store=store, checkout=seen.ref, facts=seen)


def statuses() -> list[tuple[str | None, str]]:
    return list(Claim.objects.order_by("pk").values_list("checkout_ref", "status"))


def test_a_claim_on_an_account_is_remembered_and_touches_no_checkout(store: FakeStore) -> None:
    # given
    code = given_code(store)

    # when
    made = claimed(store, code)

    # then
    assert (made.account_ref, made.checkout_ref, made.status) == ("2", None, "open")
    assert (made.source, made.created_at) == ("account", NOW)
    assert [finding["passed"] for finding in made.findings] == [True] * len(ACCOUNT_RULES)
    assert (store.claimed_on, store.codes_on) == ({"2"}, {})


def test_it_goes_on_a_checkout_as_of_when_it_was_claimed(store: FakeStore) -> None:
    # given
    code = given_code(store)
    claimed(store, code)
    run_program(store, terms(hold_days=99))
    store.travel(days=3)

    # when
    put = put_on(store)

    # then
    assert put is not None
    assert (put.checkout_ref, put.account_ref, put.code) == ("checkout-1", "2", code)
    assert (put.created_at, put.judged_at) == (NOW, store.now())
    assert put.terms.version == 1
    assert store.codes_on == {"checkout-1": "FRIEND"}
    assert statuses() == [(None, "open"), ("checkout-1", "open")]


def test_an_order_uses_it_up(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store))
    put_on(store)
    put_order(store, order(buyer=BEN))

    # when
    referral = settle("order-1", store=store)

    # then
    assert referral is not None
    assert referral.status == "qualified"
    assert statuses() == [(None, "used"), ("checkout-1", "used")]
    assert store.claimed_on == set()


def test_it_is_put_on_once(store: FakeStore) -> None:
    # given
    code = given_code(store)
    claimed(store, code)
    put_on(store)
    claims.withdraw(store=store, checkout="checkout-1", checkout_ref="checkout-1", code=code.code)

    # then
    assert put_on(store) is None
    assert store.codes_on == {}
    assert statuses() == [(None, "open"), ("checkout-1", "withdrawn")]


def test_a_checkout_that_is_too_small_yet_gets_it_later(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store, minimum=Amounts.of({"USD": 50})))

    # when
    small, large = put_on(store, goods=usd(30)), put_on(store, goods=usd(60))

    # then
    assert small is None
    assert large is not None
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_a_program_that_has_stopped_keeps_its_promise(store: FakeStore) -> None:
    # given
    code = given_code(store)
    claimed(store, code)
    stop_programs()

    # then
    assert put_on(store) is not None
    assert refusal(store, code) is FindingCode.PROGRAM_NOT_RUNNING


def test_what_can_not_be_any_more_ends_the_claim(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store, claim_valid=Span(days=7)))
    store.travel(days=7, microseconds=1)

    # then
    assert put_on(store) is None
    assert (statuses(), store.claimed_on) == ([(None, "refused")], set())


def test_so_does_a_referrer_who_is_blocked(store: FakeStore) -> None:
    # given
    code = given_code(store)
    claimed(store, code)

    # when
    staff.block(code.referrer, by="Cleo", reason="too many", store=store)

    # then
    assert put_on(store) is None
    assert (statuses(), store.claimed_on) == ([(None, "refused")], set())


def test_a_store_without_the_voucher_leaves_the_checkout_as_it_is(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store))
    store.refused_codes = {"FRIEND"}

    # then
    assert put_on(store) is None
    assert (statuses(), store.codes_on) == ([(None, "open")], {})


def test_nobody_elses_claim_is_put_on(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store))

    # then
    assert put_on(store, buyer=person("3", "carl@example.com")) is None
    assert put_on(store, buyer=person(None, "ben@example.com")) is None
    assert store.codes_on == {}


def test_the_last_code_takes_the_place_of_the_first(store: FakeStore) -> None:
    # given
    annas = given_code(store)
    cleos = share(store, "3", "cleo@example.com")

    # when
    claimed(store, annas)
    claimed(store, cleos)

    # then
    assert statuses() == [(None, "withdrawn"), (None, "open")]
    put = put_on(store)
    assert put is not None
    assert put.code == cleos


def test_or_the_first_one_stays(store: FakeStore) -> None:
    # given
    annas = given_code(store, touch=Touch.FIRST)
    cleos = share(store, "3", "cleo@example.com")
    claimed(store, annas)

    # then
    assert refusal(store, cleos) is FindingCode.OTHER_CODE_HELD
    assert statuses() == [(None, "open"), (None, "refused")]
    assert claimed(store, annas).status == "open"


@pytest.mark.parametrize(
    ("settings", "customer", "code"),
    [
        ({}, CustomerFacts("1", "anna@example.com"), FindingCode.OWN_CODE),
        ({}, replace(CUSTOMER, email="Anna@example.com"), FindingCode.OWN_CODE),
        (
            {"excluded_domains": ("example.com",)},
            CUSTOMER,
            FindingCode.EXCLUDED_DOMAIN,
        ),
        ({"claims_until": NOW}, CUSTOMER, FindingCode.PROGRAM_NOT_RUNNING),
        ({"orders_until": NOW}, CUSTOMER, FindingCode.CLAIM_EXPIRED),
    ],
)
def test_a_refusal_is_stored_and_nothing_else(
    store: FakeStore, settings: dict[str, Any], customer: CustomerFacts, code: FindingCode
) -> None:
    # given
    annas = given_code(store, **settings)

    # when
    with pytest.raises(Refused) as refused:
        claims.claim_on_account(customer, annas.code, store=store)

    # then
    assert refused.value.finding.code is code
    assert (statuses(), store.claimed_on) == ([(None, "refused")], set())


def test_a_customer_who_has_ordered_is_not_new(store: FakeStore) -> None:
    # given
    code = given_code(store)
    place_another(store, "order-0", "ben@example.com", "2")

    # then
    assert refusal(store, code) is FindingCode.NOT_NEW_CUSTOMER


def test_a_claim_is_withdrawn_from_the_account(store: FakeStore) -> None:
    # given
    claimed(store, given_code(store))

    # when
    answers = [claims.withdraw_from_account("2", store=store) for _ in range(2)]

    # then
    assert [claim and claim.status for claim in answers] == ["withdrawn", None]
    assert (statuses(), store.claimed_on) == ([(None, "withdrawn")], set())
    assert put_on(store) is None


# a guest becomes a customer -------------------------------------------------------------------


def guests_claim(store: FakeStore, code: ReferralCode, ref: str = "checkout-1") -> None:
    claims.claim_code(
        store=store,
        checkout=ref,
        facts=checkout(ref=ref, buyer=person(None, "ben@example.com")),
        typed=code.code,
        source=Claim.Source.API,
    )


def test_the_code_last_claimed_as_a_guest_follows_into_the_account(store: FakeStore) -> None:
    # given
    annas = given_code(store)
    cleos = share(store, "3", "cleo@example.com")
    guests_claim(store, annas)
    store.travel(days=1)
    guests_claim(store, cleos, "checkout-2")
    store.travel(days=1)

    # when
    followed = claims.follow_into_account(CUSTOMER, store=store)

    # then
    assert followed is not None
    assert (followed.account_ref, followed.code) == ("2", cleos)
    assert followed.created_at == NOW + timedelta(days=1)
    assert store.claimed_on == {"2"}
    assert claims.follow_into_account(CUSTOMER, store=store) is None


def test_nothing_follows_where_nothing_was_claimed(store: FakeStore) -> None:
    # given
    guests_claim(store, given_code(store))
    carl = CustomerFacts("3", "carl@example.com")

    # then
    assert claims.follow_into_account(carl, store=store) is None
    assert claims.follow_into_account(CustomerFacts("4", ""), store=store) is None
    assert (Referral.objects.count(), store.claimed_on) == (0, set())


def test_what_a_guest_claimed_under_another_address_is_taken_into_the_account(
    store: FakeStore,
) -> None:
    # given
    annas = given_code(store)
    claims.claim_code(
        store=store,
        checkout="checkout-1",
        facts=checkout(buyer=person(None, "other@example.com")),
        typed=annas.code,
        source=Claim.Source.API,
    )
    run_program(store, terms(hold_days=99))
    stop_programs()
    store.travel(days=3)

    # when
    taken = claims.take_into_account(CUSTOMER, "checkout-1", store=store)

    # then: as of then, and under the terms of then
    assert taken is not None
    assert (taken.account_ref, taken.checkout_ref, taken.code) == ("2", None, annas)
    assert (taken.created_at, taken.terms.version) == (NOW, 1)
    assert store.claimed_on == {"2"}


def test_nobody_takes_what_another_customer_claimed(store: FakeStore) -> None:
    # given
    annas = given_code(store)
    claims.claim_code(
        store=store, checkout="1", facts=of_ben(), typed=annas.code, source=Claim.Source.API
    )
    carl = CustomerFacts("3", "carl@example.com")

    # then
    assert claims.take_into_account(carl, "checkout-1", store=store) is None
    assert claims.take_into_account(carl, "checkout-2", store=store) is None
    assert store.claimed_on == set()
