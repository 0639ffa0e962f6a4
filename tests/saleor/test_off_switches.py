"""Whatever of ours is off or missing: what is Saleor's own goes on, and staff are told."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError
from saleor.account.models import User
from saleor.checkout.models import Checkout
from saleor.discount.models import Voucher
from saleor.giftcard.models import GiftCard
from saleor.order.models import Order

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import tables
from saleor_referral_plugin.models import Referral
from saleor_referral_plugin.plugin import ReferralPlugin
from tests.scenarios import given, trouble
from tests.scenarios.saleor_shop import SaleorShop
from tests.scenarios.shop import ConfigurationError, Payments

Off = Callable[[SaleorShop], AbstractContextManager[None]]


@contextmanager
def plugin_inactive(shop: SaleorShop) -> Iterator[None]:
    shop.switch_plugin(False)
    yield


@contextmanager
def program_off(shop: SaleorShop) -> Iterator[None]:
    shop.configure(program_running=False)
    yield


@contextmanager
def broker_away(shop: SaleorShop) -> Iterator[None]:
    """Nobody listens where the broker should be."""
    app = tasks.settle_order.app
    away = {"CELERY_TASK_ALWAYS_EAGER": False, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    app.conf.changes.update(away)
    app._after_fork()  # Forgets the connections that it has.
    try:
        with mock.patch.object(tasks, "_tried_in_vain_at", float("-inf")):
            yield
    finally:
        for name in away:
            del app.conf.changes[name]
        app._after_fork()


def tables_missing(shop: SaleorShop) -> AbstractContextManager[None]:
    return trouble.without_tables()


whatever_is_off = pytest.mark.parametrize(
    "off", [plugin_inactive, program_off, broker_away, tables_missing]
)
either_payment = pytest.mark.parametrize("payments", ["transactions", "legacy"])


@pytest.fixture
def running(shop: SaleorShop) -> SaleorShop:
    given.program(shop, hold_days="0")
    return shop


def own_voucher(shop: SaleorShop, code: str) -> None:
    voucher = Voucher.objects.create(name="Ours", discount_value_type="fixed")
    voucher.codes.create(code=code)
    voucher.channel_listings.create(
        channel=shop.channels["default"], currency="USD", discount_value=5
    )


def own_gift_card(code: str) -> None:
    GiftCard.objects.create(
        code=code, currency="USD", initial_balance_amount=20, current_balance_amount=20
    )


def ask(
    shop: SaleorShop, document: str, user: User | None = None, **variables: Any
) -> dict[str, Any]:
    """The whole answer, errors included."""
    headers = {}
    if user is not None:
        shop.api("{ shop { name } }", {}, user)
        headers["HTTP_AUTHORIZATION"] = f"Bearer {shop.api.tokens[user.pk]}"
    response = shop.api.client.post(
        "/graphql/",
        json.dumps({"query": document, "variables": variables}),
        content_type="application/json",
        **headers,
    )
    content: dict[str, Any] = response.json()
    return content


@either_payment
@whatever_is_off
def test_vouchers_and_gift_cards_of_the_shop_work_from_the_box_to_the_refund(
    running: SaleorShop, off: Off, payments: Payments
) -> None:
    # given
    own_voucher(running, "SPRING")
    own_gift_card("CARD-1234")
    with off(running):
        checkout = running.checkout(email="fay@example.com", payments=payments)

        # when, then
        assert not checkout.enter_code("NO-SUCH-CODE").accepted
        assert checkout.enter_code("CARD-1234").accepted
        assert checkout.remove_code("CARD-1234").accepted
        assert checkout.enter_code("SPRING").accepted
        assert (checkout.shown_code, checkout.total) == ("SPRING", 95)
        assert checkout.remove_code("SPRING").accepted
        assert checkout.enter_code("SPRING").accepted
        assert checkout.enter_code("CARD-1234").accepted
        assert checkout.complete().accepted
        order = checkout.placed
        assert order.total == 75
        order.pay()
        order.fulfil()
        order.refund("20.00")
        order.unfulfil()

    assert not Referral.objects.exists()
    running.verify_books()


@whatever_is_off
def test_accounts_of_the_shop_are_made_seen_and_deleted(running: SaleorShop, off: Off) -> None:
    anna = running.create_account("anna@example.com")
    user = User.objects.get(pk=anna.user_ref)
    given.friends_order(running, running.share(anna)).pay()
    bought = given.order_without_code(running, "anna@example.com", customer=anna)
    running.run_periodic_tasks()

    with off(running):
        me = running.api(
            """{ me {
              email orders(first: 5) { edges { node { id total { gross { amount } } } } }
              giftCards(first: 5) { edges { node { currentBalance { amount } } } }
              checkouts(first: 5) { edges { node { id } } }
            } }""",
            {},
            user,
        )["me"]
        running.create_account("new@example.com")
        running.delete_account(anna)

    assert me["email"] == "anna@example.com"
    [seen] = me["orders"]["edges"]
    assert seen["node"]["id"] == bought.id
    assert [c["node"]["currentBalance"] for c in me["giftCards"]["edges"]] == [{"amount": 10.0}]
    assert not User.objects.filter(email="anna@example.com").exists()


@pytest.mark.parametrize("off", [plugin_inactive, tables_missing])
def test_staff_make_vouchers_gift_cards_and_channels(running: SaleorShop, off: Off) -> None:
    made = {"voucherCreate": "voucher", "giftCardCreate": "giftCard", "channelCreate": "channel"}
    with off(running):
        answer = ask(
            running,
            """mutation {
              voucherCreate(input: {type: ENTIRE_ORDER, name: "New", addCodes: ["ABCDE-23456"]}) {
                voucher { id } errors { field message code }
              }
              giftCardCreate(input: {
                balance: {amount: 5, currency: "USD"}, isActive: true, code: "BCDEF-23456"
              }) { giftCard { id } errors { field message code } }
              channelCreate(input: {
                name: "New", slug: "new", currencyCode: "USD", defaultCountry: US, isActive: true
              }) { channel { id } errors { field message code } }
            }""",
            running.staff,
        )

    assert "errors" not in answer
    for name, what in made.items():
        assert answer["data"][name]["errors"] == []
        assert answer["data"][name][what]["id"]


def test_without_tables_our_fields_are_null_and_all_else_is_answered(running: SaleorShop) -> None:
    # given
    anna = running.create_account("anna@example.com")
    user = User.objects.get(pk=anna.user_ref)
    checkout = running.checkout(customer=anna)
    order = given.friends_order(running, running.share(anna))

    # when
    with trouble.without_tables():
        answer = ask(
            running,
            """query($checkout: ID!, $order: ID!) {
              me { email referral { code } referralClaim { code } }
              checkout(id: $checkout) { id referral { discount { amount } } }
              order(id: $order) { id referral { status } }
              referralProgram(slug: "default", channel: "default") { name }
              referralCode(code: "ABCDE-23456", channel: "default") { code }
            }""",
            user,
            checkout=checkout.id,
            order=order.id,
        )

    # then
    assert answer["data"] == {
        "me": {"email": "anna@example.com", "referral": None, "referralClaim": None},
        "checkout": {"id": checkout.id, "referral": None},
        "order": {"id": order.id, "referral": None},
        "referralProgram": None,
        "referralCode": None,
    }
    assert len(answer["errors"]) == 6
    for error in answer["errors"]:
        assert error["message"] == "The referral program is not available at the moment."
        assert error["extensions"]["referral"] == {"code": "UNAVAILABLE"}
        assert error["extensions"]["exception"]["code"] == "ReferralUnavailable"


def test_without_tables_our_mutations_and_staffs_queries_say_so(running: SaleorShop) -> None:
    checkout = running.checkout(email="fay@example.com")
    document = """
      mutation($checkout: ID!) {
        checkoutReferralCodeApply(id: $checkout, code: "ABCDE-23456") { errors { code } }
        checkoutReferralCodeRemove(id: $checkout) { errors { code } }
        checkoutEmailUpdate(id: $checkout, email: "gus@example.com") {
          checkout { email } errors { code }
        }
      }"""

    with trouble.without_tables():
        answer = ask(running, document, checkout=checkout.id)
        read = ask(
            running,
            "{ referrals(first: 5) { totalCount } referralWebhookEndpoints { id } shop { name } }",
            running.staff,
        )

    assert answer["data"] == {
        "checkoutReferralCodeApply": None,
        "checkoutReferralCodeRemove": None,
        "checkoutEmailUpdate": {"checkout": {"email": "gus@example.com"}, "errors": []},
    }
    codes = [e["extensions"]["exception"]["code"] for e in answer["errors"]]
    assert codes == ["ReferralUnavailable", "ReferralUnavailable"]
    assert read["data"]["shop"] == {"name": "Shop"}
    assert read["data"]["referrals"] == {"totalCount": None}
    assert read["data"]["referralWebhookEndpoints"] is None


def test_with_a_column_missing_all_else_is_answered(running: SaleorShop) -> None:
    anna = running.create_account("anna@example.com")
    running.share(anna)
    user = User.objects.get(pk=anna.user_ref)

    with trouble.without_column("referral_reward", "coupon_code"):
        answer = ask(
            running,
            """{ me { email referral { code rewards(first: 5) { edges { node { id } } } } }
                 shop { name } }""",
            user,
        )

    assert answer["data"]["me"]["email"] == "anna@example.com"
    assert answer["data"]["shop"] == {"name": "Shop"}
    assert answer["errors"]


# inside a transaction of Saleor's -------------------------------------------------------------
HOOKS: list[tuple[str, type[Model]]] = [
    ("checkout_created", Checkout),
    ("checkout_updated", Checkout),
    ("checkout_metadata_updated", Checkout),
    ("order_updated", Order),
    ("customer_created", User),
    ("customer_deleted", User),
    ("account_deleted", User),
    ("channel_updated", User),
]


@pytest.mark.parametrize(("hook", "model"), HOOKS)
def test_a_hook_that_fails_leaves_saleors_transaction_whole(
    running: SaleorShop, hook: str, model: type[Model]
) -> None:
    # given
    code = running.share(running.register("anna@example.com"))
    ben = running.create_account("ben@example.com")
    assert running.claim_on_account(ben, code).accepted
    given.friends_order(running, code, email="carl@example.com")
    checkout = running.checkout(email="fay@example.com")
    assert checkout.enter_code(code).accepted
    running.api.mutate(
        "updateMetadata",
        """mutation($id: ID!, $input: [MetadataInput!]!) {
          updateMetadata(id: $id, input: $input) { errors { field } }
        }""",
        {"id": checkout.id, "input": [{"key": "referralCode", "value": code}]},
    )
    subject = model._default_manager.order_by("pk").last()
    plugin = ReferralPlugin(configuration=[], active=True)

    # when
    with trouble.without_tables(), transaction.atomic():
        getattr(plugin, hook)(subject, previous_value=None)

        # then
        assert User.objects.filter(email="ben@example.com").exists()


def test_a_promo_code_is_made_inside_saleors_transaction(running: SaleorShop) -> None:
    from saleor.core.utils import promo_code

    with trouble.without_tables(), transaction.atomic():
        assert promo_code.is_available_promo_code("ABCDE-23456")
        assert User.objects.exists()


# staff are told -------------------------------------------------------------------------------
def page(shop: SaleorShop) -> dict[str, Any]:
    fields = shop.api(
        """query($id: ID!) { plugin(id: $id) {
          globalConfiguration { active configuration { name value helpText } }
        } }""",
        {"id": ReferralPlugin.PLUGIN_ID},
        shop.staff,
    )["plugin"]["globalConfiguration"]["configuration"]
    summary: dict[str, Any] = next(each for each in fields if each["name"] == "summary")
    return summary


def test_the_plugins_page_says_what_to_do(running: SaleorShop) -> None:
    with trouble.without_tables():
        said = page(running)

        with pytest.raises(ConfigurationError) as refused:
            running.configure(referee_discount="20%")

    assert said["value"] == "Not running: the database is not ready"
    assert said["helpText"].startswith(
        "The database is not as the referral program needs it: referral_"
    )
    assert str(refused.value).startswith("Nothing was saved. The database is not as the referral")
    assert page(running)["value"] != said["value"]


def test_a_column_that_is_missing_is_named(running: SaleorShop) -> None:
    with trouble.without_column("referral_program", "link_url"):
        said = page(running)

    assert "referral_program.link_url is not there" in said["helpText"]


def test_the_plugin_can_be_switched_off_without_tables(running: SaleorShop) -> None:
    with trouble.without_tables():
        running.switch_plugin(False)

    assert page(running)["value"] == "Running, as the API has it"
    running.switch_plugin(True)
    assert page(running)["value"] == "Running in default, euro"


def test_the_system_check_says_what_to_do(running: SaleorShop) -> None:
    def checked() -> str:
        said = io.StringIO()
        call_command("check", databases=["default"], stderr=said, stdout=said)
        return said.getvalue()

    assert "referral.W002" not in checked()
    with trouble.without_tables():
        said = checked()

    assert "referral.W002" in said
    assert "the shop sells on, and no referral code is accepted" in said


def test_forgotten_migrations_are_named_with_the_remedy(running: SaleorShop) -> None:
    with trouble.without_tables(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept AS TABLE django_migrations")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'referral'")
        said = tables.trouble()
        cursor.execute("INSERT INTO django_migrations SELECT * FROM kept WHERE app = 'referral'")
        cursor.execute("DROP TABLE kept")

    assert "the migrations 0001_initial, 0002_ledger have not run" in said
    assert said.endswith('Run "manage.py migrate".')
    assert tables.trouble() == ""


@pytest.mark.parametrize("task", [tasks.sweep, tasks.note_spending, tasks.deliver_events])
def test_the_log_says_what_to_do_in_one_line(
    running: SaleorShop, caplog: pytest.LogCaptureFixture, task: Any
) -> None:
    with trouble.without_tables(), caplog.at_level(logging.ERROR, "saleor_referral_plugin"):
        task.delay().get()

    assert caplog.records
    for record in caplog.records:
        assert record.getMessage().endswith('does not exist. Run "manage.py migrate".')
        assert record.exc_info is None


def test_a_guard_costs_no_query_where_there_is_no_code(running: SaleorShop) -> None:
    plugin = ReferralPlugin(configuration=[], active=True)
    order = Order.objects.get(pk=given.order_without_code(running, "fay@example.com").ref)
    running.checkout(email="gus@example.com")
    checkout = Checkout.objects.get()

    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        for hook in ("order_updated", "order_paid", "order_created"):
            getattr(plugin, hook)(order, previous_value=None)
        for hook in ("checkout_created", "checkout_updated", "checkout_metadata_updated"):
            getattr(plugin, hook)(checkout, previous_value=None)

    assert captured.captured_queries == []


# the broker -----------------------------------------------------------------------------------
def test_a_broker_that_is_away_is_asked_once_and_what_was_missed_is_found_later(
    running: SaleorShop, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    anna = running.register("anna@example.com")
    code = running.share(anna)

    # when
    with broker_away(running), caplog.at_level(logging.ERROR, "saleor_referral_plugin"):
        order = given.friends_order(running, code)
        order.pay()
        order.fulfil()

    # then
    assert order.total == 90
    assert running.referral(order) is None
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("The broker cannot be reached: ")
    assert said.endswith("What is due is left to the sweep.")

    # when
    running.run_periodic_tasks()

    # then
    assert running.balance(anna) == 10
    running.verify_books()


def test_after_a_while_the_broker_is_asked_again(running: SaleorShop) -> None:
    with mock.patch.object(tasks, "_tried_in_vain_at", float("-inf")):
        with mock.patch.object(
            tasks.settle_order, "apply_async", side_effect=OperationalError
        ) as asked:
            tasks.enqueue(tasks.settle_order, "x")
            tasks.enqueue(tasks.settle_order, "x")
            assert asked.call_count == 1

        with (
            mock.patch.object(tasks, "LEFT_ALONE", 0),
            mock.patch.object(tasks.settle_order, "apply_async") as asked,
        ):
            tasks.enqueue(tasks.settle_order, "x")
            asked.assert_called_once_with(("x",), retry=False)
