"""Which goods a program is about: found when it is saved, counted when an order is settled."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from saleor_referral_plugin.engine import claims
from saleor_referral_plugin.engine.decide import ReferralStatus, decide, judge_claim
from saleor_referral_plugin.engine.facts import CheckoutLine, OrderFacts, OrderLine
from saleor_referral_plugin.engine.findings import FindingCode, Refused, first_failed
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.replay import replay
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import GoodsError
from saleor_referral_plugin.engine.terms import Goods, MinimumOf, Offer, Terms
from saleor_referral_plugin.models import Claim, Program, Referral, TermsVersion
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, amounts, checkout, history, order, percent, terms, usd
from tests.engine.fake_store import FakeStore

SHIRTS = Goods(products=("shirt",))


def line(item: str, price: str, *, counts: bool = True, off: str = "0", **more: Any) -> OrderLine:
    """One of a thing, with a tax of nothing."""
    net = usd(price) - usd(off)
    return OrderLine(f"line-{item}", item, usd(price), net, net, counts=counts, **more)


def mixed_order(**changes: Any) -> OrderFacts:
    """A shirt for 40 USD with 4 off, which counts, and a mug for 60, which does not."""
    ordinary: dict[str, Any] = {
        "lines": (line("shirt", "40", off="4"), line("mug", "60", counts=False)),
        "goods": usd(100),
        "net_goods": usd(96),
        "total": usd(96),
        "captured": usd(96),
    }
    return order(**ordinary | changes)


# what terms may say --------------------------------------------------------------------------


def test_an_amount_off_some_of_the_goods_is_refused() -> None:
    # when
    with pytest.raises(ValidationError) as refused:
        terms(goods=SHIRTS, discount=amounts(USD=10))

    # then
    assert "a discount on some of the goods is a percentage, not an amount" in str(refused.value)


@pytest.mark.parametrize("discount", [None, percent(10)])
def test_no_discount_or_a_percentage_on_some_of_the_goods_is_fine(discount: Offer | None) -> None:
    assert terms(goods=SHIRTS, discount=discount).goods == SHIRTS


def test_stored_terms_that_name_no_goods_are_about_all() -> None:
    # given
    stored = terms().to_json()
    del stored["goods"]

    # when
    value = Terms.from_json(stored)

    # then
    assert not value.goods
    assert value == terms()


@pytest.mark.parametrize(
    ("goods", "names_some", "names_exceptions"),
    [
        (Goods(), False, False),
        (SHIRTS, True, False),
        (Goods(except_categories=("sale",)), False, True),
        (Goods(collections=("new",), except_products=("sock",)), True, True),
    ],
)
def test_goods_are_some_or_all_but_some(
    goods: Goods, names_some: bool, names_exceptions: bool
) -> None:
    assert (goods.names_some, goods.names_exceptions) == (names_some, names_exceptions)
    assert bool(goods) == (names_some or names_exceptions)


def test_other_goods_need_another_voucher() -> None:
    assert terms().share_a_voucher_with(terms(minimum_of=MinimumOf.GOODS))
    assert not terms().share_a_voucher_with(terms(goods=SHIRTS))


# deciding ------------------------------------------------------------------------------------


def test_only_what_counts_is_looked_at() -> None:
    # given
    value = terms(goods=SHIRTS, credit=percent(10), minimum=Amounts.of({"USD": 41}))

    # when
    decision = decide(value, mixed_order(), history(), NOW)

    # then
    failed = first_failed(decision.findings)
    assert failed is not None
    assert failed.code is FindingCode.BELOW_MINIMUM
    assert failed.detail["missing"] == {"amount": "1.00", "currency": "USD"}
    assert decision.net == usd(36)

    # when
    decision = decide(value.but(minimum=Amounts()), mixed_order(), history(), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert [reward.amount for reward in decision.rewards] == [usd("3.60")]


def test_an_order_without_any_of_them_does_not_qualify() -> None:
    # given
    facts = order(lines=(line("mug", "100", counts=False),))

    # when
    decision = decide(terms(goods=SHIRTS), facts, history(), NOW)

    # then
    failed = first_failed(decision.findings)
    assert failed is not None
    assert failed.code is FindingCode.NO_SUCH_GOODS
    assert failed.sentence == "The program is about none of the goods in the order."
    assert decision.status is ReferralStatus.REJECTED
    assert not any(reward.amount for reward in decision.rewards)


@pytest.mark.parametrize(
    ("shirt", "mug", "expected"),
    [(0, 1, "3.60"), (Fraction(1, 2), 0, "1.80"), (1, 0, "0"), (Fraction(1, 4), 1, "2.70")],
)
def test_only_the_return_of_what_counts_takes_anything_back(
    shirt: Fraction, mug: Fraction, expected: str
) -> None:
    # given
    facts = mixed_order(
        lines=(
            line("shirt", "40", off="4", returned=Fraction(shirt)),
            line("mug", "60", counts=False, returned=Fraction(mug)),
        ),
        returned=(40 * Fraction(shirt) + 60 * Fraction(mug)) / 100,
    )

    # when
    decision = decide(terms(goods=SHIRTS, credit=percent(10)), facts, history(), NOW)

    # then
    assert [reward.amount for reward in decision.rewards] == [usd(expected)]


def test_free_goods_are_goods() -> None:
    # given
    facts = mixed_order(lines=(line("shirt", "0"), line("mug", "100", counts=False)))

    # when
    decision = decide(terms(goods=SHIRTS), facts, history(), NOW)

    # then
    assert decision.status is ReferralStatus.QUALIFIED
    assert [reward.amount for reward in decision.rewards] == [usd(10)]


def test_a_checkout_with_none_of_them_is_told() -> None:
    # when
    facts = checkout(goods=usd(0), has_goods=False)
    decision = judge_claim(terms(goods=SHIRTS), facts, history(), NOW)

    # then
    assert decision.refusal is not None
    assert decision.refusal.code is FindingCode.NO_SUCH_GOODS


# saving and settling -------------------------------------------------------------------------


@pytest.mark.django_db
def test_goods_are_saved_with_the_stores_ids(store: FakeStore) -> None:
    # when
    version = run_program(store, terms(goods=Goods(products=("shirt",), except_products=("x#x",))))

    # then
    assert version.terms.goods == Goods(products=("shirt#shirt",), except_products=("x#x",))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("goods", "message"),
    [
        (Goods(products=("shirt", "hat")), 'There is no product "hat".'),
        (Goods(except_collections=("hat",)), 'There is no collection "hat".'),
        (Goods(categories=("hat#hat",)), 'There is no category "hat#hat".'),
    ],
)
def test_goods_that_are_not_there_cannot_be_saved(
    store: FakeStore, goods: Goods, message: str
) -> None:
    # given
    store.unknown = {"hat"}

    # when
    with pytest.raises(GoodsError) as refused:
        run_program(store, terms(goods=goods))

    # then
    assert (refused.value.code, str(refused.value)) == ("unknown_goods", message)
    assert not Program.objects.exists()
    assert not store.offers


@pytest.mark.django_db
def test_what_an_order_holds_is_found_once(store: FakeStore) -> None:
    # given
    run_program(store, terms(goods=SHIRTS, credit=percent(10), hold_days=0))
    facts = mixed_order(lines=(line("shirt", "40", off="4"), line("mug", "60")))
    ref = place(store, share(store), **_settled(facts))

    # when
    settle(ref, store=store)

    # then
    referral = Referral.objects.get()
    assert referral.goods == {"line-shirt": True, "line-mug": False}
    assert (referral.status, referral.net) == ("qualified", 36)
    assert store.asked_for == [frozenset({"shirt", "mug"})]

    # when: the shop no longer knows what was sold, and adds something else
    renamed = (line("shirt", "40", off="4"), line("mug", "60"), line("shirt-2", "10"))
    change(store, ref, lines=tuple(_gone(each) for each in renamed[:2]) + renamed[2:])
    settle(ref, store=store)

    # then: only the new line is asked for
    referral.refresh_from_db()
    assert referral.goods == {"line-shirt": True, "line-mug": False, "line-shirt-2": False}
    assert (referral.status, referral.net) == ("qualified", 36)
    assert store.asked_for[1:] == [frozenset({"shirt-2"})]


@pytest.mark.django_db
def test_terms_about_all_goods_ask_for_none(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store), lines=(line("shirt", "100"),))

    # when
    settle(ref, store=store)

    # then
    assert Referral.objects.get().goods == {}
    assert store.asked_for == []


@pytest.mark.django_db
def test_a_claim_is_judged_by_the_goods_on_the_checkout(store: FakeStore) -> None:
    # given
    run_program(store, terms(goods=SHIRTS))
    code = share(store)
    mugs = checkout(lines=(CheckoutLine("mug", usd(100)),))
    both = checkout(
        lines=(CheckoutLine("mug", usd(60)), CheckoutLine("shirt", usd(40))), voucher_code="FRIEND"
    )

    # when
    with pytest.raises(Refused) as refused:
        _claim(store, mugs, code.code)

    # then
    assert refused.value.finding.code is FindingCode.NO_SUCH_GOODS
    assert store.codes_on == {}

    # when
    previewed = claims.preview(store=store, facts=both, typed=code.code)
    _claim(store, both, code.code)

    # then
    assert previewed.discount == usd(4)
    assert claims.objection(store=store, facts=both) is None

    # when: the shirt is taken out
    objection = claims.objection(
        store=store, facts=checkout(lines=mugs.lines, voucher_code="FRIEND")
    )

    # then
    assert objection is not None
    assert objection.code is FindingCode.NO_SUCH_GOODS


@pytest.mark.django_db
def test_draft_terms_about_some_goods_are_replayed(store: FakeStore) -> None:
    # given
    run_program(store, terms(credit=percent(10)))
    facts = mixed_order(lines=(line("shirt", "40", off="4"), line("mug", "60")))
    settle(place(store, share(store), **_settled(facts)), store=store)
    draft = terms(credit=percent(10), goods=SHIRTS)

    # when
    [replayed] = replay(draft, Program.objects.get(), store=store)

    # then
    assert replayed.would_give == {"credit": usd("3.60")}
    assert replayed.gave == {"credit": usd("9.60")}
    assert Referral.objects.get().goods == {}
    assert TermsVersion.objects.count() == 1


def _claim(store: FakeStore, facts: Any, typed: str) -> None:
    claims.claim_code(
        store=store,
        checkout=facts.ref,
        facts=facts,
        typed=typed,
        source=Claim.Source.PROMO_CODE,
    )


def _gone(sold: OrderLine) -> OrderLine:
    return replace(sold, item="")


def _settled(facts: OrderFacts) -> dict[str, Any]:
    names = ("lines", "goods", "net_goods", "total", "captured")
    assert Decimal(96) == facts.total.amount
    return {name: getattr(facts, name) for name in names}
