"""What most stories end with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from saleor_referral_plugin.models import Effect, LedgerEntry, Referral, Reward
from tests.scenarios.shop import Customer, Order, Shop


def rewards(shop: Shop, customer: Customer) -> list[str]:
    """The customer's rewards in words, the oldest first: "5 USD issued"."""
    return [str(reward) for reward in shop.rewards(customer)]


def no_entries() -> bool:
    """Nothing was ever promised to anybody."""
    return not LedgerEntry.objects.exists()


@contextmanager
def nothing_changes() -> Iterator[None]:
    """What is done inside leaves no trace in the books."""
    before = _books()
    yield
    assert _books() == before


def nothing_more(shop: Shop, *orders: Order) -> None:
    """Every event once more, and the periodic tasks, too, change nothing."""
    with nothing_changes():
        for order in orders:
            shop.repeat_hooks(order)
        shop.run_periodic_tasks()
    shop.verify_books()


def _books() -> list[list[Any]]:
    columns = {
        LedgerEntry: ("pk", "reward", "holder", "kind", "currency", "amount"),
        Reward: ("pk", "status", "amount", "hold_until", "earned_at", "expires_at", "credit_ref"),
        Referral: ("pk", "status", "group", "earned_at", "findings"),
        Effect: ("pk", "key", "done_at"),
    }
    return [list(model.objects.order_by("pk").values_list(*of)) for model, of in columns.items()]
