"""Claims: a referral code bound to a checkout, and judged again whenever that changes.

The claim is what makes the store's voucher worth anything: without an open claim the
voucher is refused, whoever types its code.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ..models import Claim, ReferralCode, Referrer, TermsVersion
from . import codes, history
from .decide import ClaimDecision, judge_claim
from .facts import CheckoutFacts, History, Person
from .findings import Finding, FindingCode, Refused
from .programs import current_terms
from .readings import reads
from .referrers import keep_up
from .store import Store
from .terms import Touch

#: Public checkout metadata under this key is taken for a code the shopper brought along.
METADATA_KEY = "referral_code"


def claim_code(
    *,
    store: Store,
    checkout: Any,
    facts: CheckoutFacts,
    typed: str,
    source: Claim.Source,
    found: ReferralCode | None = None,
) -> Claim:
    """Bind a code to a checkout and put its discount on.

    Raises Refused with the first failed finding; the refusal is stored, and whatever was on
    the checkout stays. A code that is accepted takes the place of an earlier one, also when it
    is the same. `found` is the code that was typed, where the caller has looked it up.
    """
    code = found or codes.find(typed)
    version = current_terms(code.program) if code else None
    if code is None or version is None or not _is_there(code.referrer, store):
        raise Refused(Finding(FindingCode.CODE_INVALID, False))

    now = store.now()
    decision = _judge_new(code, version, facts, store, now)
    claim = Claim(
        checkout_ref=facts.ref,
        code=code,
        terms=version,
        typed=typed[:255],
        source=source,
        created_at=now,
    )
    _note(claim, facts, decision, now)
    if decision.refusal is not None:
        claim.status = Claim.Status.REFUSED
        claim.save()
        raise Refused(decision.refusal)
    with transaction.atomic():
        _open_claims(facts.ref).update(status=Claim.Status.WITHDRAWN)
        claim.status = Claim.Status.OPEN
        claim.save()
        store.put_code_on_checkout(checkout, version.offer_code)
    return claim


def withdraw(*, store: Store, checkout: Any, checkout_ref: str, code: str) -> bool:
    """Take a code off a checkout: the one that was typed, in any form, or the one that the
    storefront shows. False when no such claim is open."""
    claim = open_claim(checkout_ref)
    if claim is None or not names(code, claim):
        return False
    with transaction.atomic():
        close(claim)
        store.take_code_off_checkout(checkout, claim.terms.offer_code)
    return True


def close(claim: Claim) -> None:
    """The shopper took the code off."""
    claim.status = Claim.Status.WITHDRAWN
    claim.save(update_fields=["status"])


def names(typed: str, claim: Claim) -> bool:
    """Does what was typed mean this claim's code, or the code that storefronts show for it?"""
    return typed == claim.terms.offer_code or codes.normalise(typed) == claim.code.code


def open_claim(checkout_ref: str) -> Claim | None:
    """The claim now open on a checkout, with code, referrer, terms and program: one query."""
    return _open_claims(checkout_ref).select_related("code__referrer", "terms__program").first()


def objection(*, store: Store, facts: CheckoutFacts, completing: bool = False) -> Finding | None:
    """Why the offer on this checkout must not stand, or None if it may. An objection ends
    the claim; taking the offer off is the caller's.

    Who ordered before and who was referred before is asked anew only when the buyer is no
    longer the one judged, or when the checkout is about to become an order. A promise made
    stands when the program has been switched off since.
    """
    claim = open_claim(facts.ref)
    if claim is None or claim.terms.offer_code != facts.voucher_code:
        return Finding(FindingCode.CODE_INVALID, False)
    now = store.now()
    referrer = claim.code.referrer
    judged = Person(claim.buyer_user_ref, claim.buyer_email_key)
    if facts.buyer == judged and not completing:
        known = History(referrer=_person(referrer))
    else:
        keep_up(referrer, store=store)
        known = _history(store, facts, referrer, claim.terms, now)
    known = replace(known, claimed_at=claim.created_at)
    decision = judge_claim(claim.terms.terms, facts, known, now)
    if decision.refusal is not None:
        claim.status = Claim.Status.REFUSED
    if facts.buyer != judged or decision.refusal is not None:
        _note(claim, facts, decision, now)
        claim.save()
    return decision.refusal


def judged_buyer(checkout_ref: str) -> Person | None:
    """The buyer for whom the open claim was last judged, None without one. One query, so
    that a checkout that changed in other ways need not be read."""
    keys = _open_claims(checkout_ref).values_list("buyer_user_ref", "buyer_email_key").first()
    return None if keys is None else Person(*keys)


def judge_again(
    *, store: Store, checkout: Any, facts: CheckoutFacts, completing: bool = False
) -> Finding | None:
    """The checkout changed, or is about to become an order: take the offer off if it must
    not stand any longer. Returns the finding that ended the claim, or None."""
    with transaction.atomic():
        refusal = objection(store=store, facts=facts, completing=completing)
        if refusal is not None and facts.voucher_code:
            store.take_code_off_checkout(checkout, facts.voucher_code)
    return refusal


@dataclass(frozen=True, slots=True)
class Previewed:
    """`version`: the terms that the code would be claimed under; None for a code of nobody's."""

    decision: ClaimDecision
    version: TermsVersion | None = None


def preview(*, store: Store, facts: CheckoutFacts, typed: str) -> ClaimDecision:
    """What a code would do on a checkout, without doing it."""
    return look_at(store=store, facts=facts, typed=typed).decision


def look_at(*, store: Store, facts: CheckoutFacts, typed: str) -> Previewed:
    """The same, with the terms it was judged by."""
    code = codes.find(typed)
    version = current_terms(code.program) if code else None
    if code is None or version is None:
        unknown = Finding(FindingCode.CODE_INVALID, False)
        return Previewed(ClaimDecision((unknown,), None))
    return Previewed(_judge_new(code, version, facts, store, store.now()), version)


@reads("Terms.touch", gives=FindingCode.OTHER_CODE_HELD)
def _judge_new(
    code: ReferralCode, version: TermsVersion, facts: CheckoutFacts, store: Store, now: datetime
) -> ClaimDecision:
    known = _history(store, facts, code.referrer, version, now)
    others = _open_claims(facts.ref).exclude(code=code)
    if version.terms.touch is not Touch.FIRST:
        # The last code counts, but not against a program that goes before this one.
        others = others.filter(code__program__priority__gt=code.program.priority)
    known = replace(known, is_running=code.program.is_running, holds_other_code=others.exists())
    return judge_claim(version.terms, facts, known, now)


def _history(
    store: Store, facts: CheckoutFacts, referrer: Referrer, version: TermsVersion, now: datetime
) -> History:
    known = history.look_up(
        facts.buyer, version.terms, store=store, program_id=version.program_id, at=now
    )
    return History(
        referrer=_person(referrer),
        referrer_facts=history.facts_of(referrer, version.terms, now, store),
        referrer_parties=history.parties_of(referrer, version.terms, facts.parties, store),
        earlier_orders=known.earlier_orders,
        referred_before=known.referred_before,
    )


def _is_there(referrer: Referrer, store: Store) -> bool:
    """Has the referrer an account still? Takes note of a new e-mail address on the way."""
    keep_up(referrer, store=store)
    return referrer.forgotten_at is None


def _person(referrer: Referrer) -> Person:
    return Person(referrer.user_ref, referrer.email_key)


def _open_claims(checkout_ref: str) -> QuerySet[Claim]:
    return Claim.objects.filter(checkout_ref=checkout_ref, status=Claim.Status.OPEN)


def _note(claim: Claim, facts: CheckoutFacts, decision: ClaimDecision, now: datetime) -> None:
    claim.buyer_user_ref = facts.buyer.user_ref
    claim.buyer_email_key = facts.buyer.email_key
    claim.findings = [finding.to_json() for finding in decision.findings]
    claim.judged_at = now
