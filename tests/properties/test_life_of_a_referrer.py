"""Any life that a referrer's friends may lead in the sandbox shop: whatever happens, in
whatever order, whether it is heard of or not, the books hold."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.engine import selectors
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.programs import current_program
from saleor_referral_plugin.engine.referrers import code_for
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import note_spending, sweep
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import LedgerEntry, Referral, Referrer, Reward
from saleor_referral_plugin.sandbox import models
from saleor_referral_plugin.sandbox import shop as sandbox

PAGES: list[dict[str, str | bool]] = [
    {"referrer_credit": "10 USD", "hold_days": "0", "most_credit_amount": "25 USD"},
    {"referrer_credit": "7%", "hold_days": "0", "most_credits": "2"},
    {"referrer_credit": "33.33%", "hold_days": "2", "most_credit_amount": "40 USD"},
    {"referrer_credit": "10 USD", "hold_days": "1", "minimum_order": "60 USD"},
    {"referrer_credit": "9 USD", "hold_days": "0", "earned_when": "fulfilled"},
    {"referrer_credit": "10 USD", "hold_days": "0", "credit_valid_days": "3"},
]
LIMITS = {0: (25, None), 1: (None, 2), 2: (40, None)}

#: Each example is some hundred queries.
FEW = settings(max_examples=settings().max_examples // 3)

mostly = st.sampled_from([True, True, True, False])


class Life(RuleBasedStateMachine):
    """Each example is one transaction that is rolled back in the end, so the shop's hooks,
    which wait for a commit, are all lost: what is heard is up to hypothesis."""

    orders: Bundle[UUID] = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.store = get_store()
        self.friends = 0
        self.is_sound = False

    @initialize(target=orders, page=st.sampled_from(range(len(PAGES))))
    def open(self, page: int) -> UUID:
        models.Channel.objects.create(slug="default", name="Default", currency="USD")
        self.page = page
        dashboard.save(
            {"referee_discount": "10%", "program_running": True} | PAGES[page],
            active=True,
            store=self.store,
        )
        self.anna = sandbox.register(email="anna@example.com")
        program, customer = current_program(), self.store.customer(str(self.anna.pk))
        assert program is not None
        assert customer is not None
        self.code = code_for(customer, program, store=self.store).code
        self.is_sound = True
        return self.buy("99.99", "transactions", is_paid=True, is_heard=True)

    # what happens in the shop, heard of or not ------------------------------------------------

    @precondition(lambda self: self.friends < 5)
    @rule(
        target=orders,
        price=st.sampled_from(["70.00", "99.99", "200.00"]),
        payments=st.sampled_from(["transactions", "legacy"]),
        is_paid=mostly,
        is_heard=mostly,
    )
    def buy(self, price: str, payments: str, is_paid: bool, is_heard: bool) -> UUID:
        self.friends += 1
        checkout = sandbox.create_checkout(
            channel="default",
            items=[sandbox.Item("Thing", Decimal(price))],
            email=f"friend{self.friends}@example.com",
            payments=payments,
        )
        sandbox.add_promo_code(checkout.pk, self.code)
        order = sandbox.complete_checkout(checkout.pk)
        if is_paid:
            sandbox.pay(order.pk)
            sandbox.fulfil(order.pk)
        self.hear(order.pk, is_heard)
        return order.pk

    @rule(
        order=orders,
        act=st.sampled_from(
            [sandbox.pay, sandbox.refund, sandbox.reverse_refund, sandbox.chargeback]
        ),
        part=st.sampled_from([None, None, Decimal("0.5"), Decimal("0.1")]),
        is_heard=mostly,
    )
    def move_money(
        self, order: UUID, act: Callable[..., object], part: Decimal | None, is_heard: bool
    ) -> None:
        """The whole that can be moved, or a part of the order's total."""
        total = models.Order.objects.get(pk=order).total
        amount = None if part is None else (total * part).quantize(Decimal("0.01"))
        self.try_to(act, order, amount)
        self.hear(order, is_heard)

    @rule(
        order=orders,
        act=st.sampled_from(
            [sandbox.fulfil, sandbox.unfulfil, sandbox.return_goods, sandbox.cancel]
        ),
        is_heard=mostly,
    )
    def handle(self, order: UUID, act: Callable[[UUID], object], is_heard: bool) -> None:
        self.try_to(act, order)
        self.hear(order, is_heard)

    @rule(price=st.sampled_from(["4.00", "25.00"]))
    def spend(self, price: str) -> None:
        """Anna buys something with all the cards that she has."""
        checkout = sandbox.create_checkout(
            channel="default", items=[sandbox.Item("Treat", Decimal(price))], customer=self.anna
        )
        for card in self.anna.gift_cards.order_by("created_at"):
            self.try_to(sandbox.add_promo_code, checkout.pk, card.code)
        sandbox.complete_checkout(checkout.pk)

    @rule(days=st.integers(1, 4))
    def travel(self, days: int) -> None:
        sandbox.move_clock(days=days)

    # what comes by in the meantime ------------------------------------------------------------

    @rule(order=orders)
    def settle(self, order: UUID) -> None:
        settle(str(order), store=self.store)

    @rule()
    def carry_out(self) -> None:
        carry_out(store=self.store)

    @rule()
    def sweep(self) -> None:
        assert sweep(store=self.store).failed == 0

    @rule()
    def note_spending(self) -> None:
        note_spending(store=self.store)

    # what always holds ------------------------------------------------------------------------

    @invariant()
    def the_database_agrees(self) -> None:
        connection.check_constraints()

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        rewards = list(Reward.objects.filter(amount__gt=0))
        amount, count = LIMITS.get(self.page, (None, None))
        if amount is not None:
            assert sum(reward.amount for reward in rewards) <= amount
        if count is not None:
            assert len(rewards) <= count

    @invariant()
    def nothing_is_given_twice(self) -> None:
        assert Reward.objects.count() <= Referral.objects.count() <= self.friends
        assert models.GiftCard.objects.values("key").distinct().count() == (
            models.GiftCard.objects.count()
        )

    @invariant()
    def every_movement_has_the_currency_of_the_order(self) -> None:
        assert not LedgerEntry.objects.exclude(currency="USD").exists()
        assert not models.GiftCard.objects.exclude(currency="USD").exists()

    def teardown(self) -> None:
        try:
            if self.is_sound and not connection.needs_rollback:
                self.at_last_the_books_agree()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def at_last_the_books_agree(self) -> None:
        sweep(store=self.store)
        for order in models.Order.objects.all():
            settle(str(order.pk), store=self.store)
        carry_out(store=self.store)
        note_spending(store=self.store)
        assert [str(difference) for difference in verify(store=self.store)] == []
        on_cards = sum(card.balance for card in models.GiftCard.objects.all())
        referrer_id = Referrer.objects.get().pk
        for account in selectors.accounts_of([referrer_id], store=self.store)[referrer_id]:
            assert account.available.amount == on_cards
            assert account.debt.amount >= 0

    # inside -----------------------------------------------------------------------------------

    def hear(self, order: UUID, is_heard: bool) -> None:
        if is_heard:
            settle(str(order), store=self.store)
            carry_out(store=self.store)

    def try_to(self, act: Callable[..., object], *args: object) -> None:
        """What the shop refuses does not happen."""
        with suppress(sandbox.ShopError):
            act(*args)


@pytest.mark.django_db
def test_whatever_happens_the_books_hold() -> None:
    run_state_machine_as_test(Life, settings=settings(FEW, stateful_step_count=25))
