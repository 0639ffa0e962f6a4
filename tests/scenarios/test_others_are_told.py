"""Others are told what happens: in order, and once it can be told."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from saleor_referral_plugin.engine import webhooks
from saleor_referral_plugin.engine.store import get_store
from tests.listener import Listener, listening
from tests.scenarios import given
from tests.scenarios.shop import Shop


@pytest.fixture
def listener(shop: Shop, settings: Any) -> Iterator[Listener]:
    """An address that the owner has set."""
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True
    with listening() as listener:
        webhooks.create(listener.url, now=get_store().now())
        yield listener


def told(listener: Listener) -> list[str]:
    return [json.loads(heard.body)["type"] for heard in listener.heard]


def test_from_the_claim_to_the_money_back(shop: Shop, listener: Listener) -> None:
    # given
    given.program(shop)
    anna = shop.register("anna@example.com")

    # when
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    shop.travel(days=14)
    order.refund("90.00")
    shop.run_periodic_tasks()

    # then
    assert told(listener) == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.pending",
        "reward.approved",
        "reward.issued",
        "referral.reversed",
        "reward.clawed_back",
    ]


def test_a_credit_that_is_spent(shop: Shop, listener: Listener) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)
    checkout = shop.checkout(lines=["6.00"], customer=anna)

    # when
    assert checkout.enter_code(card.code).accepted
    assert checkout.complete().accepted
    for _ in range(2):
        shop.run_periodic_tasks()

    # then
    body = json.loads(listener.heard[-1].body)
    assert body["type"] == "credit.spent"
    assert (body["data"]["credit"]["amount"], body["data"]["credit"]["currency"]) == ("6", "USD")


def test_whoever_was_not_there_is_told_later(shop: Shop, listener: Listener) -> None:
    # given
    given.program(shop, hold_days="0")
    listener.answer = 503
    order = given.friends_order(shop, shop.share(shop.register("anna@example.com")))
    order.pay()
    shop.travel(days=1)
    shop.repeat_hooks(order)
    listener.answer, listener.heard = 200, []

    # when
    shop.travel(days=1)

    # then
    assert told(listener) == [
        "claim.made",
        "referral.created",
        "referral.qualified",
        "reward.approved",
        "reward.issued",
    ]
    ids = Counter(heard.headers["webhook-id"] for heard in listener.heard)
    assert set(ids.values()) == {1}
