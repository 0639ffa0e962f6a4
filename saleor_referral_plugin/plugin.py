"""The Saleor plugin: the Dashboard's page, and one line per hook.

No hook carries meaning: each says only "this order (or checkout) changed". An order or a
checkout without a code of ours costs no query. Trouble of ours is logged and left to the
sweep; the shop sells on. Only a deliberate refusal reaches the shopper.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from saleor.plugins.base_plugin import BasePlugin, ConfigurationTypeField

from . import dashboard, tasks
from .engine import tables, webhooks
from .engine.claims import follow_into_account
from .engine.codes import is_offer_code
from .engine.people import person
from .engine.programs import publish_again
from .engine.referrers import forget
from .engine.store import get_store
from .saleor import checkouts
from .saleor.apart import apart

logger = logging.getLogger(__name__)

FIELD_TYPES = {
    "string": ConfigurationTypeField.STRING,
    "boolean": ConfigurationTypeField.BOOLEAN,
    "output": ConfigurationTypeField.OUTPUT,
}


def never_break_the_shop(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Saleor does not isolate its plugins: what a hook raises is lost to the shopper, with
    the order's e-mails behind it. The sweep does later what failed here."""

    @functools.wraps(hook)
    def guarded(self: "ReferralPlugin", subject: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            hook(self, subject)
        except Exception:
            tables.log(logger, "%s failed; the sweep will see to it.", hook.__name__)
        # Whatever other plugins made of it goes on unchanged.
        return kwargs.get("previous_value")

    return guarded


def _order_hook(self: "ReferralPlugin", order: Any) -> None:
    if is_offer_code(order.voucher_code):
        tasks.soon(tasks.settle_order, str(order.pk))


def _orders_hook(self: "ReferralPlugin", orders: Any) -> None:
    for order in orders:
        _order_hook(self, order)


def _fulfillment_hook(self: "ReferralPlugin", fulfillment: Any) -> None:
    _order_hook(self, fulfillment.order)


def _customer_hook(self: "ReferralPlugin", user: Any) -> None:
    with apart():
        forget(person(user.pk, user.email), store=get_store())


def _new_customer_hook(self: "ReferralPlugin", user: Any) -> None:
    store = get_store()
    with apart():
        customer = store.customer(str(user.pk))
        if customer is not None:
            follow_into_account(customer, store=store)


def _channel_hook(self: "ReferralPlugin", channel: Any) -> None:
    with apart():
        publish_again(store=get_store())


class ReferralPlugin(BasePlugin):
    PLUGIN_ID = "referral"
    PLUGIN_NAME = "Referral program"
    PLUGIN_DESCRIPTION = (
        "Customers share a personal code; friends get a discount at checkout; when the "
        "friend's order has proved good, the customer is credited with a gift card. What is "
        "refunded is taken back."
    )
    # An inactive plugin is not even listed in the Dashboard; no program runs until the
    # owner says so.
    DEFAULT_ACTIVE = True
    # What differs by channel is written inside the fields: several of Saleor's events
    # carry no channel and would reach per-channel plugins any number of times.
    CONFIGURATION_PER_CHANNEL = False
    DEFAULT_CONFIGURATION = [
        {"name": name, "value": field[3]} for name, field in dashboard.FIELDS.items()
    ]
    CONFIG_STRUCTURE = {
        name: {"type": FIELD_TYPES[kind], "label": label, "help_text": help_text}
        for name, (kind, label, help_text, _) in dashboard.FIELDS.items()
    }

    order_created = never_break_the_shop(_order_hook)
    order_confirmed = never_break_the_shop(_order_hook)
    order_paid = never_break_the_shop(_order_hook)
    order_fully_paid = never_break_the_shop(_order_hook)
    order_fulfilled = never_break_the_shop(_order_hook)
    order_updated = never_break_the_shop(_order_hook)
    order_cancelled = never_break_the_shop(_order_hook)
    order_expired = never_break_the_shop(_order_hook)
    order_refunded = never_break_the_shop(_order_hook)
    order_fully_refunded = never_break_the_shop(_order_hook)
    order_bulk_created = never_break_the_shop(_orders_hook)
    fulfillment_created = never_break_the_shop(_fulfillment_hook)
    fulfillment_approved = never_break_the_shop(_fulfillment_hook)
    fulfillment_canceled = never_break_the_shop(_fulfillment_hook)
    channel_created = never_break_the_shop(_channel_hook)
    channel_updated = never_break_the_shop(_channel_hook)
    channel_status_changed = never_break_the_shop(_channel_hook)
    customer_created = never_break_the_shop(_new_customer_hook)
    account_deleted = never_break_the_shop(_customer_hook)
    customer_deleted = never_break_the_shop(_customer_hook)

    @never_break_the_shop
    def checkout_created(self, checkout: Any) -> None:
        """A storefront that remembers `?ref=` sends the code as checkout metadata. It comes after
        one that was claimed on the account."""
        owner = checkouts.owner_at_hand(checkout)
        claimed = checkouts.put_claim_on(checkout, owner)
        checkouts.claim_from_metadata(checkout, over=claimed)
        checkouts.put_credits_on(checkout, owner)

    @never_break_the_shop
    def checkout_metadata_updated(self, checkout: Any) -> None:
        checkouts.claim_from_metadata(checkout)

    @never_break_the_shop
    def checkout_updated(self, checkout: Any) -> None:
        """The buyer may be another one now. What changes with the goods is judged where
        Saleor calculates the discount; but there may be enough now for a code claimed on the
        account."""
        checkouts.judge_buyer(checkout)
        checkouts.put_claim_on(checkout, checkouts.owner_at_hand(checkout))

    def resolve_plugin_configuration(self, request: Any) -> Any:
        summary = self._summary({item["name"]: item["value"] for item in self.configuration})
        said = {"value": summary.headline, "help_text": summary.details}
        return [
            {**item, **said} if item["name"] == "summary" else item
            for item in super().resolve_plugin_configuration(request)
        ]

    def _summary(self, values: dict[str, Any]) -> dashboard.Summary:
        store = get_store()
        with store.writing():  # Saleor wants to know of any use of the main database.
            try:
                with apart():
                    summary = dashboard.as_it_is(values, store=store, active=self.active)
                    trouble = webhooks.trouble()
            except DatabaseError as error:
                if not tables.are_missing(error):
                    raise
                return dashboard.Summary("Not running: the database is not ready", tables.trouble())
        details = " ".join(filter(None, (summary.details, trouble)))
        return dashboard.Summary(summary.headline, details)

    @classmethod
    def save_plugin_configuration(cls, plugin_configuration: Any, cleaned_data: Any) -> Any:
        """All or nothing: the page, the new terms and their offer in one transaction."""
        if not plugin_configuration.name:
            # A row Saleor made just now, inactive; who saves without a word about it wants
            # what was before: the default.
            cleaned_data = {"active": cls.DEFAULT_ACTIVE, **cleaned_data}
        try:
            with transaction.atomic():
                return super().save_plugin_configuration(plugin_configuration, cleaned_data)
        except ValidationError:
            if not plugin_configuration.name:
                # Saleor made this row just before asking us, inactive; left behind, it
                # would switch the plugin off and hide it.
                plugin_configuration.delete()
            raise

    @classmethod
    def validate_plugin_configuration(cls, plugin_configuration: Any, **kwargs: Any) -> None:
        dashboard.read(_values(plugin_configuration), store=get_store())

    @classmethod
    def pre_save_plugin_configuration(cls, plugin_configuration: Any) -> None:
        plugin_configuration.name = cls.PLUGIN_NAME
        plugin_configuration.description = cls.PLUGIN_DESCRIPTION
        values, active = _values(plugin_configuration), plugin_configuration.active
        try:
            dashboard.save(values, active=active, store=get_store())
        except DatabaseError as error:
            if not tables.are_missing(error):
                raise
            if active:
                said = f"Nothing was saved. {tables.trouble()}"
                raise ValidationError(
                    {"summary": ValidationError(said, code="plugin-misconfigured")}
                ) from error
            # To be switched off it needs no tables.
            tables.log(logger, "The plugin was switched off, and nothing else.")
        tasks.soon(tasks.sweep)


def _values(plugin_configuration: Any) -> dict[str, Any]:
    return {item["name"]: item["value"] for item in plugin_configuration.configuration}
