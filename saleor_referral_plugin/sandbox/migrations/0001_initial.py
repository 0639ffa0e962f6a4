import datetime
import uuid
from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import saleor_referral_plugin.sandbox.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE referral_sandbox_order_number AS bigint START 1001",
            "DROP SEQUENCE referral_sandbox_order_number",
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("slug", models.SlugField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                ("currency", models.CharField(max_length=3)),
                (
                    "tax_percent",
                    models.DecimalField(decimal_places=2, default=Decimal("0"), max_digits=5),
                ),
                (
                    "shipping_price",
                    models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[("slug", models.SlugField(primary_key=True, serialize=False))],
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[("slug", models.SlugField(primary_key=True, serialize=False))],
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("slug", models.SlugField(primary_key=True, serialize=False)),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="products",
                        to="referral_sandbox.category",
                    ),
                ),
                (
                    "collections",
                    models.ManyToManyField(
                        related_name="products", to="referral_sandbox.collection"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("offset", models.DurationField(default=datetime.timedelta)),
            ],
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("display_name", models.CharField(blank=True, max_length=120)),
                ("address", models.JSONField(default=dict)),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False)),
                ("has_claimed_code", models.BooleanField(default=False)),
                ("registered_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("registered_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="PluginPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("values", models.JSONField(default=dict)),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Checkout",
            fields=[
                (
                    "token",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("metadata", models.JSONField(default=dict)),
                ("ship_to", models.JSONField(default=dict)),
                (
                    "payments",
                    models.CharField(
                        choices=[("transactions", "Transactions"), ("legacy", "Legacy")],
                        default="transactions",
                        max_length=16,
                    ),
                ),
                ("voucher_code", models.CharField(max_length=32, null=True)),
                (
                    "discount",
                    models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="referral_sandbox.channel"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="referral_sandbox.customer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckoutLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("price", models.DecimalField(decimal_places=3, max_digits=14)),
                ("quantity", models.PositiveIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="referral_sandbox.product",
                    ),
                ),
                (
                    "checkout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="referral_sandbox.checkout",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="GiftCard",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True)),
                ("currency", models.CharField(max_length=3)),
                ("initial", models.DecimalField(decimal_places=3, max_digits=14)),
                ("balance", models.DecimalField(decimal_places=3, max_digits=14)),
                ("expires_on", models.DateField(null=True)),
                ("key", models.CharField(max_length=64, null=True, unique=True)),
                ("note", models.TextField(blank=True)),
                ("by_itself", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="gift_cards",
                        to="referral_sandbox.customer",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "pk"),
            },
        ),
        migrations.AddField(
            model_name="checkout",
            name="gift_cards",
            field=models.ManyToManyField(related_name="+", to="referral_sandbox.giftcard"),
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event", models.CharField(max_length=64)),
                ("payload", models.JSONField(default=dict)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("created_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="referral_sandbox.customer",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32)),
                ("percent", models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ("amount", models.DecimalField(decimal_places=3, max_digits=14, null=True)),
                ("free_shipping", models.BooleanField(default=False)),
                ("goods", models.JSONField(default=dict)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="offers",
                        to="referral_sandbox.channel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(
                        db_default=saleor_referral_plugin.sandbox.models.NextOrderNumber(),
                        editable=False,
                        unique=True,
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("checkout_token", models.UUIDField(unique=True)),
                ("ship_to", models.JSONField(default=dict)),
                ("voucher_code", models.CharField(max_length=32, null=True)),
                (
                    "payment_system",
                    models.CharField(
                        choices=[("transactions", "Transactions"), ("legacy", "Legacy")],
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("tax_percent", models.DecimalField(decimal_places=2, max_digits=5)),
                ("goods", models.DecimalField(decimal_places=3, max_digits=14)),
                ("discount", models.DecimalField(decimal_places=3, max_digits=14)),
                ("shipping", models.DecimalField(decimal_places=3, max_digits=14)),
                ("gift_cards", models.DecimalField(decimal_places=3, max_digits=14)),
                ("total", models.DecimalField(decimal_places=3, max_digits=14)),
                ("placed_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="referral_sandbox.channel"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="orders",
                        to="referral_sandbox.customer",
                    ),
                ),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="GiftCardUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=3, max_digits=14)),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="referral_sandbox.giftcard",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="card_uses",
                        to="referral_sandbox.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Fulfilment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="fulfilments",
                        to="referral_sandbox.order",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("gives", models.JSONField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "used_on",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="referral_sandbox.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("price", models.DecimalField(decimal_places=3, max_digits=14)),
                ("quantity", models.PositiveIntegerField()),
                (
                    "discount",
                    models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14),
                ),
                ("returned", models.PositiveIntegerField(default=0)),
                ("refunded", models.PositiveIntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="referral_sandbox.product",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="referral_sandbox.order",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "system",
                    models.CharField(
                        choices=[("transactions", "Transactions"), ("legacy", "Legacy")],
                        max_length=16,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charge", "Charge"),
                            ("refund", "Refund"),
                            ("refund_reverse", "Refund Reverse"),
                            ("chargeback", "Chargeback"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=3, max_digits=14)),
                ("created_at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="payments",
                        to="referral_sandbox.order",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance__gte", 0)), name="sandbox_card_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                fields=("code", "channel"), name="sandbox_offer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gte", 0), ("percent__isnull", True)),
                    models.Q(("amount__isnull", True), ("percent__gt", 0), ("percent__lte", 100)),
                    _connector="OR",
                ),
                name="sandbox_offer_percent_or_amount",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["updated_at", "id"], name="sandbox_order_changed"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total__gte", 0),
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("goods"), "-", models.F("discount")
                                ),
                                "+",
                                models.F("shipping"),
                            ),
                            "-",
                            models.F("gift_cards"),
                        ),
                    ),
                ),
                name="sandbox_order_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="fulfilment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at__isnull", True)),
                fields=("order",),
                name="sandbox_sent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded__lte", models.F("quantity")),
                    ("returned__lte", models.F("quantity")),
                ),
                name="sandbox_line_returned",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="sandbox_payment_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ("charge", "refund")), ("system", "transactions"), _connector="OR"
                ),
                name="sandbox_payment_of_system",
            ),
        ),
    ]
