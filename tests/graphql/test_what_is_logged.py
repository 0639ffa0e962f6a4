"""What must stay between the shop and its customers is in no log line, no webhook and no repr:
addresses, codes, tokens, and the shop's own secrets."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from saleor_referral_plugin.conf import settings as our_settings
from saleor_referral_plugin.engine import presets, webhooks
from saleor_referral_plugin.engine.deliveries import deliver
from saleor_referral_plugin.engine.facts import CustomerFacts, PlacedOrder
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import ProgramKind
from saleor_referral_plugin.models import Effect, Program, Referral, WebhookEndpoint
from tests.graphql.api import Api, global_id
from tests.listener import Listener, listening
from tests.scenarios import given
from tests.scenarios.shop import Shop

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
KEY = "the key that nobody must ever read"

#: Saleor's own, of its own doings, and what others write only for who asks them to: every
#: statement with its values, every request with its path.
NOT_OURS = ("saleor.", "django.", "urllib3", "celery", "kombu", "asyncio")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.REFERRAL_HASH_KEY = KEY
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True


def test_the_main_stories_leave_no_secret_in_a_log_or_a_webhook(
    shop: Shop, api: Api, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    # given: whatever can be said is said
    caplog.set_level(logging.DEBUG)
    store = get_store()
    given.program(shop, hold_days="0")
    listener.url += "?token=part-of-the-address"
    webhooks.create(listener.url, now=store.now())
    webhooks.create(listener.url.replace("hook", "none"), now=store.now())
    secrets = list(WebhookEndpoint.objects.values_list("secret", flat=True))

    # when: a friend buys, after trying this and that, and pays, and gets money back
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    checkout = shop.checkout(email="ben@example.com", metadata={"referral_code": "NOBODYS-CODE"})
    checkout_id = api.checkout_id(checkout)
    assert not checkout.enter_code("NOBODYS-OTHER").accepted
    api.run("preview-code", checkoutId=checkout_id, code=code)
    api.run("what-a-code-gives", code=code, channel="default")
    order = given.friends_order(shop, code, email="ben@example.com")
    order.pay()
    own = shop.checkout(customer=anna)
    assert not own.enter_code(code).accepted
    [card] = shop.gift_cards(anna)
    order.refund("60.00")

    # and: events are sent to one who takes them and to one who does not
    listener.answers = [500, 410]
    deliver(store=store)
    shop.travel(days=6)
    deliver(store=store)

    # and: somebody signs up
    shop.run_program(presets.waitlist(), slug="launch", kind=ProgramKind.WAITLIST)
    program = global_id("ReferralProgram", Program.objects.get(slug="launch").pk)
    page = "http://localhost/waiting"
    api.run("sign-up", program=program, email="carl@example.com", redirectUrl=page, code=code)

    # and: something goes wrong, in words that say too much
    trouble = IntegrityError(
        'duplicate key value violates unique constraint "code"\n'
        "DETAIL: Key (code)=(GIFT-CARD-CODE) already exists."
    )
    other = given.friends_order(shop, code, email="dora@example.com")
    with mock.patch.object(type(store), "issue_credit", side_effect=trouble):
        other.pay()
    shop.delete_account(anna)
    shop.run_periodic_tasks()

    # then
    logged = "\n".join(
        f"{record.name} {record.getMessage()}"
        for record in caplog.records
        if not record.name.startswith(NOT_OURS)
    )
    bodies = "\n".join(heard.body.decode() for heard in listener.heard)
    assert "saleor_referral_plugin" in logged
    assert "referral.qualified" in bodies
    known = [email_key(f"{name}@example.com") or "" for name in ("anna", "ben", "carl", "dora")]
    hidden = [code, code.replace("-", ""), card.code, KEY, "NOBODYS", *secrets, *known]
    for text in (logged, bodies):
        assert ADDRESS.findall(text) == []
        assert [secret for secret in hidden if secret in text] == []
    assert "part-of-the-address" not in logged

    # and: nor does what staff are told of the trouble
    [effect] = Effect.objects.exclude(last_error="")
    assert effect.last_error == (
        'IntegrityError: duplicate key value violates unique constraint "code"'
    )


def test_the_story_of_an_order_names_nobody(shop: Shop) -> None:
    # given
    given.program(shop)
    order = given.friends_order(shop, shop.share(shop.register("anna@example.com")))
    order.pay()
    told = StringIO()

    # when
    call_command("referral_inspect", Referral.objects.get().order_ref, stdout=told)

    # then
    assert "Order #" in told.getvalue()
    assert ADDRESS.findall(told.getvalue()) == []
    assert (email_key("ben@example.com") or "?") not in told.getvalue()


def test_what_errors_carry_along_does_not_show_whose_it_is(shop: Shop) -> None:
    # given
    store = get_store()
    anna = shop.register("anna@example.com")
    endpoint = webhooks.create("https://hooks.example.com/", now=store.now())
    facts = store.customer(anna.user_ref)
    now = store.now()

    # then: a repr, as error trackers show of every variable
    assert isinstance(facts, CustomerFacts)
    placed = PlacedOrder("1", None, "ben@example.com", now, now)
    shown = " ".join(map(repr, (facts, placed, endpoint, our_settings)))
    assert ADDRESS.findall(shown) == []
    assert KEY not in shown
    assert endpoint.secret not in shown


def test_the_api_gives_a_secret_once_and_never_shows_it_again(shop: Shop, api: Api) -> None:
    # given
    staff = ("MANAGE_APPS",)
    made = api.run("create-webhook-endpoint", permissions=staff, url="https://hooks.example.com/")
    secret = WebhookEndpoint.objects.get(url="https://hooks.example.com/").secret
    assert secret in json.dumps(made)

    # when
    seen = api.run("webhook-endpoints", permissions=staff)

    # then
    assert secret not in json.dumps(seen)
