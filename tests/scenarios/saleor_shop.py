"""The shop of the scenarios, inside a real Saleor, driven through its GraphQL endpoint.

Only what a Saleor always has before the story starts (channels, a warehouse, products) and
what the story says happened before we came (past orders) is written by the ORM.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any
from unittest import mock

import graphene
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from saleor.account.models import Address, Group, User
from saleor.channel.models import Channel
from saleor.core.jwt import create_access_token
from saleor.order import OrderOrigin
from saleor.order.models import Order as SaleorOrder
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration
from saleor.product.models import (
    Category,
    Collection,
    Product,
    ProductChannelListing,
    ProductType,
    ProductVariant,
    ProductVariantChannelListing,
)
from saleor.shipping.models import ShippingMethod, ShippingMethodChannelListing, ShippingZone
from saleor.site.models import SiteSettings
from saleor.tax.models import TaxClassCountryRate, TaxConfiguration
from saleor.warehouse.models import Stock, Warehouse

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import selectors
from saleor_referral_plugin.engine.findings import Finding
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Referral, Referrer
from saleor_referral_plugin.plugin import ReferralPlugin
from tests.scenarios.programs import Programs
from tests.scenarios.shop import (
    Answer,
    ConfigurationError,
    Customer,
    GiftCard,
    Payments,
    ReferralSeen,
)

DUMMY_GATEWAY = "mirumee.payments.dummy"
ADDRESS = {
    "firstName": "Fay",
    "lastName": "Friend",
    "streetAddress1": "1 Main Street",
    "city": "NEW YORK",
    "countryArea": "NY",
    "postalCode": "10001",
    "country": "US",
}
ORDER_HOOKS = (
    "order_fully_refunded",
    "order_refunded",
    "order_cancelled",
    "order_fulfilled",
    "order_updated",
    "order_fully_paid",
    "order_paid",
    "order_confirmed",
    "order_created",
)


class Api:
    """Saleor's GraphQL endpoint, as a storefront or a member of staff calls it."""

    def __init__(self) -> None:
        self.client = Client()
        #: Signing one takes longer than many a request.
        self.tokens: dict[int, str] = {}

    def __call__(
        self, document: str, variables: dict[str, Any], user: User | None = None
    ) -> dict[str, Any]:
        headers = {}
        if user is not None:
            if user.pk not in self.tokens:
                self.tokens[user.pk] = create_access_token(user)
            headers["HTTP_AUTHORIZATION"] = f"Bearer {self.tokens[user.pk]}"
        response = self.client.post(
            "/graphql/",
            json.dumps({"query": document, "variables": variables}),
            content_type="application/json",
            **headers,
        )
        content: dict[str, Any] = response.json()
        if "errors" in content:
            raise AssertionError(content["errors"])
        return content["data"]

    def mutate(
        self, name: str, document: str, variables: dict[str, Any], user: User | None = None
    ) -> dict[str, Any]:
        """Call one mutation; its own errors fail the story."""
        answer: dict[str, Any] = self(document, variables, user)[name]
        assert not answer["errors"], answer["errors"]
        return answer


def global_id(kind: str, pk: Any) -> str:
    return str(graphene.Node.to_global_id(kind, pk))


class SaleorShop(Programs):
    name = "saleor"

    def __init__(self, clock: ExitStack) -> None:
        self.api = Api()
        self.clock = clock
        self.ticks = True
        self.delivery: ShippingMethod | None = None
        self.numbers = itertools.count(1)
        self.staff = User.objects.create(
            email="staff@example.com", is_staff=True, is_superuser=True
        )
        everywhere = Group.objects.create(name="Full access", restricted_access_to_channels=False)
        self.staff.groups.add(everywhere)
        site, _ = Site.objects.update_or_create(
            pk=settings.SITE_ID, defaults={"domain": "shop.example.com", "name": "Shop"}
        )
        Site.objects.clear_cache()
        SiteSettings.objects.get_or_create(site=site)
        address = Address.objects.create(
            street_address_1="1 Quay", city="NEW YORK", country="US", country_area="NY"
        )
        self.warehouse = Warehouse.objects.create(
            name="Warehouse", slug="warehouse", address=address
        )
        self.product_type = ProductType.objects.create(
            name="Things", slug="things", is_shipping_required=False, has_variants=True
        )
        self.category = Category.objects.create(name="Things", slug="things")
        self.channels = {
            slug: self._channel(slug, currency)
            for slug, currency in (("default", "USD"), ("euro", "EUR"))
        }

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["SaleorShop"]:
        cache.clear()
        with ExitStack() as clock:
            yield cls(clock)

    def _channel(self, slug: str, currency: str) -> Channel:
        channel = Channel.objects.create(
            name=slug,
            slug=slug,
            currency_code=currency,
            is_active=True,
            default_country="US",
            allow_unpaid_orders=True,
            automatically_confirm_all_new_orders=True,
        )
        TaxConfiguration.objects.create(
            channel=channel, charge_taxes=False, prices_entered_with_tax=True
        )
        self.warehouse.channels.add(channel)
        PluginConfiguration.objects.create(
            identifier=DUMMY_GATEWAY,
            name="Dummy",
            channel=channel,
            active=True,
            configuration=[
                {"name": "Automatic payment capture", "value": False},
                {"name": "Supported currencies", "value": "USD, EUR"},
                {"name": "Store customers card", "value": False},
            ],
        )
        return channel

    def _variant(self, line: str, channel: Channel) -> ProductVariant:
        slug, _, price = line.rpartition(" ")
        number = next(self.numbers)
        product = Product.objects.filter(slug=slug).first() or Product.objects.create(
            name=f"Thing {number}",
            slug=slug or f"thing-{number}",
            product_type=self.product_type,
            category=self.category,
        )
        variant = ProductVariant.objects.create(
            product=product, name=f"Thing {number}", sku=f"T{number}", track_inventory=False
        )
        ProductChannelListing.objects.get_or_create(
            product=product,
            channel=channel,
            defaults={
                "is_published": True,
                "visible_in_listings": True,
                "published_at": timezone.now(),
                "available_for_purchase_at": timezone.now() - timedelta(days=1),
                "currency": channel.currency_code,
            },
        )
        ProductVariantChannelListing.objects.create(
            variant=variant,
            channel=channel,
            price_amount=Decimal(price),
            discounted_price_amount=Decimal(price),
            currency=channel.currency_code,
        )
        Stock.objects.create(warehouse=self.warehouse, product_variant=variant, quantity=1000)
        return variant

    # the owner ------------------------------------------------------------------------
    def configure(self, **values: str | bool) -> None:
        configuration = [
            {"name": name, "value": str(value).lower() if isinstance(value, bool) else value}
            for name, value in values.items()
        ]
        self._update_plugin({"active": True, "configuration": configuration})

    def switch_plugin(self, active: bool) -> None:
        self._update_plugin({"active": active})

    def open_channel(self, slug: str, currency: str) -> None:
        self.channels[slug] = self._channel(slug, currency)

    def charge(self, *, tax_percent: str = "0", shipping: str = "0") -> None:
        TaxConfiguration.objects.update(charge_taxes=True, tax_calculation_strategy="FLAT_RATES")
        TaxClassCountryRate.objects.update_or_create(
            tax_class=None, country="US", defaults={"rate": Decimal(tax_percent)}
        )
        ProductType.objects.update(is_shipping_required=True)
        self.product_type.refresh_from_db()
        zone = ShippingZone.objects.create(name="Everywhere", countries=["US"])
        zone.channels.set(self.channels.values())
        self.warehouse.shipping_zones.add(zone)
        self.delivery = ShippingMethod.objects.create(
            name="Parcel", shipping_zone=zone, type="price"
        )
        for channel in self.channels.values():
            ShippingMethodChannelListing.objects.create(
                shipping_method=self.delivery,
                channel=channel,
                currency=channel.currency_code,
                price_amount=Decimal(shipping),
                minimum_order_price_amount=Decimal(0),
            )

    def sell(
        self, slug: str, *, category: str | None = None, collections: Sequence[str] = ()
    ) -> None:
        stands_in = category and Category.objects.get_or_create(slug=category, name=category)[0]
        product, _ = Product.objects.update_or_create(
            slug=slug,
            defaults={
                "name": slug,
                "product_type": self.product_type,
                "category": stands_in or self.category,
            },
        )
        product.collections.set(
            Collection.objects.get_or_create(slug=name, name=name)[0] for name in collections
        )

    def _update_plugin(self, values: dict[str, Any]) -> None:
        answer = self.api(
            """mutation($id: ID!, $input: PluginUpdateInput!) {
              pluginUpdate(id: $id, input: $input) { errors { field message code } }
            }""",
            {"id": ReferralPlugin.PLUGIN_ID, "input": values},
            self.staff,
        )["pluginUpdate"]
        if answer["errors"]:
            raise ConfigurationError(answer["errors"][-1]["message"])

    # people ---------------------------------------------------------------------------
    def register(self, email: str) -> Customer:
        user = User.objects.create(email=email)
        return Customer(str(user.pk), user.email)

    def create_account(self, email: str) -> Customer:
        # Saleor 3.23 makes this row when it is migrated, and every test empties the tables.
        types = apps.all_models["account"].get("customertype")
        if types is not None:
            types.objects.get_or_create(slug="default", defaults={"is_default": True})
        made = self.api(
            """mutation($email: String!) {
              customerCreate(input: {email: $email}) { user { id } errors { field message code } }
            }""",
            {"email": email},
            self.staff,
        )["customerCreate"]
        assert not made["errors"], made
        return Customer(str(User.objects.get(email=email).pk), email)

    def _lives_at(self, customer: Customer, name: str) -> None:
        """The account knows the address, as after an order of its own."""
        address = Address.objects.create(
            first_name=ADDRESS["firstName"],
            last_name=name,
            street_address_1=ADDRESS["streetAddress1"],
            city=ADDRESS["city"],
            postal_code=ADDRESS["postalCode"],
            country=ADDRESS["country"],
            country_area=ADDRESS["countryArea"],
        )
        User.objects.get(pk=customer.user_ref).addresses.add(address)

    def make_staff(self, customer: Customer) -> None:
        User.objects.filter(pk=customer.user_ref).update(is_staff=True)

    def delete_account(self, customer: Customer) -> None:
        self.api.mutate(
            "customerDelete",
            "mutation($id: ID!) { customerDelete(id: $id) { errors { field message } } }",
            {"id": global_id("User", customer.user_ref)},
            self.staff,
        )

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
    ) -> "SaleorCheckout":
        variants = [self._variant(line, self.channels[channel]) for line in lines]
        # Everybody lives at the same address, under their own name.
        name = to.email if to else email or (customer.email if customer else "Guest")
        if to:
            self._lives_at(to, name)
        address = {**ADDRESS, "lastName": name}
        given: dict[str, Any] = {
            "channel": channel,
            "lines": [
                {"variantId": global_id("ProductVariant", v.pk), "quantity": 1} for v in variants
            ],
            "billingAddress": address,
            "metadata": [{"key": k, "value": v} for k, v in (metadata or {}).items()],
        }
        if email:
            given["email"] = email
        if self.delivery:
            given["shippingAddress"] = address
        answer = self.api.mutate(
            "checkoutCreate",
            """mutation($input: CheckoutCreateInput!) {
              checkoutCreate(input: $input) {
                checkout { id lines { id } }
                errors { field message code }
              }
            }""",
            {"input": given},
            self._user(customer),
        )
        checkout_id = answer["checkout"]["id"]
        if self.delivery:
            self.api.mutate(
                "checkoutDeliveryMethodUpdate",
                """mutation($id: ID!, $method: ID!) {
                  checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $method) {
                    errors { field message code }
                  }
                }""",
                {"id": checkout_id, "method": global_id("ShippingMethod", self.delivery.pk)},
            )
        return SaleorCheckout(self, checkout_id, payments)

    def past_order(self, email: str, *, customer: Customer | None = None) -> None:
        channel = self.channels["default"]
        SaleorOrder.objects.create(
            user_email=email,
            user=self._user(customer),
            channel=channel,
            currency=channel.currency_code,
            origin=OrderOrigin.CHECKOUT,
            created_at=timezone.now() - timedelta(days=400),
            lines_count=0,
        )

    def _user(self, customer: Customer | None) -> User | None:
        if customer is None:
            return None
        return User.objects.filter(pk=customer.user_ref).first()

    # time and trouble -----------------------------------------------------------------
    def travel(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> None:
        self._set_clock(timezone.now() + timedelta(days=days, hours=hours, seconds=seconds))

    def travel_to(self, moment: datetime) -> None:
        self.ticks = False
        self._set_clock(moment)

    def _set_clock(self, moment: datetime) -> None:
        self.clock.close()
        self.clock.enter_context(time_machine.travel(moment, tick=self.ticks))
        self.api.tokens.clear()  # They live for minutes only.
        self.run_periodic_tasks()

    def run_periodic_tasks(self) -> None:
        tasks.sweep.delay().get()
        tasks.note_spending.delay().get()
        tasks.deliver_events.delay().get()

    def losing_hooks(self) -> AbstractContextManager[None]:
        return mock.patch.object(tasks.settle_order, "apply_async")

    def repeat_hooks(self, order: Any) -> None:
        manager = get_plugins_manager(allow_replica=False)
        subject = SaleorOrder.objects.get(pk=order.ref)
        for hook in ORDER_HOOKS:
            getattr(manager, hook)(subject)

    # looking --------------------------------------------------------------------------
    def balance(self, customer: Customer, currency: str = "USD") -> Decimal:
        return self._account(customer, currency, "available")

    def debt(self, customer: Customer, currency: str = "USD") -> Decimal:
        return self._account(customer, currency, "debt")

    def _account(self, customer: Customer, currency: str, what: str) -> Decimal:
        referrer = Referrer.objects.filter(user_ref=customer.user_ref).first()
        accounts = (
            selectors.accounts_of([referrer.pk], store=get_store())[referrer.pk] if referrer else []
        )
        amounts = [getattr(a, what).amount for a in accounts if a.currency == currency]
        return Decimal(sum(amounts))

    def gift_cards(self, customer: Customer) -> list[GiftCard]:
        user = self._user(customer)
        if user is None:
            return []
        cards = self.api(
            """{ me { giftCards(first: 20) { edges { node {
                code created isActive expiryDate currentBalance { amount currency }
            } } } } }""",
            {},
            user,
        )["me"]["giftCards"]["edges"]
        return [
            GiftCard(
                code=card["code"],
                balance=Decimal(str(card["currentBalance"]["amount"])),
                currency=card["currentBalance"]["currency"],
                is_active=card["isActive"],
                expires_on=card["expiryDate"],
            )
            # Saleor sorts them by their random codes.
            for card in sorted((edge["node"] for edge in cards), key=itemgetter("created"))
        ]

    def referral(self, order: Any) -> ReferralSeen | None:
        referral = Referral.objects.filter(order_ref=order.ref).first()
        if referral is None:
            return None
        reward = referral.rewards.first()
        findings = [Finding.from_json(finding) for finding in referral.findings]
        return ReferralSeen(
            status=referral.status,
            failed=tuple(f.code.value for f in findings if not f.passed),
            reward_status=reward.status if reward else None,
            reward_amount=reward.amount if reward else None,
            currency=referral.currency,
        )

    def verify_books(self) -> None:
        tasks.note_spending.delay().get()
        differences = [str(difference) for difference in verify(store=get_store())]
        assert not differences, differences


class SaleorCheckout:
    def __init__(self, shop: SaleorShop, checkout_id: str, payments: Payments) -> None:
        self.shop = shop
        self.id = checkout_id
        self.payments = payments
        self._order: SaleorOrderHandle | None = None

    def enter_code(self, code: str) -> Answer:
        return self._answer(
            "checkoutAddPromoCode",
            """mutation($id: ID!, $code: String!) {
              checkoutAddPromoCode(id: $id, promoCode: $code) {
                checkout { id }
                errors { field message code referralErrorCode }
              }
            }""",
            {"id": self.id, "code": code},
        )

    def remove_code(self, code: str) -> Answer:
        return self._answer(
            "checkoutRemovePromoCode",
            """mutation($id: ID!, $code: String!) {
              checkoutRemovePromoCode(id: $id, promoCode: $code) {
                checkout { id }
                errors { field message code referralErrorCode }
              }
            }""",
            {"id": self.id, "code": code},
        )

    def _answer(self, name: str, document: str, variables: dict[str, Any]) -> Answer:
        errors = self.shop.api(document, variables)[name]["errors"]
        if not errors:
            return Answer(True)
        error = errors[0]
        code = error.get("referralErrorCode") or error["code"]
        return Answer(False, code.lower(), error["message"])

    def set_email(self, email: str) -> None:
        self.shop.api.mutate(
            "checkoutEmailUpdate",
            """mutation($id: ID!, $email: String!) {
              checkoutEmailUpdate(id: $id, email: $email) { errors { field message code } }
            }""",
            {"id": self.id, "email": email},
        )

    def log_in(self, customer: Customer) -> None:
        self.shop.api.mutate(
            "checkoutCustomerAttach",
            """mutation($id: ID!) {
              checkoutCustomerAttach(id: $id) { errors { field message code } }
            }""",
            {"id": self.id},
            self.shop._user(customer),
        )

    def add_line(self, price: str) -> None:
        variant = self.shop._variant(price, self.shop.channels["default"])
        self.shop.api.mutate(
            "checkoutLinesAdd",
            """mutation($id: ID!, $lines: [CheckoutLineInput!]!) {
              checkoutLinesAdd(id: $id, lines: $lines) { errors { field message code } }
            }""",
            {
                "id": self.id,
                "lines": [{"variantId": global_id("ProductVariant", variant.pk), "quantity": 1}],
            },
        )

    def remove_line(self, position: int) -> None:
        line = self._read()["lines"][position]["id"]
        self.shop.api.mutate(
            "checkoutLinesDelete",
            """mutation($id: ID!, $lines: [ID!]!) {
              checkoutLinesDelete(id: $id, linesIds: $lines) { errors { field message code } }
            }""",
            {"id": self.id, "lines": [line]},
        )

    def _read(self) -> dict[str, Any]:
        checkout: dict[str, Any] = self.shop.api(
            """query($id: ID!) { checkout(id: $id) {
              voucherCode discount { amount } totalPrice { gross { amount } } lines { id }
            } }""",
            {"id": self.id},
            self.shop.staff,
        )["checkout"]
        return checkout

    @property
    def shown_code(self) -> str | None:
        code: str | None = self._read()["voucherCode"]
        return code

    @property
    def discount(self) -> Decimal:
        return Decimal(str(self._read()["discount"]["amount"]))

    @property
    def total(self) -> Decimal:
        return Decimal(str(self._read()["totalPrice"]["gross"]["amount"]))

    def complete(self) -> Answer:
        # An order may be placed unpaid, unless the older payments are to be used.
        Channel.objects.update(allow_unpaid_orders=self.payments != "legacy")
        if self.payments == "legacy":
            self.shop.api.mutate(
                "checkoutPaymentCreate",
                """mutation($id: ID!, $input: PaymentInput!) {
                  checkoutPaymentCreate(id: $id, input: $input) { errors { field message code } }
                }""",
                {
                    "id": self.id,
                    "input": {
                        "gateway": DUMMY_GATEWAY,
                        "token": "not-charged",
                        "amount": str(self.total),
                    },
                },
            )
        answer = self.shop.api(
            """mutation($id: ID!) { checkoutComplete(id: $id) {
              order { id }
              errors { field message code referralErrorCode }
            } }""",
            {"id": self.id},
        )["checkoutComplete"]
        if answer["errors"]:
            error = answer["errors"][0]
            code = error.get("referralErrorCode") or error["code"]
            return Answer(False, code.lower(), error["message"])
        self._order = SaleorOrderHandle(self.shop, answer["order"]["id"], self.payments)
        return Answer(True)

    @property
    def placed(self) -> "SaleorOrderHandle":
        assert self._order is not None, "The checkout has not become an order."
        return self._order


class SaleorOrderHandle:
    def __init__(self, shop: SaleorShop, order_id: str, payments: Payments) -> None:
        self.shop = shop
        self.id = order_id
        self.ref = str(graphene.Node.from_global_id(order_id)[1])
        self.payments = payments

    @property
    def _order(self) -> SaleorOrder:
        return SaleorOrder.objects.get(pk=self.ref)

    @property
    def total(self) -> Decimal:
        return Decimal(self._order.total_gross_amount)

    def pay(self, amount: str | None = None) -> None:
        value = amount or str(self.total)
        if self.payments == "legacy":
            self._staff(
                "orderCapture",
                """mutation($id: ID!, $amount: PositiveDecimal!) {
                  orderCapture(id: $id, amount: $amount) { errors { field message code } }
                }""",
                amount=value,
            )
            return
        self._staff(
            "transactionCreate",
            """mutation($id: ID!, $input: TransactionCreateInput!) {
              transactionCreate(id: $id, transaction: $input) { errors { field message code } }
            }""",
            input={
                "name": "Card",
                "pspReference": f"psp-{next(self.shop.numbers)}",
                "availableActions": ["REFUND"],
                "amountCharged": {"amount": value, "currency": self._order.currency},
            },
        )

    def _report(self, kind: str, amount: str | None, reference: str | None = None) -> None:
        self.shop.api.mutate(
            "transactionEventReport",
            """mutation($id: ID!, $type: TransactionEventTypeEnum!, $amount: PositiveDecimal,
                        $psp: String!) {
              transactionEventReport(id: $id, type: $type, amount: $amount, pspReference: $psp) {
                errors { field message code }
              }
            }""",
            {
                "id": global_id("TransactionItem", self._transaction.token),
                "type": kind,
                "amount": amount or str(self.total),
                "psp": reference or f"psp-{next(self.shop.numbers)}",
            },
            self.shop.staff,
        )

    @property
    def _transaction(self) -> Any:
        return self._order.payment_transactions.last()

    def fulfil(self) -> None:
        lines = [
            {
                "orderLineId": global_id("OrderLine", line.pk),
                "stocks": [
                    {
                        "quantity": line.quantity,
                        "warehouse": global_id("Warehouse", self.shop.warehouse.pk),
                    }
                ],
            }
            for line in self._order.lines.all()
        ]
        self._staff(
            "orderFulfill",
            """mutation($id: ID!, $input: OrderFulfillInput!) {
              orderFulfill(order: $id, input: $input) { errors { field message code } }
            }""",
            input={"lines": lines, "notifyCustomer": False, "allowStockToBeExceeded": True},
        )

    def unfulfil(self) -> None:
        fulfillment = self._order.fulfillments.filter(status="fulfilled").get()
        self._staff(
            "orderFulfillmentCancel",
            """mutation($id: ID!, $input: FulfillmentCancelInput) {
              orderFulfillmentCancel(id: $id, input: $input) { errors { field message code } }
            }""",
            order_id=global_id("Fulfillment", fulfillment.pk),
            input={"warehouseId": global_id("Warehouse", self.shop.warehouse.pk)},
        )

    def refund(self, amount: str | None = None) -> None:
        if self.payments == "legacy":
            self._staff(
                "orderRefund",
                """mutation($id: ID!, $amount: PositiveDecimal!) {
                  orderRefund(id: $id, amount: $amount) { errors { field message code } }
                }""",
                amount=amount or str(self.total),
            )
        else:
            self._report("REFUND_SUCCESS", amount)

    def reverse_refund(self, amount: str | None = None) -> None:
        refund = self._transaction.events.filter(type="refund_success").last()
        self._report("REFUND_REVERSE", amount or str(refund.amount_value), refund.psp_reference)

    def chargeback(self, amount: str | None = None) -> None:
        charge = self._transaction.events.filter(type="charge_success").last()
        self._report("CHARGE_BACK", amount, charge.psp_reference)

    def return_goods(self, position: int | None = None) -> None:
        fulfillment = self._order.fulfillments.filter(status="fulfilled").first()
        if fulfillment is not None:
            items = {
                "fulfillmentLines": [
                    {
                        "fulfillmentLineId": global_id("FulfillmentLine", line.pk),
                        "quantity": line.quantity,
                        "replace": False,
                    }
                    for line in fulfillment.lines.all()
                    if position is None or line.order_line_id == self._line(position).pk
                ]
            }
        else:
            items = {
                "orderLines": [
                    {
                        "orderLineId": global_id("OrderLine", line.pk),
                        "quantity": line.quantity,
                        "replace": False,
                    }
                    for line in self._order.lines.all()
                    if position is None or line == self._line(position)
                ]
            }
        self._staff(
            "orderFulfillmentReturnProducts",
            """mutation($id: ID!, $input: OrderReturnProductsInput!) {
              orderFulfillmentReturnProducts(order: $id, input: $input) {
                errors { field message code }
              }
            }""",
            input={**items, "refund": False},
        )

    def refund_line(self, position: int) -> None:
        line = self._line(position)
        sold = {"orderLineId": global_id("OrderLine", line.pk), "quantity": line.quantity}
        if self.payments == "legacy":
            self._staff(
                "orderFulfillmentRefundProducts",
                """mutation($id: ID!, $input: OrderRefundProductsInput!) {
                  orderFulfillmentRefundProducts(order: $id, input: $input) {
                    errors { field message code }
                  }
                }""",
                input={"orderLines": [sold]},
            )
            return
        self._staff(
            "orderGrantRefundCreate",
            """mutation($id: ID!, $input: OrderGrantRefundCreateInput!) {
              orderGrantRefundCreate(id: $id, input: $input) { errors { field message code } }
            }""",
            input={
                "lines": [{"id": sold["orderLineId"], "quantity": line.quantity}],
                "transactionId": global_id("TransactionItem", self._transaction.token),
            },
        )
        grant = self._order.granted_refunds.last()
        # What Saleor writes when it asks a payment app for the money; there is no app here.
        reference = f"psp-{next(self.shop.numbers)}"
        self._transaction.events.create(
            type="refund_request",
            psp_reference=reference,
            amount_value=grant.amount_value,
            currency=grant.currency,
            related_granted_refund=grant,
        )
        self._report("REFUND_SUCCESS", str(grant.amount_value), reference)

    def _line(self, position: int) -> Any:
        return self._order.lines.order_by("created_at", "pk")[position]

    def cancel(self) -> None:
        self._staff(
            "orderCancel",
            "mutation($id: ID!) { orderCancel(id: $id) { errors { field message code } } }",
        )

    def _staff(self, name: str, document: str, order_id: str | None = None, **values: Any) -> None:
        self.shop.api.mutate(name, document, {"id": order_id or self.id, **values}, self.shop.staff)
