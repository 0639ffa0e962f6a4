"""What holds of every order whose lines go back."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from prices import Money

from saleor_referral_plugin.engine.decide import decide
from saleor_referral_plugin.engine.facts import OrderFacts, OrderLine
from saleor_referral_plugin.engine.terms import Clawback, Goods, RewardKind, RewardRule, Terms
from tests.engine.build import NOW, history, order, terms, usd
from tests.properties.strategies import reward_rules

shares = st.sampled_from([Fraction(n, 4) for n in range(5)])


@st.composite
def lines(draw: st.DrawFn, number: int) -> OrderLine:
    """Some of it taxed; some of it back, of which some came to the shop."""
    gross = Decimal(draw(st.integers(0, 50_000))) / 100
    back = draw(shares)
    return OrderLine(
        ref=f"line-{number}",
        item=f"item-{number}",
        goods=usd(gross),
        net=usd(gross) * draw(st.sampled_from([1, Decimal("0.8")])),
        gross=usd(gross),
        returned=min(back, draw(shares)),
        back=back,
        counts=draw(st.booleans()),
    )


def of(sold: list[OrderLine], shipping: Money, refunded: Money) -> OrderFacts:
    zero = usd(0)
    worth = sum((line.gross for line in sold), zero)
    return order(
        lines=tuple(sold),
        goods=worth,
        net_goods=sum((line.net for line in sold), zero),
        total=worth + shipping,
        captured=worth + shipping,
        refunded=refunded,
    )


def paid_back(sold: list[OrderLine]) -> Money:
    """What was paid for what went back; some of a cent is nothing."""
    exact = sum((Fraction(line.gross.amount) * line.back for line in sold), Fraction(0))
    return usd(Decimal(int(exact * 100)) / 100)


cases = st.integers(1, 5).flatmap(lambda n: st.tuples(*(lines(number) for number in range(n))))
shippings = st.integers(0, 2_000).map(lambda cents: usd(Decimal(cents) / 100))
# A coupon is given whole or not at all.
amounts = reward_rules("credit").filter(lambda rule: rule.kind is not RewardKind.COUPON)
rules = amounts.map(lambda rule: rule.but(proportional=True))


def by_lines(rule: RewardRule) -> Terms:
    return terms(
        goods=Goods(products=("it#1",)), clawback=Clawback.BY_LINES, discount=None, rewards=(rule,)
    )


def given_for(rule: RewardRule, facts: OrderFacts) -> Money:
    [reward] = decide(by_lines(rule), facts, history(), NOW).rewards
    return reward.amount


def untouched(sold: list[OrderLine]) -> list[OrderLine]:
    return [replace(line, returned=Fraction(0), back=Fraction(0)) for line in sold]


@given(rules, cases, shippings, st.fractions(0, 2, max_denominator=50))
def test_what_goes_back_never_takes_more_than_the_reward_nor_adds_to_it(
    rule: RewardRule, case: tuple[OrderLine, ...], shipping: Money, part: Fraction
) -> None:
    # given
    sold = list(case)
    whole = of(untouched(sold), shipping, usd(0))
    refunded = usd(Decimal(int(Fraction(whole.total.amount) * part * 100)) / 100)

    # when
    before, after = given_for(rule, whole), given_for(rule, of(sold, shipping, refunded))

    # then
    assert 0 * before <= after <= before


@given(rules, cases, shippings, shares)
def test_what_the_program_is_not_about_changes_nothing(
    rule: RewardRule, case: tuple[OrderLine, ...], shipping: Money, more: Fraction
) -> None:
    # given: money went back for lines alone
    sold = list(case)
    other = [
        line if line.counts else replace(line, returned=more, back=max(more, line.back))
        for line in sold
    ]

    # when
    before = given_for(rule, of(sold, shipping, paid_back(sold)))
    returned = given_for(rule, of(other, shipping, paid_back(sold)))
    refunded = given_for(rule, of(other, shipping, paid_back(other)))

    # then
    assert before == returned == refunded


@given(rules, cases, shippings, st.integers(0, 4), shares)
def test_more_of_a_line_back_is_never_more_reward(
    rule: RewardRule, case: tuple[OrderLine, ...], shipping: Money, place: int, more: Fraction
) -> None:
    # given
    sold = list(case)
    place %= len(sold)
    line = sold[place]
    further = [*sold]
    further[place] = replace(line, back=max(line.back, more))

    # when
    before = given_for(rule, of(sold, shipping, paid_back(sold)))
    after = given_for(rule, of(further, shipping, paid_back(further)))

    # then
    assert after <= before


@given(rules, cases, shippings)
def test_of_an_order_that_was_paid_back_whole_nothing_is_left(
    rule: RewardRule, case: tuple[OrderLine, ...], shipping: Money
) -> None:
    # given
    sold = list(case)
    whole = of(sold, shipping, usd(0))

    # when
    after = given_for(rule, replace(whole, refunded=whole.total))

    # then: an order that cost nothing has nothing to give back
    if whole.total:
        assert not after
