"""The group itself, run by Saleor's Python: figures go to the file named by `--out`."""

import argparse
import http.client
import itertools
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figures import Figure, save
from benchmarks.measuring import cpu_of, spread
from tests.system_postgres import free_port

#: The plugin's CPU through the app's and what it asks of the shop.
AIM = 0.2
#: Orders in one lap.
LAP = 5
REFERRERS = 10
#: Seconds. Three Saleors that start at once take their time.
PATIENCE = 600
#: Chargebacks and returns are told by ORDER_UPDATED alone.
EVENTS = ("order_fully_paid", "order_updated", "order_refunded", "order_cancelled")
SUBSCRIPTION = """subscription {
  event {
    ... on OrderFullyPaid { order { id } }
    ... on OrderUpdated { order { id } }
    ... on OrderRefunded { order { id } }
    ... on OrderCancelled { order { id } }
  }
}"""
APP = Path(__file__).with_name("app.py")


@dataclass(frozen=True)
class Prepared:
    """What all three shops have: a thing to buy, codes to buy it with, and tokens."""

    database: str
    variant: str
    ours: list[str]
    theirs: list[str]
    token: str
    app_token: str


class Served:
    """A Saleor behind HTTP, maybe with an app beside it."""

    def __init__(self, name: str, codes: list[str], token: str, port: int) -> None:
        self.name = name
        self.codes = itertools.cycle(codes)
        self.token = token
        self.port = port
        self.processes: list[subprocess.Popen[bytes]] = []
        self.app_port = 0
        self.buyers = itertools.count()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql/"

    @property
    def cpu(self) -> float:
        """Seconds, of the shop and its app."""
        return sum(cpu_of(process.pid) for process in self.processes)

    def ask(self, document: str, *, staff: bool = False, **variables: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Content-Type": "application/json"}
        if staff:
            headers["Authorization"] = f"Bearer {self.token}"
        body = json.dumps({"query": document, "variables": variables})
        connection.request("POST", "/graphql/", body, headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert "errors" not in answer, (self.name, answer)
        [[name, data]] = answer["data"].items()
        assert not data["errors"], (self.name, name, data)
        return data

    def sell(self, variant: str) -> None:
        """A friend's order: a checkout, a code, a payment, done."""
        made = self.ask(
            CREATE,
            input={
                "channel": "default",
                "email": f"{self.name}{next(self.buyers)}@example.com",
                "lines": [{"variantId": variant, "quantity": 1}],
                "billingAddress": _address(),
            },
        )
        checkout = made["checkout"]["id"]
        added = self.ask(ADD_CODE, id=checkout, code=next(self.codes))
        left = added["checkout"]["totalPrice"]["gross"]["amount"]
        paid = {"name": "Card", "amountCharged": {"amount": left, "currency": "USD"}}
        self.ask(PAY, staff=True, id=checkout, transaction=paid)
        self.ask(COMPLETE, id=checkout)

    def rest(self) -> None:
        """Until the app has dealt with all it was told."""
        deadline = time.monotonic() + PATIENCE
        while self.app_port:
            if time.monotonic() > deadline:
                raise TimeoutError("The app has not dealt with what it was told.")
            connection = http.client.HTTPConnection("127.0.0.1", self.app_port)
            connection.request("GET", "/")
            if connection.getresponse().read() == b"0":
                return
            time.sleep(0.02)


ERRORS = "errors { field message code }"
CREATE = f"""mutation($input: CheckoutCreateInput!) {{
  checkoutCreate(input: $input) {{ checkout {{ id }} {ERRORS} }}
}}"""
ADD_CODE = f"""mutation($id: ID!, $code: String!) {{
  checkoutAddPromoCode(id: $id, promoCode: $code) {{
    checkout {{ totalPrice {{ gross {{ amount }} }} }} {ERRORS}
  }}
}}"""
PAY = f"""mutation($id: ID!, $transaction: TransactionCreateInput!) {{
  transactionCreate(id: $id, transaction: $transaction) {{ {ERRORS} }}
}}"""
COMPLETE = f"""mutation($id: ID!) {{
  checkoutComplete(id: $id) {{ order {{ id }} {ERRORS} }}
}}"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    prepared = _prepare()
    rounds = max(arguments.pairs // LAP, 4)
    with _shops(prepared) as shops:
        save(_figures(shops, prepared, rounds), arguments.out)


def _figures(shops: Mapping[str, Served], prepared: Prepared, rounds: int) -> list[Figure]:
    each: dict[str, list[float]] = {name: [] for name in shops}
    names = list(shops)
    for number in range(-2, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            shop = shops[name]
            before = shop.cpu
            for _ in range(LAP):
                shop.sell(prepared.variant)
            shop.rest()
            if number >= 0:
                each[name].append((shop.cpu - before) / LAP * 1000)
    sold = (rounds + 2) * LAP
    for name, cards in _gift_cards(prepared, shops).items():
        expected = 0 if name == "neither" else sold
        assert cards == expected, f"{name}: {cards} gift cards for {sold} orders"
    plain = statistics.median(each["neither"])
    ours = statistics.median(each["ours"]) - plain
    theirs = statistics.median(each["theirs"]) - plain
    figures = [
        Figure(
            "a referral by the plugin / by an app, CPU beyond the order itself",
            ours / theirs,
            "ratio",
            AIM,
            remark=f"{ours:.1f} ms to {theirs:.1f} ms",
        )
    ]
    words = {"neither": "a plain voucher", "ours": "the plugin", "theirs": "an app"}
    for name, values in each.items():
        figures.append(
            Figure(
                f"an order with a code, {words[name]}: CPU of the shop and its app",
                statistics.median(values),
                "ms",
                spread=spread(values),
                remark=f"median of {len(values)} laps of {LAP} orders",
            )
        )
    return figures


# the shops -----------------------------------------------------------------------------------
def _prepare() -> Prepared:
    """A database with a shop in it, which all three get a copy of."""
    import django

    logging.disable(logging.WARNING)
    django.setup()
    from django.db import connection, connections
    from django.test.utils import setup_databases, setup_test_environment

    from benchmarks.inside_saleor.shop import BenchShop
    from tests.saleor import database

    setup_test_environment(debug=False)
    setup_databases(verbosity=0, interactive=False)
    database.complete()
    with BenchShop.open() as shop:
        assert isinstance(shop, BenchShop)
        prepared = _fill(shop, connection.settings_dict["NAME"])
    connections.close_all()
    return prepared


def _fill(shop: Any, database: str) -> Prepared:
    from saleor.account.models import User
    from saleor.app.models import App
    from saleor.discount.models import Voucher, VoucherCode
    from saleor.permission.models import Permission
    from saleor.webhook.models import Webhook, WebhookEvent

    from tests.scenarios import given
    from tests.scenarios.saleor_shop import global_id

    shop.start()
    given.program(shop, hold_days="0")
    people = [shop.register(f"referrer{n}@example.com") for n in range(REFERRERS)]
    voucher = Voucher.objects.get(name="Summer")
    theirs = []
    for number, customer in enumerate(people):
        code = f"CODE{number}"
        VoucherCode.objects.create(voucher=voucher, code=code)
        User.objects.filter(pk=customer.user_ref).update(metadata={"referral_code": code})
        theirs.append(code)
    driver = App.objects.create(name="Driver", is_active=True)
    app = App.objects.create(name="Referrals", is_active=True)
    for each in (driver, app):
        each.permissions.set(Permission.objects.all())
    webhook = Webhook.objects.create(
        app=app,
        name="Orders",
        is_active=False,
        secret_key="only for tests",
        target_url="http://127.0.0.1/",
        subscription_query=SUBSCRIPTION,
    )
    for event in EVENTS:
        WebhookEvent.objects.create(webhook=webhook, event_type=event)
    return Prepared(
        database,
        global_id("ProductVariant", shop.variant.pk),
        [shop.share(customer) for customer in people],
        theirs,
        driver.tokens.create()[1],
        app.tokens.create()[1],
    )


@contextmanager
def _shops(prepared: Prepared) -> Iterator[dict[str, Served]]:
    with ExitStack() as stack:
        shops = {}
        for name, codes in (
            ("neither", prepared.theirs),
            ("ours", prepared.ours),
            ("theirs", prepared.theirs),
        ):
            database = f"bench_{name}"
            _execute("postgres", f'CREATE DATABASE {database} TEMPLATE "{prepared.database}"')
            shop = Served(name, codes, prepared.token, free_port())
            environment = os.environ | {
                "DJANGO_SETTINGS_MODULE": "benchmarks.otherwise.settings",
                "BENCH_DATABASE": database,
            }
            if name != "ours":
                environment["BENCH_WITHOUT_US"] = "yes"
            if name == "theirs":
                shop.app_port = free_port()
                _execute(
                    database,
                    "UPDATE webhook_webhook SET is_active = true,"
                    f" target_url = 'http://127.0.0.1:{shop.app_port}/'",
                )
            _start(
                stack,
                shop,
                environment,
                *("-m", "uvicorn", "saleor.asgi:application", "--log-level", "error"),
                *("--host", "127.0.0.1", "--port", str(shop.port)),
            )
            if name == "theirs":
                parts = (str(APP), str(shop.app_port), shop.address, prepared.app_token)
                _start(stack, shop, environment, *parts)
            shops[name] = shop
        for shop in shops.values():
            _wait_for(shop, shop.port)
            if shop.app_port:
                _wait_for(shop, shop.app_port)
        yield shops


def _start(stack: ExitStack, shop: Served, environment: Mapping[str, str], *arguments: str) -> None:
    process = subprocess.Popen([sys.executable, "-W", "ignore", *arguments], env=environment)
    shop.processes.append(process)
    stack.callback(process.wait)
    stack.callback(process.terminate)


def _wait_for(shop: Served, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/health/")
            connection.getresponse().read()
            return
        except OSError:
            ended = any(process.poll() is not None for process in shop.processes)
            if ended or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _gift_cards(prepared: Prepared, shops: Mapping[str, Served]) -> dict[str, int]:
    with psycopg.connect(_url(prepared.database)) as connection:
        found = connection.execute("SELECT count(*) FROM giftcard_giftcard").fetchone()
    before = found[0] if found else 0
    counts = {}
    for name in shops:
        with psycopg.connect(_url(f"bench_{name}")) as connection:
            found = connection.execute("SELECT count(*) FROM giftcard_giftcard").fetchone()
            counts[name] = (found[0] if found else 0) - before
    return counts


def _url(database: str) -> str:
    address, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{address}/{database}"


def _execute(database: str, statement: str) -> None:
    with psycopg.connect(_url(database), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def _address() -> dict[str, str]:
    from tests.scenarios.saleor_shop import ADDRESS

    return ADDRESS


if __name__ == "__main__":
    main()
