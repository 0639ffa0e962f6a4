"""Referrers: customers who have asked for a code. Nobody needs to enrol."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from prices import Money

from ..models import Effect, Membership, Program, ReferralCode, Referrer, Reward
from . import codes
from .facts import CustomerFacts, Person
from .findings import Finding, FindingCode, Refused
from .ledger import note_spending, write_off
from .metadata import everything_of
from .people import email_key, is_key_of
from .store import Store
from .taking_part import OPEN_TO_ALL


def referrer_of(customer: CustomerFacts, *, store: Store) -> Referrer:
    """The customer's row, made the first time; follows a changed e-mail address."""
    referrer, _ = Referrer.objects.get_or_create(
        user_ref=customer.user_ref,
        defaults={"email_key": email_key(customer.email), "created_at": store.now()},
    )
    _follow(referrer, customer)
    return referrer


def holder_of(person: Person, now: datetime) -> Referrer:
    """The row of somebody who gets a reward: of their account, or of a guest's address."""
    made = {"email_key": person.email_key, "created_at": now}
    if person.user_ref:
        return Referrer.objects.get_or_create(user_ref=person.user_ref, defaults=made)[0]
    if person.other_key is not None:
        guests = Referrer.objects.filter(user_ref=None, email_key__in=person.email_keys)
        if known := guests.order_by("pk").first():
            return known
    guest, _ = Referrer.objects.get_or_create(
        user_ref=None, email_key=person.email_key, defaults=made
    )
    return guest


def invite(
    customer: CustomerFacts, program: Program, *, store: Store, group: str = "", by: str = ""
) -> Membership:
    """Let a customer take part in a program that is by invitation, or put them into one of its
    groups. Again: into another group. `by` says whose decision it was."""
    referrer = referrer_of(customer, store=store)
    member, _ = Membership.objects.update_or_create(
        program=program,
        referrer=referrer,
        defaults={"group": group, "by": by},
        create_defaults={"group": group, "by": by, "since": store.now()},
    )
    return member


def code_for(customer: CustomerFacts, program: Program, *, store: Store) -> ReferralCode:
    """The code a customer shares. Raises Refused in a program by invitation to which they
    were not invited."""
    if program.kind not in OPEN_TO_ALL:
        invited = Membership.objects.filter(program=program, referrer__user_ref=customer.user_ref)
        if not invited.exists():
            raise Refused(Finding(FindingCode.NOT_INVITED, False))
    return codes.code_of(referrer_of(customer, store=store), program, store=store)


@transaction.atomic
def forget(gone: Person, *, store: Store) -> bool:
    """The account was deleted: cut every tie to the person and keep the books' totals.

    Codes stop working, what was not delivered yet is voided by the next settling, and what
    is left on the credits is written off as expired. Returns False for non-referrers.
    """
    by = Q(user_ref=gone.user_ref) if gone.user_ref else Q(email_key__in=gone.email_keys)
    referrer = Referrer.objects.select_for_update().filter(by, forgotten_at=None).first()
    if referrer is None:
        return False
    cut_ties(referrer, store=store)
    return True


def cut_ties(referrer: Referrer, *, store: Store) -> None:
    """The same for a row that is locked."""
    now = store.now()
    ReferralCode.objects.filter(referrer=referrer).update(is_active=False)
    issued = list(Reward.objects.filter(holder=referrer, issued_at__isnull=False))
    balances = store.credit_balances([r.credit_ref for r in issued if r.credit_ref])
    for reward in issued:
        balance = balances.get(reward.credit_ref or "")
        if balance is not None:
            note_spending(reward, balance.amount, now=now)
        left = write_off(reward, now=now)
        if reward.credit_ref:
            delta = Money(-left, reward.currency)
            store.adjust_credit(reward.credit_ref, delta, now=now, note="The account is gone")
        if reward.status == Reward.Status.ISSUED:
            reward.status, reward.changed_at = Reward.Status.EXPIRED, now
        reward.expires_at = now
        reward.save(update_fields=["status", "expires_at", "changed_at"])
    Effect.objects.filter(reward__holder=referrer, kind=Effect.Kind.TELL, done_at=None).delete()
    # What others keep beside them may say who they are.
    everything_of(Referrer.objects.filter(pk=referrer.pk)).delete()
    referrer.user_ref = None
    referrer.email_key = None
    referrer.display_name = ""
    referrer.forgotten_at = now
    referrer.save()


def lock(keys: Collection[int]) -> dict[int, Referrer]:
    """The rows of several referrers, by key, locked. Before anything else is, such as a budget,
    and by everybody in the same order: so nobody waits for who waits for them."""
    found = Referrer.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    return {referrer.pk: referrer for referrer in found}


def keep_up(referrer: Referrer, *, store: Store) -> None:
    """Bring a referrer in line with the account: deleted without a hook having told us, or
    with another e-mail address by now."""
    if has_account(referrer):
        keep_up_with(store.customer(referrer.user_ref or ""), referrer, store=store)


def has_account(referrer: Referrer) -> bool:
    """As far as the books know."""
    return referrer.forgotten_at is None and referrer.user_ref is not None


def keep_up_with(customer: CustomerFacts | None, referrer: Referrer, *, store: Store) -> None:
    """The same for a referrer who had an account, by what it is now."""
    if customer is None:
        forget(Person(referrer.user_ref, referrer.email_key), store=store)
        referrer.refresh_from_db()
    else:
        _follow(referrer, customer)


def _follow(referrer: Referrer, customer: CustomerFacts) -> None:
    if not is_key_of(referrer.email_key, customer.email):
        referrer.email_key = email_key(customer.email)
        referrer.save(update_fields=["email_key"])
