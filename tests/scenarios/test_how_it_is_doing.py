"""Whoever watches the shop is told in figures how the program is doing, and what is stuck."""

import json
from contextlib import ExitStack
from io import StringIO
from typing import Any
from unittest import mock

from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_referral_plugin.engine import webhooks
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.watching import standing
from saleor_referral_plugin.models import Job, Program, UnsettledOrder, WebhookEndpoint
from tests.scenarios import given
from tests.scenarios.shop import Shop


def status(*options: str) -> tuple[str, str]:
    """What it says, and what it fails with, if it does."""
    told = StringIO()
    try:
        call_command("referral_status", *options, stdout=told)
    except CommandError as error:
        return told.getvalue(), str(error)
    return told.getvalue(), ""


def status_as_json() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(status("--json")[0])
    return read


def test_a_shop_that_works_is_said_to_work(shop: Shop) -> None:
    # given: one order settled, one credit on hold, two codes refused
    given.program(shop)
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    given.friends_order(shop, code).pay()
    assert not shop.checkout(customer=anna).enter_code(code).accepted
    assert not shop.checkout(email="ben@example.com").enter_code(code).accepted
    shop.run_periodic_tasks()

    # when
    said, failed = status()

    # then
    assert failed == ""
    assert "Oldest not settled     0 s; 0 referrals are due" in said
    assert "Refused within a day   1 own_code" in said
    assert "In USD                 10 promised, 0 owed, 0 owed by customers" in said

    # and: the same for machines
    read = status_as_json()
    assert (read["is_stuck"], read["troubles"]) == (False, [])
    assert read["refused"]["own_code"] == 1
    [money] = read["money"]
    assert (money["currency"], money["pending"], money["available"]) == ("USD", "10", "0")
    assert "money" not in json.loads(status("--json", "--no-money")[0])


def test_an_order_that_nobody_told_of_is_stuck_after_a_while(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    shop.run_periodic_tasks()

    # when: no hook comes, and no sweep
    with shop.losing_hooks():
        order = given.friends_order(shop, code)
    with no_periodic_tasks(shop):
        shop.travel(hours=1)
        said, failed = status()

        # then
        assert failed == "Something should have been settled 60 minutes ago: does beat run?"
        assert "Orders read up to" in said
        assert status_as_json()["lag"] >= 3600

    # when
    shop.run_periodic_tasks()

    # then
    assert shop.referral(order) is not None
    assert status()[1] == ""


def test_an_order_that_cannot_be_settled_is_stuck_after_a_while(shop: Shop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    with shop.losing_hooks():
        given.friends_order(shop, code)

    # when
    trouble = mock.patch(
        "saleor_referral_plugin.engine.sweep.settle", side_effect=ValueError("of ben@example.com")
    )
    with trouble:
        shop.run_periodic_tasks()
        assert status()[1] == ""
        shop.travel(hours=1)

        # then
        [order] = UnsettledOrder.objects.all()
        assert order.last_error == "ValueError: of ***"
        assert "1 orders cannot be settled, the first for 60 minutes" in status()[1]
        assert status_as_json()["unsettled"] == 1

    # when
    shop.travel(hours=7)

    # then
    assert status()[1] == ""


def test_a_credit_that_cannot_be_made_is_stuck(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    order = given.friends_order(shop, shop.share(shop.register("anna@example.com")))

    # when
    trouble = mock.patch.object(type(get_store()), "issue_credit", side_effect=RuntimeError)
    with trouble:
        order.pay()
        assert status()[1] == ""
        shop.travel(hours=7)

        # then
        assert status()[1] == (
            "1 credits or messages fail, the first for 7 hours: referral_inspect says why."
        )
        assert status_as_json()["effects_failed"] == 1

    # when
    shop.travel(hours=7)

    # then
    assert status()[1] == ""


def test_a_stopped_endpoint_and_a_job_that_nobody_does_are_stuck(shop: Shop) -> None:
    # given
    given.program(shop)
    now = get_store().now()
    webhooks.create("https://hooks.example.com/", now=now)

    # when
    WebhookEndpoint.objects.update(stopped_at=now)
    Job.objects.create(program=Program.objects.get(), kind=Job.Kind.REPLAY, created_at=now)

    # then
    assert status()[1] == (
        "1 webhook endpoints are stopped: nothing is sent there any more. "
        "1 long jobs wait for a worker."
    )


def test_it_costs_the_same_however_much_there_is(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    code = shop.share(shop.register("anna@example.com"))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            standing(store=get_store())
        return len(queries)

    few = asked()

    # when
    for number in range(4):
        given.friends_order(shop, code, email=f"friend{number}@example.com").pay()

    # then
    assert asked() == few


class no_periodic_tasks(ExitStack):
    """Time passes, and nobody sweeps."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.enter_context(mock.patch.object(type(shop), "run_periodic_tasks"))
