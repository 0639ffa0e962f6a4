"""Terms changed for the past: previewed without a trace, carried out exactly once."""

from decimal import Decimal

import pytest

from saleor_referral_plugin.engine import retroactive
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import Cap, RewardRule, Terms
from saleor_referral_plugin.models import LedgerEntry, Program, Referral, Reward
from tests.engine.books import place, run_program, share
from tests.engine.build import amounts
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def giving(amount: int, **others: int) -> Terms:
    rewards = [RewardRule(worth=amounts(USD=amount))]
    rewards += [RewardRule(name=name, worth=amounts(USD=value)) for name, value in others.items()]
    return Terms(new_customers_only=False, rewards=tuple(rewards))


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
