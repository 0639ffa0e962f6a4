"""What people decide, as facts: a row each, never changed, undone by another row.

On a referral: approve, reject, override, attach and detach. On one reward: void, issue again.
On a referrer: block, invite, merge, adjust. Settling any number of times afterwards keeps what was
decided. `by` says who, `reason` why; neither may be empty.
"""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from babel.numbers import is_currency
from django.db import transaction
from django.db.models import Q
from prices import Money

from ..models import (
    Claim,
    Effect,
    LedgerEntry,
    Membership,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    StaffDecision,
)
from . import claims, codes, ledger, referrers, rows, sending, waitlist
from .books import Booked, books_of, milestones_of, new_effect, new_reward, write_reward
from .decide import ReferralStatus
from .decisions import CannotDecide, write
from .facts import CustomerFacts
from .findings import Finding
from .limits import note_freed_by, within_limits
from .money import plain, round_money
from .people import remembered
from .programs import current_terms
from .rewards import RewardDecision
from .rules import FIRM
from .settle import settle, settle_milestones
from .store import Store
from .taking_part import OPEN_TO_ALL
from .terms import Beneficiary, CreditUse, RewardKind, Span

Kind = StaffDecision.Kind

#: In the books, the name of a reward that staff gave. No rule of a program can have it.
ADJUSTMENT = "Adjustment"

#: What a gift card of Saleor's can hold, at most.
TOO_MUCH = Decimal(10**9)
#: As many as the books have.
POINTS_DIGITS = 4

_NOTHING_DECIDED = "Nobody has decided anything of this referral."


# referrals -----------------------------------------------------------------------------------


@transaction.atomic
def approve(referral: Referral, *, by: str, reason: str, store: Store) -> Referral:
    """It has been looked at and is good: it counts as soon as it has earned its rewards.

    Raises CannotDecide REQUIRED, NO_ORDER, NOT_OPEN.
    """
    referral = _as_it_stands(referral, store)
    if not _is_so(referral, Kind.APPROVE) and referral.status not in Referral.OPEN:
        raise CannotDecide("NOT_OPEN", f"The referral is {_words(referral)}: there is no review.")
    return _rule_on(referral, Kind.APPROVE, by, reason, store)


@transaction.atomic
def reject(referral: Referral, *, by: str, reason: str, store: Store) -> Referral:
    """It does not count, whatever the rules say; what was credited is taken back. A sign-up is
    found not to be real.

    Raises CannotDecide REQUIRED, NO_ORDER.
    """
    if referral.sign_up_id is not None:
        return _rule_on_sign_up(referral, Kind.REJECT, by, reason, store)
    return _rule_on(_as_it_stands(referral, store), Kind.REJECT, by, reason, store)


@transaction.atomic
def override(referral: Referral, *, by: str, reason: str, store: Store) -> Referral:
    """It counts in spite of its failed findings, and earns its rewards like any other. What
    no person can change is in `rules.FIRM`.

    Raises CannotDecide REQUIRED, NO_ORDER, NOT_REFUSED, CANNOT_BE_OVERRIDDEN.
    """
    referral = _as_it_stands(referral, store)
    if not _is_so(referral, Kind.OVERRIDE):
        if referral.status in (ReferralStatus.ATTRIBUTED.value, ReferralStatus.QUALIFIED.value):
            raise CannotDecide("NOT_REFUSED", f"The referral is {_words(referral)} by itself.")
        _must_not_be_firm(referral)
    return _rule_on(referral, Kind.OVERRIDE, by, reason, store)


@transaction.atomic
def undo(referral: Referral, *, by: str, reason: str, store: Store) -> Referral:
    """What a person decided of it no longer holds: it is what the rules make of it.

    Raises CannotDecide REQUIRED, NO_ORDER, NOTHING_TO_UNDO.
    """
    if referral.sign_up_id is not None:
        return _rule_on_sign_up(referral, Kind.UNDO, by, reason, store)
    referral = _as_it_stands(referral, store)
    if referral.decided_by is None:
        raise CannotDecide("NOTHING_TO_UNDO", _NOTHING_DECIDED)
    write(Kind.UNDO, by, reason, store.now(), referral=referral)
    Referral.objects.filter(pk=referral.pk).update(decided_by=None)
    return _settled(referral, store)


@transaction.atomic
def detach(referral: Referral, *, by: str, reason: str, store: Store) -> Referral:
    """The order is not this referrer's: what it brought is taken back, and the order is free
    for another. For good: to undo it, attach the order again.

    Raises CannotDecide REQUIRED, NO_ORDER, IS_A_LATER_ORDER.
    """
    referral = _as_it_stands(referral, store)
    if referral.follows_id is not None:
        raise CannotDecide("IS_A_LATER_ORDER", "A later order stays with the first one.")
    order_ref = referral.order_ref
    decision = write(Kind.DETACH, by, reason, store.now(), referral=referral, of=order_ref)
    Referral.objects.filter(pk=referral.pk).update(decided_by=decision)
    _settled(referral, store)
    Referral.objects.filter(pk=referral.pk).update(
        order_ref=f"{Referral.DETACHED}{referral.pk}", look_again_at=None
    )
    referral.refresh_from_db()
    return referral


@transaction.atomic
def attach(
    order_ref: str,
    referrer: Referrer,
    *,
    program: Program,
    by: str,
    reason: str,
    store: Store,
) -> Referral:
    """Make an order, whenever it was placed, a referral of somebody under the program's newest
    terms. It is judged by their rules, as of then; what has failed can be overridden. It needs no
    review.

    Raises CannotDecide REQUIRED, NO_ORDER, NO_TERMS, HOLDER_GONE, ATTACHED_ALREADY,
    CANNOT_BE_OVERRIDDEN.
    """
    known = settle(order_ref, store=store)
    if known is not None:
        raise CannotDecide("ATTACHED_ALREADY", "The order has a referrer: detach it first.")
    remains = codes.who_remains(referrer)
    referrer = Referrer.objects.select_for_update().get(pk=remains.pk)
    facts, version = store.order_facts(order_ref), current_terms(program)
    if facts is None:
        raise CannotDecide("NO_ORDER", "There is no order to decide about.")
    if version is None:
        raise CannotDecide("NO_TERMS", "The program has no terms yet.")
    if referrer.forgotten_at is not None:
        raise CannotDecide("HOLDER_GONE", "The account no longer exists.")
    code = codes.code_of(referrer, program, store=store)
    referral = claims.bind(
        code, version, facts, source=Claim.Source.STAFF, typed=code.code, store=store
    )
    assert referral is not None
    _must_not_be_firm(referral)
    return _rule_on(_settled(referral, store), Kind.ATTACH, by, reason, store)


def _as_it_stands(referral: Referral, store: Store) -> Referral:
    """Its books in line with the order now, locked; nobody decides of what has changed."""
    Referrer.objects.select_for_update().get(pk=referral.referrer_id)
    referral = Referral.objects.select_related("decided_by").get(pk=referral.pk)
    if not referral.has_order or store.order_facts(referral.order_ref) is None:
        raise CannotDecide("NO_ORDER", "There is no order to decide about.")
    return _settled(referral, store)


def _must_not_be_firm(referral: Referral) -> None:
    """Raises CannotDecide CANNOT_BE_OVERRIDDEN."""
    findings = [Finding.from_json(finding) for finding in referral.findings]
    firm = [finding for finding in findings if not finding.passed and finding.code in FIRM]
    if firm:
        raise CannotDecide("CANNOT_BE_OVERRIDDEN", firm[0].sentence)


def _settled(referral: Referral, store: Store) -> Referral:
    settle(referral.order_ref, store=store)
    return Referral.objects.select_related("decided_by").get(pk=referral.pk)


def _rule_on(referral: Referral, kind: Kind, by: str, reason: str, store: Store) -> Referral:
    if _is_so(referral, kind):
        return referral
    decision = write(kind, by, reason, store.now(), referral=referral)
    Referral.objects.filter(pk=referral.pk).update(decided_by=decision)
    return _settled(referral, store)


def _rule_on_sign_up(
    referral: Referral, kind: Kind, by: str, reason: str, store: Store
) -> Referral:
    """Reject, or undo that."""
    Referrer.objects.select_for_update().get(pk=referral.referrer_id)
    referral = Referral.objects.select_related("decided_by", "sign_up").get(pk=referral.pk)
    assert referral.sign_up is not None
    if kind == Kind.REJECT and _is_so(referral, kind):
        return referral
    if kind == Kind.UNDO and referral.decided_by is None:
        raise CannotDecide("NOTHING_TO_UNDO", _NOTHING_DECIDED)
    decision = write(kind, by, reason, store.now(), referral=referral)
    in_force = decision if kind == Kind.REJECT else None
    Referral.objects.filter(pk=referral.pk).update(decided_by=in_force)
    if in_force:
        waitlist.reject(referral.sign_up, by=by, reason=reason, store=store)
    else:
        waitlist.accept(referral.sign_up, by=by, store=store)
    referral.refresh_from_db()
    return referral


def _is_so(referral: Referral, kind: Kind) -> bool:
    """Decided again, it is decided already."""
    return referral.decided_by is not None and referral.decided_by.kind == kind


def _words(referral: Referral) -> str:
    return referral.status.replace("_", " ")


# rewards -------------------------------------------------------------------------------------


@transaction.atomic
def void(reward: Reward, *, by: str, reason: str, store: Store) -> Reward:
    """Withdraw one reward: what was credited is taken back, and what was spent of it is a
    debt. Withdrawn again, nothing changes.

    Raises CannotDecide REQUIRED, DELIVERED_OUTSIDE.
    """
    reward = _locked(reward)
    if reward.voided_by_id is not None:
        return reward
    if reward.kind == RewardKind.CUSTOM.value and reward.issued_at is not None:
        raise CannotDecide("DELIVERED_OUTSIDE", "It was sent: mark it as not sent after all.")
    now = store.now()
    decision = write(Kind.VOID, by, reason, now, reward=reward, of=str(reward.amount))
    Reward.objects.filter(pk=reward.pk).update(voided_by=decision)
    _give(reward, Decimal(0), now)
    return _in_line(reward, store)


@transaction.atomic
def give_back(reward: Reward, *, by: str, reason: str, store: Store) -> Reward:
    """Undo `void`: the reward is what its order, or what it was given for, makes of it now, within
    the limits: others may have got the room meanwhile.

    Raises CannotDecide REQUIRED, NOTHING_TO_UNDO.
    """
    reward = _locked(reward)
    voided = reward.voided_by
    if voided is None:
        raise CannotDecide("NOTHING_TO_UNDO", "Nobody has withdrawn this reward.")
    now = store.now()
    write(Kind.UNDO, by, reason, now, reward=reward)
    Reward.objects.filter(pk=reward.pk).update(voided_by=None)
    if reward.referral_id is None:
        # What it was given for is looked at again: now, or by the next sweep.
        _give(reward, Decimal(voided.of), now)
    return _in_line(reward, store)


@transaction.atomic
def issue_again(reward: Reward, *, by: str, reason: str, store: Store) -> Reward:
    """What was issued is lost: a credit whose gift card is gone is put on a new one, valid anew;
    something sent outside the shop is to be sent once more.

    Raises CannotDecide REQUIRED, NOT_ISSUED, STILL_THERE.
    """
    reward = _locked(reward)
    now = store.now()
    if reward.status != Reward.Status.ISSUED:
        raise CannotDecide("NOT_ISSUED", f"The reward is {reward.status}, not issued.")
    if reward.kind == RewardKind.CUSTOM.value:
        write(Kind.ISSUE_AGAIN, by, reason, now, reward=reward)
        return sending.take_back(reward, by=by, note=reason, store=store)
    ref = reward.credit_ref
    if ref is None or store.credit_balances([ref]):
        raise CannotDecide("STILL_THERE", "The reward is where it was delivered.")
    decision = write(Kind.ISSUE_AGAIN, by, reason, now, reward=reward)
    lost = ledger.sums_of([reward.pk])[reward.pk].balance
    ledger.post(reward, LedgerEntry.Kind.TAKEN_BACK, -lost, now=now)
    rows.insert(new_effect(reward, Effect.Kind.CREDIT, f"again:{decision.pk}", now))
    return reward


def _locked(reward: Reward) -> Reward:
    """Under the lock by which its books are settled."""
    referral = reward.referral
    Referrer.objects.select_for_update().get(
        pk=referral.referrer_id if referral else reward.holder_id
    )
    return Reward.objects.select_related("referral", "program", "voided_by").get(pk=reward.pk)


def _give(reward: Reward, amount: Decimal, now: datetime) -> None:
    """Write straight what a person decided, also where no order is left to be settled."""
    if reward.referral is None:
        booked = milestones_of(reward.program_id, reward.holder_id)[reward.rule, reward.occurrence]
    else:
        books = books_of(reward.referral.order_ref)
        assert books is not None
        booked = books.rewards[reward.beneficiary, reward.rule]
    decided = RewardDecision(
        Beneficiary(reward.beneficiary),
        reward.rule,
        Money(amount, reward.currency),
        is_approved=reward.hold_until is None or reward.hold_until <= now,
        kind=RewardKind(reward.kind),
        use=CreditUse(reward.use),
    )
    version = current_terms(reward.program)
    # What staff gave of their own was not earned, and counts towards no limit.
    if amount and reward.earned_at is not None and version is not None:
        decided = within_limits(
            decided,
            booked,
            version.terms,
            program_id=reward.program_id,
            holder_id=reward.holder_id,
            earned_at=reward.earned_at,
        )
    write_reward(booked, decided, earned_at=None, zone="UTC", now=now)
    note_freed_by(booked)


def _in_line(reward: Reward, store: Store) -> Reward:
    """And all that hangs on it."""
    if reward.referral is None and reward.earned_at is not None:
        moments = [reward.earned_at]
        settle_milestones(
            reward.program, reward.holder_id, moments, reward.currency, now=store.now()
        )
    elif reward.referral is not None and reward.referral.has_order:
        settle(reward.referral.order_ref, store=store)
    reward.refresh_from_db()
    return reward


# referrers -----------------------------------------------------------------------------------


@transaction.atomic
def block(referrer: Referrer, *, by: str, reason: str, store: Store) -> Referrer:
    """Their codes are nobody's from now on, and what has not qualified yet goes to review. What
    has stays: reject it one by one, or withdraw its rewards. Blocked again, nothing changes.

    Raises CannotDecide REQUIRED.
    """
    referrer = Referrer.objects.select_for_update().get(pk=referrer.pk)
    if referrer.blocked_by_id is None:
        referrer.blocked_by = write(Kind.BLOCK, by, reason, store.now(), referrer=referrer)
        _save_and_settle(referrer, store)
    return referrer


@transaction.atomic
def unblock(referrer: Referrer, *, by: str, reason: str, store: Store) -> Referrer:
    """Their codes work again, and what was in review because of the block counts.

    Raises CannotDecide REQUIRED, NOTHING_TO_UNDO.
    """
    referrer = Referrer.objects.select_for_update().get(pk=referrer.pk)
    if referrer.blocked_by_id is None:
        raise CannotDecide("NOTHING_TO_UNDO", "The referrer is not blocked.")
    write(Kind.UNBLOCK, by, reason, store.now(), referrer=referrer)
    referrer.blocked_by = None
    _save_and_settle(referrer, store)
    return referrer


def _save_and_settle(referrer: Referrer, store: Store) -> None:
    referrer.save(update_fields=["blocked_by"])
    waiting = Referral.objects.filter(referrer=referrer, status__in=Referral.OPEN, sign_up=None)
    for order_ref in waiting.order_by("placed_at").values_list("order_ref", flat=True):
        settle(order_ref, store=store)


@transaction.atomic
def invite(
    customer: CustomerFacts,
    program: Program,
    *,
    by: str,
    reason: str,
    store: Store,
    group: str = "",
) -> Referrer:
    """Let a customer take part in a program that is by invitation, or put them into one of its
    groups, or (again, without one) into none. Codes of theirs that `uninvite` stopped work again.

    Raises CannotDecide REQUIRED, NO_SUCH_GROUP.
    """
    version = current_terms(program)
    if group and (version is None or group not in version.terms.named_groups):
        raise CannotDecide("NO_SUCH_GROUP", f"The program has no group {group}.")
    referrer = referrers.referrer_of(customer, store=store)
    referrer = Referrer.objects.select_for_update().get(pk=referrer.pk)
    member = Membership.objects.filter(program=program, referrer=referrer).first()
    if member is None or member.group != group:
        said = f"{program.pk}:{group}"
        write(Kind.INVITE, by, reason, store.now(), referrer=referrer, of=said)
        referrers.invite(customer, program, store=store, group=group, by=by)
        ReferralCode.objects.filter(program=program, referrer=referrer).update(is_active=True)
    return referrer


@transaction.atomic
def uninvite(
    referrer: Referrer, program: Program, *, by: str, reason: str, store: Store
) -> Referrer:
    """Undo `invite`: they are in no group any more, and in a program by invitation their codes are
    nobody's. What these have brought stays.

    Raises CannotDecide REQUIRED, NOTHING_TO_UNDO.
    """
    referrer = Referrer.objects.select_for_update().get(pk=referrer.pk)
    member = Membership.objects.filter(program=program, referrer=referrer).first()
    if member is None:
        raise CannotDecide("NOTHING_TO_UNDO", "They were not invited to this program.")
    said = f"{program.pk}:{member.group}"
    write(Kind.UNINVITE, by, reason, store.now(), referrer=referrer, of=said)
    member.delete()
    if program.kind not in OPEN_TO_ALL:
        ReferralCode.objects.filter(program=program, referrer=referrer).update(is_active=False)
    return referrer


@transaction.atomic
def merge(referrer: Referrer, into: Referrer, *, by: str, reason: str, store: Store) -> Referrer:
    """They are one person with two accounts. From now on the codes of both bring friends to
    `into`, which alone has codes to share. What either account has brought and earned stays its
    own: nothing in the books moves, and credits are on the account that can spend them. What one
    of them ordered by a code of the other's is judged again, as their own order. Returns `into`.

    Raises CannotDecide REQUIRED, SAME_REFERRER, HOLDER_GONE, MERGED_ALREADY, ONE_IS_BLOCKED.
    """
    if referrer.pk == into.pk:
        raise CannotDecide("SAME_REFERRER", "This is one and the same referrer.")
    all_of_them = _locked_with(referrer, into)
    referrer, into = all_of_them[referrer.pk], all_of_them[into.pk]
    if referrer.same_as_id == into.pk:
        return into
    if referrer.forgotten_at is not None or into.forgotten_at is not None:
        raise CannotDecide("HOLDER_GONE", "One of the accounts no longer exists.")
    if referrer.same_as_id is not None or into.same_as_id not in (None, into.pk):
        raise CannotDecide("MERGED_ALREADY", "One of them is merged with somebody: undo that.")
    if (referrer.blocked_by_id is None) != (into.blocked_by_id is None):
        raise CannotDecide("ONE_IS_BLOCKED", "Block both first, or neither.")
    now = store.now()
    write(Kind.MERGE, by, reason, now, referrer=referrer, of=str(into.pk))
    mine = ReferralCode.objects.filter(referrer=referrer)
    shared = ReferralCode.objects.filter(referrer=into, replaced_at=None).values("program")
    mine.filter(replaced_at=None, program__in=shared).update(replaced_at=now)
    mine.update(referrer=into, made_for=referrer)
    Referrer.objects.filter(pk__in=(referrer.pk, into.pk)).update(same_as=into)
    _judge_own_orders_again(referrer, into, store)
    into.refresh_from_db()
    return into


@transaction.atomic
def unmerge(referrer: Referrer, *, by: str, reason: str, store: Store) -> Referrer:
    """Undo `merge`: their codes are their own again. What these have brought meanwhile stays with
    the other account.

    Raises CannotDecide REQUIRED, NOTHING_TO_UNDO, HOLDER_GONE.
    """
    into = referrer.same_as
    if into is None or into.pk == referrer.pk:
        raise CannotDecide("NOTHING_TO_UNDO", "They are not merged into anybody.")
    all_of_them = _locked_with(referrer, into)
    referrer = all_of_them[referrer.pk]
    if referrer.same_as_id != into.pk:
        raise CannotDecide("NOTHING_TO_UNDO", "They are not merged into anybody.")
    if referrer.forgotten_at is not None:
        raise CannotDecide("HOLDER_GONE", "The account no longer exists.")
    merged = referrer.staff_decisions.filter(kind=Kind.MERGE).latest("pk")
    write(Kind.UNMERGE, by, reason, store.now(), referrer=referrer, of=str(into.pk))
    mine = ReferralCode.objects.filter(made_for=referrer)
    if into.forgotten_at is not None:
        mine.update(is_active=True)
    # What they shared then was replaced by the merger or after it, or is still shared.
    mine.exclude(replaced_at__gte=merged.at).update(referrer=referrer, made_for=None)
    shared = ReferralCode.objects.filter(referrer=referrer, replaced_at=None).values("program")
    back = mine.exclude(program__in=shared).order_by("program", "-replaced_at", "-pk")
    keys = [code.pk for code in back.distinct("program")]
    ReferralCode.objects.filter(pk__in=keys).update(
        referrer=referrer, made_for=None, replaced_at=None
    )
    mine.update(referrer=referrer, made_for=None)
    referrer.same_as = None
    referrer.save(update_fields=["same_as"])
    if not Referrer.objects.filter(same_as=into).exclude(pk=into.pk).exists():
        Referrer.objects.filter(pk=into.pk).update(same_as=None)
    _judge_own_orders_again(referrer, into, store)
    return referrer


def _locked_with(referrer: Referrer, into: Referrer) -> dict[int, Referrer]:
    """Both, and whoever else is the same person, by key."""
    others = Referrer.objects.filter(same_as=into).values_list("pk", flat=True)
    return referrers.lock({referrer.pk, into.pk, *others})


def _judge_own_orders_again(referrer: Referrer, into: Referrer, store: Store) -> None:
    """What some of them ordered by codes of the others."""
    them = Referrer.objects.filter(Q(pk__in=(referrer.pk, into.pk)) | Q(same_as=into))
    known = [remembered(*each) for each in them.values_list("user_ref", "email_key")]
    theirs = Q(referee_user_ref__in=[each.user_ref for each in known if each.user_ref])
    theirs |= Q(referee_email_key__in=[key for each in known for key in each.email_keys])
    found = Referral.objects.filter(theirs, referrer__in=them, sign_up=None).order_by("placed_at")
    for order_ref in found.values_list("order_ref", flat=True):
        settle(order_ref, store=store)


@transaction.atomic
def adjust(
    holder: Referrer,
    amount: Money,
    *,
    program: Program,
    by: str,
    reason: str,
    store: Store,
    key: str = "",
    valid: Span | None = None,
) -> Reward:
    """Give somebody an amount, in a currency or in a unit of points: a reward that belongs to
    no referral and counts towards no limit. To take it away again, `void` it. The same `key`
    again is the same adjustment. `valid`: how long it can be spent; None: for ever.

    Raises CannotDecide REQUIRED, NOT_POSITIVE, INVALID_AMOUNT, INVALID_UNIT, HOLDER_GONE,
    NO_ACCOUNT, KEY_USED.
    """
    holder = Referrer.objects.select_for_update().get(pk=holder.pk)
    is_money = is_currency(amount.currency)
    if amount.amount <= 0:
        raise CannotDecide("NOT_POSITIVE", "Give an amount above 0; withdraw a reward to take.")
    if not is_money and not _gives_points(program, amount.currency):
        unit = f"{amount.currency} is neither a currency nor a unit of the program's points."
        raise CannotDecide("INVALID_UNIT", unit)
    if amount.amount >= TOO_MUCH or not _is_exact(amount, is_money):
        raise CannotDecide("INVALID_AMOUNT", f"{amount.amount} is no amount in {amount.currency}.")
    if holder.forgotten_at is not None:
        raise CannotDecide("HOLDER_GONE", "The account no longer exists.")
    if is_money and not holder.user_ref:
        raise CannotDecide("NO_ACCOUNT", "A guest has no account to credit.")
    key = key or uuid4().hex
    booked = milestones_of(program.pk, holder.pk).get((ADJUSTMENT, key))
    if booked is not None:
        given = StaffDecision.objects.get(reward=booked.reward, kind=Kind.ADJUST)
        if given.of != _said(amount):
            raise CannotDecide("KEY_USED", f"With this key {given.of} was given.")
        return booked.reward
    now = store.now()
    decided = RewardDecision(
        Beneficiary.REFERRER,
        ADJUSTMENT,
        amount,
        is_approved=True,
        kind=RewardKind.CREDIT if is_money else RewardKind.POINTS,
        valid=valid,
    )
    reward = new_reward(program.pk, holder.pk, decided, now)
    reward.occurrence = key
    write_reward(Booked(reward), decided, earned_at=None, zone="UTC", now=now)
    write(Kind.ADJUST, by, reason, now, reward=reward, of=_said(amount))
    return reward


def _is_exact(amount: Money, is_money: bool) -> bool:
    rounded = round_money(amount).amount if is_money else round(amount.amount, POINTS_DIGITS)
    return bool(rounded == amount.amount)


def _gives_points(program: Program, unit: str) -> bool:
    version = current_terms(program)
    return version is not None and unit in version.terms.units_of_points


def _said(amount: Money) -> str:
    return f"{plain(amount.amount)} {amount.currency}"
