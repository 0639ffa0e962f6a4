"""What is left of a run that went wrong: for each thing that is wrong, all that shop and books
say of it, with the time at which each row was last written; and where the sweep was."""

from collections.abc import Iterable
from pathlib import Path

from django.db import connection

from saleor_referral_plugin.models import Referral, Reward
from saleor_referral_plugin.sandbox.models import Order
from tests.torture.verdict import Wrong

#: Of one order: its own rows, and those of the buyer's other orders.
_OF_ORDER = {
    "referral_sandbox_order": "email = %(email)s",
    "referral_sandbox_orderline": "order_id = %(order)s::uuid",
    "referral_sandbox_payment": "order_id = %(order)s::uuid",
    "referral_sandbox_giftcarduse": "order_id = %(order)s::uuid",
    "referral_claim": "checkout_ref = %(checkout)s OR order_ref = %(order)s",
    "referral_referral": "order_ref = %(order)s",
    "referral_unsettledorder": "order_ref = %(order)s",
    "referral_knownorder": "order_ref = %(order)s",
}
_OF_REFERRAL = {
    "referral_reward": "referral_id = %(referral)s",
    "referral_staffdecision": "referral_id = %(referral)s",
    "referral_event": "referral_id = %(referral)s",
    "torture_change": "what = 'referral' AND pk = %(referral)s",
}
_OF_REWARD = {
    "referral_reward": "id = %(reward)s",
    "referral_ledgerentry": "reward_id = %(reward)s",
    "referral_effect": "reward_id = %(reward)s",
    "referral_staffdecision": "reward_id = %(reward)s",
    "referral_freedroom": "reward_id = %(reward)s",
    "referral_event": "reward_id = %(reward)s",
    "referral_sandbox_giftcard": "key LIKE 'reward-' || %(reward)s || '-%%'",
    "referral_sandbox_coupon": "key LIKE 'reward-' || %(reward)s || '-%%'",
    "torture_change": "what = 'reward' AND pk = %(reward)s",
}
_OF_ALL = dict.fromkeys(
    ("referral_bookmark", "referral_unsettledorder", "referral_sandbox_clock"), "true"
)


#: Where the server keeps it.
_COMMITTED_AT = """
CASE current_setting('track_commit_timestamp')
     WHEN 'on' THEN to_char(pg_xact_commit_timestamp(xmin), 'HH24:MI:SS.US') END
"""


def write(path: Path, wrong: Iterable[Wrong]) -> None:
    with path.open("w") as file:
        for line in _lines(wrong):
            print(line, file=file)


def _lines(wrong: Iterable[Wrong]) -> Iterable[str]:
    yield from _rows(_OF_ALL, {})
    for each in wrong:
        yield f"\nWRONG: {each}"
        reward = Reward.objects.filter(pk=each.reward).first()
        referral = reward.referral if reward else None
        order = Order.objects.filter(pk=each.order or _order_of(referral)).first()
        if order is not None:
            token = str(order.checkout_token)
            named = {"order": str(order.pk), "email": order.email, "checkout": token}
            yield from _rows(_OF_ORDER, named)
            referral = Referral.objects.filter(order_ref=str(order.pk)).first()
        if referral is not None:
            yield from _rows(_OF_REFERRAL, {"referral": referral.pk})
        rewards = [reward] if reward else list(referral.rewards.all()) if referral else []
        for one in rewards:
            yield from _rows(_OF_REWARD, {"reward": one.pk})


def _order_of(referral: Referral | None) -> str | None:
    return referral.order_ref if referral and referral.has_order else None


def _rows(tables: dict[str, str], params: dict[str, object]) -> Iterable[str]:
    with connection.cursor() as cursor:
        for table, condition in tables.items():
            cursor.execute(
                f"SELECT {_COMMITTED_AT}, to_jsonb(found) FROM {table} found"
                f" WHERE {condition} ORDER BY 1",
                params,
            )
            for committed_at, row in cursor.fetchall():
                yield f"  {committed_at} {table} {row}"
