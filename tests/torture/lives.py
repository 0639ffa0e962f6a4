"""What happens to an order: in the shop, and by staff as the API lets them."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

from django.db import transaction
from prices import Money

from saleor_referral_plugin import tasks
from saleor_referral_plugin.engine import codes, staff
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Program, Referral, ReferralCode, Referrer, Reward
from saleor_referral_plugin.sandbox import shop
from saleor_referral_plugin.sandbox.models import Customer, Order
from tests.torture import world

#: So far back reaches what happens to others' orders.
RECENT = 50
BY = {"by": "staff:1", "reason": "Torture"}


def buy(life: world.Life) -> UUID:
    checkout = shop.create_checkout(
        channel=world.CHANNEL,
        items=life.items,
        customer=life.customer,
        email=life.email,
        payments=life.payments,
    )
    for code in [life.typed, *_of_their_own(life.customer)]:
        if code is not None:
            with contextlib.suppress(shop.ShopError):
                shop.add_promo_code(checkout.pk, code)
    try:
        return shop.complete_checkout(checkout.pk).pk
    except shop.ShopError:
        # The discount is gone; the buyer takes the order without it.
        return shop.complete_checkout(checkout.pk).pk


def _of_their_own(customer: Customer | None) -> list[str]:
    """Credits and coupons to spend."""
    if customer is None:
        return []
    mine = Reward.objects.filter(holder__user_ref=str(customer.pk), status=Reward.Status.ISSUED)
    coupons = mine.exclude(coupon_code=None).order_by("-pk").values_list("coupon_code", flat=True)
    cards = customer.gift_cards.filter(balance__gt=0)[:2]
    return [*(codes.show(code) for code in coupons[:1]), *(card.code for card in cards)]


def happens(step: str, order_id: UUID, draw: Random) -> None:
    """One step of an order's life. What is impossible just now does not happen."""
    with contextlib.suppress(shop.ShopError, CannotDecide):
        if step in world.BY_STAFF:
            with transaction.atomic():
                _DECISIONS[step](order_id, draw)
                tasks.carry_out_soon()
        else:
            _STEPS[step](order_id, draw)


def somebody_elses(order_id: UUID, draw: Random) -> UUID:
    """An order of some time ago: of what has happened to it, more is settled by now."""
    recent = Order.objects.order_by("-number").values_list("pk", flat=True)[:RECENT]
    return draw.choice([*recent, order_id])


# in the shop -----------------------------------------------------------------------------------


def _part(order_id: UUID, draw: Random) -> Decimal:
    return round(Order.objects.get(pk=order_id).total / draw.choice((3, 4, 10)), 2)


def _line(order_id: UUID, draw: Random) -> int:
    return draw.choice(list(Order.objects.get(pk=order_id).lines.values_list("pk", flat=True)))


_STEPS: dict[str, Callable[[UUID, Random], object]] = {
    "pay": lambda order, _: shop.pay(order),
    "pay_a_part": lambda order, draw: shop.pay(order, _part(order, draw)),
    "edit": lambda order, draw: shop.change_quantity(order, _line(order, draw), draw.randint(1, 4)),
    "fulfil": lambda order, _: shop.fulfil(order),
    "unfulfil": lambda order, _: shop.unfulfil(order),
    "refund": lambda order, _: shop.refund(order),
    "refund_a_part": lambda order, draw: shop.refund(order, _part(order, draw)),
    "refund_a_line": lambda order, draw: shop.refund_line(order, _line(order, draw)),
    "reverse_a_refund": lambda order, _: shop.reverse_refund(order),
    "chargeback": lambda order, _: shop.chargeback(order),
    "return_goods": lambda order, _: shop.return_goods(order),
    "return_a_line": lambda order, draw: shop.return_goods(order, _line(order, draw)),
    "cancel": lambda order, _: shop.cancel(order),
}


# by staff --------------------------------------------------------------------------------------


def _nothing_there() -> CannotDecide:
    return CannotDecide("NOT_FOUND", "There is nothing to decide about.")


def _referral(order_id: UUID, draw: Random) -> Referral:
    """The order's, or, as long as it has none, one of others'."""
    own = Referral.objects.filter(order_ref=str(order_id)).first()
    recent = Referral.objects.order_by("-pk")[:RECENT]
    referral = own or draw.choice([*recent, None])
    if referral is None:
        raise _nothing_there()
    return referral


def _reward(order_id: UUID, draw: Random) -> Reward:
    """One of the order's, or, now and then, any other of the referrer's."""
    referral = _referral(order_id, draw)
    some = referral.rewards.all() if draw.random() < 0.7 else None
    rewards = some if some is not None else Reward.objects.filter(holder=referral.referrer_id)
    found = list(rewards.order_by("-pk")[:RECENT])
    if not found:
        raise _nothing_there()
    return draw.choice(found)


def _of_referral(do: Callable[..., object]) -> Callable[[UUID, Random], object]:
    return lambda order, draw: do(_referral(order, draw), **BY, store=get_store())


def _of_reward(do: Callable[..., object]) -> Callable[[UUID, Random], object]:
    return lambda order, draw: do(_reward(order, draw), **BY, store=get_store())


def _of_referrer(do: Callable[..., object]) -> Callable[[UUID, Random], object]:
    return lambda order, draw: do(_referral(order, draw).referrer, **BY, store=get_store())


def _attach(order_id: UUID, draw: Random) -> None:
    code = draw.choice(list(ReferralCode.objects.order_by("pk")[:200]))
    referrer, program = code.referrer, code.program
    staff.attach(str(order_id), referrer, program=program, **BY, store=get_store())


def _adjust(_: UUID, draw: Random) -> None:
    staff.adjust(
        draw.choice(list(Referrer.objects.exclude(user_ref=None).order_by("pk")[:200])),
        Money(Decimal(draw.randrange(1, 500)) / 100, world.CURRENCY),
        program=Program.objects.get(slug=world.FREE),
        key=uuid4().hex,
        **BY,
        store=get_store(),
    )


_DECISIONS: dict[str, Callable[[UUID, Random], object]] = {
    "approve": _of_referral(staff.approve),
    "reject": _of_referral(staff.reject),
    "override": _of_referral(staff.override),
    "undo": _of_referral(staff.undo),
    "detach": _of_referral(staff.detach),
    "attach": _attach,
    "void": _of_reward(staff.void),
    "restore": _of_reward(staff.give_back),
    "adjust": _adjust,
    "block": _of_referrer(staff.block),
    "unblock": _of_referrer(staff.unblock),
}
