"""A waiting list: sign-ups before there is anything to buy, which count as referrals once
they are confirmed."""

from datetime import datetime

from django.core import signing
from django.db import transaction

from ..models import Program, Referral, ReferralCode, Referrer, SignUp
from . import codes
from .decide import ReferralStatus
from .findings import Finding, FindingCode, Refused
from .people import person as person_with
from .programs import current_terms
from .referrers import holder_of
from .settle import settle_milestones
from .store import Store

_SALT = "referral.waitlist"


@transaction.atomic
def sign_up(email: str, *, program: Program, store: Store, code: str = "") -> SignUp:
    """Put an address on the list, with the code of whoever recommended it. The same person
    again is the same sign-up; their first code counts.

    Raises Refused: CODE_INVALID for no address, an unknown code or one of another program,
    OWN_CODE, PROGRAM_NOT_RUNNING.
    """
    now = store.now()
    version = current_terms(program)
    if "@" not in email:
        raise Refused(Finding(FindingCode.ADDRESS_INVALID, False))
    is_over = version is None or (version.terms.claims_until or now) < now
    if is_over or version is None or not program.is_running:
        raise Refused(Finding(FindingCode.PROGRAM_NOT_RUNNING, False))
    found = codes.find(code) if code else None
    if code and (found is None or found.program_id != program.pk):
        raise Refused(Finding(FindingCode.CODE_INVALID, False))
    person = holder_of(person_with(None, email), now)
    if found is not None and found.referrer_id == codes.who_remains(person).pk:
        raise Refused(Finding(FindingCode.OWN_CODE, False))
    signed_up, is_new = SignUp.objects.get_or_create(
        program=program, person=person, defaults={"shown_as": mask(email), "created_at": now}
    )
    if found is not None and is_new:
        Referral.objects.create(
            program=program,
            terms=version,
            referrer_id=found.referrer_id,
            sign_up=signed_up,
            order_ref=f"{Referral.SIGN_UP}{signed_up.pk}",
            referee_email_key=person.email_key,
            status=ReferralStatus.ATTRIBUTED.value,
            placed_at=now,
            settled_at=now,
        )
    return signed_up


def token_of(signed_up: SignUp) -> str:
    """What the link in the message to the address carries. Only who reads their mail has it."""
    return signing.dumps(signed_up.pk, salt=_SALT)


def confirm(token: str, *, store: Store) -> SignUp | None:
    """The address is real: from now on it counts. None for a token of nobody's."""
    found = find(token)
    return _change(found.pk, store, confirmed_at=store.now()) if found else None


def find(token: str, *, using: str = "default") -> SignUp | None:
    """Whose token it is; None: nobody's."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    found = SignUp.objects.using(using).select_related("program", "person")
    return found.filter(pk=pk).first()


def reject(signed_up: SignUp, *, by: str, reason: str, store: Store) -> SignUp:
    """A person decided that it is not real: it counts no more, until `accept`."""
    return _change(signed_up.pk, store, rejected_at=store.now(), rejected_by=by, reason=reason)


def accept(signed_up: SignUp, *, by: str, store: Store) -> SignUp:
    """It is real after all."""
    return _change(signed_up.pk, store, rejected_at=None, rejected_by=by, reason="")


def look_again(referral: Referral, *, store: Store) -> None:
    """Time may have taken away what a sign-up counted for."""
    if referral.sign_up_id is not None:
        _change(referral.sign_up_id, store)


def code_of(signed_up: SignUp, *, store: Store) -> ReferralCode:
    """The code that somebody on the list shares."""
    return codes.code_of(signed_up.person, signed_up.program, store=store)


def mask(email: str) -> str:
    """`anna@example.com` -> `a***@example.com`"""
    name, _, domain = email.strip().rpartition("@")
    return f"{name[:1]}***@{domain}"


@transaction.atomic
def _change(pk: int, store: Store, **changes: object) -> SignUp:
    referral = Referral.objects.filter(sign_up=pk).first()
    if referral is not None:
        # The referrer's lock, as for an order: counting happens under it.
        Referrer.objects.select_for_update().get(pk=referral.referrer_id)
    signed_up = SignUp.objects.select_for_update().select_related("program").get(pk=pk)
    if "confirmed_at" in changes and signed_up.confirmed_at is not None:
        return signed_up
    for name, value in changes.items():
        setattr(signed_up, name, value)
    signed_up.save()
    if referral is not None:
        _settle(referral, signed_up, store.now())
    return signed_up


def _settle(referral: Referral, signed_up: SignUp, now: datetime) -> None:
    was_earned_at = referral.earned_at
    counts = signed_up.confirmed_at is not None and signed_up.rejected_at is None
    if counts:
        status = ReferralStatus.QUALIFIED
    elif was_earned_at is not None or referral.status == ReferralStatus.REVERSED.value:
        status = ReferralStatus.REVERSED
    elif signed_up.rejected_at is not None:
        status = ReferralStatus.REJECTED
    else:
        status = ReferralStatus.ATTRIBUTED
    referral.status = status.value
    referral.earned_at = signed_up.confirmed_at if counts else None
    referral.findings = [
        Finding(FindingCode.NOT_CONFIRMED_ADDRESS, signed_up.confirmed_at is not None).to_json(),
        Finding(FindingCode.NOT_REAL, signed_up.rejected_at is None).to_json(),
    ]
    referral.settled_at = now
    referral.look_again_at = None
    referral.save()
    moments = [moment for moment in (was_earned_at, referral.earned_at) if moment]
    settle_milestones(signed_up.program, referral.referrer_id, moments, "", now=now)
