"""Orders by the thousand: copies of one that the shop has made, put in by PostgreSQL itself."""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import connection, models

from benchmarks.engine.orders import BenchShop, friends_orders
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.models import Claim
from saleor_referral_plugin.sandbox import clock
from saleor_referral_plugin.sandbox.models import Order, OrderLine, Payment

#: What each copy has of its own.
_OWN = """
CREATE TEMPORARY TABLE own (
    order_id uuid, token uuid, email text, email_key text, code_id bigint, at timestamptz)
"""
#: Between two orders.
APART = timedelta(seconds=1)


def many_friends_orders(
    shop: BenchShop, count: int, prefix: str, *, referrers: int | None = None
) -> None:
    """Paid orders with a code that no sweep has read, of as many buyers, one each second until an
    hour ago. `referrers`: of so many referrers; usually of all there are."""
    [sample] = friends_orders(shop, 1, f"{prefix}.sample")
    order = Order.objects.get(pk=sample.ref)
    claim = Claim.objects.get(checkout_ref=sample.checkout_ref)
    codes = list(claim.code.program.codes.order_by("pk").values_list("pk", flat=True)[:referrers])
    last = clock.now() - timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(_OWN)
        with cursor.copy("COPY own FROM STDIN") as to:
            for n in range(count):
                email = f"{prefix}{n}@example.com"
                to.write_row(
                    (
                        *(uuid.uuid4(), uuid.uuid4(), email, email_key(email)),
                        *(codes[n % len(codes)], last - (count - n) * APART),
                    )
                )
        at = "own.at"
        _copy(
            order,
            id="own.order_id",
            number="nextval('referral_sandbox_order_number')",
            email="own.email",
            checkout_token="own.token",
            placed_at=at,
            updated_at=at,
        )
        for line in order.lines.all():
            _copy(line, order_id="own.order_id", id=_next(OrderLine))
        for payment in order.payments.all():
            _copy(payment, order_id="own.order_id", id=_next(Payment), created_at=at)
        _copy(
            claim,
            id=_next(Claim),
            checkout_ref="own.token::text",
            buyer_email_key="own.email_key",
            code_id="own.code_id",
            created_at=at,
            judged_at=at,
        )
        cursor.execute("DROP TABLE own")
        for model in (Order, OrderLine, Payment, Claim):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def _copy(sample: models.Model, **own: str) -> None:
    """One row for each row of `own`, like the sample but for some columns."""
    table = sample._meta.db_table
    columns = [str(field.column) for field in sample._meta.concrete_fields]
    values = _values(columns, own)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" SELECT {values} FROM {table} sample, own WHERE sample.id = %s",
            [sample.pk],
        )


def _values(columns: list[str], own: Mapping[str, str]) -> str:
    return ", ".join(own.get(column, f"sample.{column}") for column in columns)


def _next(model: type[models.Model]) -> str:
    return f"nextval(pg_get_serial_sequence('{model._meta.db_table}', 'id'))"
