"""What people decide survives whatever is settled, in any order and any number of times; the
ledger equals what was decided."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_referral_plugin.engine import staff
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.staff import CannotDecide
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Referral, Referrer, Reward
from tests.engine.books import change, place, run_program, share
from tests.engine.build import PAID_AT, terms, usd
from tests.engine.fake_store import FakeStore
from tests.properties.test_any_order_of_settling import undone

pytestmark = pytest.mark.django_db

few = settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WHO = {"by": "Cleo", "reason": "known to us"}
ORDERS = ["order-1", "order-2", "order-3"]
VERDICTS = [staff.approve, staff.reject, staff.override, staff.undo]
ON_REWARDS = [staff.void, staff.give_back, staff.issue_again]
ON_REFERRERS = [staff.block, staff.unblock]


@dataclass(frozen=True)
class Settled:
    ref: str


@dataclass(frozen=True)
class Became:
    """Paid, given back in part or in whole, or paid no more."""

    ref: str
    captured: int
    refunded: int


@dataclass(frozen=True)
class Decided:
    ref: str
    what: int


@dataclass(frozen=True)
class DecidedOfTheReward:
    ref: str
    what: int


@dataclass(frozen=True)
class DecidedOfTheReferrer:
    what: int


@dataclass(frozen=True)
class Delivered:
    pass


Event = Settled | Became | Decided | DecidedOfTheReward | DecidedOfTheReferrer | Delivered
refs = st.sampled_from(ORDERS)
stories: st.SearchStrategy[list[Event]] = st.lists(
    st.builds(Settled, refs)
    | st.builds(Became, refs, st.sampled_from([0, 90]), st.sampled_from([0, 30, 60, 90]))
    | st.builds(Decided, refs, st.integers(0, len(VERDICTS) - 1))
    | st.builds(DecidedOfTheReward, refs, st.integers(0, len(ON_REWARDS) - 1))
    | st.builds(DecidedOfTheReferrer, st.integers(0, len(ON_REFERRERS) - 1))
    | st.just(Delivered()),
    max_size=20,
)


def happens(event: Event, store: FakeStore) -> None:
    match event:
        case Settled(ref):
            settle(ref, store=store)
        case Became(ref, captured, refunded):
            paid_at = PAID_AT if captured else None
            change(store, ref, captured=usd(captured), refunded=usd(refunded), paid_at=paid_at)
        case Decided(ref, what):
            referral = Referral.objects.filter(order_ref=ref).first()
            if referral is not None:
                VERDICTS[what](referral, store=store, **WHO)
        case DecidedOfTheReward(ref, what):
            reward = Reward.objects.filter(referral__order_ref=ref).first()
            if reward is not None:
                ON_REWARDS[what](reward, store=store, **WHO)
        case DecidedOfTheReferrer(what):
            ON_REFERRERS[what](Referrer.objects.get(), store=store, **WHO)
        case Delivered():
            carry_out(store=store)


def decided() -> dict[str, tuple[str, str | None, bool]]:
    """What people decided, as it stands: of each referral, and of its reward."""
    return {
        referral.order_ref: (
            referral.decided_by.kind if referral.decided_by else "",
            referral.referrer.blocked_by and "blocked",
            any(reward.voided_by_id for reward in referral.rewards.all()),
        )
        for referral in Referral.objects.all()
    }


def books() -> list[tuple[object, ...]]:
    rewards = Reward.objects.order_by("referral__order_ref")
    referrals = Referral.objects.order_by("order_ref")
    return [
        *referrals.values_list("order_ref", "status", "findings", "earned_at"),
        *rewards.values_list("referral__order_ref", "status", "amount"),
    ]


@few
@given(stories, st.lists(refs, max_size=6), st.permutations(ORDERS))
def test_a_decision_survives_any_settling(
    story: list[Event], again: list[str], order: list[str]
) -> None:
    with undone():
        # given
        store = FakeStore()
        run_program(store, terms(hold_days=0, minimum={"USD": 40}))
        code = share(store)
        for number in range(1, len(ORDERS) + 1):
            place(store, code, number)
        for event in story:
            try:
                happens(event, store)
            except CannotDecide:
                # What cannot be decided is refused, and leaves no trace.
                continue
        for ref in ORDERS:
            settle(ref, store=store)
        carry_out(store=store)
        was_decided, was_booked = decided(), books()

        # when
        for ref in (*again, *order):
            settle(ref, store=store)
        carry_out(store=store)

        # then
        assert (decided(), books()) == (was_decided, was_booked)
        assert list(verify(store=store)) == []
        for referral in Referral.objects.all():
            verdict, _, is_voided = was_decided[referral.order_ref]
            given_in_all = sum((r.amount for r in referral.rewards.all()), Decimal(0))
            facts = store.orders[referral.order_ref]
            if verdict == "reject":
                assert referral.status in ("rejected", "reversed")
            if verdict == "override" and facts.is_paid and facts.kept:
                assert referral.status == "qualified"
            counts = referral.status == "qualified" and not is_voided
            assert given_in_all == (10 if counts else 0)
