"""What the hooks cost, and that trouble of ours never breaks the shop."""

import json
from typing import Any
from unittest import mock

import graphene
import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from saleor.app.models import App
from saleor.checkout.models import Checkout
from saleor.core.models import EventDelivery
from saleor.order.models import Order
from saleor.permission.models import Permission
from saleor.plugins.manager import PluginsManager
from saleor.webhook.event_types import WebhookEventAsyncType

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import claims
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Offer, RewardKind, RewardRule, Terms
from saleor_referral_plugin.models import Referral, WebhookEndpoint
from saleor_referral_plugin.plugin import ReferralPlugin
from tests.scenarios import given
from tests.scenarios.saleor_shop import ORDER_HOOKS, SaleorShop


@pytest.fixture
def running(shop: SaleorShop) -> SaleorShop:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    return shop


@pytest.fixture
def plugin() -> ReferralPlugin:
    return ReferralPlugin(configuration=[], active=True)


def queries_of(hook: Any, subject: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        hook(subject, previous_value=None)
    return len(captured)


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_an_order_without_a_code_costs_no_query(
    running: SaleorShop, plugin: ReferralPlugin, hook: str
) -> None:
    checkout = running.checkout(email="fay@example.com")
    assert checkout.complete().accepted
    order = Order.objects.get(pk=checkout.placed.ref)

    assert queries_of(getattr(plugin, hook), order) == 0


@pytest.mark.parametrize(
    "hook", ["checkout_created", "checkout_updated", "checkout_metadata_updated"]
)
def test_a_checkout_without_a_code_costs_no_query(
    running: SaleorShop, plugin: ReferralPlugin, hook: str
) -> None:
    running.checkout(email="fay@example.com")

    assert queries_of(getattr(plugin, hook), Checkout.objects.get()) == 0


def test_an_order_with_a_code_costs_no_query_in_the_request_and_one_task(
    running: SaleorShop, plugin: ReferralPlugin
) -> None:
    checkout = running.checkout(email="fay@example.com")
    checkout.enter_code(running.share(running.register("anna@example.com")))
    assert checkout.complete().accepted
    order = Order.objects.get(pk=checkout.placed.ref)

    with mock.patch.object(tasks.settle_order, "apply_async") as enqueue:
        queries = queries_of(plugin.order_updated, order)

    assert queries == 0
    enqueue.assert_called_once_with((str(order.pk),), retry=False)


def test_a_checkout_with_a_code_costs_one_query_while_the_buyer_is_the_same(
    running: SaleorShop, plugin: ReferralPlugin
) -> None:
    checkout = running.checkout(email="fay@example.com")
    checkout.enter_code(running.share(running.register("anna@example.com")))

    assert queries_of(plugin.checkout_updated, Checkout.objects.get()) == 1


def test_a_failing_hook_does_not_stop_the_order_and_the_sweep_finds_it(
    running: SaleorShop,
) -> None:
    checkout = running.checkout(email="fay@example.com")
    checkout.enter_code(running.share(running.register("anna@example.com")))

    with mock.patch.object(tasks.settle_order, "apply_async", side_effect=OSError("no broker")):
        answer = checkout.complete()

    assert answer.accepted
    assert not Referral.objects.exists()
    running.run_periodic_tasks()
    assert Referral.objects.get().order_ref == checkout.placed.ref


def test_trouble_with_our_tables_leaves_the_promo_code_box_to_saleor(
    running: SaleorShop,
) -> None:
    code = running.share(running.register("anna@example.com"))
    checkout = running.checkout(email="fay@example.com")

    with mock.patch("saleor_referral_plugin.engine.codes.find", side_effect=DatabaseError):
        answer = checkout.enter_code(code)

    assert (answer.accepted, answer.code) == (False, "invalid")
    assert answer.message == "Promo code is invalid"
    assert checkout.complete().accepted


def test_trouble_with_our_tables_does_not_stop_a_sale(running: SaleorShop) -> None:
    checkout = running.checkout(email="fay@example.com")
    checkout.enter_code(running.share(running.register("anna@example.com")))

    with mock.patch.object(claims, "objection", side_effect=DatabaseError):
        answer = checkout.complete()

    assert answer.accepted
    assert checkout.placed.total == 90


def test_a_code_is_judged_once_when_it_is_typed(running: SaleorShop) -> None:
    code = running.share(running.register("anna@example.com"))
    checkout = running.checkout(email="fay@example.com")

    with mock.patch.object(claims, "_known", wraps=claims._known) as known:
        assert checkout.enter_code(code).accepted

    assert known.call_count == 1


def test_whoever_sends_rewards_hears_of_one_by_saleors_own_webhook(
    shop: SaleorShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    heard: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        PluginsManager,
        "notify",
        lambda self, event, payload_func, **_: heard.append((event, payload_func())),
    )
    mug = RewardRule(
        name="mug", kind=RewardKind.CUSTOM, worth=Offer(amounts=Amounts.of({"mug": 1}))
    )
    shop.run_program(Terms(rewards=(mug,)))
    anna = shop.register("anna@example.com")

    # when
    order = given.friends_order(shop, shop.share(anna))
    order.pay()

    # then
    [body] = [body for event, body in heard if event == "referral_reward_to_be_sent"]
    assert body["user"] == {"id": anna.user_ref, "email": "anna@example.com"}
    assert (body["amount"], body["currency"], body["order_id"]) == ("1", "mug", order.ref)


def test_an_app_that_listens_hears_what_happens_by_saleors_own_webhook(shop: SaleorShop) -> None:
    # given
    app = App.objects.create(name="CRM", is_active=True)
    app.permissions.add(Permission.objects.get(codename="manage_users"))
    webhook = app.webhooks.create(target_url="https://crm.example.com/", name="events")
    webhook.events.create(event_type=WebhookEventAsyncType.NOTIFY_USER)
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    shop.run_periodic_tasks()

    # when
    order = given.friends_order(shop, shop.share(anna))
    with mock.patch("saleor.webhook.transport.asynchronous.transport.send_webhook_request_async"):
        order.pay()
        shop.run_periodic_tasks()

    # then
    told = [
        json.loads(delivery.payload.get_payload())
        for delivery in EventDelivery.objects.filter(webhook=webhook).order_by("pk")
    ]
    heard = [each["payload"] for each in told if each["notify_event"] == "referral_event"]
    assert [each["type"] for each in heard] == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.approved",
        "reward.issued",
    ]
    assert {each["version"] for each in heard} == {1}
    order_id = graphene.Node.to_global_id("Order", order.ref)
    assert heard[-1]["data"]["referral"]["order_id"] == order_id

    # when
    webhook.delete()
    shop.run_periodic_tasks()

    # then
    assert list(WebhookEndpoint.objects.values_list("url", "is_active")) == [("", False)]
