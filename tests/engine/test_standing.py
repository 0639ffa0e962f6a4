"""What of an order stands, by lines."""

from dataclasses import replace
from fractions import Fraction

import pytest

from saleor_referral_plugin.engine.decide import decide
from saleor_referral_plugin.engine.facts import OrderFacts, OrderLine
from saleor_referral_plugin.engine.findings import FindingCode, first_failed
from saleor_referral_plugin.engine.standing import counted
from saleor_referral_plugin.engine.terms import Clawback, Goods, Terms
from tests.engine.build import NOW, history, order, percent, terms, usd

BY_LINES = terms(goods=Goods(products=("shirt#1",)), clawback=Clawback.BY_LINES, credit=percent(10))
HALF = Fraction(1, 2)


def line(ref: str, gross: int, *, counts: bool = True) -> OrderLine:
    """With a fifth of it as tax."""
    price = usd(gross)
    return OrderLine(ref, ref, price, usd(gross * 10) / 12, price, counts=counts)


#: 36 and 54 for shirts, 100 for a mug, 10 for the delivery.
ORDER = order(
    lines=(line("shirt", 36), line("other", 54), line("mug", 100, counts=False)),
    goods=usd(190),
    net_goods=usd(190) * 10 / 12,
    total=usd(200),
    captured=usd(200),
)


def back(facts: OrderFacts, **shares: Fraction | int) -> OrderFacts:
    """The lines came back by so much."""
    lines = tuple(replace(each, back=Fraction(shares.get(each.ref, 0))) for each in facts.lines)
    return replace(facts, lines=lines)


def kept(facts: OrderFacts, value: Terms = BY_LINES) -> Fraction:
    return counted(value, facts).kept


@pytest.mark.parametrize(
    ("shares", "refunded", "expected"),
    [
        ({}, 0, 1),
        # The line's own money is no loss of the others'.
        ({"mug": 1}, 100, 1),
        ({"mug": 1}, 0, 1),
        ({"shirt": 1}, 36, Fraction(54, 90)),
        ({"shirt": HALF, "mug": 1}, 118, Fraction(72, 90)),
        ({"shirt": 1, "other": 1}, 90, 0),
        # For no line: the same part of all that is left.
        ({}, 50, Fraction(150, 200)),
        ({"mug": 1}, 150, HALF),
        ({"shirt": 1}, 200, 0),
        ({}, 200, 0),
        ({}, 300, 0),
        # A little less than the lines cost, as a fee was kept.
        ({"mug": 1}, 90, 1),
    ],
)
def test_what_stands_of_the_lines_that_count(
    shares: dict[str, Fraction], refunded: int, expected: Fraction
) -> None:
    assert kept(replace(back(ORDER, **shares), refunded=usd(refunded))) == expected


def test_money_for_the_delivery_that_goes_back_with_a_line_is_none_for_goods() -> None:
    # given
    facts = replace(back(ORDER, mug=1), refunded=usd(110))

    # then
    assert kept(replace(facts, shipping_back=usd(10))) == 1
    assert kept(facts) == Fraction(9, 10)


def test_a_return_counts_like_a_refund_and_not_twice() -> None:
    # given
    lines = tuple(
        replace(each, returned=Fraction(each.ref == "shirt"), back=Fraction(each.ref == "shirt"))
        for each in ORDER.lines
    )

    # then
    assert kept(replace(ORDER, lines=lines)) == Fraction(54, 90)
    assert kept(replace(ORDER, lines=lines, refunded=usd(36))) == Fraction(54, 90)


def test_lines_that_cost_nothing_weigh_the_same() -> None:
    # given
    free = (line("shirt", 0), line("other", 0), line("mug", 200, counts=False))

    # then
    assert kept(back(replace(ORDER, lines=free), shirt=1)) == HALF


def test_of_a_cancelled_order_nothing_stands() -> None:
    assert kept(replace(ORDER, is_void=True)) == 0


def test_a_store_that_knows_no_lines_is_asked_for_money_and_goods() -> None:
    assert kept(order(refunded=usd(45)), terms(clawback=Clawback.BY_LINES)) == HALF


def test_by_default_lines_are_not_looked_at() -> None:
    # given
    facts = replace(back(ORDER, mug=1), refunded=usd(100))

    # then
    assert kept(facts, terms()) == HALF
    assert counted(terms(), facts).stands is None


def test_an_order_of_which_no_line_that_counts_is_left_is_given_back() -> None:
    # when
    facts = replace(back(ORDER, shirt=1, other=1), refunded=usd(90))
    decision = decide(BY_LINES, facts, history(), NOW)

    # then
    failed = first_failed(decision.findings)
    assert failed is not None
    assert failed.code is FindingCode.MONEY_BACK


def test_the_reward_is_of_what_stands_rounded_once() -> None:
    # when
    facts = replace(back(ORDER, shirt=1), refunded=usd(36))
    decision = decide(BY_LINES, facts, history(), NOW)

    # then: 10% of 54 less a sixth
    assert [reward.amount for reward in decision.rewards] == [usd("4.50")]
    assert decision.net == usd(45)
