"""A reward for what the referee does besides ordering."""

from datetime import timedelta

import pytest

from saleor_referral_plugin.engine import actions
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.terms import Cap, CapPeriod, RewardRule, Span, Terms
from saleor_referral_plugin.models import Action, LedgerEntry, Reward, StaffDecision
from tests.engine.books import change, place, share
from tests.engine.build import NOW, PAID_AT, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

TERMS = Terms(
    rewards=(
        RewardRule(name="stay", worth=amounts(USD=20)),
        RewardRule(name="host", worth=amounts(USD=80), action="host", hold=Span(days=1)),
    ),
    caps=(Cap(amount=Amounts.of({"USD": 95}), per_referee=True, period=CapPeriod.LIFE),),
)


@pytest.fixture
def ref(store: FakeStore) -> str:
    save_program(store=store, terms=TERMS, is_running=True)
    ref = place(store, share(store))
    settle(ref, store=store)
    return ref


def given() -> dict[str, tuple[int, str]]:
    return {r.rule: (int(r.amount), r.status) for r in Reward.objects.all()}


def test_it_is_earned_when_the_action_is_recorded(store: FakeStore, ref: str) -> None:
    # given
    assert given() == {"stay": (20, "approved")}

    # when
    actions.record(ref, "host", store=store, by="an app")
    actions.record(ref, "host", store=store, at=NOW - timedelta(days=9))

    # then: cut to what the limit for one friend leaves, and held from the action on
    assert given() == {"stay": (20, "approved"), "host": (75, "pending")}
    assert Reward.objects.get(rule="host").hold_until == NOW + timedelta(days=1)
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 95


def test_it_is_taken_back_when_it_was_not_so(store: FakeStore, ref: str) -> None:
    # given
    actions.record(ref, "host", store=store)

    # when
    actions.take_back(ref, "host", store=store, by="Cleo", reason="nobody came")

    # then
    assert given() == {"stay": (20, "approved"), "host": (0, "voided")}
    said = [(each.kind, each.of, each.by, each.reason) for each in StaffDecision.objects.all()]
    assert said == [("action", "host", "", ""), ("undo", "host", "Cleo", "nobody came")]


def test_what_was_not_recorded_is_not_taken_back(store: FakeStore, ref: str) -> None:
    # when
    with pytest.raises(CannotDecide) as error:
        actions.take_back(ref, "host", store=store, by="Cleo", reason="nobody came")

    # then
    assert error.value.code == "NOTHING_TO_UNDO"
    assert not StaffDecision.objects.exists()


def test_an_action_for_which_nothing_is_given_is_not_recorded(store: FakeStore, ref: str) -> None:
    # when
    with pytest.raises(CannotDecide) as error:
        actions.record(ref, "hots", store=store, by="an app")

    # then
    assert error.value.code == "NO_SUCH_ACTION"
    assert not Action.objects.exists()


def test_the_order_must_stand_all_the_same(store: FakeStore, ref: str) -> None:
    # given
    actions.record(ref, "host", store=store, at=PAID_AT)

    # when
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)

    # then
    assert given() == {"stay": (0, "voided"), "host": (0, "voided")}


def test_an_order_that_is_no_referral_has_no_actions(store: FakeStore, ref: str) -> None:
    assert actions.record("elsewhere", "host", store=store) is None
