"""Are the books right? Against the oracle, against the shop, and by what must always hold."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from saleor_referral_plugin.engine import ledger
from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import Claim, Effect, Referral, Reward
from saleor_referral_plugin.sandbox.models import Customer, Order
from tests.torture import world
from tests.torture.oracle import Deserved, deserved


def faults_found() -> Iterator[str]:
    """One sentence for everything that is not as it should be."""
    yield from (str(difference) for difference in verify(store=get_store()))
    yield from _stuck()
    yield from _undelivered()
    yield from _unlike_the_oracle()


def what_there_is() -> str:
    """How much was judged."""
    rewards = Reward.objects.exclude(amount=0)
    entries = {pk: sums for _, pk, _, sums in ledger.summed(ledger.LedgerEntry.objects.all())}
    counted = {
        "orders placed": Order.objects.count(),
        "with a code": Order.objects.exclude(voucher_code=None).count(),
        "refused claims": Claim.objects.filter(status=Claim.Status.REFUSED).count(),
        "rewards given": rewards.count(),
        "cut by a limit": sum(_is_cut(referral) for referral in Referral.objects.all()),
        "taken back": Reward.objects.filter(status=Reward.Status.CLAWED_BACK).count(),
        "in debt": sum(sums.owed < 0 for sums in entries.values()),
        "ledger entries": ledger.LedgerEntry.objects.count(),
    }
    return ", ".join(f"{number} {what}" for what, number in counted.items())


def _is_cut(referral: Referral) -> bool:
    reached = FindingCode.CAP_REACHED.value
    return any(f["code"] == reached and not f["passed"] for f in referral.findings)


def _stuck() -> Iterator[str]:
    now = get_store().now()
    for effect in Effect.objects.filter(done_at=None):
        yield f"Effect {effect.key} of reward {effect.reward_id} waits: {effect.last_error}"
    for referral in Referral.objects.filter(look_again_at__lte=now):
        yield f"Order {referral.order_ref} should have been looked at again."


def _undelivered() -> Iterator[str]:
    sums = {pk: entries for _, pk, _, entries in ledger.summed(ledger.LedgerEntry.objects.all())}
    for reward in Reward.objects.order_by("pk"):
        entries = sums.get(reward.pk, ledger.NOTHING)
        if reward.amount and reward.status != Reward.Status.ISSUED:
            yield f"Reward {reward.pk} of {reward.amount} is {reward.status}."
        if entries.owed > 0:
            yield f"Reward {reward.pk}: {entries.owed} was never delivered."
        if entries.owed < 0 and entries.balance:
            yield f"Reward {reward.pk}: {-entries.owed} too much, and {entries.balance} is left."


def _unlike_the_oracle() -> Iterator[str]:
    given = _given()
    limited: list[tuple[Deserved, Decimal]] = []
    for order in deserved():
        credit, points = (given.pop((order.order_ref, rule), 0) for rule in ("credit", "points"))
        if points != order.points:
            yield f"{points} points instead of {order.points}: {_story(order.order_ref)}"
        if order.program == world.LIMITED and credit <= order.credit:
            limited.append((order, Decimal(credit)))
        elif credit != order.credit:
            yield f"{credit} instead of {order.credit}: {_story(order.order_ref)}"
    for (order_ref, rule), amount in given.items():
        yield f"{amount} as {rule} for nothing: {_story(order_ref)}"
    yield from _limits_not_kept(limited)


def _story(order_ref: str) -> str:
    """What the books and the shop say of an order, for whoever looks for the mistake."""
    order = Order.objects.get(pk=order_ref)
    same = Order.objects.filter(email=order.email).order_by("placed_at")
    referral = Referral.objects.filter(order_ref=order_ref).first()
    failed = [f for f in referral.findings if not f["passed"]] if referral else []
    return (
        f"order {order_ref} of {order.email}, placed {order.placed_at}, {order.goods} goods, "
        f"{order.total} total, cancelled {order.cancelled_at}, payments "
        f"{[(p.kind, str(p.amount), str(p.created_at)) for p in order.payments.all()]}, orders of "
        f"theirs {[(str(o.pk), str(o.placed_at), str(o.cancelled_at)) for o in same]}; "
        f"referral {referral and referral.status}, settled {referral and referral.settled_at}, "
        f"failed {failed}"
    )


def _given() -> dict[tuple[str, str], Decimal]:
    rewards = Reward.objects.exclude(amount=0).values_list("referral__order_ref", "rule", "amount")
    return {(order_ref, rule): amount for order_ref, rule, amount in rewards}


def _limits_not_kept(limited: list[tuple[Deserved, Decimal]]) -> Iterator[str]:
    """Nothing above a limit, and nothing cut where there is room."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for order, credit in limited:
        sums[order.referrer_id] += credit
    referrers = Customer.objects.filter(email__startswith="referrer").count()
    left = world.budget(referrers) - sum(sums.values(), Decimal(0))
    if left < 0:
        yield f"The budget is exceeded by {-left}."
    for referrer_id, given in sums.items():
        if given > world.LIMIT:
            yield f"Referrer {referrer_id} got {given}, more than {world.LIMIT}."
    for order, credit in limited:
        room = min(left, world.LIMIT - sums[order.referrer_id])
        if credit < order.credit and room > 0:
            yield f"Order {order.order_ref}: {credit} of {order.credit}, though {room} is free."
