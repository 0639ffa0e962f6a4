"""Do the books agree: with the orders in the store, with every decision, and with every credit?

It reads a live shop some rows at a time. What is only due, such as a hold that has just ended, is
the sweep's: whoever asks sweeps first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from prices import Money

from ..models import Effect, Referral, Referrer, Reward, UnsettledOrder
from . import counting, effects, ledger
from .books import new_effect
from .codes import is_offer_code
from .known_orders import pages
from .settle import settle
from .store import Store
from .sweep import batches, settle_milestone
from .terms import RewardKind
from .trouble import said

#: What is being looked at, how many have been, and how many there are, where that is known.
Progress = Callable[[str, int, int | None], None]


def _silently(what: str, done: int, of: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of a reward, of an order or (`program`: its slug) of what counts towards a program's budgets;
    the others are empty."""

    what: str
    reward_id: int | None = None
    order_ref: str = ""
    program: str = ""

    def __str__(self) -> str:
        if self.program:
            return f"Program {self.program}: {self.what}"
        of = f"Reward {self.reward_id}" if self.reward_id is not None else f"Order {self.order_ref}"
        return f"{of}: {self.what}"


def verify(*, store: Store, progress: Progress = _silently) -> Iterator[Difference]:
    """Whatever is not as it should be, as it is found."""
    for order in UnsettledOrder.objects.order_by("since").iterator():
        yield Difference(
            f"could not be settled since {order.since:%Y-%m-%d %H:%M %Z}: {order.last_error}",
            order_ref=order.order_ref,
        )
    yield from _orders_nobody_settled(store, progress)
    yield from _referrals_out_of_line(store, progress)
    yield from _rewards(store, progress)
    for day in counting.wrong():
        yield Difference(
            f"on {day.day} {day.kept} {day.currency} count towards its budgets, and its rewards "
            f"are {day.rewards}",
            program=day.program,
        )


def repair(difference: Difference, *, store: Store) -> None:
    """Settle it, and carry out what that makes due. What cannot be put right by that, such as a
    credit that somebody has deleted, is found again by the next `verify`."""
    if difference.program:
        counting.count_anew()
    elif difference.reward_id is None:
        settle(difference.order_ref, store=store)
        UnsettledOrder.objects.filter(order_ref=difference.order_ref).delete()
    else:
        reward = Reward.objects.select_related("referral", "program").get(pk=difference.reward_id)
        if reward.referral is None:
            settle_milestone(reward, store=store)
        elif reward.referral.has_order:
            settle(reward.referral.order_ref, store=store)
        _deliver_again(reward, store)
        effects.note_spending(reward, store=store)
    effects.carry_out(store=store)


def _deliver_again(reward: Reward, store: Store) -> None:
    """The effect that should have done it may be gone, or done although it did not."""
    with transaction.atomic():
        Referrer.objects.select_for_update().get(pk=reward.holder_id)
        reward.refresh_from_db()
        if reward.kind != RewardKind.CUSTOM and ledger.sums_of([reward.pk])[reward.pk].owed:
            now = store.now()
            new_effect(reward, Effect.Kind.CREDIT, f"repair:{now.isoformat()}", now).save()


# orders -----------------------------------------------------------------------------------------
def _orders_nobody_settled(store: Store, progress: Progress) -> Iterator[Difference]:
    """Those that carry a code and are nobody's referral, though settling would make them one."""
    done = 0
    for orders in pages(store, None):
        refs = {order.ref for order in orders if is_offer_code(order.voucher_code)}
        known = Referral.objects.filter(order_ref__in=refs).values_list("order_ref", flat=True)
        noted = UnsettledOrder.objects.filter(order_ref__in=refs)
        known_or_noted = {*known, *noted.values_list("order_ref", flat=True)}
        for ref in sorted(refs - known_or_noted):
            try:
                _, after = _settled_anew(ref, store)
            except Exception as error:
                yield _cannot_be_settled(ref, error)
            else:
                if after is not None:
                    yield Difference("was never settled", order_ref=ref)
        done += len(orders)
        progress("orders", done, None)


def _referrals_out_of_line(store: Store, progress: Progress) -> Iterator[Difference]:
    """Those that settling would change."""
    referrals = Referral.objects.filter(sign_up=None)
    referrals = referrals.exclude(order_ref__startswith=Referral.DETACHED)
    total = referrals.count()
    done = 0
    for batch in batches(referrals.order_by("pk")):
        for referral in batch:
            try:
                before, after = _settled_anew(referral.order_ref, store)
            except Exception as error:
                yield _cannot_be_settled(referral.order_ref, error)
                continue
            if before != after:
                yield Difference(
                    f"the books say {_said(before)}; by the order as it is they should say "
                    f"{_said(after)}",
                    order_ref=referral.order_ref,
                )
        done += len(batch)
        progress("referrals", done, total)


def _cannot_be_settled(order_ref: str, error: Exception) -> Difference:
    return Difference(f"cannot be settled: {said(error)}", order_ref=order_ref)


Standing = tuple[str, Collection[tuple[Any, ...]]]


def _settled_anew(order_ref: str, store: Store) -> tuple[Standing | None, Standing | None]:
    """What the books say of an order, and what they would after settling it, which is taken
    back."""
    with transaction.atomic():
        before = _standing(order_ref)
        settle(order_ref, store=store)
        after = _standing(order_ref)
        transaction.set_rollback(True)
    return before, after


def _standing(order_ref: str) -> Standing | None:
    referral = Referral.objects.filter(order_ref=order_ref).first()
    if referral is None:
        return None
    rewards = referral.rewards.exclude(amount=0).order_by("beneficiary", "rule")
    return referral.status, list(rewards.values_list("rule", "status", "amount", "currency"))


def _said(standing: Standing | None) -> str:
    if standing is None:
        return "nothing"
    status, rewards = standing
    parts = [f"{amount} {currency} {was} ({rule})" for rule, was, amount, currency in rewards]
    return ", ".join([status, *parts])


# rewards ----------------------------------------------------------------------------------------
def _rewards(store: Store, progress: Progress) -> Iterator[Difference]:
    """Those whose ledger, decision and credit in the store do not agree."""
    total = Reward.objects.count()
    done = 0
    for batch in batches(Reward.objects.order_by("pk")):
        sums = ledger.sums_of(reward.pk for reward in batch)
        balances = store.credit_balances([r.credit_ref for r in batch if r.credit_ref])
        for reward in batch:
            for what in _of_reward(reward, sums[reward.pk], balances):
                yield Difference(what, reward_id=reward.pk)
        done += len(batch)
        progress("rewards", done, total)


def _of_reward(reward: Reward, booked: ledger.Sums, balances: Mapping[str, Money]) -> Iterator[str]:
    if booked.promised != reward.amount:
        yield f"decided {reward.amount}, ledger promises {booked.promised}"
    # What was spent of it is a debt, until the next one pays it.
    if booked.delivered > booked.promised and reward.status not in (
        Reward.Status.CLAWED_BACK,
        Reward.Status.ISSUED,
        Reward.Status.EXPIRED,
    ):
        yield f"{reward.status}, but {booked.delivered} was delivered"
    if reward.status == Reward.Status.ISSUED and booked.owed > 0:
        yield f"{booked.owed} promised and not delivered"
    if reward.credit_ref is None:
        return
    balance = balances.get(reward.credit_ref)
    if balance is None:
        if booked.balance:
            yield f"ledger says {booked.balance} is left, the credit is gone"
    elif balance.amount != booked.balance:
        yield f"ledger says {booked.balance} is left, the store says {balance.amount}"
