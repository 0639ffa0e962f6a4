"""Whatever is typed, it is one code or none, and one person or nobody."""

from hypothesis import given
from hypothesis import strategies as st

from saleor_referral_plugin.engine import chosen, codes
from saleor_referral_plugin.engine.findings import Refused
from saleor_referral_plugin.engine.people import email_key, normalise_email

a_code = st.text(alphabet=codes.ALPHABET, min_size=codes.LENGTH, max_size=codes.LENGTH)
SPOKEN = {"0": "0oO", "1": "1iIlL"}


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A code, and one of the ways in which people write it."""
    code = draw(a_code)
    between = st.text(alphabet=" -_\t\n", max_size=2)
    letters = [
        draw(between) + draw(st.sampled_from(SPOKEN.get(letter, letter + letter.lower())))
        for letter in code
    ]
    return code, "".join(letters) + draw(between)


@given(written())
def test_a_code_is_read_in_all_ways_it_is_written(case: tuple[str, str]) -> None:
    # given
    code, typed = case

    # then
    assert codes.normalise(typed) == code


@given(st.text())
def test_whatever_is_typed_is_a_code_or_nothing(typed: str) -> None:
    # when
    code = codes.normalise(typed)

    # then
    has_length = codes.SHORTEST <= len(code) <= codes.LONGEST
    assert code == "" or (has_length and set(code) <= set(codes.ALPHABET + "U"))
    assert codes.normalise(code) == code


@given(st.from_regex(chosen.WRITTEN, fullmatch=True))
def test_a_chosen_code_reads_back_as_itself(wanted: str) -> None:
    # when
    try:
        written = chosen.fit(wanted)
    except Refused:
        return

    # then
    code = codes.normalise(wanted)
    assert code == codes.normalise(written) != ""
    assert not codes.is_offer_code(written)


@given(a_code)
def test_a_code_is_shown_so_that_it_can_be_read_again(code: str) -> None:
    assert codes.normalise(codes.show(code)) == code


@given(st.text(), st.sampled_from(["", "@gmail.com", "@Example.com", "@me.com", "@x@y"]))
def test_an_address_normalised_is_normal(local: str, domain: str) -> None:
    # when
    normal = normalise_email(local + domain)

    # then
    assert normalise_email(normal) == normal


@given(st.emails())
def test_an_address_is_one_person_in_any_case(address: str) -> None:
    # when
    key = email_key(address)

    # then
    assert key is not None
    assert key == email_key(f" {address.lower()} ")
    assert key == email_key(normalise_email(address))
