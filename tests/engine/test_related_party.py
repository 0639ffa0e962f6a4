"""The referrer as recipient or payer of the friend's order."""

import pytest

from saleor_referral_plugin.engine.people import email_key, party_keys
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.models import Reward
from tests.engine.books import entries_of, place, run_program, share
from tests.engine.build import terms
from tests.engine.fake_store import FakeStore

ANNAS = {
    "emails": ["anna@gmail.com"],
    "phones": [("Anna Berg", "+45 12 34 56 78")],
    "addresses": [("Anna Berg", "Main Street 1", "1000")],
}


@pytest.mark.parametrize(
    ("theirs", "is_one"),
    [
        ({"emails": ["A.nna+x@googlemail.com"]}, True),
        ({"phones": [("anna berg", "+4512345678")]}, True),
        ({"phones": [("Ben Berg", "+4512345678")]}, False),
        ({"addresses": [("ANNA BERG", "main street, 1", "10-00")]}, True),
        ({"addresses": [("Ben Berg", "Main Street 1", "1000")]}, False),
        ({"addresses": [("Anna Berg", "Main Street 2", "1000")]}, False),
        (
            {
                "addresses": [("", "Main Street 1", "1000")],
                "phones": [("Anna Berg", "")],
                "emails": [None],
            },
            False,
        ),
    ],
    ids=[
        "e-mail",
        "phone",
        "the household's phone",
        "address",
        "same house",
        "same name",
        "nothing said",
    ],
)
def test_somebody_is_known_by_any_of_their_own(theirs: dict[str, list], is_one: bool) -> None:
    assert bool(party_keys(**ANNAS) & party_keys(**theirs)) is is_one


def test_no_personal_data_is_in_a_key() -> None:
    keys = party_keys(**ANNAS)
    assert len(keys) == 3
    assert email_key("anna@gmail.com") in keys
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize("excluded", [True, False])
def test_an_order_that_the_referrer_receives_is_rejected_if_the_terms_say_so(
    store: FakeStore, excluded: bool
) -> None:
    # given
    run_program(store, terms(exclude_related=excluded))
    ref = place(store, share(store), parties=party_keys(phones=[("Anna", "123")]))
    store.parties["1"] = party_keys(phones=[("anna", "1-2-3")], emails=["anna@example.com"])

    # when
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    failed = [finding["code"] for finding in referral.findings if not finding["passed"]]
    assert failed == (["related_party"] if excluded else [])
    assert referral.status == ("rejected" if excluded else "qualified")
    assert Reward.objects.exists() is not excluded


@pytest.mark.django_db
def test_whom_the_referrers_account_names_later_changes_nothing(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store), parties=party_keys(phones=[("Anna", "123")]))
    settle(ref, store=store)

    # when: the referrer sends the friend a present
    store.parties["1"] = party_keys(phones=[("Anna", "123")])
    referral = settle(ref, store=store)

    # then
    assert referral is not None
    assert referral.status == "qualified"
    assert entries_of(ref) == [("promised", "10")]
