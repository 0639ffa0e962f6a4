"""The shop that is tortured, in one process: any lives, any decisions of staff, heard of or not.
The same oracle says what the books should be; what it finds wrong, hypothesis makes short."""

import dataclasses
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from saleor_referral_plugin.engine import deliveries
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import fill_room, note_spending, sweep
from saleor_referral_plugin.models import Referral
from saleor_referral_plugin.sandbox import clock
from saleor_referral_plugin.sandbox.models import Customer
from tests.torture import audit, lives, verdict, world

#: Each example is looked at as a whole in the end.
FEW = settings(max_examples=max(3, settings().max_examples // 7), stateful_step_count=30)

#: Lives to choose from: more than are led, so that some buyers come again.
numbers = st.integers(0, 40)
draws = st.integers(0, 50).map(Random)
mostly = st.sampled_from([True, True, True, False])
#: Those of two referrers for three programs: few, so that one's rewards meet.
codes = st.sampled_from(range(6))


class SmallTorture(RuleBasedStateMachine):
    """Each example is one transaction that is rolled back in the end, so all hooks of the shop
    are lost: what is heard is up to hypothesis."""

    orders: Bundle[UUID] = Bundle("orders")
    #: Orders that have brought their referrer something.
    good: Bundle[UUID] = Bundle("good")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.store = get_store()
        self.cast = world.Cast.gathered()

    @rule(target=orders, number=numbers, is_paid=mostly, is_heard=mostly)
    def buy(self, number: int, is_paid: bool, is_heard: bool) -> UUID:
        order = lives.buy(world.life(number, 0, self.cast))
        if is_paid:
            lives.happens("pay", order, Random(0))
        self.hear(order, is_heard)
        return order

    @rule(target=orders, number=numbers, of=codes, is_heard=mostly)
    def buy_with(self, number: int, of: int, is_heard: bool) -> UUID:
        """With a code that is surely meant to work."""
        life = world.life(number, 0, self.cast)
        code, _ = self.cast.codes[of]
        order = lives.buy(dataclasses.replace(life, customer=None, typed=code))
        lives.happens("pay", order, Random(0))
        self.hear(order, is_heard)
        return order

    @rule(target=good, number=numbers, of=codes)
    def proves_good(self, number: int, of: int) -> UUID:
        """It is paid, and the hold ends."""
        order = self.buy_with(number, of, is_heard=True)
        self.comes_to_an_end()
        return order

    @rule(earned=good, number=numbers, is_heard=mostly)
    def spend(self, earned: UUID, number: int, is_heard: bool) -> None:
        """Whoever was credited for an order buys something with it."""
        referral = Referral.objects.filter(order_ref=str(earned)).first()
        if referral is None:
            return
        customer = Customer.objects.get(pk=referral.referrer.user_ref)
        life = world.life(number, 0, self.cast)
        order = lives.buy(
            dataclasses.replace(life, customer=customer, email=customer.email, typed=None)
        )
        self.hear(order, is_heard)

    @rule(order=good, step=st.sampled_from(["refund", "refund_a_part", "cancel", "chargeback"]))
    def turns_bad(self, order: UUID, step: str) -> None:
        """After all."""
        lives.happens(step, order, Random(0))
        self.hear(order, True)

    @rule(
        order=orders | good,
        step=st.sampled_from(sorted(set(world.IN_THE_SHOP))),
        draw=draws,
        is_heard=mostly,
    )
    def happens_in_the_shop(self, order: UUID, step: str, draw: Random, is_heard: bool) -> None:
        lives.happens(step, order, draw)
        self.hear(order, is_heard)

    @rule(order=orders | good, step=st.sampled_from(sorted(set(world.BY_STAFF))), draw=draws)
    def is_decided(self, order: UUID, step: str, draw: Random) -> None:
        lives.happens(step, order, draw)

    @rule(hours=st.sampled_from([1, 7, 50]))
    def time_passes(self, hours: int) -> None:
        clock.move(timedelta(hours=hours))

    @rule(what=st.sampled_from([sweep, note_spending, carry_out, fill_room, deliveries.deliver]))
    def comes_by(self, what: object) -> None:
        what(store=self.store)  # type: ignore[operator]

    def hear(self, order: UUID, is_heard: bool) -> None:
        if is_heard:
            settle(str(order), store=self.store)
            carry_out(store=self.store)

    def comes_to_an_end(self) -> None:
        clock.move(timedelta(hours=2 * world.HOLD_HOURS))
        sweep(store=self.store)

    def teardown(self) -> None:
        try:
            if not connection.needs_rollback:
                connection.check_constraints()
                world.come_to_rest(self.store)
                assert [str(wrong) for wrong in verdict.everything_wrong(None)] == []
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)


@pytest.mark.django_db
def test_the_oracle_and_the_books_agree() -> None:
    audit.begin()
    audit.have_events_kept()
    world.open_shop(4)
    run_state_machine_as_test(SmallTorture, settings=FEW)
