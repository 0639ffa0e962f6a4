"""What is known of one person is told, and erased for good; the totals stay."""

from typing import Any

import pytest

from saleor_referral_plugin.engine import personal_data
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.facts import PlacedOrder
from saleor_referral_plugin.engine.known_orders import remember
from saleor_referral_plugin.engine.ledger import sums_of
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import (
    Claim,
    Erasure,
    KnownOrder,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
)
from tests.engine.books import place, run_program, share
from tests.engine.build import NOW, terms
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

ANNA, BEN = person("1", "anna@example.com"), person(None, "ben@example.com")


def referral(store: FakeStore) -> Referral:
    """Anna's friend Ben has ordered and paid."""
    run_program(store, terms(hold_days=0))
    made = settle(place(store, share(store), email="ben@example.com"), store=store)
    assert made is not None
    return made


def by_ben(made: Referral) -> PlacedOrder:
    return PlacedOrder(made.order_ref, None, "ben@example.com", NOW, NOW)


def erase(store: FakeStore, who: Any) -> Erasure:
    return personal_data.erase(who, by="User:9", reason="They asked us to.", store=store)


def test_a_referrer_is_told_all_of_them_and_nothing_of_the_friend(store: FakeStore) -> None:
    # given
    made = referral(store)

    # when
    told = personal_data.tell(ANNA)

    # then
    assert [each["user_ref"] for each in told["referrers"]] == ["1"]
    assert [each["order_ref"] for each in told["referrals"]] == [made.order_ref]
    assert [(each["amount"], each["currency"]) for each in told["rewards"]] == [("10", "USD")]
    assert [each["kind"] for each in told["ledger"]] == ["promised"]
    assert (told["referred"], told["claims"], told["orders"]) == ([], [], [])
    assert "ben" not in str(told)


def test_a_friend_is_told_by_the_address_alone(store: FakeStore) -> None:
    # given
    made = referral(store)
    remember([by_ben(made)])

    # when
    told = personal_data.tell(person(None, "Ben+x@Example.com"))

    # then
    assert told["referrals"] == []
    assert [each["order_ref"] for each in told["referred"]] == [made.order_ref]
    assert [each["order_ref"] for each in told["orders"]] == [made.order_ref]
    assert len(told["claims"]) == 1


def test_a_friend_is_taken_out_and_does_not_come_back_with_the_order(store: FakeStore) -> None:
    # given
    made = referral(store)
    remember([by_ben(made)])
    before = sums_of(Reward.objects.values_list("pk", flat=True))

    # when
    erasure = erase(store, BEN)
    settle(made.order_ref, store=store)
    remember([by_ben(made)])

    # then
    assert erasure.erased == {"referrers": 0, "referrals": 1, "orders": 1, "claims": 1}
    assert (erasure.by, erasure.at) == ("User:9", NOW)
    made.refresh_from_db()
    assert (made.referee_user_ref, made.referee_email_key) == (None, None)
    claim = Claim.objects.get()
    assert (claim.buyer_user_ref, claim.buyer_email_key) == (None, None)
    assert KnownOrder.objects.get().email_key is None
    assert sums_of(Reward.objects.values_list("pk", flat=True)) == before
    assert all(not rows for rows in personal_data.tell(BEN).values())
    assert list(verify(store=store)) == []


def test_a_referrer_is_forgotten_and_the_totals_stay(store: FakeStore) -> None:
    # given
    made = referral(store)

    # when
    erasure = erase(store, ANNA)

    # then
    assert erasure.erased["referrers"] == 1
    referrer = Referrer.objects.get()
    assert (referrer.user_ref, referrer.email_key, referrer.forgotten_at) == (None, None, NOW)
    assert not ReferralCode.objects.filter(is_active=True).exists()
    assert Referral.objects.get().referrer == referrer
    assert all(not rows for rows in personal_data.tell(ANNA).values())
    settle(made.order_ref, store=store)
    assert list(verify(store=store)) == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_asked_for(store: FakeStore, reason: str) -> None:
    # given
    made = referral(store)

    # when
    with pytest.raises(CannotDecide) as refused:
        personal_data.erase(BEN, by="User:9", reason=reason, store=store)

    # then
    assert refused.value.code == "REQUIRED"
    made.refresh_from_db()
    assert made.referee_email_key == BEN.email_key
    assert Erasure.objects.count() == 0


def test_who_is_unknown_is_erased_without_a_trace(store: FakeStore) -> None:
    # given
    referral(store)

    # when
    erasure = erase(store, person("77", "nobody@example.com"))

    # then
    assert set(erasure.erased.values()) == {0}
