"""The scenarios' shop on the sandbox store."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch
from uuid import UUID

import time_machine
from django.core.exceptions import ValidationError

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import ledger, selectors, verify
from saleor_referral_plugin.engine.findings import Finding
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Referral, Referrer
from saleor_referral_plugin.sandbox import administration, clock, hooks, models, pricing
from saleor_referral_plugin.sandbox import shop as sandbox
from tests.scenarios.programs import Programs
from tests.scenarios.shop import (
    Answer,
    ConfigurationError,
    Customer,
    GiftCard,
    Payments,
    ReferralSeen,
)

CHANNELS = (("default", "Default", "USD"), ("euro", "Euro", "EUR"))


class SandboxShop(Programs):
    """Implements `tests.scenarios.shop.Shop`."""

    name = "sandbox"

    def __init__(self, world: ExitStack) -> None:
        self.world = world
        for slug, name, currency in CHANNELS:
            models.Channel.objects.create(slug=slug, name=name, currency=currency)

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["SandboxShop"]:
        with ExitStack() as world:
            yield cls(world)

    # the owner ------------------------------------------------------------------------
    def configure(self, **values: str | bool) -> None:
        try:
            administration.save_plugin_page(values)
        except ValidationError as error:
            raise ConfigurationError("; ".join(error.messages)) from error

    def switch_plugin(self, active: bool) -> None:
        administration.switch_plugin(active)

    def open_channel(self, slug: str, currency: str) -> None:
        models.Channel.objects.create(slug=slug, name=slug.title(), currency=currency)

    def charge(self, *, tax_percent: str = "0", shipping: str = "0") -> None:
        models.Channel.objects.update(
            tax_percent=Decimal(tax_percent), shipping_price=Decimal(shipping)
        )

    def sell(
        self, slug: str, *, category: str | None = None, collections: Sequence[str] = ()
    ) -> None:
        sandbox.sell(slug, category=category, collections=collections)

    # people ---------------------------------------------------------------------------
    def register(self, email: str) -> Customer:
        customer = sandbox.register(email=email)
        return Customer(user_ref=str(customer.pk), email=customer.email)

    def make_staff(self, customer: Customer) -> None:
        models.Customer.objects.filter(pk=customer.user_ref).update(is_staff=True)

    def create_account(self, email: str) -> Customer:
        return self.register(email)

    def delete_account(self, customer: Customer) -> None:
        sandbox.delete_customer(UUID(customer.user_ref))

    # buying ---------------------------------------------------------------------------
    def checkout(
        self,
        *,
        lines: Sequence[str] = ("100.00",),
        customer: Customer | None = None,
        email: str | None = None,
        channel: str = "default",
        metadata: dict[str, str] | None = None,
        payments: Payments = "transactions",
        to: Customer | None = None,
    ) -> "SandboxCheckout":
        checkout = sandbox.create_checkout(
            channel=channel,
            items=[
                sandbox.Item(f"Thing {position}", Decimal(price), product=product or None)
                for position, line in enumerate(lines, start=1)
                for product, _, price in [line.rpartition(" ")]
            ],
            customer=_account(customer) if customer else None,
            email=email or "",
            metadata=metadata,
            payments=payments,
        )
        if to:
            account = _account(to)
            account.address = {"name": to.email, "street": "1 Main Street", "postal_code": "1"}
            account.save(update_fields=["address"])
            sandbox.ship_to(checkout.pk, account.address)
        return SandboxCheckout(checkout.pk)

    def past_order(self, email: str, *, customer: Customer | None = None) -> None:
        with self.losing_hooks():
            placed = self.checkout(email=email, customer=customer)
            assert placed.complete().accepted
        # The row is written now, as any import would; the sale was long ago.
        models.Order.objects.filter(pk=placed.placed.ref).update(
            placed_at=clock.now() - timedelta(days=90)
        )

    # time and trouble -----------------------------------------------------------------
    def travel(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> None:
        clock.move(timedelta(days=days, hours=hours, seconds=seconds))
        self.run_periodic_tasks()

    def travel_to(self, moment: datetime) -> None:
        self.world.close()
        self.world.enter_context(time_machine.travel(moment, tick=False))
        models.Clock.objects.all().delete()
        self.run_periodic_tasks()

    def run_periodic_tasks(self) -> None:
        tasks.note_spending.delay()
        tasks.sweep.delay()
        tasks.deliver_events.delay()

    @contextmanager
    def losing_hooks(self) -> Iterator[None]:
        with (
            patch.object(hooks, "order_changed"),
            patch.object(hooks, "checkout_created"),
            patch.object(hooks, "checkout_changed"),
            patch.object(hooks, "customer_deleted"),
        ):
            yield

    def repeat_hooks(self, order: "SandboxOrder") -> None:
        # A hook says no more than "look again", so the wrong order is any order; the engine
        # must not mind how often.
        row = models.Order.objects.get(pk=order.ref)
        for _ in range(5):
            hooks.order_changed(row)

    # looking --------------------------------------------------------------------------
    def balance(self, customer: Customer, currency: str = "USD") -> Decimal:
        return _in_account(customer, currency, lambda account: account.available.amount)

    def debt(self, customer: Customer, currency: str = "USD") -> Decimal:
        return _in_account(customer, currency, lambda account: account.debt.amount)

    def gift_cards(self, customer: Customer) -> list[GiftCard]:
        cards = models.GiftCard.objects.filter(customer=customer.user_ref).order_by("created_at")
        return [
            GiftCard(
                code=str(card),
                balance=card.balance,
                currency=card.currency,
                is_active=card.is_active,
                expires_on=card.expires_on.isoformat() if card.expires_on else None,
            )
            for card in cards
        ]

    def referral(self, order: "SandboxOrder") -> ReferralSeen | None:
        referral = Referral.objects.filter(order_ref=order.ref).first()
        if referral is None:
            return None
        reward = referral.rewards.first()
        findings = map(Finding.from_json, referral.findings)
        return ReferralSeen(
            status=referral.status,
            failed=tuple(finding.code.value for finding in findings if not finding.passed),
            reward_status=reward.status if reward else None,
            reward_amount=reward.amount if reward else None,
            currency=referral.currency,
        )

    def verify_books(self) -> None:
        tasks.note_spending.delay()
        differences = [str(difference) for difference in verify.verify(store=get_store())]
        assert not differences, "\n".join(differences)


@dataclass(frozen=True)
class SandboxCheckout:
    token: UUID

    def enter_code(self, code: str) -> Answer:
        return _answer(lambda: sandbox.add_promo_code(self.token, code))

    def remove_code(self, code: str) -> Answer:
        return _answer(lambda: sandbox.remove_promo_code(self.token, code))

    def set_email(self, email: str) -> None:
        sandbox.set_email(self.token, email)

    def log_in(self, customer: Customer) -> None:
        sandbox.log_in(self.token, _account(customer))

    def add_line(self, price: str) -> None:
        sandbox.add_item(self.token, sandbox.Item("One thing more", Decimal(price)))

    def remove_line(self, position: int) -> None:
        line = self._row.lines.all()[position]
        sandbox.remove_line(self.token, line.pk)

    @property
    def shown_code(self) -> str | None:
        return self._row.voucher_code

    @property
    def discount(self) -> Decimal:
        return self._row.discount

    @property
    def total(self) -> Decimal:
        return pricing.bill_of(self._row).total.amount

    def complete(self) -> Answer:
        return _answer(lambda: sandbox.complete_checkout(self.token))

    @property
    def placed(self) -> "SandboxOrder":
        order = models.Order.objects.get(checkout_token=self.token)
        return SandboxOrder(ref=str(order.pk))

    @property
    def _row(self) -> models.Checkout:
        return models.Checkout.objects.select_related("channel").get(pk=self.token)


@dataclass(frozen=True)
class SandboxOrder:
    ref: str

    @property
    def total(self) -> Decimal:
        return models.Order.objects.get(pk=self.ref).total

    def pay(self, amount: str | None = None) -> None:
        sandbox.pay(self._pk, _decimal(amount))

    def fulfil(self) -> None:
        sandbox.fulfil(self._pk)

    def unfulfil(self) -> None:
        sandbox.unfulfil(self._pk)

    def refund(self, amount: str | None = None) -> None:
        sandbox.refund(self._pk, _decimal(amount))

    def reverse_refund(self, amount: str | None = None) -> None:
        sandbox.reverse_refund(self._pk, _decimal(amount))

    def chargeback(self, amount: str | None = None) -> None:
        sandbox.chargeback(self._pk, _decimal(amount))

    def return_goods(self, position: int | None = None) -> None:
        sandbox.return_goods(self._pk, None if position is None else self._line(position))

    def refund_line(self, position: int) -> None:
        sandbox.refund_line(self._pk, self._line(position))

    def _line(self, position: int) -> int:
        return models.Order.objects.get(pk=self.ref).lines.all()[position].pk

    def cancel(self) -> None:
        sandbox.cancel(self._pk)

    @property
    def _pk(self) -> UUID:
        return UUID(self.ref)


def _account(customer: Customer) -> models.Customer:
    return models.Customer.objects.get(pk=customer.user_ref)


def _decimal(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def _answer(act: Callable[[], object]) -> Answer:
    try:
        act()
    except sandbox.ShopError as error:
        return Answer(accepted=False, code=error.code, message=error.message)
    return Answer(accepted=True)


def _in_account(
    customer: Customer, currency: str, read: Callable[[ledger.Account], Decimal]
) -> Decimal:
    referrer = Referrer.objects.filter(user_ref=customer.user_ref).first()
    accounts = (
        selectors.accounts_of([referrer.pk], store=get_store())[referrer.pk] if referrer else []
    )
    return next((read(account) for account in accounts if account.currency == currency), Decimal(0))
