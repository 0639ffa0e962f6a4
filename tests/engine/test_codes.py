"""Referral codes: readable aloud, unguessable, and never one of the store's own."""

import string
from unittest.mock import patch

import pytest

from saleor_referral_plugin.engine import codes


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ABCD1234XY", "ABCD1234XY"),
        ("abcd1-234xy", "ABCD1234XY"),
        (" a b c d 1 2 3 4 x y\n", "ABCD1234XY"),
        ("ABCD_1234_XY", "ABCD1234XY"),
        ("ABCD1\N{EN DASH}234XY", "ABCD1234XY"),
        ("ABCD1\N{NON-BREAKING HYPHEN}234XY", "ABCD1234XY"),
        ("ABCD1\N{MINUS SIGN}234XY", "ABCD1234XY"),
        ("\N{ZERO WIDTH SPACE}ABCD1-\N{SOFT HYPHEN}234XY\N{NO-BREAK SPACE}", "ABCD1234XY"),
        ("OoIiLl1100", "0011111100"),
        ("Susi-2026", "SUS12026"),
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str, code: str) -> None:
    assert codes.normalise(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ABC",
        "ABCDEFGHJKMNPQRSTVWXY",
        "ABCD1234X!",
        "ÄBCD1234XY",
        "ABCD1234X\x00",
        "①②③④⑤⑥⑦⑧⑨⑩",
        "FRIEND",
        "friend2",
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert codes.normalise(typed) == ""


def test_a_code_is_shown_in_two_groups_and_read_again() -> None:
    assert codes.show("ABCD1234XY") == "ABCD1-234XY"
    assert codes.normalise(codes.show("ABCD1234XY")) == "ABCD1234XY"


def test_no_letter_of_a_code_looks_like_another() -> None:
    assert sorted(codes.ALPHABET) == sorted(
        set(string.digits + string.ascii_uppercase) - set("ILOU")
    )


@pytest.mark.parametrize(
    "code",
    [
        "XX55XXXXXX",
        "FCK0000000",
        "00C0CK0000",
        "0455HXXXXX",
        "SCHE1SSE00",
        "XMERDEXXXX",
        "00CVNT0000",
    ],
)
def test_rude_words_are_found_also_when_written_with_digits(code: str) -> None:
    assert codes.is_rude(code)


@pytest.mark.parametrize("code", ["ABCD1234XY", "7K2QWM0ZRT", "0123456789"])
def test_ordinary_codes_are_not_rude(code: str) -> None:
    assert not codes.is_rude(code)


def test_a_rude_draw_is_drawn_again() -> None:
    # given
    drawn = iter("SHAG000000" + "ABCD1234XY")

    # when
    with patch("secrets.choice", lambda _: next(drawn)):
        code = codes.draw()

    # then
    assert code == "ABCD1234XY"


def test_drawn_codes_are_fit_to_be_shared() -> None:
    # when
    drawn = [codes.draw() for _ in range(500)]

    # then
    assert len(set(drawn)) == 500
    for code in drawn:
        assert codes.normalise(code) == code
        assert not codes.is_rude(code)
        assert not codes.is_offer_code(code)


@pytest.mark.parametrize("code", ["FRIEND", "FRIEND2", "FRIEND1234"])
def test_an_offers_code_is_known_by_its_look(code: str) -> None:
    assert codes.is_offer_code(code)


@pytest.mark.parametrize(
    "code", [None, "", "friend", "FRIEND-2", "FRIENDS", "AFRIEND", "FRIEND2\n", "FRIEND²"]
)
def test_no_other_code_looks_like_an_offers(code: str | None) -> None:
    assert codes.is_offer_code(code) is False
