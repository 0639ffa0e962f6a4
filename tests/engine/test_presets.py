"""Presets: each makes terms that do what its docstring says."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from prices import Money

from saleor_referral_plugin.engine.decide import Decision, decide, judge_claim
from saleor_referral_plugin.engine.facts import Followed
from saleor_referral_plugin.engine.milestones import Standing, decide_milestones, group_of
from saleor_referral_plugin.engine.presets import (
    KINDS,
    PRESETS,
    affiliate_commission,
    airbnb,
    amazon_prime,
    coupons_for_both,
    credit_for_life,
    dropbox,
    friend_first,
    milestone,
    partner,
    ranking,
    refer_a_friend,
    tiered_ambassador,
    uber,
    waitlist,
)
from saleor_referral_plugin.engine.terms import Beneficiary, ProgramKind, Span, Terms
from tests.engine.build import NOW, PAID_AT, checkout, history, order, usd

REFERRER, REFEREE = Beneficiary.REFERRER, Beneficiary.REFEREE
SENT: dict[str, Any] = {"is_fulfilled": True, "fulfilled_at": PAID_AT}


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def in_rupees(amount: str) -> dict[str, Any]:
    money = dict.fromkeys(("goods", "net_goods", "total", "captured"), inr(amount))
    return {"currency": "INR", "refunded": inr("0"), "charged_back": inr("0"), **money}


def given(terms: Terms, *, now: Any = NOW, claimed_at: Any = PAID_AT, **facts: Any) -> Decision:
    return decide(terms, order(**facts), history(claimed_at=claimed_at), now)


def amounts(decision: Decision) -> list[tuple[Beneficiary, str]]:
    return [
        (reward.beneficiary, f"{reward.amount.amount.normalize():f} {reward.amount.currency}")
        for reward in decision.rewards
        if reward.amount
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_needs_no_argument_and_is_kept_as_json(name: str) -> None:
    terms = PRESETS[name]()

    stored = json.dumps(terms.to_json())

    assert Terms.from_json(json.loads(stored)) == terms


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_what_it_is_and_gives_an_example(name: str) -> None:
    assert "Example: " in (PRESETS[name].__doc__ or "")


def test_the_kinds_are_those_of_presets() -> None:
    assert set(KINDS) < set(PRESETS)
    assert ProgramKind.CUSTOMER not in KINDS.values()


def test_coupons_for_both() -> None:
    terms = coupons_for_both(gets_percent=15, minimum={"USD": 50})

    assert amounts(given(terms)) == [(REFERRER, "1 COUPON"), (REFEREE, "1 COUPON")]
    for rule in terms.rewards:
        assert rule.coupon is not None
        assert (str(rule.coupon.discount), str(rule.coupon.minimum)) == ("15%", "50 USD")
    assert not terms.runs_in("euro", "EUR")
    assert coupons_for_both().runs_in("euro", "EUR")


def test_refer_a_friend() -> None:
    terms = refer_a_friend()

    claim = judge_claim(terms, checkout(), history(), NOW)

    assert claim.discount == usd(10)
    assert amounts(given(terms)) == [(REFERRER, "10 USD")]


def test_the_delivery_instead_of_a_discount() -> None:
    # given
    facts = checkout(shipping=usd(5))

    # when
    claims = [
        judge_claim(preset(free_shipping=True), facts, history(), NOW)
        for preset in (refer_a_friend, friend_first)
    ]

    # then
    assert [claim.discount for claim in claims] == [usd(5), usd(5)]


def test_refer_a_friend_so_many_a_year() -> None:
    [cap] = refer_a_friend(most_a_year=5).caps

    assert cap.count == 5


def test_friend_first() -> None:
    terms = friend_first()

    claim = judge_claim(terms, checkout(), history(), NOW)

    assert claim.discount == usd(20)
    assert given(terms).rewards == ()


def test_credit_for_life() -> None:
    terms = credit_for_life()
    later = history(follows=Followed(PAID_AT - timedelta(days=3_000), later_orders=50))

    assert amounts(given(terms)) == [(REFERRER, "4.5 USD")]
    assert amounts(decide(terms, order(net_goods=usd(20)), later, NOW)) == [(REFERRER, "1 USD")]


def test_credit_for_so_many_orders_in_so_many_months() -> None:
    terms = credit_for_life(orders=2, months=6)
    second = history(follows=Followed(PAID_AT - timedelta(days=30), later_orders=1))
    third = history(follows=Followed(PAID_AT - timedelta(days=30), later_orders=2))
    too_late = history(follows=Followed(PAID_AT - timedelta(days=200), later_orders=0))

    assert amounts(decide(terms, order(), second, NOW)) == [(REFERRER, "4.5 USD")]
    assert amounts(decide(terms, order(), third, NOW)) == []
    assert amounts(decide(terms, order(), too_late, NOW)) == []


def test_milestone() -> None:
    terms = milestone()
    [milestones] = terms.milestones

    def at(count: int) -> list[Money]:
        decided = decide_milestones(
            terms, milestones, Standing(count), moment=NOW, currency="USD", given={}, now=NOW
        )
        return [each.reward.amount for each in decided]

    assert given(terms).rewards == ()
    assert (at(2), at(3), at(10)) == (
        [usd(0), usd(0)],
        [usd(20), usd(0)],
        [usd(20), usd(100)],
    )


def test_tiered_ambassador() -> None:
    terms = tiered_ambassador()
    [tiers] = terms.milestones

    assert amounts(given(terms.for_group(""))) == [(REFERRER, "4.5 USD")]
    assert amounts(given(terms.for_group("silver"))) == [(REFERRER, "7.2 USD")]
    assert amounts(given(terms.for_group("gold"))) == [(REFERRER, "10.8 USD")]
    assert [group_of(tiers, Standing(count)) for count in (9, 10, 50)] == [None, "silver", "gold"]


def test_affiliate_commission() -> None:
    terms = affiliate_commission()
    in_time = PAID_AT - timedelta(days=30)
    too_late = in_time - timedelta(microseconds=1)

    assert amounts(given(terms, claimed_at=in_time)) == [(REFERRER, "9 USD")]
    assert amounts(given(terms, claimed_at=too_late)) == []


def test_affiliate_commission_up_to_an_amount() -> None:
    assert amounts(given(affiliate_commission(most={"USD": 5}))) == [(REFERRER, "5 USD")]


def test_partner() -> None:
    terms = partner()

    assert amounts(given(terms, **SENT)) == [(REFERRER, "100 USD")]
    assert amounts(given(terms)) == []


def test_partner_with_a_budget() -> None:
    [cap] = partner(budget=1_000).caps

    assert cap.whole_program
    assert cap.amount.get("USD") == usd(1_000)


def test_waitlist() -> None:
    [milestones] = waitlist(steps={5: "sticker", 10: "mug"}).milestones

    assert [(step.count, str(step.worth)) for step in milestones.steps] == [
        (5, "1 sticker"),
        (10, "1 mug"),
    ]


def test_ranking() -> None:
    terms = ranking(prizes=({"USD": 100}, {"USD": 50}))

    [each] = terms.rankings
    assert [str(prize.worth) for prize in each.prizes] == ["100 USD", "50 USD"]
    assert each.settled_after == Span(days=14)
    assert amounts(given(terms)) == []


def test_uber() -> None:
    terms = uber()

    claim = judge_claim(terms, checkout(goods=usd(8)), history(), NOW)
    nothing = dict.fromkeys(("net_goods", "total", "captured"), usd(0))

    assert claim.discount == usd(8)
    assert amounts(given(terms, goods=usd(8), **nothing)) == [(REFERRER, "5 USD")]


def test_amazon_prime() -> None:
    terms = amazon_prime()

    assert amounts(given(terms, **in_rupees("299.99"), **SENT)) == []
    assert amounts(given(terms, **in_rupees("300.00"), **SENT)) == [
        (REFERRER, "200 INR"),
        (REFEREE, "100 INR"),
    ]


def test_dropbox() -> None:
    terms = dropbox()

    assert amounts(given(terms)) == [(REFERRER, "500 MB"), (REFEREE, "500 MB")]
    assert amounts(given(terms.for_group("plus"))) == [(REFERRER, "1000 MB"), (REFEREE, "1000 MB")]


def test_airbnb() -> None:
    terms = airbnb()
    enough: dict[str, Any] = {"goods": usd(92), "net_goods": usd(80), "total": usd(102)}
    short: dict[str, Any] = {"goods": usd("86.24"), "net_goods": usd("74.99"), "total": usd(120)}

    assert amounts(given(terms, **enough, captured=usd(102), **SENT)) == [(REFERRER, "20 USD")]
    assert amounts(given(terms, **enough, captured=usd(102))) == []
    hosted = history(claimed_at=PAID_AT, actions={"host": NOW})
    sent = order(**enough, captured=usd(102), **SENT)
    assert amounts(decide(terms, sent, hosted, NOW)) == [(REFERRER, "20 USD"), (REFERRER, "75 USD")]
    assert amounts(given(terms, **short, captured=usd(120), **SENT)) == []
