"""Whatever an owner types, the page answers in its own words."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.dashboard import FIELDS
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Terms
from tests.engine.fake_store import FakeStore

STORE = FakeStore()
FILLED_IN: dict[str, Any] = {
    "referee_discount": "10%",
    "referrer_credit": "10 USD, 9 EUR",
    "program_running": True,
}
#: So many characters a field of the Dashboard shows.
FIELD_WIDTH = 80
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.text(alphabet="0123456789.,;%- \nUSDEURJPY"),
    st.from_regex(r"[0-9]{0,40}(\.[0-9]{0,40})? ?([A-Z]{3}|%)", fullmatch=True),
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "unknown"]), ANYTHING))
@example({"referee_discount": f"{10**30}%"})
@example({"minimum_order": f"0.{'0' * 40}1 USD"})
@example({"minimum_order": f"{10**8}.{'9' * 40} USD"})
def test_whatever_is_typed_it_is_understood_or_one_mistake_is_told(values: dict[str, Any]) -> None:
    try:
        page = dashboard.read(FILLED_IN | values, store=STORE)
    except ValidationError as error:
        [(name, [message])] = error.message_dict.items()
        assert message.startswith(f"{FIELDS[name][1]}: ")
        assert "write" in message[:80] or "there is default" in message[:80]
    else:
        assert page.terms is None or Terms.from_json(page.terms.to_json()) == page.terms
    said = dashboard.summary(FILLED_IN | values, store=STORE)
    assert 0 < len(said.headline) <= FIELD_WIDTH
    assert said.details.endswith(".")


@given(st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False))
def test_an_amount_is_understood_as_it_is_written(amount: Decimal) -> None:
    # when
    try:
        terms = dashboard.read(FILLED_IN | {"minimum_order": f"{amount:f} USD"}, store=STORE).terms
    except ValidationError:
        minimum = Amounts()
    else:
        assert terms is not None
        minimum = terms.minimum

    # then
    expected = {"USD": amount} if 0 < amount < 10**9 else {}
    assert minimum == Amounts.of(expected)
