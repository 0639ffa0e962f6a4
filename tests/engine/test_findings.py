"""Findings: for machines a code, for people a sentence."""

import string

import pytest

from saleor_referral_plugin.engine.findings import (
    SENTENCES,
    Audience,
    Finding,
    FindingCode,
    Refused,
    first_failed,
)

DETAIL = {
    "minimum": "$50.00",
    "missing": "$4.10",
    "kept": "50%",
    "credit": "EUR",
    "currency": "USD",
    "limit": "$500.00",
    "period": "year",
}


@pytest.mark.parametrize("code", FindingCode)
def test_every_failed_finding_has_one_plain_sentence(code: FindingCode) -> None:
    # when
    sentence = Finding(code, False, DETAIL).sentence

    # then
    assert sentence.endswith(".")
    assert sentence[0] in string.ascii_uppercase
    assert not set(sentence) & set("{}")


def test_every_sentence_belongs_to_a_code() -> None:
    assert set(SENTENCES) == set(FindingCode)


def test_a_passed_finding_has_nothing_to_say() -> None:
    assert Finding(FindingCode.OWN_CODE, True).sentence == ""


@pytest.mark.parametrize("audience", Audience)
def test_stored_and_read_again_it_is_the_same(audience: Audience) -> None:
    # given
    finding = Finding(FindingCode.BELOW_MINIMUM, False, DETAIL, audience)

    # then
    assert Finding.from_json(finding.to_json()) == finding


def test_what_is_stored_is_not_shared_with_who_reads_it() -> None:
    # given
    stored = Finding(FindingCode.BELOW_MINIMUM, False, dict(DETAIL)).to_json()

    # when
    Finding.from_json(stored).detail["minimum"] = "nothing"

    # then
    assert stored["detail"] == DETAIL


def test_the_first_failed_is_what_a_shopper_hears() -> None:
    # given
    passed = Finding(FindingCode.OWN_CODE, True)
    first = Finding(FindingCode.NOT_NEW_CUSTOMER, False)
    second = Finding(FindingCode.BELOW_MINIMUM, False, DETAIL)

    # then
    assert first_failed([passed, first, second]) is first
    assert first_failed([passed]) is None
    assert str(Refused(first)) == "This referral code is for new customers only."
