"""Claims: a referral code bound to a checkout, and judged again whenever that changes; to an
account, before there is any checkout; or to an order, for which it had been forgotten.

The claim is what makes the store's voucher worth anything: without an open claim the
voucher is refused, whoever types its code.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ..models import Claim, Referral, ReferralCode, Referrer, TermsVersion
from . import codes, goods, history, metrics
from .decide import ClaimDecision, judge_account_claim, judge_claim, judge_late_claim
from .facts import CheckoutFacts, CustomerFacts, History, OrderFacts, Person
from .findings import Finding, FindingCode, Refused, first_failed
from .people import domain_of, email_keys, person, remembered
from .programs import current_terms
from .readings import reads
from .referrers import keep_up
from .rules import LASTING
from .settle import settle, settle_claimed, trying_again
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
    code, version = _claimable(found or codes.find(typed), store)

    now = store.now()
    decision, version = _judge_new(code, version, facts, store, now)
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
        metrics.refused(decision.refusal.code.value)
        raise Refused(decision.refusal)
    with transaction.atomic():
        _open_claims(facts.ref).update(status=Claim.Status.WITHDRAWN)
        claim.status = Claim.Status.OPEN
        claim.save()
        store.put_code_on_checkout(checkout, version.offer_code)
    return claim


def _claimable(code: ReferralCode | None, store: Store) -> tuple[ReferralCode, TermsVersion]:
    """The code, and the terms that it is claimed under now. Raises Refused for one of nobody's,
    whatever the reason."""
    version = current_terms(code.program) if code else None
    if code is None or version is None or not _is_there(code.referrer, store):
        metrics.refused(FindingCode.CODE_INVALID.value)
        raise Refused(Finding(FindingCode.CODE_INVALID, False))
    return code, version


def claim_on_account(customer: CustomerFacts, typed: str, *, store: Store) -> Claim:
    """Claim a code before there is a checkout: it goes on the customer's next ones by itself,
    until one becomes an order. Of two codes the terms say which one counts, as on a checkout.

    Raises Refused with the first failed finding; the refusal is stored, and an earlier claim
    stays.
    """
    code, version = _claimable(codes.find(typed), store)
    now = store.now()
    known = _new_history(code, version, _open_on(customer.user_ref), _of(customer), store, now)
    claim = Claim(code=code, terms=version, typed=typed[:255], created_at=now)
    return _judged_on_account(claim, customer, known, store)


def take_into_account(customer: CustomerFacts, checkout_ref: str, *, store: Store) -> Claim | None:
    """What a guest claimed on a checkout is claimed on the account of the customer that they
    turn out to be, as of then: for one who logs in and shops on with another checkout. None where
    no code is on it, or it is another customer's.

    Raises Refused as `claim_on_account` does.
    """
    guests = open_claim(checkout_ref)
    if guests is None or guests.buyer_user_ref not in (None, customer.user_ref):
        return None
    code = guests.code
    if not _is_there(code.referrer, store):
        raise Refused(Finding(FindingCode.CODE_INVALID, False))
    held, now = _open_on(customer.user_ref), store.now()
    known = replace(
        _new_history(code, guests.terms, held, _of(customer), store, now),
        # What was promised to the guest stands.
        is_running=True,
        open_referrals=0,
        claimed_at=guests.created_at,
    )
    claim = Claim(code=code, terms=guests.terms, typed=guests.typed, created_at=guests.created_at)
    return _judged_on_account(claim, customer, known, store)


def _judged_on_account(
    claim: Claim, customer: CustomerFacts, known: History, store: Store
) -> Claim:
    """Open it on the account, or store why not and raise Refused."""
    buyer, now = _of(customer), store.now()
    terms = claim.terms.terms
    findings = judge_account_claim(terms, buyer, domain_of(customer.email), known, now)
    claim.account_ref = customer.user_ref
    claim.source = Claim.Source.ACCOUNT
    claim.buyer_user_ref, claim.buyer_email_key = buyer.user_ref, buyer.email_key
    claim.findings = [finding.to_json() for finding in findings]
    claim.judged_at = now
    refusal = first_failed(findings)
    if refusal is not None:
        claim.status = Claim.Status.REFUSED
        claim.save()
        metrics.refused(refusal.code.value)
        raise Refused(refusal)
    _open_on_account(claim, store)
    return claim


def _of(customer: CustomerFacts) -> Person:
    return person(customer.user_ref, customer.email)


@transaction.atomic
def withdraw_from_account(user_ref: str, *, store: Store) -> Claim | None:
    """The customer no longer wants the code on their next checkouts. None when there is none."""
    claim = _open_on(user_ref).select_for_update(of=("self",)).select_related("code").first()
    if claim is not None:
        close(claim)
    store.note_claim(user_ref, is_open=False)
    return claim


def follow_into_account(customer: CustomerFacts, *, store: Store) -> Claim | None:
    """A guest has become a customer: the code last claimed under the same address is claimed
    on the account as of then, unless another is by now."""
    keys = email_keys(customer.email)
    guests = Claim.objects.filter(
        status=Claim.Status.OPEN, buyer_email_key__in=keys, buyer_user_ref=None
    ).select_related("terms", "code")
    last = guests.order_by("-created_at").first() if keys else None
    if last is None or _open_on(customer.user_ref).exists():
        return None
    claim = Claim(
        account_ref=customer.user_ref,
        code=last.code,
        terms=last.terms,
        typed=last.typed,
        source=Claim.Source.ACCOUNT,
        buyer_user_ref=customer.user_ref,
        buyer_email_key=keys[0],
        findings=last.findings,
        created_at=last.created_at,
        judged_at=store.now(),
    )
    _open_on_account(claim, store)
    return claim


@transaction.atomic
def put_account_claim_on(*, store: Store, checkout: Any, facts: CheckoutFacts) -> Claim | None:
    """Put the code that is claimed on the buyer's account on a checkout of theirs, if it may
    be there. A checkout from which a code was taken off, or that has one, is left alone; what
    can not be any more ends the claim on the account, too."""
    on_account = _open_on(facts.buyer.user_ref or "")
    first = on_account.select_related("code__referrer", "terms__program").first()
    on_checkout = Claim.objects.filter(checkout_ref=facts.ref)
    if first is None or on_checkout.exclude(status=Claim.Status.REFUSED).exists():
        return None
    now = store.now()
    referrer = first.code.referrer
    if not _is_there(referrer, store):
        _end(first, (Finding(FindingCode.CODE_INVALID, False),), store)
        return None
    known = replace(_history(store, facts, referrer, first.terms, now), claimed_at=first.created_at)
    terms = first.terms.terms
    decision = judge_claim(terms, goods.of_checkout(facts, terms, store), known, now)
    if decision.refusal is not None:
        if decision.refusal.code in LASTING:
            _end(first, decision.findings, store)
        return None
    claim = Claim(
        checkout_ref=facts.ref,
        account_ref=first.account_ref,
        code=first.code,
        terms=first.terms,
        typed=first.typed,
        source=Claim.Source.ACCOUNT,
        status=Claim.Status.OPEN,
        created_at=first.created_at,
    )
    _note(claim, facts, decision, now)
    claim.save()
    try:
        with transaction.atomic():
            store.put_code_on_checkout(checkout, first.terms.offer_code)
    except Refused:
        # The store has no voucher for it (here): no more than a discount the less.
        claim.delete()
        return None
    return claim


def open_on_accounts(user_refs: Collection[str]) -> QuerySet[Claim]:
    """The claims on accounts themselves: one each, at most."""
    return Claim.objects.filter(
        account_ref__in=user_refs, checkout_ref=None, order_ref=None, status=Claim.Status.OPEN
    )


def _open_on(user_ref: str) -> QuerySet[Claim]:
    return open_on_accounts([user_ref])


@transaction.atomic
def _open_on_account(claim: Claim, store: Store) -> None:
    user_ref = claim.account_ref or ""
    _open_on(user_ref).update(status=Claim.Status.WITHDRAWN)
    claim.status = Claim.Status.OPEN
    claim.save()
    store.note_claim(user_ref, is_open=True)


def _end(claim: Claim, findings: Iterable[Finding], store: Store) -> None:
    claim.status = Claim.Status.REFUSED
    claim.findings = [finding.to_json() for finding in findings]
    claim.judged_at = store.now()
    claim.save()
    store.note_claim(claim.account_ref or "", is_open=False)


def claim_for_order(
    order_ref: str, typed: str, *, store: Store, by: Person | None = None
) -> Referral:
    """Claim a code that was forgotten when the order was placed: it gets no discount, and the
    referral is judged as of then. `by`: who claims it, which must be the order's buyer; None:
    the shop does, for them. The same code again is the same referral.

    Raises Refused with the first failed finding; the refusal is stored, and nothing else.
    """
    code, version = _claimable(codes.find(typed), store)
    facts = store.order_facts(order_ref)
    if facts is None or not (by is None or by.is_same_as(facts.buyer)):
        raise Refused(Finding(FindingCode.ORDER_NOT_YOURS, False))
    # Its own claim, of which no hook has told yet, goes before.
    settle(order_ref, store=store)
    referral, refusal = trying_again(
        order_ref, lambda: _claim_late(code, version, facts, typed, store)
    )
    if referral is None:
        raise Refused(refusal or Finding(FindingCode.ORDER_NOT_YOURS, False))
    return referral


def bind(
    code: ReferralCode,
    version: TermsVersion,
    facts: OrderFacts,
    *,
    source: Claim.Source,
    typed: str,
    findings: Iterable[Finding] = (),
    store: Store,
) -> Referral | None:
    """Make an order, which is nobody's referral, one of the code's referrer. Their row is
    locked by the caller."""
    claim = _claim_of_order(code, version, facts, source, typed, findings, store.now())
    claim.status = Claim.Status.OPEN
    claim.save()
    return settle_claimed(claim, facts.ref, store=store)


def _claim_late(
    code: ReferralCode, version: TermsVersion, facts: OrderFacts, typed: str, store: Store
) -> tuple[Referral | None, Finding | None]:
    """The referral it made; or why it made none, which is stored."""
    code.referrer = Referrer.objects.select_for_update().get(pk=code.referrer_id)
    source = Claim.Source.AFTER_ORDER
    existing = Referral.objects.filter(order_ref=facts.ref).select_related("claim").first()
    if existing is not None and existing.claim and existing.claim.code_id == code.pk:
        return existing, None
    claim = _claim_of_order(code, version, facts, source, typed, (), store.now())
    findings: tuple[Finding, ...] = (
        Finding(FindingCode.OTHER_CODE_HELD, existing is None, on_order=True),
    )
    if existing is None:
        findings += _judge_late(claim, facts, store)
    refusal = first_failed(findings)
    if refusal is None:
        referral = bind(
            code, version, facts, source=source, typed=typed, findings=findings, store=store
        )
        return referral, None
    claim.findings = [finding.to_json() for finding in findings]
    claim.status = Claim.Status.REFUSED
    claim.save()
    metrics.refused(refusal.code.value)
    return None, refusal


def _judge_late(claim: Claim, facts: OrderFacts, store: Store) -> tuple[Finding, ...]:
    code, terms = claim.code, claim.terms.terms
    facts = goods.marked(facts, terms, {}, store)
    referral = Referral(program=code.program, claim=claim, order_ref=facts.ref)
    known = history.of_order(referral, code.referrer, terms, facts, store=store)
    known = replace(
        known,
        is_running=code.program.is_running,
        code_made_at=code.created_at,
        open_referrals=_open_referrals(code, claim.terms),
    )
    return judge_late_claim(terms, facts, known)


def _claim_of_order(
    code: ReferralCode,
    version: TermsVersion,
    facts: OrderFacts,
    source: Claim.Source,
    typed: str,
    findings: Iterable[Finding],
    now: datetime,
) -> Claim:
    return Claim(
        order_ref=facts.ref,
        code=code,
        terms=version,
        typed=typed[:255],
        source=source,
        buyer_user_ref=facts.buyer.user_ref,
        buyer_email_key=facts.buyer.email_key,
        findings=[finding.to_json() for finding in findings],
        created_at=now,
        judged_at=now,
    )


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
    judged = remembered(claim.buyer_user_ref, claim.buyer_email_key)
    if facts.buyer == judged and not completing:
        known = history.about(referrer)
    else:
        keep_up(referrer, store=store)
        known = _history(store, facts, referrer, claim.terms, now)
    terms = claim.terms.terms
    if terms.discounted_orders > 1 and (first := _first_of(facts.buyer, claim.code)):
        known = replace(known, follows=history.follow(first))
    known = replace(known, claimed_at=claim.created_at, is_completing=completing)
    decision = judge_claim(terms, goods.of_checkout(facts, terms, store), known, now)
    if referrer.blocked_by_id is not None:
        # Blocked since: their code is nobody's, whatever the rules say.
        unknown = Finding(FindingCode.CODE_INVALID, False)
        decision = replace(decision, findings=(unknown, *decision.findings))
    if decision.refusal is not None:
        claim.status = Claim.Status.REFUSED
        metrics.refused(decision.refusal.code.value)
    if facts.buyer != judged or decision.refusal is not None:
        _note(claim, facts, decision, now)
        claim.save()
    return decision.refusal


def judged_buyer(checkout_ref: str) -> Person | None:
    """The buyer for whom the open claim was last judged, None without one. One query, so
    that a checkout that changed in other ways need not be read."""
    keys = _open_claims(checkout_ref).values_list("buyer_user_ref", "buyer_email_key").first()
    return None if keys is None else remembered(*keys)


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
    if code is None or version is None or code.referrer.blocked_by_id is not None:
        unknown = Finding(FindingCode.CODE_INVALID, False)
        return Previewed(ClaimDecision((unknown,), None))
    return Previewed(*_judge_new(code, version, facts, store, store.now()))


def _judge_new(
    code: ReferralCode, version: TermsVersion, facts: CheckoutFacts, store: Store, now: datetime
) -> tuple[ClaimDecision, TermsVersion]:
    """The decision, and the terms it is by: who uses a code once more was promised those of the
    first time."""
    held = _open_claims(facts.ref)
    known = _new_history(code, version, held, facts.buyer, store, now)
    first = _first_of(facts.buyer, code) if known.referred_before else None
    if first is not None:
        version = first.terms
        known = replace(
            known,
            follows=history.follow(first),
            is_running=True,
            holds_other_code=_holds_other(code, version, held),
        )
    known = replace(
        known,
        referrer_parties=history.parties_of(code.referrer, version.terms, facts.parties, store),
    )
    counted = goods.of_checkout(facts, version.terms, store)
    return judge_claim(version.terms, counted, known, now), version


def _first_of(buyer: Person, code: ReferralCode) -> Referral | None:
    return history.first_with_code(buyer, program_id=code.program_id, referrer_id=code.referrer_id)


def _new_history(
    code: ReferralCode,
    version: TermsVersion,
    held: QuerySet[Claim],
    buyer: Person,
    store: Store,
    now: datetime,
) -> History:
    """For a code that is claimed now, where these are held."""
    return replace(
        _known(store, buyer, code.referrer, version, now),
        is_running=code.program.is_running,
        open_referrals=_open_referrals(code, version),
        holds_other_code=_holds_other(code, version, held),
    )


@reads("Terms.touch", gives=FindingCode.OTHER_CODE_HELD)
def _holds_other(code: ReferralCode, version: TermsVersion, held: QuerySet[Claim]) -> bool:
    others = held.exclude(code=code)
    if version.terms.touch is not Touch.FIRST:
        # The last code counts, but not against a program that goes before this one.
        others = others.filter(code__program__priority__gt=code.program.priority)
    return others.exists()


@reads("Terms.open_referrals", gives=FindingCode.TOO_MANY_OPEN)
def _open_referrals(code: ReferralCode, version: TermsVersion) -> int:
    """How many wait to be decided; nothing is asked where any number may."""
    if version.terms.open_referrals is None:
        return 0
    waiting = Referral.objects.filter(
        referrer=code.referrer_id, program=code.program_id, status__in=Referral.OPEN
    )
    return waiting.count()


def _history(
    store: Store, facts: CheckoutFacts, referrer: Referrer, version: TermsVersion, now: datetime
) -> History:
    return replace(
        _known(store, facts.buyer, referrer, version, now),
        referrer_parties=history.parties_of(referrer, version.terms, facts.parties, store),
    )


def _known(
    store: Store, buyer: Person, referrer: Referrer, version: TermsVersion, now: datetime
) -> History:
    known = history.look_up(
        buyer, version.terms, store=store, program_id=version.program_id, at=now
    )
    return replace(
        history.about(referrer),
        referrer_facts=history.facts_of(
            referrer, version.terms, now, store, program_id=version.program_id
        ),
        referee_facts=history.referee_facts_of(buyer, version.terms, store),
        earlier_orders=known.earlier_orders,
        referred_before=known.referred_before,
    )


def _is_there(referrer: Referrer, store: Store) -> bool:
    """Has the referrer an account still, and not been blocked? Takes note of a new e-mail
    address on the way."""
    keep_up(referrer, store=store)
    return referrer.forgotten_at is None and referrer.blocked_by_id is None


def _open_claims(checkout_ref: str) -> QuerySet[Claim]:
    return Claim.objects.filter(checkout_ref=checkout_ref, status=Claim.Status.OPEN)


def _note(claim: Claim, facts: CheckoutFacts, decision: ClaimDecision, now: datetime) -> None:
    claim.buyer_user_ref = facts.buyer.user_ref
    claim.buyer_email_key = facts.buyer.email_key
    claim.findings = [finding.to_json() for finding in decision.findings]
    claim.judged_at = now
