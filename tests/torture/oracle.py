"""What the rewards should be: from the shop's own tables and what staff have decided, by plain
arithmetic, one order after the other. It shares no code with the engine."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor

from saleor_referral_plugin.models import Claim, Referral, Referrer, Reward, StaffDecision
from saleor_referral_plugin.sandbox.models import Coupon, Order
from tests.torture import world

#: Whoever has two accounts in the shop has two addresses.
Buyer = str
ADJUSTMENT = "Adjustment"


@dataclass
class Deserved:
    """What an order deserves without any limit, by the names of the rules, and whose code it was
    made with. `may_wait`: unless it is in review. `rivals`: of whose orders in which program staff
    have let one count that the rules do not; whichever did first, the others do not."""

    order_ref: str
    program: str
    referrer_id: int
    may_wait: bool
    rivals: tuple[Buyer, str] | None
    rewards: dict[str, Decimal] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        return bool(self.rewards)


@dataclass(frozen=True)
class _Bound:
    """An order and the code it was made with, or was given by staff."""

    program: str
    referrer_id: int
    is_late: bool
    ruling: str | None


def deserved() -> Iterator[Deserved]:
    """Of all orders that are somebody's."""
    bindings = _bindings()
    overridden = _overridden()
    blocked = set(Referrer.objects.exclude(blocked_by=None).values_list("pk", flat=True))
    voided = _voided_of_orders()
    first_of: dict[Buyer, str] = {}
    orders = Order.objects.order_by("placed_at", "number").prefetch_related("payments", "lines")
    for order in orders.iterator(chunk_size=1000):
        ref = str(order.pk)
        is_first = order.cancelled_at is not None or first_of.setdefault(order.email, ref) == ref
        bound = bindings.get(ref)
        if bound is None:
            continue
        rivals = (order.email, bound.program)
        is_in_spite = bound.ruling == "override"
        found = Deserved(
            ref,
            bound.program,
            bound.referrer_id,
            may_wait=bound.ruling is None and (bound.is_late or bound.referrer_id in blocked),
            rivals=rivals if rivals in overridden else None,
        )
        if (is_in_spite or is_first) and bound.ruling != "reject":
            found.rewards = _of(order, bound.program, is_in_spite=is_in_spite)
            # Withdrawn rewards are nothing, and the friend counts all the same.
            found.rewards |= {rule: Decimal(0) for rule in voided[ref] if found.rewards}
        yield found


def given_by_staff() -> dict[int, Decimal]:
    """What each reward is worth that staff gave of their own."""
    given = StaffDecision.objects.filter(kind="adjust").values_list("reward_id", "of")
    voided = _voided()
    return {
        pk: Decimal(0) if pk in voided else Decimal(of.split()[0])
        for pk, of in given
        if pk is not None
    }


def for_friends(found: list[Deserved]) -> dict[int, Decimal]:
    """By referrer: what so many friends bring."""
    friends: dict[int, int] = defaultdict(int)
    for each in found:
        friends[each.referrer_id] += each.program == world.FREE and each.counts
    voided = _voided()
    withdrawn = set(
        Reward.objects.filter(referral=None, pk__in=voided)
        .exclude(rule=ADJUSTMENT)
        .values_list("holder_id", flat=True)
    )
    return {
        pk: Decimal(0) if pk in withdrawn else world.FOR_FRIENDS
        for pk, count in friends.items()
        if count >= world.FRIENDS
    }


def _bindings() -> dict[str, _Bound]:
    """By order: what staff have made of it, or the claim on its checkout."""
    bindings = {}
    claims = {
        claim.checkout_ref: claim
        for claim in Claim.objects.filter(status__in=("open", "used"))
        .select_related("terms__program", "code")
        .order_by("pk")
    }
    taken_off = set(StaffDecision.objects.filter(kind="detach").values_list("of", flat=True))
    # A coupon takes the place of the code on the checkout, and is no claim.
    with_a_code = Order.objects.exclude(voucher_code=None).exclude(
        voucher_code__in=Coupon.objects.values("code")
    )
    for pk, token in with_a_code.values_list("pk", "checkout_token"):
        claim = claims.get(str(token))
        if claim is not None and str(pk) not in taken_off:
            bindings[str(pk)] = _Bound(
                claim.terms.program.slug, claim.code.referrer_id, False, None
            )
    rulings = _rulings()
    for referral in Referral.objects.select_related("program", "claim"):
        if referral.order_ref in bindings or referral.pk in rulings:
            claim = referral.claim
            bindings[referral.order_ref] = _Bound(
                referral.program.slug,
                referral.referrer_id,
                claim is not None and claim.source == Claim.Source.STAFF,
                rulings.get(referral.pk),
            )
    return bindings


def _rulings() -> dict[int, str | None]:
    """The last word on each referral of which staff have said anything."""
    said = StaffDecision.objects.exclude(referral=None).order_by("pk")
    return {
        pk: None if kind == "undo" else kind
        for pk, kind in said.values_list("referral_id", "kind")
        if pk is not None
    }


def _overridden() -> set[tuple[Buyer, str]]:
    """Whose orders, in which program, staff have ever let count in spite of the rules."""
    by = StaffDecision.objects.filter(kind="override")
    of = set(by.values_list("referral__order_ref", "referral__program__slug"))
    # Of those that were taken off their orders since.
    gone = StaffDecision.objects.filter(kind="detach", referral__in=by.values("referral"))
    of |= set(gone.values_list("of", "referral__program__slug"))
    slugs: dict[str | None, str | None] = {ref: slug for ref, slug in of if ref and ":" not in ref}
    emails = Order.objects.filter(pk__in=slugs).values_list("pk", "email")
    return {(email, slugs[str(pk)] or "") for pk, email in emails}


def _voided() -> set[int]:
    """The rewards that staff have withdrawn, and not given back."""
    said = StaffDecision.objects.exclude(reward=None).order_by("pk")
    last = {pk: kind for pk, kind in said.values_list("reward_id", "kind") if pk is not None}
    return {pk for pk, kind in last.items() if kind == "void"}


def _voided_of_orders() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    rewards = Reward.objects.filter(pk__in=_voided()).exclude(referral=None)
    for ref, rule in rewards.values_list("referral__order_ref", "rule"):
        if ref is not None:
            found[ref].append(rule)
    return found


def _of(order: Order, program: str, *, is_in_spite: bool) -> dict[str, Decimal]:
    """Nothing, or what the rewards are called and worth."""
    lines = list(order.lines.all())
    if program == world.OF_TOYS:
        lines = [line for line in lines if line.product_id in world.TOYS]
    goods = sum((line.price * line.quantity for line in lines), Decimal(0))
    returned = sum((line.price * line.returned for line in lines), Decimal(0))
    off = sum((line.discount for line in lines), Decimal(0))
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for payment in order.payments.all():
        moved[payment.kind] += payment.amount
    back = moved["refund"] - moved["refund_reverse"] + moved["chargeback"]
    gone = max(
        Fraction(back) / Fraction(order.total) if order.total else Fraction(0),
        Fraction(returned) / Fraction(goods) if goods else Fraction(0),
    )
    kept = 0 if order.cancelled_at else max(1 - gone, Fraction(0))
    is_enough = bool(goods) and _rounded(Fraction(goods) * kept) >= world.MINIMUM
    if not kept or moved["charge"] < order.total or not (is_enough or is_in_spite):
        return {}
    credit = _rounded(Fraction(goods - off) * kept * world.CREDIT_PERCENT / 100)
    if program == world.OF_TOYS:
        return {"credit": credit, "coupon": Decimal(1)}
    return {"credit": credit, "points": Decimal(world.POINTS)}


def _rounded(value: Fraction) -> Decimal:
    """To the cent, half up."""
    return Decimal(floor(value * 100 + Fraction(1, 2))) / 100
