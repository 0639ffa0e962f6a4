"""Installed, it is there; uninstalled, only the books remain."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask
from saleor.celeryconf import app as celery_app
from saleor.discount.models import Voucher
from saleor.plugins.models import PluginConfiguration
from saleor.schedulers.schedulers import DatabaseScheduler

from saleor_referral_plugin import checks
from saleor_referral_plugin.engine import webhooks
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Event, Referral, TermsVersion, WebhookEndpoint
from saleor_referral_plugin.tasks import BEAT_SCHEDULE
from tests.scenarios.saleor_shop import SaleorShop


def test_the_periodic_tasks_are_in_saleors_own_schedule() -> None:
    celery_app.loader.import_default_modules()

    for entry in BEAT_SCHEDULE.values():
        assert entry in settings.CELERY_BEAT_SCHEDULE.values()
        assert entry["task"] in celery_app.tasks


def test_a_supported_saleor_raises_no_warning() -> None:
    assert checks.saleor_version_is_supported(None) == []


def test_another_saleor_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saleor.__version__", "3.99.1")

    (warning,) = checks.saleor_version_is_supported(None)

    assert warning.id == "referral.W001"
    assert warning.msg == "The referral program is not made for Saleor 3.99.1."
    assert "3.21, 3.22, 3.23" in warning.hint


def test_uninstalling_removes_every_trace_but_the_books(
    shop: SaleorShop, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a program with an order, an address that is told of it, and a beat that has run
    webhooks.create("https://example.com/hook", now=get_store().now())
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    checkout = shop.checkout(email="fay@example.com")
    checkout.enter_code(shop.share(shop.register("anna@example.com")))
    assert checkout.complete().accepted
    DatabaseScheduler(app=celery_app, lazy=False).setup_schedule()
    assert PeriodicTask.objects.filter(name__startswith="referral").count() == 3

    # when
    call_command("referral_uninstall")

    # then
    assert capsys.readouterr().out == (
        "Removed 1 vouchers, 3 beat entries, 1 plugin settings, 1 webhook endpoints.\n"
    )
    assert not WebhookEndpoint.objects.exists()
    assert not Event.objects.exists()
    assert not Voucher.objects.exists()
    assert not PeriodicTask.objects.filter(name__startswith="referral").exists()
    assert not PluginConfiguration.objects.filter(identifier="referral").exists()
    assert Referral.objects.count() == 1
    assert TermsVersion.objects.count() == 1
