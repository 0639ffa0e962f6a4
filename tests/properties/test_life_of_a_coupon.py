"""Whatever becomes of the orders that earn coupons and of those that use them, in whatever
order, the books hold: none is had twice, and none is lost."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prices import Money

from saleor_referral_plugin.engine import selectors
from saleor_referral_plugin.engine.ledger import sums_of
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import note_spending, sweep
from saleor_referral_plugin.engine.terms import (
    COUPON,
    Coupon,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import LedgerEntry, Referrer, Reward
from tests.engine.books import change, place, place_another, run_program, share
from tests.engine.build import percent, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

TERMS = Terms(
    rewards=(
        RewardRule(
            kind=RewardKind.COUPON, coupon=Coupon(discount=percent(20)), valid=Span(days=20)
        ),
    )
)
FRIENDS = 3

few = settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Step:
    """Something happens to one friend's order, or to the coupon it earned; `heard` at once, or
    later."""

    what: str
    friend: int
    heard: bool


steps = st.builds(
    Step,
    what=st.sampled_from(["refund", "no refund after all", "use", "cancel the use", "wait"]),
    friend=st.integers(0, FRIENDS - 1),
    heard=st.booleans(),
)


class Story:
    """Anna's friends, and what she buys with her coupons."""

    def __init__(self) -> None:
        self.store = FakeStore()
        run_program(self.store, TERMS)
        code = share(self.store)
        self.friends = [place(self.store, code, number) for number in range(FRIENDS)]
        self.uses = 0

    def happens(self, step: Step) -> None:
        ref = self.friends[step.friend]
        match step.what:
            case "refund":
                change(self.store, ref, refunded=usd(90))
            case "no refund after all":
                change(self.store, ref, refunded=usd(0))
            case "use":
                self._use(ref)
            case "cancel the use":
                self._cancel_use(ref)
            case "wait":
                self.store.travel(days=8)
        if step.heard:
            self.listen()

    def listen(self) -> None:
        for ref in self.friends:
            settle(ref, store=self.store)
        sweep(store=self.store)
        note_spending(store=self.store)

    def _of(self, ref: str) -> Reward | None:
        issued = Reward.objects.filter(referral__order_ref=ref, coupon_code__isnull=False)
        return issued.first()

    def _use(self, ref: str) -> None:
        """As a store lets it be used: once, in time."""
        reward = self._of(ref)
        if reward is None or reward.expires_at is None or reward.expires_at < self.store.now():
            return
        coupon = self.store.credits[reward.credit_ref or ""]
        if not coupon.balance:
            return
        self.uses += 1
        used_on = f"use-{self.uses}"
        place_another(self.store, used_on, "anna@example.com", "1", days_ago=0)
        self.store.sells_with(used_on, reward.coupon_code or "")
        coupon.balance, coupon.used_on = Money(Decimal(0), COUPON), used_on

    def _cancel_use(self, ref: str) -> None:
        reward = self._of(ref)
        used_on = reward and self.store.credits[reward.credit_ref or ""].used_on
        if used_on:
            change(self.store, used_on, is_void=True)

    def standing_uses(self) -> int:
        """Orders that stand and were made with a coupon."""
        made = (self.store.orders[f"use-{number + 1}"] for number in range(self.uses))
        return sum(not order.is_void for order in made)


@few
@given(st.lists(steps, max_size=14))
def test_what_was_deserved_is_left_used_or_expired_and_what_is_more_is_owed(
    story: list[Step],
) -> None:
    with transaction.atomic():
        # given
        told = Story()
        told.listen()

        # when
        for step in story:
            told.happens(step)
        for _ in range(2):
            told.listen()

        # then
        store = told.store
        assert list(verify(store=store)) == []
        [account] = selectors.accounts_of([Referrer.objects.get(user_ref="1").pk], store=store)[
            Referrer.objects.get(user_ref="1").pk
        ]
        expired = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.EXPIRED)
        gone = -sum(expired.values_list("amount", flat=True), Decimal(0))
        deserved = sum(Reward.objects.values_list("amount", flat=True))
        left = sum(coupon.balance.amount for coupon in store.credits.values())
        assert left + told.standing_uses() + gone == deserved + account.debt.amount
        assert account.pending.amount == 0
        issued = list(Reward.objects.filter(coupon_code__isnull=False))
        sums = sums_of(reward.pk for reward in issued)
        for reward in issued:
            if sums[reward.pk].owed < 0 or reward.status == Reward.Status.EXPIRED:
                assert not store.credits[reward.credit_ref or ""].balance

        # when: all of it is heard of once more
        before = LedgerEntry.objects.count()
        told.listen()

        # then
        assert LedgerEntry.objects.count() == before
        connection.check_constraints()
        transaction.set_rollback(True)
