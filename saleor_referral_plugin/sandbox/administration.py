"""The owner's side of the shop: the plugin's page, saved the way Saleor's Dashboard does it."""

from collections.abc import Mapping

from django.db import transaction

from .. import dashboard
from ..engine.store import get_store
from ..tasks import soon, sweep
from .models import PluginPage

_ROW = 1


@transaction.atomic
def save_plugin_page(values: Mapping[str, str | bool]) -> None:
    """Change the settings named, keep the others. Raises django's ValidationError, and then
    nothing is saved."""
    page = _locked_page()
    page.values = {**page.values, **values}
    _save(page)


@transaction.atomic
def switch_plugin(is_active: bool) -> None:
    """Switch the plugin on or off with the settings it has."""
    page = _locked_page()
    page.is_active = is_active
    _save(page)


def plugin_page() -> PluginPage:
    """The page as last saved, with the defaults of what was never filled in."""
    page = PluginPage.objects.filter(pk=_ROW).first() or PluginPage()
    page.values = {**dashboard.defaults(), **page.values}
    return page


def plugin_summary() -> dashboard.Summary:
    """In plain words, whether and where the program runs, and what it gives."""
    page = plugin_page()
    return dashboard.as_it_is(page.values, store=get_store(), active=page.is_active)


def _save(page: PluginPage) -> None:
    page.save()
    dashboard.save(page.values, active=page.is_active, store=get_store())
    soon(sweep)


def _locked_page() -> PluginPage:
    PluginPage.objects.bulk_create([PluginPage(pk=_ROW)], ignore_conflicts=True)
    return PluginPage.objects.select_for_update().get(pk=_ROW)
