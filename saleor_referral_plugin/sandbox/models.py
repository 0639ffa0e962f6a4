"""What the sandbox shop remembers. Prices are gross; every amount is in its channel's currency."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func, Q

#: Three decimal places: as many as any currency in use has.
AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 3}


class PaymentSystem(models.TextChoices):
    """How an order is paid. Only `transactions` hears of refunds that fail and of banks that
    take money back; `legacy` knows charges and refunds."""

    TRANSACTIONS = "transactions"
    LEGACY = "legacy"


class NextOrderNumber(Func):
    template = "nextval('referral_sandbox_order_number')"
    output_field = models.BigIntegerField()


class Channel(models.Model):
    """Where the shop sells. `tax_percent` is contained in the prices (20: a sixth of a
    price is tax); `shipping_price` is charged once per order."""

    slug = models.SlugField(primary_key=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    shipping_price = models.DecimalField(**AMOUNT, default=Decimal(0))

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    slug = models.SlugField(primary_key=True)

    def __str__(self) -> str:
        return self.slug


class Collection(models.Model):
    slug = models.SlugField(primary_key=True)

    def __str__(self) -> str:
        return self.slug


class Product(models.Model):
    """Something the shop has in its catalogue. It stands in one category and in any number of
    collections, and has a price of its own in no channel: who sells it names one."""

    slug = models.SlugField(primary_key=True)
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, related_name="products"
    )
    collections = models.ManyToManyField(Collection, related_name="products")

    def __str__(self) -> str:
        return self.slug


class Customer(models.Model):
    """Addresses, here and of orders, are {"name", "street", "postal_code", "phone"}."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=120, blank=True)
    address = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    has_claimed_code = models.BooleanField(default=False)
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ("registered_at", "pk")

    def __str__(self) -> str:
        return self.display_name or self.email


class GiftCard(models.Model):
    """Money on a card. One that belongs to a customer only they can spend, through its
    last day. `key` is the name under which the engine issued it; sold cards have none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=16, unique=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, related_name="gift_cards"
    )
    currency = models.CharField(max_length=3)
    initial = models.DecimalField(**AMOUNT)
    balance = models.DecimalField(**AMOUNT)
    expires_on = models.DateField(null=True)
    key = models.CharField(max_length=64, unique=True, null=True)
    note = models.TextField(blank=True)
    by_itself = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="sandbox_card_not_negative")
        ]

    def __str__(self) -> str:
        return "-".join(self.code[start : start + 4] for start in range(0, len(self.code), 4))


class Coupon(models.Model):
    """A promo code of the referral program for one order. `gives` is what its terms say; for
    whom it is, the program says. `used_on` is the order that used it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=16, unique=True)
    key = models.CharField(max_length=64, unique=True)
    gives = models.JSONField()
    expires_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    used_on = models.ForeignKey("Order", on_delete=models.SET_NULL, null=True, related_name="+")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Offer(models.Model):
    """The discount behind one of the engine's promo codes in one channel: a percentage or
    an amount off some goods (as `terms.Goods`) or all, or the price of the delivery. Nobody can
    type such a code; only a claim puts it on a checkout."""

    code = models.CharField(max_length=32)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="offers")
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    amount = models.DecimalField(**AMOUNT, null=True)
    free_shipping = models.BooleanField(default=False)
    goods = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("code", "channel"), name="sandbox_offer_once"),
            models.CheckConstraint(
                condition=Q(percent__isnull=True, amount__gte=0)
                | Q(percent__gt=0, percent__lte=100, amount__isnull=True),
                name="sandbox_offer_percent_or_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.channel_id}"


class Checkout(models.Model):
    """A cart on its way to an order; gone once it is one. `discount` is what the offer was
    worth when the checkout last changed."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True)
    email = models.EmailField(blank=True)
    metadata = models.JSONField(default=dict)
    ship_to = models.JSONField(default=dict)
    payments = models.CharField(
        max_length=16, choices=PaymentSystem.choices, default=PaymentSystem.TRANSACTIONS
    )
    voucher_code = models.CharField(max_length=32, null=True)
    discount = models.DecimalField(**AMOUNT, default=Decimal(0))
    gift_cards = models.ManyToManyField(GiftCard, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.token)


class CheckoutLine(models.Model):
    checkout = models.ForeignKey(Checkout, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=120)
    price = models.DecimalField(**AMOUNT)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Order(models.Model):
    """A sale. What it is worth may be corrected until it is paid or sent; what happens to it then
    is in its payments, fulfilments and returned lines. Either moves `updated_at`.

    goods       value of the lines at the shop's prices
    discount    what the offer took off the goods, or off the delivery
    total       goods - discount + shipping - gift_cards
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, db_default=NextOrderNumber(), editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, related_name="orders"
    )
    email = models.EmailField(blank=True)
    checkout_token = models.UUIDField(unique=True)
    ship_to = models.JSONField(default=dict)
    voucher_code = models.CharField(max_length=32, null=True)
    payment_system = models.CharField(max_length=16, choices=PaymentSystem.choices)
    currency = models.CharField(max_length=3)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    goods = models.DecimalField(**AMOUNT)
    discount = models.DecimalField(**AMOUNT)
    shipping = models.DecimalField(**AMOUNT)
    gift_cards = models.DecimalField(**AMOUNT)
    total = models.DecimalField(**AMOUNT)
    placed_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("number",)
        indexes = [models.Index(fields=("updated_at", "id"), name="sandbox_order_changed")]
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=0)
                & Q(total=F("goods") - F("discount") + F("shipping") - F("gift_cards")),
                name="sandbox_order_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class OrderLine(models.Model):
    """`discount` is the line's part of what the offer took off the goods. How many came back
    and how many were paid back are two things."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=120)
    price = models.DecimalField(**AMOUNT)
    quantity = models.PositiveIntegerField()
    discount = models.DecimalField(**AMOUNT, default=Decimal(0))
    returned = models.PositiveIntegerField(default=0)
    refunded = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(returned__lte=F("quantity"), refunded__lte=F("quantity")),
                name="sandbox_line_returned",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Payment(models.Model):
    """One movement of money; rows are added and never changed. `amount` is above zero, its
    direction is the kind's."""

    class Kind(models.TextChoices):
        CHARGE = "charge"
        REFUND = "refund"
        REFUND_REVERSE = "refund_reverse"
        CHARGEBACK = "chargeback"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payments")
    system = models.CharField(max_length=16, choices=PaymentSystem.choices)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount = models.DecimalField(**AMOUNT)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="sandbox_payment_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=("charge", "refund")) | Q(system="transactions"),
                name="sandbox_payment_of_system",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class Fulfilment(models.Model):
    """Everything the order holds was sent; `taken_back_at`: and it was not, after all."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fulfilments")
    sent_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=("order",),
                condition=Q(taken_back_at__isnull=True),
                name="sandbox_sent_once",
            )
        ]

    def __str__(self) -> str:
        return f"Fulfilment of {self.order_id}"


class GiftCardUse(models.Model):
    """What an order took from a card, so that a cancelled order can give it back."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="card_uses")
    card = models.ForeignKey(GiftCard, on_delete=models.PROTECT, related_name="uses")
    amount = models.DecimalField(**AMOUNT)

    def __str__(self) -> str:
        return f"{self.amount} of {self.card_id}"


class Message(models.Model):
    """What a customer was told, or, without an account, an address; a real shop would send it."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="messages"
    )
    email = models.EmailField(blank=True)
    event = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.event


class PluginPage(models.Model):
    """The plugin's page in the shop's administration, as the owner last saved it: one row."""

    values = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return "active" if self.is_active else "inactive"


class Clock(models.Model):
    """How far the shop's time is ahead of the world's, so that all processes agree: one row."""

    offset = models.DurationField(default=timedelta)

    def __str__(self) -> str:
        return str(self.offset)
