"""Saving a program: a new version when the terms change, and its offer in the store."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import (
    current_program,
    current_terms,
    is_address,
    retire_offers,
    save_program,
    stop_programs,
)
from saleor_referral_plugin.engine.selectors import link_to
from saleor_referral_plugin.engine.terms import CapPeriod, EarnedWhen, Terms
from saleor_referral_plugin.models import Program, ReferralCode, TermsVersion
from tests.engine.books import run_program
from tests.engine.build import NOW, amounts, percent, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

OTHER = terms(discount=percent(20))


def versions() -> list[tuple[int, str]]:
    return list(TermsVersion.objects.order_by("version").values_list("version", "offer_code"))


def test_a_shop_has_no_program_at_first() -> None:
    assert current_program() is None


def test_saving_makes_the_first_version_and_its_offer(store: FakeStore) -> None:
    # when
    program = save_program(
        store=store, terms=terms(), is_running=True, link_url="https://shop.example/"
    )

    # then
    assert current_program() == program
    assert (program.is_running, program.link_url) == (True, "https://shop.example/")
    version = current_terms(program)
    assert version is not None
    assert (version.version, version.terms, version.created_at) == (1, terms(), NOW)
    assert store.offers == {"FRIEND": terms()}


@pytest.mark.parametrize(
    "again",
    [
        terms(),
        terms(discount=percent("10.00")),
        terms(credit=amounts(EUR="9.0", USD="10.00")),
    ],
)
def test_no_change_makes_no_new_version(store: FakeStore, again: Terms) -> None:
    # given
    run_program(store)

    # when
    run_program(store, again)

    # then
    assert versions() == [(1, "FRIEND")]


def test_a_change_makes_a_new_version_with_an_offer_of_its_own(store: FakeStore) -> None:
    # given
    old = run_program(store)

    # when
    new = run_program(store, OTHER)

    # then: the old offer stays for the checkouts that carry it
    assert versions() == [(1, "FRIEND"), (2, "FRIEND2")]
    assert (old.terms, new.terms) == (terms(), OTHER)
    assert store.offers == {"FRIEND": terms(), "FRIEND2": OTHER}


def test_going_back_to_old_terms_is_a_new_version_with_the_old_code(store: FakeStore) -> None:
    # when
    for value in (terms(), OTHER, terms()):
        run_program(store, value)

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND2"), (3, "FRIEND")]
    assert store.offers == {"FRIEND": terms(), "FRIEND2": OTHER}


@pytest.mark.parametrize(
    "changed",
    [
        {"credit": amounts(USD=25, EUR=20)},
        {"new_customers_only": False},
        {"earned_when": EarnedWhen.FULFILLED},
        {"hold_days": 30},
        {"cap_count": 5, "cap_amount": Amounts.of({"USD": 50}), "cap_period": CapPeriod.LIFE},
        {"credit_valid_days": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_terms_with_the_same_voucher_share_its_code(
    store: FakeStore, changed: dict[str, Any]
) -> None:
    # given
    old = run_program(store)

    # when
    new = run_program(store, terms(**changed))

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND")]
    assert (old.terms, new.terms) == (terms(), terms(**changed))
    assert store.offers == {"FRIEND": terms(**changed)}


@pytest.mark.parametrize(
    "changed",
    [
        {"discount": percent(20)},
        {"minimum": Amounts.of({"USD": 50})},
        {"channels": ("default",)},
        # Where the credit has no price the program does not run, and no voucher is listed.
        {"credit": amounts(USD=10)},
        {"credit": percent(5)},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_terms_with_another_voucher_have_a_code_of_their_own(
    store: FakeStore, changed: dict[str, Any]
) -> None:
    # given
    run_program(store)

    # when
    run_program(store, terms(**changed))

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND2")]
    assert store.offers == {"FRIEND": terms(), "FRIEND2": terms(**changed)}


def test_codes_are_numbered_by_the_offers_and_not_by_the_versions(store: FakeStore) -> None:
    # when
    for value in (terms(), terms(hold_days=30), OTHER):
        run_program(store, value)

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND"), (3, "FRIEND2")]


def test_an_offer_that_was_made_before_has_its_code_again(store: FakeStore) -> None:
    # when
    for value in (terms(), OTHER, terms(hold_days=30)):
        run_program(store, value)

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND2"), (3, "FRIEND")]
    assert store.offers == {"FRIEND": terms(hold_days=30), "FRIEND2": OTHER}


def test_versions_that_share_an_offer_are_retired_and_come_back_together(
    store: FakeStore,
) -> None:
    # given
    run_program(store)
    run_program(store, terms(hold_days=30))

    # when
    retired = retire_offers(store=store)

    # then
    assert retired == 1
    assert set(TermsVersion.objects.values_list("retired_at", flat=True)) == {NOW}

    # when
    run_program(store, terms(hold_days=30))

    # then
    assert store.offers == {"FRIEND": terms(hold_days=30)}
    assert set(TermsVersion.objects.values_list("retired_at", flat=True)) == {None}


def test_a_code_the_shop_uses_itself_is_passed_over(store: FakeStore) -> None:
    # given
    store.taken_codes = {"FRIEND", "FRIEND2"}

    # when
    run_program(store)

    # then
    assert versions() == [(1, "FRIEND3")]


def test_a_code_of_an_earlier_version_is_passed_over_also_when_its_offer_is_gone(
    store: FakeStore,
) -> None:
    # given
    store.taken_codes = {"FRIEND"}
    run_program(store)
    retire_offers(store=store)

    # when
    run_program(store, OTHER)

    # then
    assert versions() == [(1, "FRIEND2"), (2, "FRIEND3")]


def test_saving_again_puts_back_an_offer_that_was_deleted_by_hand(store: FakeStore) -> None:
    # given
    run_program(store)
    store.offers.clear()

    # when
    run_program(store)

    # then
    assert store.offers == {"FRIEND": terms()}


def test_a_program_that_does_not_run_has_no_offer_made(store: FakeStore) -> None:
    # when
    program = save_program(store=store, terms=terms(), is_running=False)

    # then
    assert not program.is_running
    assert versions() == [(1, "FRIEND")]
    assert store.offers == {}


def test_a_program_without_terms_cannot_run(store: FakeStore) -> None:
    # when
    program = save_program(store=store, terms=None, is_running=True)

    # then
    assert not program.is_running
    assert current_terms(program) is None


def test_an_offer_that_cannot_be_made_leaves_the_program_as_it_was(store: FakeStore) -> None:
    # given
    run_program(store)
    store.broken.add("publish_offer")

    # when
    with pytest.raises(ConnectionError):
        run_program(store, OTHER)

    # then
    assert versions() == [(1, "FRIEND")]
    assert Program.objects.get().is_running


def test_stopping_keeps_the_terms_and_the_offers(store: FakeStore) -> None:
    # given
    run_program(store)

    # when
    stop_programs()

    # then
    assert not Program.objects.get().is_running
    assert versions() == [(1, "FRIEND")]
    assert store.offers == {"FRIEND": terms()}


def test_retiring_leaves_no_offer_behind_and_saving_brings_it_back(store: FakeStore) -> None:
    # given
    run_program(store)
    run_program(store, OTHER)

    # when
    retired = [retire_offers(store=store) for _ in range(2)]

    # then
    assert retired == [2, 0]
    assert store.offers == {}
    assert set(TermsVersion.objects.values_list("retired_at", flat=True)) == {NOW}

    # when
    run_program(store, OTHER)

    # then
    assert store.offers == {"FRIEND2": OTHER}
    assert TermsVersion.objects.get(retired_at=None).offer_code == "FRIEND2"


def test_a_retired_code_that_the_shop_uses_by_now_is_the_shops(store: FakeStore) -> None:
    # given
    run_program(store)
    retire_offers(store=store)
    store.taken_codes = {"FRIEND"}

    # when
    for _ in range(2):
        run_program(store)

    # then
    assert versions() == [(1, "FRIEND"), (2, "FRIEND2")]
    assert store.offers == {"FRIEND2": terms()}


PAGE = {"referrer_credit": "10 USD, 9 EUR", "program_running": True}


@pytest.mark.parametrize(
    ("active", "running", "expected"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_the_page_runs_the_program_only_with_the_plugin(
    store: FakeStore, active: bool, running: bool, expected: bool
) -> None:
    # when
    dashboard.save(PAGE | {"program_running": running}, active=active, store=store)

    # then
    program = Program.objects.get()
    assert program.is_running is expected
    version = current_terms(program)
    assert version is not None
    assert version.terms == terms()


def test_the_pages_address_is_kept(store: FakeStore) -> None:
    # when
    dashboard.save(PAGE | {"link_url": "https://shop.example/"}, active=True, store=store)

    # then
    assert Program.objects.get().link_url == "https://shop.example/"


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example.com/",
        "https://",
        "https:evil.example.com",
        "https://shop.example.com@evil.example.com/",
        "https://shop.example.com\\@evil.example.com/",
        'https://shop.example.com/"onmouseover="x',
        "https://shop.example.com/<script>",
        "https://shop.example.com/\r\nX-Evil: 1",
        "https://shop.example.com/\u202e",
        "https://[::1",
    ],
)
def test_no_link_leads_where_it_does_not_seem_to(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize("wanted", ["//evil.example.com", "..", "@evil", "#", "\r\nX: 1", "?a=b"])
@pytest.mark.parametrize("url", ["https://shop.example.com/{channel}/", "https://shop.example.com"])
def test_a_link_stays_with_the_shop_whatever_is_put_into_it(url: str, wanted: str) -> None:
    # given
    program, code = Program(link_url=url), ReferralCode(code="ANNA", written="ANNA")

    # when
    link = link_to(program, code, source=wanted, channel=wanted)

    # then
    assert link is not None
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "shop.example.com", "")
    assert parse_qs(parts.query)["ref"] == ["ANNA"]
    assert link.isprintable()
