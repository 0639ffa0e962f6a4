"""The SQL in docs/scale.md runs, and takes nothing that anybody needs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Claim, Event, Referral, TermsVersion
from tests.engine.books import claim, place, run_program, share
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
LONG_AGO = timedelta(days=400)


def statements() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def run(sql: str) -> tuple[int, list[str]]:
    """How many rows, and the columns' names where it gives some."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount, [column.name for column in cursor.description or ()]


def test_the_tables_and_their_sizes_are_told(store: FakeStore) -> None:
    # when
    rows, columns = run(statements()[0])

    # then
    assert rows >= 20
    assert columns == ["table", "rows", "size", "bytes_a_row"]


def test_claims_that_came_to_nothing_go_and_nothing_else(store: FakeStore) -> None:
    # given: a referral, and a claim of each kind, a year old and young
    run_program(store)
    code, version = share(store), TermsVersion.objects.get()
    settle(place(store, code), store=store)
    kinds = ("open", "refused", "withdrawn")
    for age in ("old", "young"):
        for kind in kinds:
            claim(code, version, f"{age} {kind}", status=Claim.Status(kind))
    on_account = claim(code, version, "on an account")
    Claim.objects.filter(pk=on_account.pk).update(checkout_ref=None, account_ref="7")
    late = claim(code, version, "for an order", status=Claim.Status.REFUSED)
    Claim.objects.filter(pk=late.pk).update(checkout_ref=None, order_ref="order-9")
    told = claim(code, version, "told of", status=Claim.Status.WITHDRAWN)
    now = timezone.now()
    Event.objects.create(
        type="claim.created",
        happened_at=now,
        noted_at=now,
        subject="claim",
        program=code.program,
        referrer=code.referrer,
        claim=told,
    )
    young = Claim.objects.filter(checkout_ref__startswith="young")
    Claim.objects.exclude(pk__in=young).update(created_at=now - LONG_AGO)
    young.update(created_at=now)
    used = Referral.objects.get().claim_id

    # when
    gone, _ = run(statements()[1])

    # then
    assert gone == 4
    left = set(Claim.objects.exclude(pk=used).values_list("checkout_ref", flat=True))
    assert left == {None, "told of", *(f"young {kind}" for kind in kinds)}
    assert Claim.objects.filter(pk__in=[used, on_account.pk]).count() == 2
    assert run(statements()[1])[0] == 0
    assert list(verify(store=store)) == []
