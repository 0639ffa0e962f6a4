"""Our tables are migrated, back and forth, while there is something in the books."""

from unittest import mock

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from saleor_referral_plugin.engine import tables
from saleor_referral_plugin.engine.copies import copy_of_the_books
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import BudgetUse, LedgerEntry, Program, Referral
from tests.scenarios import given, trouble
from tests.scenarios.shop import Customer, Order, ReferralSeen, Shop


def filled(shop: Shop) -> tuple[Customer, Order, Order]:
    """One credit issued, one waiting, one claim on an open checkout, an account deleted."""
    given.program(shop, hold_days="14")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    credited = given.friends_order(shop, code)
    credited.pay()
    shop.travel(days=14)
    waiting = given.friends_order(shop, code, email="carl@example.com")
    waiting.pay()
    assert shop.checkout(email="dora@example.com").enter_code(code).accepted
    gone = shop.register("gone@example.com")
    shop.share(gone)
    shop.delete_account(gone)
    assert (shop.balance(anna), len(shop.gift_cards(anna))) == (10, 1)
    return anna, credited, waiting


def rows() -> dict[str, list[tuple[object, ...]]]:
    """Everything in our tables, but for what is added up of the others."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("referral").get_models():
            if model is BudgetUse:
                continue
            table = model._meta.db_table
            cursor.execute(f"SELECT to_jsonb({table})::text FROM {table} ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def migrate(to: str | None = None) -> None:
    # Without what Django does for all apps afterwards, such as the permissions of Saleor's models.
    with mock.patch("django.core.management.commands.migrate.emit_post_migrate_signal"):
        call_command("migrate", "referral", *([to] if to else []), verbosity=0, interactive=False)


def test_every_step_back_and_forth_keeps_all_that_there_is(shop: Shop) -> None:
    # given
    anna, credited, _ = filled(shop)
    before = rows()

    for name in reversed(tables.names()[:-1]):
        # when
        try:
            migrate(name)
            assert tables.trouble()
        finally:
            migrate()

        # then
        assert tables.trouble() == ""
        assert rows() == before

    # then
    credited.refund()
    shop.travel(days=14)
    assert shop.referral(credited) == ReferralSeen(
        "reversed", ("money_back",), "clawed_back", 0, "USD"
    )
    assert shop.balance(anna) == 10
    shop.verify_books()


def test_back_to_nothing_loses_the_books_and_nothing_of_the_shops(shop: Shop) -> None:
    # given
    anna, credited, _ = filled(shop)
    code = shop.share(anna)

    # when
    try:
        migrate("zero")
        at_zero = set(connection.introspection.table_names())
    finally:
        migrate()

    # then: lost are programs, codes, claims, referrals and the ledger.
    assert not at_zero & set(rows())
    assert not Program.objects.exists()
    assert not Referral.objects.exists()
    assert not LedgerEntry.objects.exists()
    refused = shop.checkout(email="eve@example.com").enter_code(code)
    assert not refused.accepted

    # Kept are orders with their discount, and the gift card, which nothing takes back any more.
    assert credited.total == 90
    credited.refund()
    shop.run_periodic_tasks()
    assert [card.balance for card in shop.gift_cards(anna)] == [10]

    # when: the owner saves the page again.
    given.program(shop, hold_days="0")
    order = given.friends_order(shop, shop.share(anna), email="finn@example.com")
    order.pay()
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna) == 10
    assert sorted(card.balance for card in shop.gift_cards(anna)) == [10, 10]
    shop.verify_books()


def test_code_that_knows_nothing_of_later_columns_does_its_work(shop: Shop) -> None:
    """As during a deployment: the tables are those of the next release, some processes are not."""
    with trouble.columns_of_later():
        anna, credited, waiting = filled(shop)
        credited.refund("45.00")
        shop.travel(days=14)
        waiting.cancel()
        shop.configure(referee_discount="20%")
        shop.repeat_hooks(waiting)
        with copy_of_the_books(Program.objects.get()):
            settle(credited.ref, store=get_store())

        assert shop.referral(waiting) == ReferralSeen(
            "reversed", ("order_void",), "clawed_back", 0, "USD"
        )
        assert shop.balance(anna) == 10
        shop.verify_books()
