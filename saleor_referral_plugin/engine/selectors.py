"""Reading the books for many at once: one query each, however many rows are asked for.

Reads only, from whatever database the caller names, so that a read replica can answer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db.models import Q, QuerySet
from prices import Money

from ..models import (
    Claim,
    LedgerEntry,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    TermsVersion,
)
from . import codes, ledger
from .findings import Audience, Finding
from .money import zero
from .programs import DEFAULT_PROGRAM
from .store import Store

#: The query parameter under which a link carries its code.
LINK_PARAMETER = "ref"


# the program -------------------------------------------------------------------------------
def running_terms(slugs: Collection[str], *, using: str = "default") -> dict[str, TermsVersion]:
    """The terms that new claims are made under, by program; those that run are in it."""
    found = _running(using).filter(program__slug__in=slugs).order_by("program", "-version")
    return {version.program.slug: version for version in found.distinct("program")}


def running_terms_of_code(typed: str, *, using: str = "default") -> TermsVersion | None:
    """The terms under which a code could be claimed now. One query, whatever was typed."""
    live = Q(program__codes__code=codes.normalise(typed), program__codes__is_active=True)
    return _running(using).filter(live).order_by("-version").first()


def _running(using: str) -> QuerySet[TermsVersion]:
    versions = TermsVersion.objects.using(using).select_related("program")
    return versions.filter(program__is_running=True)


def link_to(program: Program, code: str) -> str | None:
    """The program's address with the code in it; None while the shop has named no address."""
    if not program.link_url:
        return None
    parts = urlsplit(program.link_url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name != LINK_PARAMETER
    ]
    query.append((LINK_PARAMETER, codes.show(code)))
    return urlunsplit(parts._replace(path=parts.path or "/", query=urlencode(query)))


# referrers ---------------------------------------------------------------------------------
def referrers_of(user_refs: Collection[str], *, using: str = "default") -> dict[str, Referrer]:
    """By user ref; customers who never asked for a code are not in it."""
    found = Referrer.objects.using(using).filter(user_ref__in=user_refs)
    return {referrer.user_ref or "": referrer for referrer in found}


def live_codes_of(
    referrer_ids: Collection[int], *, using: str = "default"
) -> dict[int, ReferralCode]:
    """The code each referrer shares now, with its program, by referrer."""
    found = (
        ReferralCode.objects.using(using)
        .select_related("program")
        .filter(referrer__in=referrer_ids, program__slug=DEFAULT_PROGRAM, is_active=True)
    )
    return {code.referrer_id: code for code in found}


def accounts_of(
    referrer_ids: Collection[int], *, store: Store, using: str = "default"
) -> dict[int, list[ledger.Account]]:
    """Each referrer's money, one account per currency ever used, by currency.

    What is available is what the store has left on the credits: the books hear only later
    of what was spent."""
    left = _left_on_credits(referrer_ids, store, using)
    entries = LedgerEntry.objects.using(using).filter(holder__in=referrer_ids)
    sums: dict[int, dict[str, list[ledger.Sums]]] = {pk: {} for pk in referrer_ids}
    for holder_id, reward_id, currency, of_reward in ledger.summed(entries):
        in_store = replace(of_reward, balance=left.get(reward_id, of_reward.balance))
        sums[holder_id].setdefault(currency, []).append(in_store)
    return {
        pk: [_account(currency, rewards) for currency, rewards in by_currency.items()]
        for pk, by_currency in sums.items()
    }


def used_coupons(reward_ids: Collection[int], *, store: Store, using: str = "default") -> set[int]:
    """The coupons among some rewards that an order has used, as the store knows."""
    issued = Reward.objects.using(using).filter(pk__in=reward_ids, coupon_code__isnull=False)
    refs = {pk: ref or "" for pk, ref in issued.order_by().values_list("pk", "credit_ref")}
    left = store.credit_balances(list(refs.values()), using=using) if refs else {}
    entries = LedgerEntry.objects.using(using).filter(reward__in=refs)
    # What there would be, had nothing been used.
    unused = ledger.summed(entries.exclude(kind=LedgerEntry.Kind.SPENT))
    return {
        pk for _, pk, _, sums in unused if refs[pk] in left and sums.balance > left[refs[pk]].amount
    }


def _left_on_credits(referrer_ids: Collection[int], store: Store, using: str) -> dict[int, Decimal]:
    """What the store has left on the issued credits, by reward; nothing on one that is gone."""
    issued = Reward.objects.using(using).filter(
        holder__in=referrer_ids, status=Reward.Status.ISSUED, credit_ref__isnull=False
    )
    refs = {pk: ref or "" for pk, ref in issued.order_by().values_list("pk", "credit_ref")}
    balances = store.credit_balances(list(refs.values()), using=using)
    return {pk: balances[ref].amount if ref in balances else Decimal(0) for pk, ref in refs.items()}


def _account(currency: str, rewards: Iterable[ledger.Sums]) -> ledger.Account:
    nothing = zero(currency)
    available = pending = debt = earned = nothing
    for sums in rewards:
        owed = Money(sums.owed, currency)
        available += Money(sums.balance, currency)
        pending += max(owed, nothing)
        debt += max(nothing - owed, nothing)
        earned += Money(sums.promised, currency)
    return ledger.Account(currency, available, pending, debt, earned)


# claims and referrals ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CheckoutClaims:
    """What is known of the codes on one checkout.

    open      the claim that stands, if any
    refusal   the code that was refused last, unless another was accepted or taken off since
    """

    open: Claim | None = None
    refusal: Claim | None = None


def claims_on(
    checkout_refs: Collection[str], *, using: str = "default"
) -> dict[str, CheckoutClaims]:
    """By checkout ref; checkouts that never had a code are not in it."""
    mine = Claim.objects.using(using).filter(checkout_ref__in=checkout_refs)
    newest = mine.order_by("checkout_ref", "-judged_at", "-pk").distinct("checkout_ref")
    claims = mine.filter(Q(status=Claim.Status.OPEN) | Q(pk__in=newest.values("pk")))
    found: dict[str, dict[str, Claim]] = {}
    for claim in claims.select_related("code", "terms__program"):
        found.setdefault(claim.checkout_ref or "", {})[claim.status] = claim
    return {
        ref: CheckoutClaims(
            open=by_status.get(Claim.Status.OPEN),
            refusal=by_status.get(Claim.Status.REFUSED),
        )
        for ref, by_status in found.items()
    }


def referrals_of(order_refs: Collection[str], *, using: str = "default") -> dict[str, Referral]:
    """By order ref; orders that are no referral are not in it."""
    found = (
        Referral.objects.using(using)
        .filter(order_ref__in=order_refs)
        .select_related("terms", "claim__code")
    )
    return {referral.order_ref: referral for referral in found}


# programs that close ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class InFlight:
    """What a program has promised and not kept yet.

    claims     codes that may still become orders, on checkouts and on accounts
    referrals  orders that wait to earn their rewards, or for a person
    rewards    those promised and not delivered in full
    owed       what is still to be delivered of them, by currency or unit
    """

    claims: QuerySet[Claim]
    referrals: QuerySet[Referral]
    rewards: QuerySet[Reward]
    owed: dict[str, Decimal]


def in_flight(program: Program, *, now: datetime, using: str = "default") -> InFlight:
    """The promises of a program, also of one that takes no more codes."""
    may_be_used = Q(pk__in=())
    for version in TermsVersion.objects.using(using).filter(program=program):
        terms = version.terms
        if terms.orders_until is not None and terms.orders_until <= now:
            continue
        of_version = Q(terms=version)
        if terms.claim_valid is not None:
            of_version &= Q(created_at__gte=terms.claim_valid.before(now, terms.zone))
        may_be_used |= of_version
    claims = Claim.objects.using(using).filter(may_be_used, status=Claim.Status.OPEN)
    referrals = Referral.objects.using(using).filter(program=program, status__in=Referral.OPEN)
    entries = LedgerEntry.objects.using(using).filter(reward__program=program)
    owed: dict[int, Decimal] = {}
    by_unit: dict[str, Decimal] = {}
    for _, reward_id, unit, sums in ledger.summed(entries):
        if sums.owed > 0:
            owed[reward_id] = sums.owed
            by_unit[unit] = by_unit.get(unit, Decimal(0)) + sums.owed
    return InFlight(
        claims.select_related("code__referrer").order_by("created_at"),
        referrals.order_by("placed_at"),
        Reward.objects.using(using).filter(pk__in=owed).order_by("pk"),
        by_unit,
    )


# findings ----------------------------------------------------------------------------------
def findings_in(
    stored: Iterable[dict[str, Any]], *, audiences: Collection[Audience] = (Audience.SHOPPER,)
) -> list[Finding]:
    """Stored findings that the audiences may see, the failed ones first, each group in the
    order in which people should hear of them."""
    findings = [Finding.from_json(data) for data in stored]
    visible = [finding for finding in findings if finding.audience in audiences]
    return sorted(visible, key=lambda finding: finding.passed)
