"""What each hook of the plugin asks of the database, driven through Saleor's PluginsManager.

The same hook is called by a manager with our plugin alone and by one without any: the
difference is ours.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.test import override_settings
from saleor.plugins.manager import PluginsManager, get_plugins_manager

from benchmarks.figures import Figure, counted
from benchmarks.inside_saleor.presence import OURS
from benchmarks.inside_saleor.shop import BenchShop
from benchmarks.measuring import Statements, statements
from saleor_referral_plugin.engine.claims import METADATA_KEY
from saleor_referral_plugin.plugin import ReferralPlugin

WITH_A_CODE = 1
Subject = tuple[Any, ...]


def run(shop: BenchShop) -> Iterator[Figure]:
    for code, words, aim in ((None, "without a code", 0), (shop.code, "with a code", WITH_A_CODE)):
        subjects = _subjects(shop, code)
        for hook in hooks_of_the_plugin():
            subject = subjects[hook.partition("_")[0]](hook)
            if subject is not None:
                yield _figure(f"{hook}, {words}: statements", hook, subject, aim=aim)
    yield from _beyond(shop)


def _subjects(shop: BenchShop, code: str | None) -> dict[str, Callable[[str], Subject | None]]:
    """What a hook is called with, by the first word of its name."""
    order, checkout = shop.order_row(code), shop.checkout_row(code)
    fulfillment = shop.fulfillment_row(code)
    return {
        "order": lambda hook: ([order],) if "bulk" in hook else (order,),
        "fulfillment": lambda _: (fulfillment,),
        "checkout": lambda _: (checkout,),
        # Neither order nor checkout: see _beyond.
        "channel": lambda _: None,
        "account": lambda _: None,
        "customer": lambda _: None,
    }


def _beyond(shop: BenchShop) -> Iterator[Figure]:
    """Hooks that belong to no order and no checkout with a code on it."""
    for hook in ("account_deleted", "customer_deleted"):
        somebody = shop._user(shop.register(f"somebody.{hook}@example.com"))
        yield _figure(f"{hook}, never asked for a code: statements", hook, (somebody,))
        customer = shop.register(f"referrer.{hook}@example.com")
        shop.share(customer)
        yield _figure(f"{hook}, a referrer: statements", hook, (shop._user(customer),))
    checkout = shop.checkout_row()
    checkout.metadata_storage.metadata[METADATA_KEY] = shop.code
    yield _figure(
        "checkout_created, a code in its metadata, the claim itself: statements",
        "checkout_created",
        (checkout,),
    )


def hooks_of_the_plugin() -> list[str]:
    """Every method of the plugin that Saleor calls about something that happens."""
    return [
        name
        for name in vars(ReferralPlugin)
        if callable(getattr(PluginsManager, name, None))
        and not name.startswith("_")
        and "configuration" not in name
    ]


def _figure(name: str, hook: str, subject: Subject, aim: int | None = None) -> Figure:
    without = _calling(hook, subject, plugins=())
    ours = _calling(hook, subject, plugins=(OURS,))
    return counted(name, len(ours) - len(without), aim=aim, remark=str(ours))


def _calling(hook: str, subject: Subject, plugins: Sequence[str]) -> Statements:
    with override_settings(PLUGINS=plugins):
        manager = get_plugins_manager(allow_replica=False)
        # Plugins are loaded with the first event of a request, whatever it is.
        manager.get_all_plugins()
        with statements() as seen:
            getattr(manager, hook)(*subject)
    return seen
