"""What referrers choose for themselves; the rest of its story is in tests/graphql."""

import pytest

from saleor_referral_plugin.engine import chosen, codes, referrers
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.models import Program, ReferralCode, Referrer
from tests.engine.books import run_program
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(store: FakeStore) -> Program:
    run_program(store)
    return Program.objects.get()


@pytest.fixture
def anna(store: FakeStore) -> Referrer:
    return Referrer.objects.create(user_ref="anna", created_at=store.now())


def choose(anna: Referrer, program: Program, store: FakeStore, wanted: str) -> ReferralCode:
    return chosen.choose_code(anna, program, wanted, store=store)


def test_a_code_reads_back_as_it_was_written(
    store: FakeStore, program: Program, anna: Referrer
) -> None:
    # when
    code = choose(anna, program, store, " susi-lou ")

    # then
    assert (str(code), code.code) == ("SUSI-LOU", "SUS110U")
    assert codes.find("susi lou") == codes.find("SUS1-1OU") == code


def test_writing_the_same_code_another_way_is_no_change(
    store: FakeStore, program: Program, anna: Referrer
) -> None:
    # given
    choose(anna, program, store, "ANNALEE")

    # when
    code = choose(anna, program, store, "ANNA-LEE")

    # then
    assert str(code) == "ANNA-LEE"
    assert ReferralCode.objects.count() == 1


def test_the_code_that_was_drawn_can_be_gone_back_to(
    store: FakeStore, program: Program, anna: Referrer
) -> None:
    # given
    drawn = codes.code_of(anna, program, store=store)
    choose(anna, program, store, "ANNA-26")

    # when
    code = choose(anna, program, store, str(drawn).lower())

    # then
    assert code == codes.code_of(anna, program, store=store) == drawn
    assert str(code) == str(drawn)


def test_a_code_of_the_shop_is_taken(store: FakeStore, program: Program, anna: Referrer) -> None:
    # given
    store.taken_codes.add("SUMMER26")
    before = list(ReferralCode.objects.values())

    # when
    with pytest.raises(Refused) as refused:
        choose(anna, program, store, "SUMMER-26")

    # then
    assert refused.value.finding.code is FindingCode.CODE_TAKEN
    assert list(ReferralCode.objects.values()) == before


def test_a_code_of_somebody_who_is_gone_is_given_to_nobody(
    store: FakeStore, program: Program, anna: Referrer
) -> None:
    # given
    choose(anna, program, store, "ANNA-26")
    referrers.forget(referrers.Person("anna", None), store=store)
    other = Referrer.objects.create(user_ref="other", created_at=store.now())
    assert codes.find("ANNA-26") is None

    # when
    with pytest.raises(Refused) as refused:
        choose(other, program, store, "ANNA-26")

    # then: and the other keeps what they had
    assert refused.value.finding.code is FindingCode.CODE_TAKEN
    assert ReferralCode.objects.filter(referrer=other).count() == 0


@pytest.mark.parametrize(
    "name", ["Anna", "Jean-Luc O'Neill", "Łukasz Żak", "Dr. No", "美咲", "Michelle"]
)
def test_a_name_is_any_name(anna: Referrer, store: FakeStore, name: str) -> None:
    # when
    chosen.choose_name(anna, name)

    # then
    assert Referrer.objects.get().display_name == name


@pytest.mark.parametrize(
    "name", ["x@y.z", "Anna 26", "<b>Anna</b>", "A" * 41, "fick", "Cúlo", "- -", "Ann\u200ba"]
)
def test_what_is_no_name_is_refused(anna: Referrer, store: FakeStore, name: str) -> None:
    # when
    with pytest.raises(Refused) as refused:
        chosen.choose_name(anna, name)

    # then
    assert refused.value.finding.code is FindingCode.NAME_UNFIT
    assert Referrer.objects.get().display_name == ""
