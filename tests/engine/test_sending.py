"""Rewards delivered outside the shop."""

import pytest

from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.sending import CannotBeSent, mark_sent, not_sent_after_all
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import Beneficiary, RewardKind, RewardRule, Span, Terms
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import LedgerEntry, Reward
from tests.engine.books import change, place, share
from tests.engine.build import amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def mug(store: FakeStore, **settings: object) -> Reward:
    rule = RewardRule(
        **{"name": "mug", "kind": RewardKind.CUSTOM, "worth": amounts(mug=1)} | settings
    )
    save_program(store=store, terms=Terms(rewards=(rule,)), is_running=True)
    settle(place(store, share(store)), store=store)
    return Reward.objects.get()


def entries() -> list[tuple[str, int]]:
    return [(entry.kind, int(entry.amount)) for entry in LedgerEntry.objects.order_by("pk")]


def test_what_was_sent_is_issued_once(store: FakeStore) -> None:
    # given
    reward = mug(store)

    # when
    for _ in range(2):
        reward = mark_sent(reward, by="Cleo", note="by post", store=store)

    # then
    assert (reward.status, reward.issued_at) == ("issued", store.now())
    assert (reward.sent_by, reward.sent_note) == ("Cleo", "by post")
    assert entries() == [("promised", 1), ("delivered", 1)]
    assert list(verify(store=store)) == []


def test_whoever_sends_it_is_told_once_it_is_approved(store: FakeStore) -> None:
    # given
    reward = mug(store, hold=Span(days=14))
    carry_out(store=store)
    told_before = list(store.told)

    # when
    store.travel(days=14)
    for _ in range(2):
        sweep(store=store)

    # then
    what = {"amount": "1", "currency": "mug", "rule": "mug"}
    which = {"reward_id": reward.pk, "order_id": "order-1"}
    assert told_before == []
    assert store.told == [("1", "referral_reward_to_be_sent", what | which)]


def test_of_what_is_refunded_before_anybody_was_told_nobody_is(store: FakeStore) -> None:
    # given
    mug(store)
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)

    # when
    carry_out(store=store)

    # then
    assert store.told == []


def test_one_for_a_guest_is_sent_as_well(store: FakeStore) -> None:
    # given
    reward = mug(store, to=Beneficiary.REFEREE)

    # when
    carry_out(store=store)

    # then
    [(user_ref, event, told)] = store.told
    assert (user_ref, event) == ("", "referral_reward_to_be_sent")
    assert (told["reward_id"], told["order_id"]) == (reward.pk, "order-1")


def test_what_was_sent_stays_when_the_order_is_refunded(store: FakeStore) -> None:
    # given
    reward = mark_sent(mug(store), by="Cleo", store=store)

    # when
    change(store, "order-1", refunded=usd(90))
    settle("order-1", store=store)

    # then
    reward.refresh_from_db()
    assert (reward.status, reward.amount) == ("issued", 1)
    assert list(verify(store=store)) == []


@pytest.mark.parametrize(("refunded", "status"), [(0, "approved"), (90, "voided")])
def test_what_was_not_sent_after_all_is_what_the_order_makes_of_it(
    store: FakeStore, refunded: int, status: str
) -> None:
    # given
    reward = mark_sent(mug(store), by="Cleo", store=store)
    change(store, "order-1", refunded=usd(refunded))

    # when
    reward = not_sent_after_all(reward, by="Dora", reason="came back", store=store)

    # then
    assert (reward.status, reward.issued_at, reward.sent_by) == (status, None, "Dora")
    assert sum(amount for kind, amount in entries() if kind != "promised") == 0
    assert list(verify(store=store)) == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"hold": Span(days=3)}, "NOT_APPROVED"),
        ({"kind": RewardKind.POINTS, "worth": amounts(MB=5)}, "NOT_CUSTOM"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_changes(
    store: FakeStore, settings: dict[str, object], code: str
) -> None:
    # given
    reward = mug(store, **settings)
    before = entries()

    # when
    with pytest.raises(CannotBeSent) as refused:
        mark_sent(reward, by="Cleo", store=store)

    # then
    assert refused.value.code == code
    assert entries() == before


def test_what_was_not_sent_cannot_be_undone(store: FakeStore) -> None:
    with pytest.raises(CannotBeSent) as refused:
        not_sent_after_all(mug(store), by="Cleo", reason="lost", store=store)
    assert refused.value.code == "NOT_SENT"


def test_who_said_so_is_kept_whatever_is_said_later(store: FakeStore) -> None:
    # given
    reward = mark_sent(mug(store), by="Cleo", note="by post", store=store)
    with pytest.raises(CannotDecide) as error:
        not_sent_after_all(reward, by="Dora", reason=" ", store=store)
    assert error.value.code == "REQUIRED"

    # when
    not_sent_after_all(reward, by="Dora", reason="came back", store=store)
    mark_sent(reward, by="Emil", store=store)

    # then
    said = [(each.kind, each.by, each.reason) for each in reward.staff_decisions.all()]
    assert said == [
        ("send", "Cleo", "by post"),
        ("undo", "Dora", "came back"),
        ("send", "Emil", ""),
    ]
