"""What the hooks cost, and that trouble of ours never breaks the shop."""

from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from saleor.checkout.models import Checkout
from saleor.order.models import Order
from saleor.plugins.manager import PluginsManager

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import claims
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import Offer, RewardKind, RewardRule, Terms
from saleor_referral_plugin.models import Referral
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
