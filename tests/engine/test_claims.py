"""Claims: what is put on a checkout, what is remembered of it, and when it ends."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import claims, codes
from saleor_referral_plugin.engine.facts import CheckoutFacts, Person
from saleor_referral_plugin.engine.findings import Finding, FindingCode, Refused
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import stop_programs
from saleor_referral_plugin.engine.rules import CLAIM_RULES
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import Span, Touch
from saleor_referral_plugin.models import Claim, Referral, ReferralCode
from tests.engine.books import change, place, put_order, run_program, share
from tests.engine.build import NOW, checkout, order, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

BEN = person("7", "ben@example.com")


@pytest.fixture
def code(store: FakeStore) -> ReferralCode:
    """Anna's, in a program that runs."""
    run_program(store)
    return share(store)


def facts(**changes: Any) -> CheckoutFacts:
    return checkout(buyer=BEN, **changes)


def claim(store: FakeStore, typed: str, **changes: Any) -> Claim:
    return claims.claim_code(
        store=store,
        checkout="checkout-1",
        facts=facts(**changes),
        typed=typed,
        source=Claim.Source.API,
    )


def refusal(store: FakeStore, typed: str, **changes: Any) -> Finding:
    with pytest.raises(Refused) as refused:
        claim(store, typed, **changes)
    return refused.value.finding


# claiming -------------------------------------------------------------------------------------


def test_a_claim_binds_the_code_and_puts_the_offer_on(store: FakeStore, code: ReferralCode) -> None:
    # when
    made = claim(store, codes.show(code.code).lower())

    # then
    made.refresh_from_db()
    assert (made.checkout_ref, made.code, made.terms.version) == ("checkout-1", code, 1)
    assert (made.typed, made.source) == (codes.show(code.code).lower(), Claim.Source.API)
    assert (made.status, made.created_at, made.judged_at) == (Claim.Status.OPEN, NOW, NOW)
    assert Person(made.buyer_user_ref, made.buyer_email_key) == BEN
    assert [finding["passed"] for finding in made.findings] == [True] * len(CLAIM_RULES)
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_a_code_that_the_caller_has_found_is_not_looked_up_again(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    found = codes.find(code.code)

    # when
    with CaptureQueriesContext(connection) as queries:
        made = claims.claim_code(
            store=store,
            checkout="checkout-1",
            facts=facts(),
            typed=code.code,
            source=Claim.Source.PROMO_CODE,
            found=found,
        )

    # then
    assert made.code == code
    assert not [q for q in queries.captured_queries if 'FROM "referral_referralcode"' in q["sql"]]


def test_a_referrers_new_address_is_known_before_any_order(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    store.customers["1"] = replace(store.customers["1"], email="anna@new.example")

    # when
    with pytest.raises(Refused) as refused:
        claims.claim_code(
            store=store,
            checkout="checkout-1",
            facts=checkout(buyer=person(None, "Anna@New.example")),
            typed=code.code,
            source=Claim.Source.API,
        )

    # then
    assert refused.value.finding.code is FindingCode.OWN_CODE
    assert store.codes_on == {}


def test_the_code_of_an_account_that_is_gone_is_nobodys(
    store: FakeStore, code: ReferralCode
) -> None:
    # given the deletion never reached us
    del store.customers["1"]

    # when
    finding = refusal(store, code.code)

    # then
    assert finding.code is FindingCode.CODE_INVALID
    assert store.codes_on == {}


@pytest.mark.parametrize("typed", ["", "FRIEND", "ABCD1234XY", "nonsense"])
def test_a_code_nobody_has_is_refused_and_not_remembered(
    store: FakeStore, code: ReferralCode, typed: str
) -> None:
    # when
    finding = refusal(store, typed)

    # then
    assert finding == Finding(FindingCode.CODE_INVALID, False)
    assert finding.sentence == "This referral code is not valid."
    assert not Claim.objects.exists()
    assert store.codes_on == {}


def test_a_code_taken_out_of_use_is_refused_like_one_nobody_has(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    ReferralCode.objects.update(is_active=False)

    # then
    assert refusal(store, code.code) == refusal(store, "ABCD1234XY")


def test_a_refusal_is_remembered_with_all_its_findings(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    run_program(store, terms(minimum=Amounts.of({"USD": 10})))
    put_order(store, order(ref="earlier", buyer=BEN), email="ben@example.com")

    # when
    finding = refusal(store, code.code, goods=usd(9))

    # then
    assert finding.code is FindingCode.NOT_NEW_CUSTOMER
    remembered = Claim.objects.get()
    assert remembered.status == Claim.Status.REFUSED
    assert [f["code"] for f in remembered.findings if not f["passed"]] == [
        "not_new_customer",
        "below_minimum",
    ]
    assert store.codes_on == {}


def test_a_refusal_leaves_an_earlier_claim_in_place(store: FakeStore, code: ReferralCode) -> None:
    # given
    first = claim(store, code.code)
    own = share(store, "7", "ben@example.com")

    # when
    finding = refusal(store, own.code)

    # then
    assert finding.code is FindingCode.OWN_CODE
    assert claims.open_claim("checkout-1") == first
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_what_the_store_refuses_leaves_an_earlier_claim_in_place(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    first = claim(store, code.code)
    cleos = share(store, "2", "cleo@example.com")
    store.broken.add("put_code_on_checkout")

    # when
    with pytest.raises(ConnectionError):
        claim(store, cleos.code)

    # then
    assert claims.open_claim("checkout-1") == first


def test_another_code_replaces_the_first(store: FakeStore, code: ReferralCode) -> None:
    # given
    first = claim(store, code.code)
    cleos = share(store, "2", "cleo@example.com")

    # when
    second = claim(store, cleos.code)

    # then
    first.refresh_from_db()
    assert first.status == Claim.Status.WITHDRAWN
    assert claims.open_claim("checkout-1") == second
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_a_program_that_stopped_takes_no_claims(store: FakeStore, code: ReferralCode) -> None:
    # given
    stop_programs()

    # then
    assert refusal(store, code.code).code is FindingCode.PROGRAM_NOT_RUNNING


def test_where_the_first_code_counts_a_second_one_is_refused(store: FakeStore) -> None:
    # given
    run_program(store, terms(touch=Touch.FIRST))
    first = claim(store, share(store).code)
    cleos = share(store, "2", "cleo@example.com")

    # when
    finding = refusal(store, cleos.code)

    # then
    assert finding == Finding(FindingCode.OTHER_CODE_HELD, False)
    assert finding.sentence == "Another friend's referral code is already in use here."
    assert claims.open_claim("checkout-1") == first
    assert Claim.objects.get(code=cleos).status == Claim.Status.REFUSED
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_where_the_first_code_counts_a_preview_of_a_second_says_so(store: FakeStore) -> None:
    # given
    run_program(store, terms(touch=Touch.FIRST))
    claim(store, share(store).code)
    cleos = share(store, "2", "cleo@example.com")

    # when
    previewed = claims.preview(store=store, facts=facts(), typed=cleos.code)

    # then
    assert previewed.refusal == Finding(FindingCode.OTHER_CODE_HELD, False)


def test_where_the_first_code_counts_it_may_be_entered_again(store: FakeStore) -> None:
    # given
    run_program(store, terms(touch=Touch.FIRST))
    code = share(store)
    first = claim(store, code.code)

    # when
    second = claim(store, code.code)

    # then
    first.refresh_from_db()
    assert first.status == Claim.Status.WITHDRAWN
    assert claims.open_claim("checkout-1") == second


@pytest.mark.parametrize("end", ["taken off", "refused when the buyer changed"])
def test_where_the_first_code_counts_one_that_is_off_counts_no_more(
    store: FakeStore, end: str
) -> None:
    # given
    run_program(store, terms(touch=Touch.FIRST))
    claim(store, share(store).code)
    cleos = share(store, "2", "cleo@example.com")
    if end == "taken off":
        claims.withdraw(
            store=store, checkout="checkout-1", checkout_ref="checkout-1", code="FRIEND"
        )
    else:
        anna = replace(facts(voucher_code="FRIEND"), buyer=person("1", "anna@example.com"))
        judge_again(store, anna)

    # when
    second = claim(store, cleos.code)

    # then
    assert claims.open_claim("checkout-1") == second


def test_from_the_moment_claims_end_no_code_is_taken(store: FakeStore) -> None:
    # given
    run_program(store, terms(claims_until=NOW + timedelta(hours=1)))
    code = share(store)
    store.travel(hours=1, microseconds=-1)
    made = claim(store, code.code)

    # when
    store.travel(microseconds=1)

    # then: the one that was taken keeps its promise
    assert refusal(store, code.code).code is FindingCode.PROGRAM_NOT_RUNNING
    assert claims.open_claim("checkout-1") == made
    assert judge_again(store, facts(voucher_code="FRIEND"), completing=True) is None


@pytest.mark.parametrize(
    ("older_by", "refused"), [(timedelta(0), True), (timedelta(microseconds=1), False)]
)
def test_an_order_that_is_too_old_makes_no_earlier_customer(
    store: FakeStore, older_by: timedelta, refused: bool
) -> None:
    # given: an order of the same hour, by Berlin's clocks, five months before in summer time
    run_program(store, terms(new_after=Span(months=5), time_zone="Europe/Berlin"))
    code = share(store)
    five_months_before = NOW.replace(year=2025, month=10, hour=11)
    put_order(
        store,
        order(ref="old", buyer=BEN, placed_at=five_months_before - older_by),
        email="ben@example.com",
    )

    # when
    previewed = claims.preview(store=store, facts=facts(), typed=code.code)

    # then
    expected = Finding(FindingCode.NOT_NEW_CUSTOMER, False) if refused else None
    assert previewed.refusal == expected


def test_a_preview_says_the_same_and_writes_nothing(store: FakeStore, code: ReferralCode) -> None:
    # when
    good = claims.preview(store=store, facts=facts(), typed=code.code)
    unknown = claims.preview(store=store, facts=facts(), typed="ABCD1234XY")
    own = claims.preview(
        store=store, facts=facts(), typed=share(store, "7", "ben@example.com").code
    )

    # then
    assert (good.refusal, good.discount) == (None, usd(10))
    assert unknown.refusal == Finding(FindingCode.CODE_INVALID, False)
    assert own.refusal is not None
    assert own.refusal.code is FindingCode.OWN_CODE
    assert not Claim.objects.exists()
    assert store.codes_on == {}


# taking it off --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["shown by the storefront", "as shared", "as stored", "spaced"])
def test_a_claim_is_withdrawn_by_any_name_of_its_code(
    store: FakeStore, code: ReferralCode, form: str
) -> None:
    # given
    made = claim(store, code.code)
    name = {
        "shown by the storefront": "FRIEND",
        "as shared": codes.show(code.code),
        "as stored": code.code,
        "spaced": " ".join(code.code.lower()),
    }[form]

    # when
    done = claims.withdraw(store=store, checkout="checkout-1", checkout_ref="checkout-1", code=name)

    # then
    made.refresh_from_db()
    assert done
    assert made.status == Claim.Status.WITHDRAWN
    assert store.codes_on == {}


@pytest.mark.parametrize("name", ["FRIEND2", "friend", "ABCD1234XY", ""])
def test_another_code_withdraws_nothing(store: FakeStore, code: ReferralCode, name: str) -> None:
    # given
    made = claim(store, code.code)

    # when
    done = claims.withdraw(store=store, checkout="checkout-1", checkout_ref="checkout-1", code=name)

    # then
    assert not done
    assert claims.open_claim("checkout-1") == made
    assert store.codes_on == {"checkout-1": "FRIEND"}


def test_a_checkout_without_a_claim_has_nothing_to_withdraw(
    store: FakeStore, code: ReferralCode
) -> None:
    assert not claims.withdraw(
        store=store, checkout="checkout-2", checkout_ref="checkout-2", code=code.code
    )


# judging again --------------------------------------------------------------------------------


def judge_again(
    store: FakeStore, now: CheckoutFacts, *, completing: bool = False
) -> Finding | None:
    return claims.judge_again(store=store, checkout=now.ref, facts=now, completing=completing)


def test_a_checkout_of_the_same_buyer_is_not_asked_for_earlier_orders_again(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    claim(store, code.code)
    put_order(store, order(ref="meanwhile", buyer=BEN), email="ben@example.com")

    # then
    on = facts(voucher_code="FRIEND")
    assert judge_again(store, on) is None
    assert store.codes_on == {"checkout-1": "FRIEND"}


@pytest.mark.parametrize(
    ("completing", "buyer"),
    [(True, BEN), (False, person("8", "ben@example.com"))],
    ids=["it completes", "another buyer"],
)
def test_when_it_completes_or_the_buyer_is_another_all_is_asked_again(
    store: FakeStore, code: ReferralCode, completing: bool, buyer: Person
) -> None:
    # given
    made = claim(store, code.code)
    put_order(store, order(ref="meanwhile", buyer=BEN), email="ben@example.com")

    # when
    on = replace(facts(voucher_code="FRIEND"), buyer=buyer)
    finding = judge_again(store, on, completing=completing)

    # then
    made.refresh_from_db()
    assert finding is not None
    assert finding.code is FindingCode.NOT_NEW_CUSTOMER
    assert made.status == Claim.Status.REFUSED
    assert Person(made.buyer_user_ref, made.buyer_email_key) == buyer
    assert store.codes_on == {}


def test_a_new_buyer_whom_nothing_speaks_against_is_remembered(
    store: FakeStore, code: ReferralCode
) -> None:
    # given
    claim(store, code.code)
    carl = person(None, "carl@example.com")

    # when
    finding = judge_again(store, replace(facts(voucher_code="FRIEND"), buyer=carl))

    # then
    assert finding is None
    assert claims.judged_buyer("checkout-1") == carl


def test_the_minimum_is_asked_whenever_the_goods_change(store: FakeStore) -> None:
    # given
    run_program(store, terms(minimum=Amounts.of({"USD": 10})))
    claim(store, share(store).code)

    # then
    assert judge_again(store, facts(voucher_code="FRIEND", goods=usd(10))) is None
    below = judge_again(store, facts(voucher_code="FRIEND", goods=usd("9.99")))
    assert below is not None
    assert below.code is FindingCode.BELOW_MINIMUM
    assert store.codes_on == {}


@pytest.mark.parametrize("completing", [True, False])
def test_a_claim_ends_with_its_time(store: FakeStore, completing: bool) -> None:
    # given
    run_program(store, terms(claim_valid=Span(days=1)))
    made = claim(store, share(store).code)
    on = facts(voucher_code="FRIEND")

    # when
    store.travel(hours=24)
    in_time = judge_again(store, on, completing=completing)
    store.travel(microseconds=1)
    too_late = judge_again(store, on, completing=completing)

    # then
    made.refresh_from_db()
    assert in_time is None
    assert too_late == Finding(
        FindingCode.CLAIM_EXPIRED, False, {"until": (NOW + timedelta(days=1)).isoformat()}
    )
    assert made.status == Claim.Status.REFUSED
    assert store.codes_on == {}


def test_a_code_whose_time_is_up_may_be_claimed_anew(store: FakeStore) -> None:
    # given
    run_program(store, terms(claim_valid=Span(hours=1)))
    code = share(store)
    claim(store, code.code)
    store.travel(hours=2)
    judge_again(store, facts(voucher_code="FRIEND"))

    # when
    again = claim(store, code.code)

    # then
    assert claims.open_claim("checkout-1") == again
    assert again.created_at == NOW + timedelta(hours=2)


def test_when_the_program_closes_no_checkout_keeps_its_code(store: FakeStore) -> None:
    # given
    run_program(store, terms(orders_until=NOW + timedelta(hours=1)))
    claim(store, share(store).code)
    on = facts(voucher_code="FRIEND")
    store.travel(hours=1, microseconds=-1)
    assert judge_again(store, on) is None

    # when
    store.travel(microseconds=1)
    finding = judge_again(store, on)

    # then
    assert finding is not None
    assert finding.code is FindingCode.CLAIM_EXPIRED
    assert store.codes_on == {}


@pytest.mark.parametrize("completing", [True, False])
def test_a_promise_stands_when_the_program_was_switched_off_since(
    store: FakeStore, code: ReferralCode, completing: bool
) -> None:
    # given
    claim(store, code.code)
    stop_programs()

    # then
    assert judge_again(store, facts(voucher_code="FRIEND"), completing=completing) is None


@pytest.mark.parametrize("on_checkout", ["FRIEND2", "FRIEND", None])
def test_without_a_claim_for_it_an_offer_must_not_stand(
    store: FakeStore, code: ReferralCode, on_checkout: str | None
) -> None:
    # given: nobody claimed anything, or another offer than the one that is on
    if on_checkout == "FRIEND2":
        claim(store, code.code)

    # when
    finding = claims.objection(store=store, facts=facts(voucher_code=on_checkout))

    # then
    assert finding == Finding(FindingCode.CODE_INVALID, False)


def test_the_ordinary_look_costs_one_query(
    store: FakeStore, code: ReferralCode, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    claim(store, code.code)

    # then
    with django_assert_num_queries(1):
        assert claims.objection(store=store, facts=facts(voucher_code="FRIEND")) is None


# not too many at once -------------------------------------------------------------------------


def wait_for_money(store: FakeStore, code: ReferralCode, number: int) -> None:
    settle(place(store, code, number, captured=usd(0), paid_at=None), store=store)


def test_while_too_many_wait_no_code_is_taken(store: FakeStore) -> None:
    # given
    run_program(store, terms(open_referrals=2))
    code = share(store)
    wait_for_money(store, code, 11)
    assert claim(store, code.code).status == Claim.Status.OPEN
    wait_for_money(store, code, 12)

    # then: what was claimed in time stands
    assert refusal(store, code.code).code is FindingCode.TOO_MANY_OPEN
    version = code.program.versions.get()
    on = facts(voucher_code=version.offer_code)
    assert claims.objection(store=store, facts=on, completing=True) is None

    # and when
    change(store, "order-11", captured=usd(90), paid_at=NOW)
    settle("order-11", store=store)

    # then
    assert claim(store, code.code).status == Claim.Status.OPEN


def test_those_in_review_wait_too_and_anothers_do_not_count(store: FakeStore) -> None:
    # given
    run_program(store, terms(open_referrals=1))
    code, cleos = share(store), share(store, "3", "cleo@example.com")
    wait_for_money(store, cleos, 11)
    assert claim(store, code.code).status == Claim.Status.OPEN
    Referral.objects.update(referrer=code.referrer, status="in_review")

    # then
    assert refusal(store, code.code).code is FindingCode.TOO_MANY_OPEN
