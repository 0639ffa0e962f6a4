"""Reading the books for many at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from prices import Money
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import codes, selectors
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.findings import Audience, Finding, FindingCode
from saleor_referral_plugin.engine.ledger import Account
from saleor_referral_plugin.engine.programs import save_program, stop_programs
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import RewardKind, RewardRule, Span
from saleor_referral_plugin.models import Claim, LedgerEntry, Program, ReferralCode, TermsVersion
from tests.engine.books import book, claim, place, reward_row, run_program, share
from tests.engine.build import NOW, amounts, eur, percent, terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind
Status = Claim.Status
CREDIT = RewardRule(worth=amounts(USD=10), hold=Span(days=14))
SPACE = RewardRule(name="space", kind=RewardKind.POINTS, worth=amounts(MB=500))


# links -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("", None),
        ("https://shop.example.com", "https://shop.example.com/?ref=ABCDE-FGHJK"),
        ("https://shop.example.com/", "https://shop.example.com/?ref=ABCDE-FGHJK"),
        ("https://shop.example.com/us", "https://shop.example.com/us?ref=ABCDE-FGHJK"),
        (
            "https://shop.example.com/?utm=a%26b&empty=#top",
            "https://shop.example.com/?utm=a%26b&empty=&ref=ABCDE-FGHJK#top",
        ),
        (
            "https://shop.example.com/?ref=home&lang=en",
            "https://shop.example.com/?lang=en&ref=ABCDE-FGHJK",
        ),
    ],
)
def test_a_link_is_the_address_with_the_code_in_it(address: str, link: str | None) -> None:
    assert selectors.link_to(Program(link_url=address), ReferralCode(code="ABCDEFGHJK")) == link


# terms -------------------------------------------------------------------------------------
def live_terms(typed: str) -> TermsVersion | None:
    found = selectors.live_code(typed)
    return found.version if found else None


def test_the_newest_terms_of_a_running_program(store: FakeStore) -> None:
    # given
    run_program(store)
    newest = run_program(store, terms(discount=percent(20)))
    code = share(store)

    # then
    assert selectors.running_terms(["default", "another"]) == {"default": newest}
    assert live_terms(codes.show(code.code).lower()) == newest


def test_a_program_that_does_not_run_has_no_terms_to_claim_under(store: FakeStore) -> None:
    # given
    run_program(store)
    code = share(store)
    save_program(store=store, terms=terms(), is_running=False)

    # then
    assert selectors.running_terms(["default"]) == {}
    assert live_terms(code.code) is None


def test_a_retired_code_has_no_terms(store: FakeStore) -> None:
    # given
    run_program(store)
    code = share(store)
    ReferralCode.objects.update(is_active=False)

    # then
    assert live_terms(code.code) is None
    assert selectors.live_codes_of([code.referrer_id]) == {}


# referrers ---------------------------------------------------------------------------------
def test_referrers_and_their_codes(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    run_program(store)
    annas, bens = share(store), share(store, "2", "ben@example.com")

    # when
    with django_assert_num_queries(2):
        referrers = selectors.referrers_of(["1", "2", "3"])
        live = selectors.live_codes_of([annas.referrer_id, bens.referrer_id])

    # then
    assert referrers == {"1": annas.referrer, "2": bens.referrer}
    assert live == {annas.referrer_id: annas, bens.referrer_id: bens}


def test_accounts_of_many_are_those_of_each(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    spent, held = reward_row(store, number=1), reward_row(store, number=2)
    euros = reward_row(store, currency="EUR", number=3)
    for reward, kind, amount in (
        (spent, Kind.PROMISED, "10"),
        (spent, Kind.DELIVERED, "10"),
        (spent, Kind.SPENT, "-4"),
        (spent, Kind.PROMISED, "-10"),
        (spent, Kind.TAKEN_BACK, "-6"),
        (held, Kind.PROMISED, "7"),
        (euros, Kind.PROMISED, "9"),
        (euros, Kind.DELIVERED, "9"),
    ):
        book(reward, kind, amount)
    nobody = share(store, "2", "ben@example.com").referrer_id

    # when
    with django_assert_num_queries(2):
        accounts = selectors.accounts_of([spent.holder_id, nobody], store=store)

    # then
    assert accounts == {
        spent.holder_id: [
            Account("EUR", available=eur(9), pending=eur(0), debt=eur(0), earned=eur(9)),
            Account("USD", available=usd(0), pending=usd(7), debt=usd(4), earned=usd(7)),
        ],
        nobody: [],
    }


@pytest.mark.parametrize(
    ("in_store", "available"), [(usd(10), 10), (usd(4), 4), (usd(0), 0), (None, 0)]
)
def test_what_the_store_has_left_is_available(
    store: FakeStore, in_store: Money | None, available: int
) -> None:
    # given: 10 USD delivered; what was spent since is not in the books yet
    run_program(store, terms(hold_days=0))
    code = share(store)
    settle(place(store, code), store=store)
    carry_out(store=store)
    [(ref, credit)] = store.credits.items()
    if in_store is None:
        del store.credits[ref]
    else:
        credit.balance = in_store

    # when
    [account] = selectors.accounts_of([code.referrer_id], store=store)[code.referrer_id]

    # then
    assert account == Account(
        "USD", available=usd(available), pending=usd(0), debt=usd(0), earned=usd(10)
    )


# claims ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("history", "opened", "refused"),
    [
        ([Status.OPEN], 0, None),
        ([Status.REFUSED], None, 0),
        ([Status.OPEN, Status.REFUSED], 0, 1),
        ([Status.REFUSED, Status.OPEN], 1, None),
        ([Status.REFUSED, Status.WITHDRAWN], None, None),
        ([Status.REFUSED, Status.REFUSED], None, 1),
        ([Status.WITHDRAWN, Status.OPEN, Status.REFUSED, Status.REFUSED], 1, 3),
        ([Status.USED], None, None),
    ],
)
def test_the_claim_that_stands_and_the_last_refusal(
    store: FakeStore, history: list[Claim.Status], opened: int | None, refused: int | None
) -> None:
    # given
    version, code = run_program(store), share(store)
    made = [claim(code, version, "checkout", status=status) for status in history]

    # when
    found = selectors.claims_on(["checkout", "another"])

    # then
    assert found["checkout"].open == (None if opened is None else made[opened])
    assert found["checkout"].refusal == (None if refused is None else made[refused])
    assert "another" not in found


def test_a_claim_refused_later_is_the_last_refusal(store: FakeStore) -> None:
    # given
    version, code = run_program(store), share(store)
    first = claim(code, version, "checkout", status=Status.REFUSED)
    claim(code, version, "checkout", status=Status.REFUSED)
    Claim.objects.filter(pk=first.pk).update(judged_at=NOW + timedelta(minutes=1))

    # then
    assert selectors.claims_on(["checkout"])["checkout"].refusal == first


# findings ----------------------------------------------------------------------------------
def test_failed_findings_come_first_and_in_order() -> None:
    # given
    findings = [
        Finding(FindingCode.ORDER_VOID, True),
        Finding(FindingCode.OWN_CODE, False),
        Finding(FindingCode.REFERRER_GONE, False, audience=Audience.STAFF),
        Finding(FindingCode.NOT_PAID, True),
        Finding(FindingCode.NOT_NEW_CUSTOMER, False),
    ]
    stored = [finding.to_json() for finding in findings]

    # then
    assert selectors.findings_in(stored) == [findings[n] for n in (1, 4, 0, 3)]
    assert selectors.findings_in(stored, audiences=tuple(Audience)) == [
        findings[n] for n in (1, 2, 4, 0, 3)
    ]


# what a program has still to keep -------------------------------------------------------------


def test_what_is_in_flight_of_a_program_that_closes(store: FakeStore) -> None:
    # given a claim, an order that is not paid, one on hold, one credited
    version = run_program(store, terms(claim_valid=Span(days=7), rewards=(CREDIT, SPACE)))
    code = share(store)
    put_aside = claim(code, version, "checkout-9")
    settle(place(store, code, 1), store=store)
    settle(place(store, code, 2, captured=usd(0), paid_at=None), store=store)
    given_up = settle(place(store, code, 3, is_void=True), store=store)
    carry_out(store=store)

    # when
    stop_programs()
    found = selectors.in_flight(code.program, now=store.now())

    # then
    assert list(found.claims) == [put_aside]
    assert [referral.order_ref for referral in found.referrals] == ["order-2"]
    assert given_up is not None
    assert given_up.status == "rejected"
    assert [reward.rule for reward in found.rewards] == ["credit"]
    assert found.owed == {"USD": Decimal(10)}
    other = code.program_id + 1
    assert selectors.open_in([code.program_id, other], now=store.now()) == {
        code.program_id: selectors.Open(claims=1, referrals=1),
        other: selectors.Open(claims=0, referrals=0),
    }


@pytest.mark.parametrize(
    "over", [{"claim_valid": Span(days=1)}, {"orders_until": NOW + timedelta(days=1)}]
)
def test_a_claim_whose_time_is_over_promises_nothing(
    store: FakeStore, over: dict[str, Any]
) -> None:
    # given
    version = run_program(store, terms(**over))
    code = share(store)
    claim(code, version, "checkout-9")
    before = selectors.in_flight(code.program, now=NOW)
    assert len(before.claims) == 1

    # when
    found = selectors.in_flight(code.program, now=NOW + timedelta(days=1, microseconds=1))

    # then
    assert (list(found.claims), list(found.rewards), found.owed) == ([], [], {})
