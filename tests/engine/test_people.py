"""Who somebody is, by account or by address, without keeping the address."""

from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from saleor_referral_plugin.engine.facts import Person
from saleor_referral_plugin.engine.people import (
    email_key,
    layers_of,
    newest,
    normalise_email,
    person,
    remembered,
)
from saleor_referral_plugin.engine.settle import settle
from tests.engine.books import place, run_program, share
from tests.engine.fake_store import FakeStore


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("A.b+x@GMail.com", "ab@gmail.com"),
        ("ab@googlemail.com", "ab@gmail.com"),
        ("  Ben@Example.COM ", "ben@example.com"),
        ("b.en@example.com", "b.en@example.com"),
        ("ben+x@example.com", "ben@example.com"),
        ("ben+x@outlook.com", "ben@outlook.com"),
        ("ben@me.com", "ben@icloud.com"),
        ("böb@müller.example", "böb@müller.example"),
    ],
)
def test_an_address_is_compared_by_its_providers_rules(typed: str, normalised: str) -> None:
    assert normalise_email(typed) == normalised


@pytest.mark.parametrize("typed", ["", "ben", "a@b@c", "@", "Ben Ho", "\x00", "(", "x" * 500])
def test_what_is_no_address_still_equals_itself(typed: str) -> None:
    assert normalise_email(typed) == normalise_email(f" {typed.upper()} ")


def test_the_key_does_not_show_the_address() -> None:
    # when
    key = email_key("ben@example.com")

    # then
    assert key is not None
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_two_spellings_have_one_key_and_two_people_two() -> None:
    assert email_key("b.en+1@gmail.com") == email_key("Ben@Googlemail.com")
    assert email_key("ben@gmail.com") != email_key("bob@gmail.com")


def test_another_secret_makes_other_keys() -> None:
    # given
    before = email_key("ben@example.com")

    # when
    with override_settings(REFERRAL_HASH_KEY="another"):
        after = email_key("ben@example.com")

    # then
    assert after != before


@override_settings(REFERRAL_HASH_KEY="its own")
def test_a_key_of_its_own_outlives_the_secret_key() -> None:
    # given
    before = email_key("ben@example.com")

    # when
    with override_settings(SECRET_KEY="rotated"):
        after = email_key("ben@example.com")

    # then
    assert after == before


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_address_has_no_key(nothing: str | None) -> None:
    assert email_key(nothing) is None


def test_the_first_address_that_is_set_counts() -> None:
    assert person(7, None, "", "ben@example.com", "bob@example.com") == Person(
        "7", email_key("ben@example.com")
    )
    assert person(None) == Person(None, None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Person("1", "a"), Person("1", "b"), True),
        (Person("1", "a"), Person("2", "a"), True),
        (Person("1", "a"), Person("2", "b"), False),
        (Person("1", None), Person(None, "a"), False),
        (Person(None, None), Person(None, None), False),
        (Person("", ""), Person("", ""), False),
    ],
)
def test_the_same_by_account_or_by_address(one: Person, other: Person, same: bool) -> None:
    assert one.is_same_as(other) is same
    assert other.is_same_as(one) is same


def test_somebody_is_known_by_either() -> None:
    assert Person("1", None).is_known
    assert Person(None, "a").is_known
    assert not Person().is_known


def test_a_key_more_is_a_hash_more_which_needs_no_address() -> None:
    # given
    with override_settings(REFERRAL_HASH_KEY="one"):
        first = email_key("ben@example.com") or ""

    # when
    with override_settings(REFERRAL_HASH_KEY=["one", "two", "three"]):
        made, again = email_key("ben@example.com") or "", newest(first)
        others = newest(email_key("eve@example.com") or "")

    # then
    assert made == again != others
    assert (len(first), len(made)) == (64, 64)
    assert (layers_of(first), layers_of(made)) == (1, 3)


@pytest.mark.parametrize("rotation", ["prepare", "rotate"])
def test_somebody_is_the_same_by_either_key(rotation: str) -> None:
    # given
    with override_settings(REFERRAL_HASH_KEY="one"):
        before = email_key("ben@example.com")
    with override_settings(REFERRAL_HASH_KEY=["one", "two"]):
        after = email_key("ben@example.com")

    # then
    with override_settings(REFERRAL_HASH_KEY=["one", "two"], REFERRAL_HASH_KEY_ROTATION=rotation):
        everybody = [
            remembered(None, before),
            remembered(None, after),
            person(None, "ben+x@example.com"),
        ]
        assert all(one.is_same_as(other) for one in everybody for other in everybody)
        assert not person(None, "eve@example.com").is_same_as(remembered(None, before))
        assert set(person(None, "ben@example.com").email_keys) == {before, after}


@pytest.mark.django_db
@pytest.mark.parametrize("rotation", ["prepare", "rotate"])
def test_settling_asks_no_more_while_the_key_changes(
    store: FakeStore, settings: Any, rotation: str
) -> None:
    # given
    settings.REFERRAL_HASH_KEY = "one"
    run_program(store)
    code = share(store)
    refs = [place(store, code, number) for number in range(4)]
    for ref in refs[:2]:
        settle(ref, store=store)

    def statements(*refs: str) -> list[int]:
        found = []
        for ref in refs:
            with CaptureQueriesContext(connection) as asked:
                settle(ref, store=store)
            found.append(len(asked))
        return found

    # when: one for the first time, and one again
    before = statements(refs[2], refs[0])
    settings.REFERRAL_HASH_KEY, settings.REFERRAL_HASH_KEY_ROTATION = ["one", "two"], rotation
    during = statements(refs[3], refs[1])

    # then
    assert during == before
