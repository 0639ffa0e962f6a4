"""Verifying: whatever the books say that is not so is found and said."""

import pytest

from saleor_referral_plugin.engine import verify as verifying
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import batches
from saleor_referral_plugin.engine.verify import Difference, verify
from saleor_referral_plugin.models import LedgerEntry, Reward
from tests.engine.books import book, entry, place, reward_of, run_program, share
from tests.engine.build import terms, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


@pytest.fixture
def reward(store: FakeStore) -> Reward:
    """10 USD, promised, delivered and all there."""
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    settle(ref, store=store)
    carry_out(store=store)
    return reward_of(ref)


def found(store: FakeStore) -> list[str]:
    return [difference.what for difference in verify(store=store)]


def test_books_in_order_have_no_differences(store: FakeStore, reward: Reward) -> None:
    assert found(store) == []


def test_a_difference_names_its_reward() -> None:
    assert str(Difference(7, "something is wrong")) == "Reward 7: something is wrong"


def test_a_credit_that_is_not_what_the_ledger_says(store: FakeStore, reward: Reward) -> None:
    # given
    store.credits[reward.credit_ref or ""].balance = usd("10.01")

    # then
    assert found(store) == ["ledger says 10.0000 is left, the store says 10.01"]


def test_a_credit_that_is_gone(store: FakeStore, reward: Reward) -> None:
    # given
    store.credits.clear()

    # then
    assert found(store) == ["ledger says 10.0000 is left, the credit is gone"]


def test_a_credit_that_is_gone_with_nothing_left_on_it(store: FakeStore, reward: Reward) -> None:
    # given
    entry(reward, Kind.SPENT, "-10")
    store.credits.clear()

    # then
    assert found(store) == []


def test_a_promise_that_was_not_delivered(store: FakeStore, reward: Reward) -> None:
    # given
    book(reward, Kind.PROMISED, "2")

    # then
    assert found(store) == ["2.0000 promised and not delivered"]


@pytest.mark.parametrize("status", [Reward.Status.PENDING, Reward.Status.VOIDED])
def test_a_delivery_nobody_decided(store: FakeStore, reward: Reward, status: Reward.Status) -> None:
    # given
    Reward.objects.update(status=status)
    book(reward, Kind.PROMISED, "-10")

    # then
    assert found(store) == [f"{status}, but 10.0000 was delivered"]


def test_every_reward_is_looked_at(
    store: FakeStore, reward: Reward, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    code = share(store)
    for number in (2, 3, 4, 5):
        settle(place(store, code, number), store=store)
    carry_out(store=store)
    store.credits.clear()
    monkeypatch.setattr(verifying, "batches", lambda rows: batches(rows, size=2))

    # then
    assert len(found(store)) == 5
