"""The scenarios' shop, with what the benchmarks do to it."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from graphene import Node
from saleor.checkout.models import Checkout
from saleor.discount import DiscountValueType, VoucherType
from saleor.discount.models import Voucher, VoucherChannelListing, VoucherCode
from saleor.order.models import Fulfillment, Order

from saleor_referral_plugin.engine.known_orders import read_on
from saleor_referral_plugin.engine.store import get_store
from tests.scenarios import given
from tests.scenarios.saleor_shop import ADDRESS, SaleorCheckout, SaleorShop, global_id

PLAIN_VOUCHER = "SUMMER"
PRICE = "100.00"
#: What is left to pay after either code.
REDUCED = "90.00"
USD = {"currency": "USD"}


class BenchShop(SaleorShop):
    """The program runs; beside its offer there is a voucher of the shop's own that gives the
    same."""

    def start(self) -> None:
        given.program(self)
        self.code = self.share(self.register("anna@example.com"))
        self.emails = (f"buyer{n}@example.com" for n in itertools.count())
        self.variant = self._variant(PRICE, self.channels["default"])
        self._plain_voucher()
        # One of each, so that everything that is loaded once has been.
        for code in (None, self.code, PLAIN_VOUCHER):
            checkout = self.paid_checkout(code)
            self.update_lines(checkout)
            self.complete(checkout)
        self.sweep_has_read()

    def _plain_voucher(self) -> None:
        voucher = Voucher.objects.create(
            type=VoucherType.ENTIRE_ORDER,
            discount_value_type=DiscountValueType.PERCENTAGE,
            name="Summer",
            start_date=timezone.now() - timedelta(days=1),
        )
        VoucherCode.objects.create(voucher=voucher, code=PLAIN_VOUCHER)
        for channel in self.channels.values():
            VoucherChannelListing.objects.create(
                voucher=voucher,
                channel=channel,
                currency=channel.currency_code,
                discount_value=Decimal(10),
            )

    def sweep_has_read(self) -> None:
        """Put the sweep's bookmark behind every order, as it is a minute after the last one."""
        for _ in read_on(get_store()):
            pass

    # what is measured, and what it is done to ------------------------------------------
    def create_checkout(self) -> SaleorCheckout:
        """A guest's checkout of one thing."""
        answer = self.api.mutate(
            "checkoutCreate",
            """mutation($input: CheckoutCreateInput!) {
              checkoutCreate(input: $input) {
                checkout { id totalPrice { gross { amount } } }
                errors { field message code }
              }
            }""",
            {
                "input": {
                    "channel": "default",
                    "email": next(self.emails),
                    "lines": self._lines(quantity=1),
                    "billingAddress": ADDRESS,
                }
            },
        )
        return SaleorCheckout(self, answer["checkout"]["id"], "transactions")

    def new_checkout(self, code: str | None = None) -> SaleorCheckout:
        """One with a code on it, or without."""
        checkout = self.create_checkout()
        if code is not None:
            self.add_code(checkout, code)
        return checkout

    def paid_checkout(self, code: str | None = None) -> SaleorCheckout:
        """Paid by a transaction, so that completing it fires every hook of a paid order."""
        checkout = self.new_checkout(code)
        self.api.mutate(
            "transactionCreate",
            """mutation($id: ID!, $input: TransactionCreateInput!) {
              transactionCreate(id: $id, transaction: $input) { errors { field message code } }
            }""",
            {
                "id": checkout.id,
                "input": {
                    "name": "Card",
                    "pspReference": f"psp-{next(self.numbers)}",
                    "amountCharged": {"amount": PRICE if code is None else REDUCED, **USD},
                },
            },
            self.staff,
        )
        return checkout

    def add_code(self, checkout: SaleorCheckout, code: str) -> None:
        answer = checkout.enter_code(code)
        assert answer.accepted, answer

    def update_lines(self, checkout: SaleorCheckout) -> None:
        """Two instead of one, and what a storefront then shows."""
        self.api.mutate(
            "checkoutLinesUpdate",
            """mutation($id: ID!, $lines: [CheckoutLineUpdateInput!]!) {
              checkoutLinesUpdate(id: $id, lines: $lines) {
                checkout { voucherCode discount { amount } totalPrice { gross { amount } } }
                errors { field message code }
              }
            }""",
            {"id": checkout.id, "lines": self._lines(quantity=2)},
        )

    def complete(self, checkout: SaleorCheckout) -> None:
        answer = checkout.complete()
        assert answer.accepted, answer

    # Saleor's own objects, with what Saleor has loaded when it calls a hook --------------
    def checkout_row(self, code: str | None = None) -> Checkout:
        _, token = Node.from_global_id(self.new_checkout(code).id)
        checkout: Checkout = Checkout.objects.select_related("channel", "user").get(pk=token)
        # Known to be there; a hook that looks into it must not be spared by its absence.
        _ = checkout.metadata_storage
        return checkout

    def order_row(self, code: str | None = None) -> Order:
        checkout = self.paid_checkout(code)
        self.complete(checkout)
        order: Order = Order.objects.select_related("channel").get(pk=checkout.placed.ref)
        return order

    def fulfillment_row(self, code: str | None = None) -> Fulfillment:
        checkout = self.paid_checkout(code)
        self.complete(checkout)
        checkout.placed.fulfil()
        found: Fulfillment = Fulfillment.objects.select_related("order__channel").get(
            order=checkout.placed.ref
        )
        return found

    def _lines(self, quantity: int) -> list[dict[str, Any]]:
        variant = global_id("ProductVariant", self.variant.pk)
        return [{"variantId": variant, "quantity": quantity}]
