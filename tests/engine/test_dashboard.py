"""The plugin's page: every field, what is understood and what is said about mistakes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.dashboard import FIELDS, Summary
from saleor_referral_plugin.engine.facts import Channel
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    CapPeriod,
    EarnedWhen,
    Offer,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from tests.engine.build import amounts, percent
from tests.engine.fake_store import FakeStore

STORE = FakeStore()
FILLED_IN: dict[str, Any] = {
    "referee_discount": "10%",
    "referrer_credit": "10 USD, 9 EUR",
    "program_running": True,
}
#: What the Dashboard shows of an error before it cuts it.
SHOWN = 80


def read(**values: Any) -> dashboard.Page:
    return dashboard.read(FILLED_IN | values, store=STORE)


def read_terms(**values: Any) -> Terms:
    terms = read(**values).terms
    assert terms is not None
    return terms


def credit_of(terms: Terms) -> RewardRule:
    [credit] = terms.rewards
    return credit


def amount_limit(terms: Terms) -> Amounts:
    """The most in all; empty when there is no such limit."""
    assert len(terms.caps) < 2
    return terms.caps[0].amount if terms.caps else Amounts()


def mistake(**values: Any) -> tuple[str, str]:
    """The field an error belongs to, and its message."""
    with pytest.raises(ValidationError) as refused:
        read(**values)
    [(name, [message])] = refused.value.message_dict.items()
    return name, message


# what is understood ---------------------------------------------------------------------------


def test_a_new_shops_page_runs_nothing() -> None:
    # when
    page = dashboard.read({}, store=STORE)

    # then
    assert page == dashboard.Page(is_running=False, terms=None, link_url="")


def test_a_page_with_an_offer_has_every_other_rule_by_default() -> None:
    # when
    page = read()

    # then
    assert page == dashboard.Page(
        is_running=True,
        terms=Terms(
            discount=percent(10),
            rewards=(
                RewardRule(
                    name="credit",
                    to=Beneficiary.REFERRER,
                    kind=RewardKind.CREDIT,
                    worth=amounts(USD=10, EUR=9),
                    hold=Span(days=14),
                    valid=Span(days=365),
                ),
            ),
            channels=(),
            minimum=Amounts(),
            new_customers_only=True,
            earned_when=EarnedWhen.PAID,
            caps=(),
        ),
        link_url="",
    )


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("", ()),
        ("  ", ()),
        ("default", ("default",)),
        ("euro, default", ("default", "euro")),
        (" euro;default euro\n", ("default", "euro")),
    ],
)
def test_channels(typed: str, understood: tuple[str, ...]) -> None:
    assert read_terms(channels=typed).channels == understood


@pytest.mark.parametrize("field", ["referee_discount", "referrer_credit"])
@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("10%", percent(10)),
        (" 12.50 % ", percent("12.5")),
        ("100%", percent(100)),
        ("0.01%", percent("0.01")),
        ("10 USD", amounts(USD=10)),
        ("10usd;9.50 Eur", amounts(USD=10, EUR="9.50")),
        ("10 USD,\n9 EUR,", amounts(USD=10, EUR=9)),
        ("500 JPY, 1.234 KWD", amounts(JPY=500, KWD="1.234")),
        ("0.01 USD", amounts(USD="0.01")),
        ("999999999.99 USD", amounts(USD="999999999.99")),
    ],
)
def test_an_offer(field: str, typed: str, understood: Offer) -> None:
    # when
    terms = read_terms(**{field: typed})

    # then
    assert {"referee_discount": terms.discount, "referrer_credit": credit_of(terms).worth}[
        field
    ] == understood


@pytest.mark.parametrize("typed", ["free shipping", "Free Shipping", "  FREE   shipping "])
def test_the_friends_discount_may_be_the_delivery(typed: str) -> None:
    assert read_terms(referee_discount=typed).discount == Offer(free_shipping=True)


def test_the_referrers_credit_may_not() -> None:
    # when
    with pytest.raises(ValidationError) as refused:
        read_terms(referrer_credit="free shipping")

    # then
    assert refused.value.messages == [
        'Referrer\'s credit: write "10%", or amounts like "10 USD, 9.50 EUR", not "free shipping".'
    ]


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("minimum_order", lambda terms: terms.minimum),
        ("most_credit_amount", amount_limit),
    ],
)
@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("", {}),
        (" ", {}),
        ("50 USD", {"USD": 50}),
        ("50 USD, 45.5 eur", {"USD": 50, "EUR": "45.5"}),
    ],
)
def test_amounts(
    field: str, rule: Callable[[Terms], Amounts], typed: str, understood: dict[str, Any]
) -> None:
    assert rule(read_terms(**{field: typed})) == Amounts.of(understood)


@pytest.mark.parametrize(
    ("field", "typed", "rule", "understood"),
    [
        ("hold_days", "0", lambda terms: credit_of(terms).hold, Span()),
        ("hold_days", " 366 ", lambda terms: credit_of(terms).hold, Span(days=366)),
        ("most_credits", "", lambda terms: terms.caps, ()),
        ("most_credits", "1", lambda terms: terms.caps, (Cap(count=1),)),
        ("most_credits", "1000000", lambda terms: terms.caps, (Cap(count=1_000_000),)),
        ("credit_valid_days", "", lambda terms: credit_of(terms).valid, None),
        (
            "credit_valid_days",
            "36600",
            lambda terms: credit_of(terms).valid,
            Span(days=36_600),
        ),
        ("earned_when", " Fulfilled ", lambda terms: terms.earned_when, EarnedWhen.FULFILLED),
        ("new_customers_only", "false", lambda terms: terms.new_customers_only, False),
        ("new_customers_only", "TRUE", lambda terms: terms.new_customers_only, True),
    ],
)
def test_numbers_choices_and_flags(
    field: str, typed: str, rule: Callable[[Terms], Any], understood: Any
) -> None:
    assert rule(read_terms(**{field: typed})) == understood


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("MONTH", CapPeriod.CALENDAR_MONTH),
        (" year", CapPeriod.CALENDAR_YEAR),
        ("life", CapPeriod.LIFE),
    ],
)
def test_both_limits_are_counted_in_the_period(typed: str, understood: CapPeriod) -> None:
    # when
    terms = read_terms(most_credits="2", most_credit_amount="25 USD", cap_period=typed)

    # then
    assert terms.caps == (
        Cap(count=2, period=understood),
        Cap(amount=Amounts.of({"USD": 25}), period=understood),
    )


@pytest.mark.parametrize(
    "typed",
    ["", "https://shop.example.com/", "http://localhost:3000/?a=b", " https://x.example/a b "],
)
def test_the_address_links_lead_to(typed: str) -> None:
    assert read(link_url=typed).link_url == typed.strip()


def test_a_value_saleor_sends_as_null_keeps_its_default() -> None:
    assert credit_of(read_terms(hold_days=None)).hold == Span(days=14)


@pytest.mark.parametrize("missing", ["referee_discount", "referrer_credit"])
def test_a_page_without_an_offer_may_be_saved_while_it_does_not_run(missing: str) -> None:
    # when
    page = read(**{missing: "", "program_running": False})

    # then
    assert (page.is_running, page.terms) == (False, None)


# what is refused ------------------------------------------------------------------------------

WHOLE_NUMBER = "write a whole number from {} to {}."


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("channels", "defualt", 'Channels: no channel "defualt"; there is default, euro.'),
        ("channels", "default, outlet", 'Channels: no channel "outlet"; there is default, euro.'),
        (
            "referee_discount",
            "",
            "Friend's discount: write what it gives before running the program.",
        ),
        (
            "referrer_credit",
            " ",
            "Referrer's credit: write what it gives before running the program.",
        ),
        (
            "referee_discount",
            "ten",
            'Friend\'s discount: write "10%", or amounts like "10 USD, 9.50 EUR", not "ten".',
        ),
        (
            "referee_discount",
            "9,50 EUR",
            'Friend\'s discount: write decimals with a point, "9.50 EUR", and a comma between '
            "amounts.",
        ),
        (
            "referee_discount",
            "-5 USD",
            'Friend\'s discount: write "10%", or amounts like "10 USD, 9.50 EUR", not "-5 USD".',
        ),
        (
            "referrer_credit",
            "0%",
            "Referrer's credit: write a percentage above 0 and up to 100, "
            'such as "10%" or "7.5%".',
        ),
        (
            "referrer_credit",
            "0 USD",
            'Referrer\'s credit: write an amount above 0 and below a billion, not "0 USD".',
        ),
        (
            "minimum_order",
            "10 XXY",
            'Minimum order: "XXY" is no currency; write it like "10 USD".',
        ),
        ("minimum_order", "10 USD, 20 usd", "Minimum order: write USD only once."),
        (
            "minimum_order",
            "10%",
            'Minimum order: write amounts like "10 USD, 9.50 EUR", not "10%".',
        ),
        (
            "most_credit_amount",
            "1000000000 USD",
            "Limit per referrer: amount: write an amount above 0 and below a billion, "
            'not "1000000000 USD".',
        ),
        (
            "most_credit_amount",
            "500.5 JPY",
            "Limit per referrer: amount: JPY has 0 decimal places; write fewer.",
        ),
        ("earned_when", "ordered", 'Earned when: write "paid" or "fulfilled".'),
        ("earned_when", "sent", 'Earned when: write "paid" or "fulfilled".'),
        ("cap_period", "rolling", 'Limit per referrer: period: write "month" or "year" or "life".'),
        ("cap_period", "week", 'Limit per referrer: period: write "month" or "year" or "life".'),
        ("hold_days", "", "Days before crediting: " + WHOLE_NUMBER.format(0, 366)),
        ("hold_days", "two weeks", "Days before crediting: " + WHOLE_NUMBER.format(0, 366)),
        ("hold_days", "367", "Days before crediting: " + WHOLE_NUMBER.format(0, 366)),
        ("hold_days", "1.5", "Days before crediting: " + WHOLE_NUMBER.format(0, 366)),
        (
            "most_credits",
            "0",
            "Limit per referrer: number of credits: " + WHOLE_NUMBER.format(1, 1_000_000),
        ),
        (
            "credit_valid_days",
            "٣٠",
            "Days a credit stays valid: " + WHOLE_NUMBER.format(1, 36_600),
        ),
        (
            "link_url",
            "shop.example.com",
            'Storefront address: write a full address such as "https://shop.example.com/".',
        ),
    ],
)
def test_a_mistake_names_its_field_and_says_what_to_write(
    field: str, typed: str, message: str
) -> None:
    assert mistake(**{field: typed}) == (field, message)


@pytest.mark.parametrize("field", ["referee_discount", "referrer_credit"])
@pytest.mark.parametrize(
    "typed", ["0%", "100.01%", "-1%", "10.001%", "%", "x%", "NaN%", "Infinity%", "1e-400%", "sNaN%"]
)
def test_a_percentage_is_above_0_and_up_to_100(field: str, typed: str) -> None:
    assert mistake(**{field: typed}) == (
        field,
        f'{FIELDS[field][1]}: write a percentage above 0 and up to 100, such as "10%" or "7.5%".',
    )


@pytest.mark.parametrize("field", ["referee_discount", "referrer_credit"])
def test_a_decimal_comma_in_a_percentage_is_named(field: str) -> None:
    assert mistake(**{field: "10,5%"}) == (
        field,
        f'{FIELDS[field][1]}: write decimals with a point, such as "7.5%".',
    )


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "//x.example",
        "https://",
        "http://[::1",
        "ftp://x.example",
        "https://x.example/" + "a" * 500,
    ],
)
def test_a_link_is_a_full_address(typed: str) -> None:
    assert mistake(link_url=typed)[0] == "link_url"


#: For each field something of every kind that it refuses, as long as people may write it.
MISTAKES = [
    *(("channels", slug) for slug in ("x", "x" * 200)),
    *(
        (field, typed)
        for field in ("referee_discount", "referrer_credit", "minimum_order", "most_credit_amount")
        for typed in ("x" * 200, "0 USD", "9999999999 USD", "1 XXY", "1 USD, 2 USD", "1.1 JPY")
    ),
    *((field, "200%") for field in ("referee_discount", "referrer_credit")),
    *((field, "") for field in ("referee_discount", "referrer_credit", "hold_days")),
    *((field, "x" * 200) for field in ("earned_when", "cap_period", "link_url")),
    *((field, "x") for field in ("hold_days", "most_credits", "credit_valid_days")),
]


@pytest.mark.parametrize(("field", "typed"), MISTAKES)
def test_the_field_and_what_to_write_instead_are_seen_before_the_message_is_cut(
    field: str, typed: str
) -> None:
    # when
    name, message = mistake(**{field: typed})

    # then
    seen = message[:SHOWN]
    label = FIELDS[field][1]
    assert name == field
    assert seen.startswith(f"{label}: ")
    assert any(
        instead in seen
        for instead in (
            "write",
            "there is default",
        )
    ), seen


def test_every_field_that_can_be_mistaken_is_among_them() -> None:
    # given
    anything_goes = {"summary", "program_running", "new_customers_only"}

    # then
    assert {field for field, _ in MISTAKES} == set(FIELDS) - anything_goes


def test_one_mistake_is_told_at_a_time() -> None:
    assert mistake(hold_days="x", channels="x")[0] == "channels"


# the page as the Dashboard has it -------------------------------------------------------------


def test_the_dashboard_is_given_only_what_it_can_show() -> None:
    assert {kind for kind, *_ in FIELDS.values()} == {"string", "boolean", "output"}


def test_every_field_is_labelled_and_explained() -> None:
    # given
    labels = [label for _, label, _, _ in FIELDS.values()]

    # then
    assert len(set(labels)) == len(labels)
    assert all(help_text.endswith((".", '"', ")")) for _, _, help_text, _ in FIELDS.values())


def test_the_values_of_a_new_shop_are_good_ones() -> None:
    # when
    page = dashboard.read(
        dashboard.defaults() | {"referrer_credit": "10 USD", "program_running": True},
        store=STORE,
    )

    # then
    assert page.is_running


# the summary ----------------------------------------------------------------------------------

OFFERS = (
    "New customers get 10% off their order; referrers get {}, 14 days after the order is paid. "
    "A credit is valid for 365 days."
)


@pytest.mark.parametrize(
    ("values", "headline", "details"),
    [
        ({}, "Running in default, euro", OFFERS.format("9 EUR / 10 USD")),
        (
            {
                "new_customers_only": False,
                "minimum_order": "50 USD, 45 EUR",
                "referrer_credit": "5%",
                "hold_days": "0",
                "earned_when": "fulfilled",
                "credit_valid_days": "",
                "channels": "default",
            },
            "Running in default",
            "Friends get 10% off orders from 50 USD; referrers get 5% of the friend's goods, as "
            "soon as the order is fulfilled.",
        ),
        (
            {"referee_discount": "free shipping", "minimum_order": "50 USD", "channels": "default"},
            "Running in default",
            "New customers get free shipping on orders from 50 USD; referrers get 10 USD, 14 days "
            "after the order is paid. A credit is valid for 365 days.",
        ),
        (
            {"referrer_credit": "10 USD"},
            "Running in 1 of 2 channels: default",
            OFFERS.format("10 USD") + " Not in euro: no referrer's credit in EUR.",
        ),
        (
            {"referrer_credit": "10 GBP", "channels": "euro"},
            "Not running in any channel",
            OFFERS.format("10 GBP")
            + " Not in euro: no referrer's credit in EUR. No active channel sells in GBP.",
        ),
        (
            {"program_running": False},
            'Not running: "Program running" is not ticked',
            "It would run in default, euro. " + OFFERS.format("9 EUR / 10 USD"),
        ),
        (
            {"hold_days": "x"},
            "A field has to be corrected",
            "Days before crediting: write a whole number from 0 to 366.",
        ),
    ],
)
def test_the_page_in_plain_words(values: dict[str, Any], headline: str, details: str) -> None:
    assert dashboard.summary(FILLED_IN | values, store=STORE) == Summary(headline, details)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, '"Referrer\'s credit"'),
        ({"referee_discount": " "}, '"Friend\'s discount" and "Referrer\'s credit"'),
        ({"referee_discount": "", "referrer_credit": "5%"}, '"Friend\'s discount"'),
    ],
)
def test_an_owner_is_told_what_is_not_filled_in_yet(values: dict[str, Any], fields: str) -> None:
    assert dashboard.summary(values, store=STORE) == Summary(
        "Not running: not filled in yet", f'Fill in {fields}, tick "Program running", and save.'
    )


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        (
            {"most_credits": "12", "most_credit_amount": "500 USD, 450 EUR"},
            "Each referrer gets at most 12 credits and 450 EUR / 500 USD in a calendar year.",
        ),
        (
            {"most_credits": "1", "cap_period": "life"},
            "Each referrer gets at most 1 credit in all.",
        ),
        (
            {"most_credit_amount": "500 USD", "cap_period": "month"},
            "Each referrer gets at most 500 USD in a calendar month. "
            "No limit to the amount in EUR.",
        ),
    ],
)
def test_limits_are_said(values: dict[str, Any], sentences: str) -> None:
    # when
    said = dashboard.summary(FILLED_IN | {"credit_valid_days": ""} | values, store=STORE)

    # then
    assert said.details == (
        "New customers get 10% off their order; referrers get 9 EUR / 10 USD, 14 days after the "
        f"order is paid. {sentences}"
    )


def test_a_currency_forgotten_in_the_minimum_is_named() -> None:
    # when
    said = dashboard.summary(FILLED_IN | {"minimum_order": "45 EUR"}, store=STORE)

    # then
    assert said.details.startswith(
        "New customers get 10% off orders from 45 EUR; referrers get 9 EUR / 10 USD, 14 days after "
        "the order is paid. No minimum order in USD."
    )


def test_a_minimum_in_no_currency_of_the_program_is_none() -> None:
    # when
    said = dashboard.summary(
        FILLED_IN | {"minimum_order": "45 EUR", "channels": "default"}, store=STORE
    )

    # then
    assert said.details.startswith("New customers get 10% off their order; referrers get 10 USD,")


@pytest.mark.parametrize(
    "values",
    [
        {"referrer_credit": "10 USD, 9 EUR, 8 GBP"},
        {"referee_discount": "10 USD, 9 EUR, 8 GBP"},
        {"minimum_order": "50 USD, 45 EUR, 40 GBP"},
        {"most_credit_amount": "500 USD, 450 EUR, 400 GBP"},
    ],
)
def test_an_amount_in_a_currency_that_no_channel_sells_in_is_named(values: dict[str, Any]) -> None:
    # when
    said = dashboard.summary(FILLED_IN | values, store=STORE)

    # then
    assert said.headline == "Running in default, euro"
    assert said.details.endswith(" No active channel sells in GBP.")


def test_an_inactive_plugin_runs_nothing_whatever_the_page_says() -> None:
    assert dashboard.summary(FILLED_IN, store=STORE, active=False) == Summary(
        "Not running: the plugin is not active",
        "It would run in default, euro. " + OFFERS.format("9 EUR / 10 USD"),
    )


def test_a_shop_without_channels_is_told_so() -> None:
    # given
    empty = FakeStore(shop_channels=[])

    # then
    assert dashboard.summary(FILLED_IN, store=empty) == Summary(
        "Not running in any channel",
        OFFERS.format("9 EUR / 10 USD") + " The shop has no active channel.",
    )


def test_a_channel_named_that_is_not_active_any_more_is_named() -> None:
    # given
    smaller = FakeStore(shop_channels=[Channel("euro", "Euro", "EUR")])

    # then
    assert dashboard.summary(FILLED_IN | {"channels": "default"}, store=smaller) == Summary(
        "Not running in any channel",
        OFFERS.format("9 EUR / 10 USD") + " Not in default: no such channel is active. "
        "No active channel sells in USD.",
    )


def test_channels_too_many_for_the_field_are_counted_there_and_named_below() -> None:
    # given
    many = FakeStore(
        shop_channels=[Channel(f"shop-{n:02}", "A shop", "USD") for n in range(12)]
        + [Channel(f"shop-{n}", "A shop", "PLN") for n in ("a", "b")]
    )

    # when
    said = dashboard.summary(FILLED_IN, store=many)

    # then
    assert said.headline == "Running in 12 of 14 channels"
    assert said.details == (
        "It runs in shop-00, shop-01, shop-02, shop-03, shop-04, shop-05, shop-06, shop-07, "
        "shop-08, shop-09, shop-10, shop-11. "
        + OFFERS.format("10 USD")
        + " Not in shop-a, shop-b: no referrer's credit in PLN. No active channel sells in EUR."
    )
