"""Terms changed for the past, too: previewed, and then carried out exactly once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet, Sum
from prices import Money

from ..models import LedgerEntry, Program, Referral, Referrer, Reward, TermsVersion
from .copies import copy_of_the_books
from .decisions import CannotDecide
from .money import zero
from .programs import current_terms
from .settle import settle
from .store import Store
from .terms import RewardKind, RewardRule


@dataclass(frozen=True, slots=True)
class Moved:
    """What a change moves: how many referrals get the new terms, and by how much the promises
    to each holder change, by holder and currency or unit."""

    referrals: int = 0
    promises: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)


def preview(
    program: Program,
    *,
    store: Store,
    version: TermsVersion | None = None,
    moved: Callable[[], None] = lambda: None,
) -> Moved:
    """What `carry_out` would move, without moving it: the same steps on a copy of the books as
    they are now. Nothing is locked meanwhile."""
    with copy_of_the_books(program):
        only_read = cast(Store, _OnlyRead(store))
        return carry_out(program, store=only_read, version=version, moved=moved)


def carry_out(
    program: Program,
    *,
    store: Store,
    version: TermsVersion | None = None,
    moved: Callable[[], None] = lambda: None,
) -> Moved:
    """Let a version of the program's terms, the newest if none is named, hold for its past
    referrals, too. Each is moved in a transaction of its own, after which `moved` is called; one
    that has these terms already is left alone, so that what was interrupted can be done again,
    and what is done again moves nothing.

    Raises CannotDecide KIND_CHANGED; nothing is moved then.
    """
    version = version or current_terms(program)
    if version is None:
        return Moved()
    must_fit(program, version)
    before, count = _promises(program), 0
    past = to_move(program, version).order_by("placed_at", "pk")
    for pk, order_ref, referrer_id in past.values_list("pk", "order_ref", "referrer_id"):
        with transaction.atomic():
            Referrer.objects.select_for_update().get(pk=referrer_id)
            Referral.objects.filter(pk=pk).update(terms=version)
            settle(order_ref, store=store, anew=True)
        count += 1
        moved()
    after = _promises(program)
    changes = {key: after[key] - before.get(key, Decimal(0)) for key in after}
    return Moved(count, {key: change for key, change in changes.items() if change})


def must_fit(program: Program, version: TermsVersion) -> None:
    """A rule that gives something else than it has given must have another name: what it gave
    stays what it was. Raises CannotDecide KIND_CHANGED."""
    given = Reward.objects.filter(program=program, referral__isnull=False).order_by()
    found = set(given.values_list("beneficiary", "rule", "kind", "currency").distinct())
    groups = (version.terms.for_group(group.name) for group in version.terms.groups)
    for terms in (version.terms, *groups):
        for rule in terms.rewards:
            for to, name, kind, unit in found:
                if (to, name) == (rule.to.value, rule.name) and not _gives(rule, kind, unit):
                    raise CannotDecide(
                        "KIND_CHANGED",
                        f"The rule {name} has given something else ({kind}, {unit}) so far: give "
                        "what it gives now another name.",
                    )


def _gives(rule: RewardRule, kind: str, unit: str) -> bool:
    """Also in a unit: that of points is no currency of an order's."""
    if rule.kind.value != kind:
        return False
    has_units = rule.kind in (RewardKind.POINTS, RewardKind.CUSTOM) and rule.worth is not None
    units = rule.worth.amounts.as_dict() if has_units and rule.worth else {}
    return not units or unit in units


def to_move(program: Program, version: TermsVersion) -> QuerySet[Referral]:
    """The past referrals that have other terms."""
    past = Referral.objects.filter(program=program).exclude(terms=version)
    return past.exclude(order_ref__contains=":")


def promised_since(program: Program, moment: datetime) -> dict[str, Decimal]:
    """By how much the program's promises have changed, by currency or unit."""
    since = _promised(program).filter(created_at__gte=moment)
    sums = since.order_by().values_list("currency").annotate(sum=Sum("amount"))
    return {currency: amount for currency, amount in sums if amount}


class _OnlyRead:
    """The store, whose credits stay as they are."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def adjust_credit(self, credit_ref: str, delta: Money, *, now: datetime, note: str) -> Money:
        return zero(delta.currency)


def _promises(program: Program) -> dict[tuple[int, str], Decimal]:
    sums = (
        _promised(program)
        .order_by()
        .values_list("holder_id", "currency")
        .annotate(sum=Sum("amount"))
    )
    return {(holder, currency): amount for holder, currency, amount in sums}


def _promised(program: Program) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(reward__program=program, kind=LedgerEntry.Kind.PROMISED)
