"""Terms changed for the past: previewed without a trace, carried out exactly once."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Model

from saleor_referral_plugin.engine import retroactive
from saleor_referral_plugin.engine.codes import code_of
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.effects import carry_out as carry_out_effects
from saleor_referral_plugin.engine.facts import OrderFacts
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.referrers import holder_of
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Cap,
    Milestone,
    Milestones,
    RewardKind,
    RewardRule,
    Terms,
)
from saleor_referral_plugin.models import LedgerEntry, Program, Referral, Referrer, Reward
from tests.engine.books import place, run_program, share
from tests.engine.build import amounts, usd
from tests.engine.fake_store import FakeStore
from tests.side_by_side import side_by_side

pytestmark = pytest.mark.django_db


def giving(amount: int, **others: int) -> Terms:
    rewards = [RewardRule(worth=amounts(USD=amount))]
    rewards += [RewardRule(name=name, worth=amounts(USD=value)) for name, value in others.items()]
    return Terms(new_customers_only=False, rewards=tuple(rewards))


def books_are_free() -> int:
    """Whether anybody else could lock every row of the books now; how many there are."""
    models: tuple[type[Model], ...] = (Program, Referrer, Referral, Reward, LedgerEntry)
    with transaction.atomic():
        return sum(len(model.objects.select_for_update(nowait=True)) for model in models)


def entries() -> list[tuple[int, str, Decimal]]:
    found = LedgerEntry.objects.order_by("pk")
    return [(entry.reward_id, entry.kind, entry.amount) for entry in found]


def test_the_past_keeps_its_terms_until_they_are_changed_for_it(store: FakeStore) -> None:
    # given
    run_program(store, giving(5))
    code = share(store)
    refs = [place(store, code, number) for number in (1, 2, 3)]
    for ref in refs:
        settle(ref, store=store)
    newest = run_program(store, giving(8))
    before = entries()

    # when
    for ref in refs:
        settle(ref, store=store)
    unchanged = entries()
    previewed = retroactive.preview(newest.program, store=store)
    after_preview = entries()
    moved = retroactive.carry_out(newest.program, store=store)

    # then
    assert unchanged == after_preview == before
    assert previewed == moved
    assert moved.referrals == 3
    assert moved.promises == {(code.referrer_id, "USD"): Decimal(9)}
    assert [reward.amount for reward in Reward.objects.all()] == [8, 8, 8]
    assert set(Referral.objects.values_list("terms", flat=True)) == {newest.pk}


def test_done_again_it_moves_nothing(store: FakeStore) -> None:
    # given
    run_program(store, giving(5))
    settle(place(store, share(store)), store=store)
    program = run_program(store, giving(8)).program
    retroactive.carry_out(program, store=store)
    before = entries()

    # when
    again = retroactive.carry_out(program, store=store)

    # then
    assert again == retroactive.Moved()
    assert entries() == before


def test_a_reward_that_the_new_terms_no_longer_give_is_taken_back(store: FakeStore) -> None:
    # given
    run_program(store, giving(5, bonus=2))
    settle(place(store, share(store)), store=store)

    # when
    moved = retroactive.carry_out(run_program(store, giving(5)).program, store=store)

    # then
    assert list(moved.promises.values()) == [Decimal(-2)]
    assert dict(Reward.objects.values_list("rule", "amount")) == {"credit": 5, "bonus": 0}
    assert Reward.objects.get(rule="bonus").status == Reward.Status.VOIDED


def test_a_program_without_terms_has_no_past_to_change(store: FakeStore) -> None:
    program = Program.objects.create(slug="new", name="New", created_at=store.now())
    assert retroactive.carry_out(program, store=store) == retroactive.Moved()


def test_a_lower_limit_takes_back_what_is_above_it(store: FakeStore) -> None:
    # given
    run_program(store, giving(10))
    code = share(store)
    for number in (1, 2, 3):
        settle(place(store, code, number), store=store)
    limit = Cap(amount=Amounts.of({"USD": 15}))

    # when
    program = run_program(store, giving(10).but(caps=(limit,))).program
    moved = retroactive.carry_out(program, store=store)

    # then
    assert moved.promises == {(code.referrer_id, "USD"): Decimal(-15)}
    assert sum(reward.amount for reward in Reward.objects.all()) == 15


def test_the_preview_counts_limits_over_all_that_it_moves(store: FakeStore) -> None:
    # given: two referrers, who share a budget in the order in which the friends ordered
    run_program(store, giving(10))
    codes = share(store), share(store, "3", "cleo@example.com")
    for number in (1, 2, 3, 4):
        settle(place(store, codes[number % 2], number), store=store)
    step = Milestone(count=2, worth=amounts(USD=1))
    value = giving(20).but(
        caps=(Cap(amount=Amounts.of({"USD": 50}), whole_program=True),),
        milestones=(Milestones(steps=(step,)),),
    )
    program = run_program(store, value).program
    before = entries()

    # when
    previewed = retroactive.preview(program, store=store)
    after_preview = entries()
    moved = retroactive.carry_out(program, store=store)

    # then
    assert after_preview == before
    assert previewed == moved
    assert sum(reward.amount for reward in Reward.objects.all()) == 50


def test_the_preview_gives_a_friend_their_own_name(store: FakeStore) -> None:
    # given: the friend, too, shares a code of another program
    run_program(store, giving(5))
    code = share(store)
    ref = place(store, code, email="ben@example.com")
    settle(ref, store=store)
    other = save_program(store=store, terms=giving(1), is_running=True, slug="other")
    ben = holder_of(person(None, "ben@example.com"), store.now())
    code_of(ben, other, store=store)
    thanks = RewardRule(name="thanks", to=Beneficiary.REFEREE, worth=amounts(USD=3))
    value = giving(5)
    program = run_program(store, value.but(rewards=(*value.rewards, thanks))).program

    # when
    previewed = retroactive.preview(program, store=store)

    # then
    assert previewed.promises == {(ben.pk, "USD"): Decimal(3)}
    assert retroactive.carry_out(program, store=store) == previewed


def test_the_preview_leaves_the_credit_of_a_deleted_account_alone(store: FakeStore) -> None:
    # given: nobody has heard of the deletion
    run_program(store, giving(5))
    code = share(store)
    settle(place(store, code), store=store)
    carry_out_effects(store=store)
    del store.customers["1"]
    program = run_program(store, giving(8)).program

    # when
    retroactive.preview(program, store=store)

    # then
    assert [credit.balance for credit in store.credits.values()] == [usd(5)]
    assert Referrer.objects.get(pk=code.referrer_id).forgotten_at is None


@pytest.mark.django_db(transaction=True)
def test_the_preview_keeps_nobody_waiting(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    run_program(store, giving(5))
    code = share(store)
    for number in (1, 2):
        settle(place(store, code, number), store=store)
    budget = Cap(amount=Amounts.of({"USD": 50}), whole_program=True)
    program = run_program(store, giving(8).but(caps=(budget,))).program
    rows: list[int] = []
    facts = store.order_facts

    def somebody_else_looks(order_ref: str) -> OrderFacts | None:
        rows.extend(side_by_side(books_are_free))
        return facts(order_ref)

    monkeypatch.setattr(store, "order_facts", somebody_else_looks)

    # when
    moved = retroactive.preview(program, store=store)

    # then: program, referrer, and two each of referrals, rewards and entries
    assert moved.referrals == 2
    assert rows == [8, 8]
    assert books_are_free() == 8


def test_whatever_goes_wrong_in_a_preview_the_books_are_back(store: FakeStore) -> None:
    # given
    run_program(store, giving(5))
    settle(place(store, share(store)), store=store)
    program = run_program(store, giving(8)).program
    before = entries()
    store.broken.add("order_facts")

    # when
    with pytest.raises(ConnectionError):
        retroactive.preview(program, store=store)

    # then
    store.broken.clear()
    assert entries() == before
    assert retroactive.preview(program, store=store).referrals == 1


@pytest.mark.parametrize(
    "now",
    [
        RewardRule(kind=RewardKind.POINTS, worth=amounts(STARS=8)),
        RewardRule(kind=RewardKind.CUSTOM, worth=amounts(MUG=1)),
    ],
)
def test_a_rule_that_gives_something_else_needs_another_name(
    store: FakeStore, now: RewardRule
) -> None:
    # given
    program = run_program(store, giving(5)).program
    settle(place(store, share(store)), store=store)
    run_program(store, Terms(new_customers_only=False, rewards=(now,)))
    before = entries()

    # when
    for change in (retroactive.preview, retroactive.carry_out):
        with pytest.raises(CannotDecide) as refused:
            change(program, store=store)

        # then
        assert refused.value.code == "KIND_CHANGED"
    assert entries() == before
    assert Referral.objects.get().terms.version == 1

    # and when
    run_program(store, Terms(new_customers_only=False, rewards=(now.but(name="other"),)))
    retroactive.carry_out(program, store=store)

    # then
    kinds = Reward.objects.order_by("pk").values_list("rule", "kind", "amount")
    assert list(kinds) == [("credit", "credit", 0), ("other", now.kind.value, now_amount(now))]


def test_points_in_another_unit_are_something_else(store: FakeStore) -> None:
    # given
    stars = RewardRule(kind=RewardKind.POINTS, worth=amounts(STARS=8))
    program = run_program(store, Terms(new_customers_only=False, rewards=(stars,))).program
    settle(place(store, share(store)), store=store)
    moons = stars.but(worth=amounts(MOONS=8))
    run_program(store, Terms(new_customers_only=False, rewards=(moons,)))

    # when
    with pytest.raises(CannotDecide) as refused:
        retroactive.carry_out(program, store=store)

    # then
    assert refused.value.code == "KIND_CHANGED"
    assert "(points, STARS)" in str(refused.value)


def now_amount(rule: RewardRule) -> Decimal:
    assert rule.worth is not None
    [(_, amount)] = rule.worth.amounts.by_currency
    return amount
