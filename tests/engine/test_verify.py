"""Verifying: whatever the books say that is not so is found and said."""

from unittest.mock import patch

import pytest

from saleor_referral_plugin.engine import unsettled
from saleor_referral_plugin.engine import verify as verifying
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import batches
from saleor_referral_plugin.engine.verify import Difference, repair, verify
from saleor_referral_plugin.models import Effect, LedgerEntry, Referral, Reward
from tests.engine.books import book, change, entry, place, reward_of, run_program, share
from tests.engine.build import NOW, terms, usd
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


def repaired(store: FakeStore) -> list[str]:
    """Put right what differs; what still does."""
    for difference in list(verify(store=store)):
        repair(difference, store=store)
    return found(store)


def test_books_in_order_have_no_differences(store: FakeStore, reward: Reward) -> None:
    assert found(store) == []


def test_a_difference_names_what_it_is_of() -> None:
    assert str(Difference("wrong", reward_id=7)) == "Reward 7: wrong"
    assert str(Difference("wrong", order_ref="order-1")) == "Order order-1: wrong"


def test_a_credit_that_is_not_what_the_ledger_says(store: FakeStore, reward: Reward) -> None:
    # given
    store.credits[reward.credit_ref or ""].balance = usd("10.01")

    # then
    assert found(store) == ["ledger says 10.0000 is left, the store says 10.01"]
    assert repaired(store) == []


def test_a_credit_that_is_gone(store: FakeStore, reward: Reward) -> None:
    # given
    store.credits.clear()

    # then: nobody but the shop's people can say what is to become of it
    assert found(store) == ["ledger says 10.0000 is left, the credit is gone"]
    assert repaired(store) == ["ledger says 10.0000 is left, the credit is gone"]


def test_a_credit_that_is_gone_with_nothing_left_on_it(store: FakeStore, reward: Reward) -> None:
    # given
    entry(reward, Kind.SPENT, "-10")
    store.credits.clear()

    # then
    assert found(store) == []


def test_a_promise_that_nobody_decided(store: FakeStore, reward: Reward) -> None:
    # given
    book(reward, Kind.PROMISED, "2")

    # then
    assert found(store) == [
        "the books say qualified, 12.0000 USD issued (credit); by the order as it is they should "
        "say qualified, 10.0000 USD issued (credit)",
        "2.0000 promised and not delivered",
    ]
    assert repaired(store) == []
    assert [credit.balance for credit in store.credits.values()] == [usd(10)]


def test_a_promise_that_was_not_delivered(store: FakeStore) -> None:
    # given: its effect is gone
    run_program(store, terms(hold_days=0))
    ref = place(store, share(store))
    settle(ref, store=store)
    Effect.objects.all().delete()
    Reward.objects.update(status=Reward.Status.ISSUED, issued_at=store.now())

    # then
    assert found(store) == ["10.0000 promised and not delivered"]
    assert repaired(store) == []
    assert [credit.balance for credit in store.credits.values()] == [usd(10)]


@pytest.mark.parametrize("status", [Reward.Status.PENDING, Reward.Status.VOIDED])
def test_a_delivery_nobody_decided(store: FakeStore, reward: Reward, status: Reward.Status) -> None:
    # given
    Reward.objects.update(status=status)

    # then
    assert found(store) == [
        f"the books say qualified, 10.0000 USD {status} (credit); by the order as it is they "
        "should say qualified, 10.0000 USD issued (credit)",
    ]
    assert repaired(store) == []


def test_an_order_that_nobody_settled(store: FakeStore) -> None:
    # given: its hook was lost, and the sweep has gone by
    run_program(store, terms(hold_days=0))
    place(store, share(store))

    # then
    assert [str(difference) for difference in verify(store=store)] == [
        "Order order-1: was never settled"
    ]
    assert not Referral.objects.exists()
    assert repaired(store) == []
    assert reward_of("order-1").status == Reward.Status.ISSUED


def test_a_referral_that_is_not_what_its_order_is(store: FakeStore, reward: Reward) -> None:
    # given: nobody has told of the refund
    change(store, "order-1", refunded=usd(90))

    # then
    [difference] = found(store)
    assert difference == (
        "the books say qualified, 10.0000 USD issued (credit); by the order as it is they should "
        "say reversed"
    )
    assert Referral.objects.get().status == "qualified"
    assert repaired(store) == []
    assert [credit.balance for credit in store.credits.values()] == [usd(0)]


def test_an_order_that_could_not_be_settled(store: FakeStore) -> None:
    # given
    run_program(store, terms(hold_days=0))
    place(store, share(store))
    unsettled.note("order-1", RuntimeError("no"), now=NOW)

    # then
    assert found(store) == ["could not be settled since 2026-03-10 12:00 UTC: RuntimeError: no"]
    assert repaired(store) == []
    assert reward_of("order-1").status == Reward.Status.ISSUED


def test_an_order_that_cannot_be_settled_is_said_and_the_others_are_looked_at(
    store: FakeStore, reward: Reward
) -> None:
    # given
    place(store, share(store), 2)
    settle("order-2", store=store)
    carry_out(store=store)
    change(store, "order-2", refunded=usd(90))

    def fail_with_one(ref: str, *, store: FakeStore) -> Referral | None:
        if ref == "order-1":
            raise RuntimeError("no")
        return settle(ref, store=store)

    # when
    with patch.object(verifying, "settle", fail_with_one):
        first, second = found(store)

    # then
    assert first == "cannot be settled: RuntimeError: no"
    assert second.startswith("the books say qualified")


def test_who_watches_sees_how_far_it_is(store: FakeStore, reward: Reward) -> None:
    # given
    steps: list[tuple[str, int, int | None]] = []

    # when
    list(verify(store=store, progress=lambda *step: steps.append(step)))

    # then
    assert steps == [("orders", 1, None), ("referrals", 1, 1), ("rewards", 1, 1)]


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
