"""The whole story of one order's referral, from the books alone: for whoever is asked why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from ..models import Claim, Effect, LedgerEntry, Referral, Reward
from .findings import Finding
from .money import plain

ENTRIES = {
    LedgerEntry.Kind.PROMISED: "promised",
    LedgerEntry.Kind.DELIVERED: "delivered",
    LedgerEntry.Kind.TAKEN_BACK: "taken back",
    LedgerEntry.Kind.OFFSET: "debts paid with it, or of it",
    LedgerEntry.Kind.SPENT: "spent, or given back by an order",
    LedgerEntry.Kind.EXPIRED: "expired",
    LedgerEntry.Kind.WAIVED: "let go, or deserved after all",
}


TRIED = {0: "not tried yet", 1: "tried once", 2: "tried twice"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in a sentence; `details` say why."""

    at: datetime
    what: str
    details: tuple[str, ...] = ()


def referral_named(name: str) -> Referral | None:
    """By the order's number, with or without "#", or by its reference in the store."""
    named = Q(order_ref=name) | Q(order_number=name.removeprefix("#"))
    return Referral.objects.filter(named).select_related("terms__program", "claim").first()


def story_of(referral: Referral) -> list[Event]:
    """What happened, oldest first."""
    told = [*_claims(referral), *_referral(referral)]
    for reward in referral.rewards.order_by("pk"):
        told += _reward(reward)
    return sorted(told, key=lambda event: event.at)


def _claims(referral: Referral) -> Iterator[Event]:
    if referral.claim is None:
        return
    claims = Claim.objects.filter(checkout_ref=referral.claim.checkout_ref).select_related("code")
    for claim in claims.order_by("pk"):
        what = f"The code {claim.code} was entered ({claim.source}); it is {claim.status}."
        yield Event(claim.created_at, what, _failed(claim.findings))


def _referral(referral: Referral) -> Iterator[Event]:
    terms = referral.terms
    yield Event(
        referral.placed_at,
        f"Order #{referral.order_number} was placed in {referral.channel}, under version "
        f"{terms.version} of the terms of {terms.program}.",
    )
    if referral.earned_at is not None:
        yield Event(referral.earned_at, "Its rewards were earned.")
    yield Event(
        referral.settled_at,
        f"It was settled last: {referral.status}, {plain(referral.net)} {referral.currency} net "
        "that count.",
        _failed(referral.findings),
    )


def _reward(reward: Reward) -> Iterator[Event]:
    name = f"Reward {reward.pk} ({reward.rule}, to the {reward.beneficiary})"
    for entry in reward.entries.all():
        kind = ENTRIES[LedgerEntry.Kind(entry.kind)]
        what = f"{name}: {plain(entry.amount):+f} {entry.currency} {kind}."
        yield Event(entry.created_at, what)
    if reward.hold_until is not None:
        yield Event(reward.hold_until, f"{name}: its hold ends.")
    if reward.expires_at is not None and reward.status == Reward.Status.ISSUED:
        yield Event(reward.expires_at, f"{name}: what is left of it expires.")
    yield from _waiting(name, reward.effects.filter(done_at=None))


def _waiting(name: str, effects: Iterable[Effect]) -> Iterator[Event]:
    for effect in effects:
        tried = TRIED.get(effect.attempts, f"tried {effect.attempts} times")
        trouble = (effect.last_error,) if effect.last_error else ()
        yield Event(effect.due_at, f"{name}: it will be delivered then, {tried}.", trouble)


def _failed(findings: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    read = (Finding.from_json(each) for each in findings)
    return tuple(f"{each.code.value}: {each.sentence}" for each in read if not each.passed)
