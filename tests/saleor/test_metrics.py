"""What is counted, read by OpenTelemetry's own SDK as Saleor has it installed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from opentelemetry import metrics as otel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from saleor_referral_plugin.engine import metrics
from saleor_referral_plugin.engine.store import get_store
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop

Points = dict[tuple[str, ...], float]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The values now, by name and attributes; with a provider of the test's own."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(otel, "get_meter_provider", lambda: provider)
    monkeypatch.setattr(metrics, "_meter", lambda: provider.get_meter(metrics.SCOPE))
    for cached in (metrics._counter, metrics._gauge):
        cached.cache_clear()

    def values() -> Points:
        data = reader.get_metrics_data()
        return {
            (metric.name.removeprefix("saleor.referral."), *point.attributes.values()): point.value
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        }

    yield values
    for cached in (metrics._counter, metrics._gauge):
        cached.cache_clear()
    provider.shutdown()


def test_a_referral_is_seen_in_the_figures(shop: SaleorShop, read: Any) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    assert not shop.checkout(customer=anna).enter_code(code).accepted
    given.friends_order(shop, code).pay()
    shop.run_periodic_tasks()
    found = read()

    # then
    assert found["refused", "own_code"] == 1
    assert found["settled", "qualified"] >= 1
    assert found["effects", "credit", "done"] == 1
    assert ("not_settled",) not in found
    assert found["unsettled.lag",] == found["unsettled.due",] == 0
    assert found["effects.waiting",] == found["effects.failed",] == found["events.waiting",] == 0

    # when: the money is added up once in an hour
    shop.travel(hours=2)
    found = read()

    # then
    assert found["money.promised", "USD"] == 0
    assert found["money.owed", "USD"] == 10
    assert found["money.debt", "USD"] == 0


def test_where_nobody_watches_nothing_is_asked(shop: SaleorShop) -> None:
    # given
    assert not metrics.is_watched()

    # when
    with CaptureQueriesContext(connection) as queries:
        metrics.watch(get_store())
        metrics.settled("qualified")
        metrics.refused("own_code")

    # then
    assert len(queries) == 0


#: A process that Saleor has set up as its web server and its workers do.
PROCESS = """
import django
django.setup()
from saleor.core.telemetry import initialize_telemetry
initialize_telemetry()
from saleor_referral_plugin.engine import metrics
metrics.settled("qualified")
print("WATCHED", metrics.is_watched())
from opentelemetry.metrics import get_meter_provider
get_meter_provider().force_flush()
"""


@pytest.mark.parametrize(("exporter", "is_watched"), [("console", True), ("none", False)])
def test_saleors_own_telemetry_carries_it(exporter: str, is_watched: bool) -> None:
    # given: switched on as OpenTelemetry is, by the environment
    environment = os.environ | {
        "OTEL_METRICS_EXPORTER": exporter,
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }

    # when
    done = subprocess.run(
        [sys.executable, "-c", PROCESS], env=environment, capture_output=True, text=True
    )

    # then
    assert done.returncode == 0, done.stderr
    assert f"WATCHED {is_watched}" in done.stdout
    assert ("saleor.referral.settled" in done.stdout) == is_watched
