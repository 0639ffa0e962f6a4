"""Coupons: what their terms say, how they are counted, and whose they are."""

from datetime import timedelta
from typing import Any

import pytest
from prices import Money
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import codes, coupons
from saleor_referral_plugin.engine.decide import decide
from saleor_referral_plugin.engine.effects import carry_out, note_spending
from saleor_referral_plugin.engine.facts import CouponRequest, Person
from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import (
    COUPON,
    ONE_COUPON,
    Beneficiary,
    Cap,
    Coupon,
    CreditUse,
    Group,
    Milestone,
    Milestones,
    Offer,
    Prize,
    Ranking,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Effect, Reward
from tests.engine.books import (
    change,
    entries_of,
    place,
    place_another,
    reward_of,
    run_program,
    share,
)
from tests.engine.build import BEN, NOW, amounts, checkout, history, order, percent, usd
from tests.engine.fake_store import ONE, FakeStore

FIFTH = Coupon(discount=percent(20))
RULE = RewardRule(kind=RewardKind.COUPON, coupon=FIFTH, valid=Span(days=30), remind=Span(days=7))
NONE = Money(0, COUPON)


def giving(*rules: RewardRule, **settings: Any) -> Terms:
    return Terms(rewards=rules or (RULE,), **settings)


# what the terms say ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "discount\n  Field required"),
        ({"discount": amounts(MB=5)}, 'a coupon is in currencies; "MB" is none'),
        (
            {"discount": Offer(free_shipping=True), "minimum": {"stars": 5}},
            'in currencies; "stars" is none',
        ),
        ({"discount": amounts(USD=5), "minimum": {"EUR": 9}}, "both the coupon's amount and its"),
    ],
)
def test_a_coupon_gives_one_thing_in_some_currency(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Coupon(**settings)


@pytest.mark.parametrize(
    ("coupon", "good_in"),
    [
        (FIFTH, ["USD", "EUR", "JPY"]),
        (Coupon(discount=Offer(free_shipping=True)), ["USD", "EUR", "JPY"]),
        (Coupon(discount=amounts(USD=5, EUR=4)), ["USD", "EUR"]),
        (Coupon(discount=percent(5), minimum={"EUR": 9, "JPY": 900}), ["EUR", "JPY"]),
        (Coupon(discount=amounts(USD=5, EUR=4), minimum={"EUR": 9, "JPY": 900}), ["EUR"]),
    ],
)
def test_it_is_good_where_it_has_an_amount_and_any_minimum(
    coupon: Coupon, good_in: list[str]
) -> None:
    assert [c for c in ("USD", "EUR", "JPY") if coupon.is_good_in(c)] == good_in


def test_whoever_writes_a_program_says_nothing_of_its_worth() -> None:
    # given
    step = Milestone(count=1, kind=RewardKind.COUPON, coupon=FIFTH)
    prize = Prize(kind=RewardKind.COUPON, coupon=FIFTH)

    # then
    assert RULE.worth == prize.worth == step.gives == ONE_COUPON
    assert step.worth is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": RewardKind.COUPON}, "says what the coupon gives"),
        ({"kind": RewardKind.CREDIT, "coupon": FIFTH, "worth": amounts(USD=5)}, "and no other"),
        (
            {"kind": RewardKind.COUPON, "coupon": FIFTH, "worth": amounts(USD=5)},
            "a coupon has no worth besides what it gives",
        ),
        (
            {"kind": RewardKind.POINTS, "worth": amounts(COUPON=2)},
            'say what it is worth; "COUPON" counts coupons',
        ),
    ],
)
def test_a_coupon_and_nothing_else_says_what_it_gives(settings: dict[str, Any], said: str) -> None:
    for make in (
        lambda: RewardRule(**settings),
        lambda: Milestone(count=1, **settings),
        lambda: Prize(**settings),
    ):
        if settings == {"kind": RewardKind.COUPON} or "worth" in settings:
            with pytest.raises(ValueError, match=said):
                make()


def test_what_is_no_coupon_says_what_it_is_worth() -> None:
    for make in (RewardRule, Prize):
        with pytest.raises(ValueError, match="say what it is worth"):
            make()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"proportional": True}, "whole or not at all"),
        ({"use": CreditUse.BY_ITSELF}, "entered by its holder"),
        ({"least": {"USD": 1}}, "least and most are for percentages"),
    ],
)
def test_it_is_whole_and_entered_by_hand(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RULE.but(**settings)


def test_coupons_are_limited_by_number_alone() -> None:
    with pytest.raises(ValueError, match="coupons are limited by number"):
        Cap(amount={COUPON: 5})


def test_terms_with_coupons_are_kept_as_json() -> None:
    # given
    terms = giving(
        milestones=(Milestones(steps=(Milestone(count=1, kind=RewardKind.COUPON, coupon=FIFTH),)),),
        rankings=(Ranking(prizes=(Prize(kind=RewardKind.COUPON, coupon=FIFTH),)),),
        groups=(Group(name="gold", rewards=(RULE,)),),
    )

    # then
    assert Terms.from_json(terms.to_json()) == terms


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (Beneficiary.REFERRER, "no referrer's coupon in EUR"),
        (Beneficiary.REFEREE, "no friend's coupon in EUR"),
    ],
)
def test_the_program_runs_where_its_coupon_is_good(to: Beneficiary, said: str) -> None:
    terms = giving(RULE.but(coupon=Coupon(discount=amounts(USD=5)), to=to))

    assert terms.why_not_in("euro", "EUR") == said
    assert terms.runs_in("default", "USD")
    assert not terms.share_a_voucher_with(giving(RULE.but(to=to)))


# how it is decided ----------------------------------------------------------------------------


def test_it_counts_as_one_whatever_the_order_is_worth() -> None:
    for facts in (order(), order(net_goods=usd(1)), order(refunded=usd(45))):
        [reward] = decide(giving(), facts, history(), NOW).rewards
        assert (reward.amount, reward.coupon, reward.kind) == (ONE, FIFTH, RewardKind.COUPON)


def test_limits_by_number_count_coupons_and_those_by_amount_do_not(db: None) -> None:
    # given
    store = FakeStore()
    limits = (Cap(count=2), Cap(amount=Amounts.of({"USD": 1})))
    run_program(store, giving(caps=limits))
    code = share(store)

    # when
    refs = [place(store, code, number) for number in (1, 2, 3)]
    for ref in refs:
        settle(ref, store=store)

    # then
    assert [reward_of(ref).amount for ref in refs] == [1, 1, 0]


# how it is delivered --------------------------------------------------------------------------


@pytest.fixture
def running(db: None, store: FakeStore) -> FakeStore:
    run_program(store, giving())
    return store


def earn(store: FakeStore, number: int = 1) -> str:
    ref = place(store, share(store), number)
    look_again(store, ref)
    return ref


def look_again(store: FakeStore, ref: str, **facts: Any) -> None:
    change(store, ref, **facts)
    settle(ref, store=store)
    carry_out(store=store)


def use(store: FakeStore, ref: str, number: int) -> str:
    """Anna buys something with the coupon of an order; the ref of what she ordered."""
    code = codes.show(reward_of(ref).coupon_code or "")
    used_on = f"order-{number}"
    place_another(store, used_on, "anna@example.com", "1", days_ago=0)
    store.sells_with(used_on, code)
    coupon = store.credits[reward_of(ref).credit_ref or ""]
    coupon.balance, coupon.used_on = NONE, used_on
    return used_on


def left(store: FakeStore) -> list[Money]:
    return [coupon.balance for coupon in store.credits.values()]


def test_it_is_issued_once_and_its_holder_told_its_code(running: FakeStore) -> None:
    # when
    ref = earn(running)
    Effect.objects.update(done_at=None)
    carry_out(store=running)

    # then
    reward = reward_of(ref)
    [coupon] = running.credits.values()
    code = codes.show(reward.coupon_code or "")
    assert coupon.request == CouponRequest(
        key=f"reward-{reward.pk}-0",
        code=code,
        coupon=FIFTH,
        user_ref="1",
        expires_at=NOW + timedelta(days=30),
        note="Referral reward for order 1",
        order_ref=ref,
    )
    assert entries_of(ref) == [("promised", "1"), ("delivered", "1")]
    told = [(event, payload["code"]) for _, event, payload in running.told]
    assert set(told) == {("referral_reward_issued", code)}
    assert list(verify(store=running)) == []


def test_a_delivery_that_failed_is_tried_again(running: FakeStore) -> None:
    # given
    running.broken.add("issue_coupon")
    ref = earn(running)
    assert (reward_of(ref).status, reward_of(ref).coupon_code) == ("approved", None)

    # when
    running.broken.clear()
    running.travel(minutes=1)
    carry_out(store=running)

    # then
    assert left(running) == [ONE]
    assert reward_of(ref).status == "issued"


def test_a_used_one_that_is_no_longer_deserved_is_paid_by_the_next(running: FakeStore) -> None:
    # given
    first = earn(running, 1)
    use(running, first, 50)

    # when
    look_again(running, first, refunded=usd(90))
    second, third = earn(running, 2), earn(running, 3)

    # then
    assert entries_of(first) == [
        ("promised", "1"),
        ("delivered", "1"),
        ("promised", "-1"),
        ("spent", "-1"),
        ("offset", "-1"),
    ]
    assert entries_of(second) == [("promised", "1"), ("offset", "1")]
    assert reward_of(second).coupon_code is None
    assert entries_of(third) == [("promised", "1"), ("delivered", "1")]
    assert left(running) == [NONE, ONE]
    assert list(verify(store=running)) == []


def test_an_unused_one_is_taken_back_and_given_again_as_it_was(running: FakeStore) -> None:
    # given
    ref = earn(running)
    code = reward_of(ref).coupon_code

    # when
    look_again(running, ref, refunded=usd(90))
    taken = left(running)
    look_again(running, ref, refunded=usd(0))

    # then
    assert (taken, left(running)) == ([NONE], [ONE])
    assert (reward_of(ref).status, reward_of(ref).coupon_code) == ("issued", code)


def test_what_is_issued_stays_as_it_was_when_the_terms_change(running: FakeStore) -> None:
    # given
    ref = earn(running)
    better = giving(RULE.but(coupon=Coupon(discount=percent(50))))
    version = run_program(running, better)
    reward = reward_of(ref)
    assert reward.referral is not None
    reward.referral.terms = version
    reward.referral.save()

    # when
    settle(ref, store=running)

    # then
    assert coupons.what_it_gives(reward_of(ref)) == FIFTH


def test_an_order_that_is_cancelled_gives_it_back_in_the_next_sweep(running: FakeStore) -> None:
    # given
    ref = earn(running)
    used_on = use(running, ref, 50)
    sweep(store=running)
    used = entries_of(ref)[-1]

    # when
    change(running, used_on, is_void=True)
    for _ in range(2):
        sweep(store=running)

    # then
    assert used == ("spent", "-1")
    assert entries_of(ref)[2:] == [("spent", "-1"), ("spent", "1")]
    assert left(running) == [ONE]
    assert list(verify(store=running)) == []


def test_given_back_when_its_time_was_up_it_is_gone(running: FakeStore) -> None:
    # given
    ref = earn(running)
    used_on = use(running, ref, 50)
    running.travel(days=31)
    sweep(store=running)

    # when
    change(running, used_on, is_void=True)
    for _ in range(2):
        sweep(store=running)

    # then
    assert entries_of(ref)[2:] == [("spent", "-1"), ("spent", "1"), ("expired", "-1")]
    assert (reward_of(ref).status, left(running)) == ("expired", [NONE])
    assert list(verify(store=running)) == []


def test_given_back_when_it_was_no_longer_deserved_it_is_taken_back(running: FakeStore) -> None:
    # given
    ref = earn(running)
    used_on = use(running, ref, 50)
    look_again(running, ref, refunded=usd(90))

    # when
    change(running, used_on, is_void=True)
    for _ in range(2):
        sweep(store=running)

    # then
    assert entries_of(ref)[3:] == [("spent", "-1"), ("spent", "1"), ("taken_back", "-1")]
    assert left(running) == [NONE]
    assert list(verify(store=running)) == []


def test_before_it_expires_its_holder_is_told(running: FakeStore) -> None:
    # given
    ref = earn(running)
    running.told.clear()

    # when
    for days in (22, 1, 8):
        running.travel(days=days)
        sweep(store=running)

    # then
    assert [event for _, event, _ in running.told] == [
        "referral_reward_expiring",
        "referral_reward_expired",
    ]
    assert {payload["code"] for *_, payload in running.told} == {
        codes.show(reward_of(ref).coupon_code or "")
    }
    assert left(running) == [NONE]


def test_what_the_store_says_otherwise_is_found(running: FakeStore) -> None:
    # given
    earn(running)

    # when
    [coupon] = running.credits.values()
    coupon.balance = NONE

    # then
    assert [difference.what for difference in verify(store=running)] == [
        "ledger says 1.0000 is left, the store says 0"
    ]


def test_a_prize_may_be_one(db: None, store: FakeStore) -> None:
    # given
    prize = Prize(kind=RewardKind.COUPON, coupon=FIFTH)
    run_program(store, Terms(rankings=(Ranking(prizes=(prize,)),)))
    settle(place(store, share(store)), store=store)

    # when
    store.time = NOW.replace(month=4, day=1, hour=0)
    sweep(store=store)

    # then
    [coupon] = store.credits.values()
    assert isinstance(coupon.request, CouponRequest)
    assert coupon.request.coupon == FIFTH
    assert Reward.objects.get().status == "issued"


def test_noting_what_was_never_issued_notes_nothing(running: FakeStore) -> None:
    # given
    ref = place(running, share(running))
    settle(ref, store=running)

    # when
    note_spending(reward_of(ref), store=running)

    # then
    assert entries_of(ref) == [("promised", "1")]


# its code -------------------------------------------------------------------------------------


def test_its_code_is_nobody_elses(running: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    taken = [share(running).code, reward_of(earn(running)).coupon_code, "ABCDE12345"]
    running.taken_codes.add("ABCDE12345")
    drawn = iter([*taken, "FREE567890"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))

    # then
    assert codes.draw_free(running) == "FREE567890"
    assert [codes.is_reserved(f" {(code or '').lower()}") for code in taken] == [True, True, False]


@pytest.mark.parametrize("typed", ["SUMMER", "SUMMER2026X", "FRIEND2", "UUUUUUUUUU", ""])
def test_what_cannot_be_one_by_its_look_costs_no_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries, typed: str
) -> None:
    with django_assert_num_queries(0):
        assert coupons.find(typed) is None
        assert coupons.find_all([typed, None]) == []


def test_it_is_found_however_it_is_typed(running: FakeStore) -> None:
    # given
    reward = reward_of(earn(running))
    code = reward.coupon_code or ""

    # then
    assert coupons.find(f" {code[:5].lower()} {code[5:]}") == reward
    assert coupons.find_all([None, "", "FRIEND", codes.show(code)]) == [reward]
    assert coupons.find("FRIEND") is None


# whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buyer", "is_holder"),
    [
        (Person("1", None), True),
        (Person(None, email_key("Anna@Example.com")), True),
        (Person("2", email_key("anna@example.com")), True),
        (BEN, False),
        (Person(), False),
    ],
    ids=["account", "address", "address with another account", "somebody", "nobody yet"],
)
def test_it_is_for_its_holder_by_account_or_address(
    running: FakeStore, buyer: Person, is_holder: bool
) -> None:
    # given
    reward = coupons.find(reward_of(earn(running)).coupon_code or "")
    assert reward is not None

    # when
    finding = coupons.objection(reward, checkout(buyer=buyer))

    # then
    assert (finding is None) is is_holder
    assert finding is None or finding.code is FindingCode.NOT_YOUR_COUPON


def test_of_somebody_who_is_gone_it_is_nobodys(running: FakeStore) -> None:
    # given
    ref = earn(running)
    del running.customers["1"]
    settle(ref, store=running)
    reward = coupons.of_ref(reward_of(ref).credit_ref or "")
    assert reward is not None

    # then
    annas = checkout(buyer=Person("1", email_key("anna@example.com")))
    assert coupons.objection(reward, annas) is not None
    assert left(running) == [NONE]


def test_too_small_a_cart_reads_what_is_missing(db: None, store: FakeStore) -> None:
    # given
    coupon = Coupon(discount=Offer(percent=20), minimum={"USD": 50})
    run_program(store, giving(RULE.but(coupon=coupon)))
    reward = coupons.find(reward_of(earn(store)).coupon_code or "")
    assert reward is not None
    annas = checkout(buyer=Person("1"), goods=usd("45.90"))

    # when
    finding = coupons.objection(reward, annas)

    # then
    assert finding is not None
    assert finding.sentence == "Add $4.10 more to use this coupon (minimum $50.00)."
    assert coupons.objection(reward, checkout(buyer=Person("1"), goods=usd(50))) is None
