"""Reading the books for many at once: one query each, however many rows are asked for.

Reads only, from whatever database the caller names, so that a read replica can answer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from django.db.models import Count, F, Q, QuerySet
from prices import Money

from ..models import (
    Claim,
    LedgerEntry,
    Membership,
    Program,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    TermsVersion,
)
from . import claims, codes, ledger
from .findings import Audience, Finding
from .money import zero
from .people import email_keys
from .programs import DEFAULT_PROGRAM
from .store import Store

#: The query parameter under which a link carries its code.
LINK_PARAMETER = "ref"
#: Where it was shared, by the name that web analytics know; and the channel it leads to.
SOURCE_PARAMETER = "utm_source"
CHANNEL_PARAMETER = "channel"
CHANNEL_PLACE = "{channel}"


#: (referrer, program), by their keys.
Pair = tuple[int, int]


# the program -------------------------------------------------------------------------------
def running_terms(slugs: Collection[str], *, using: str = "default") -> dict[str, TermsVersion]:
    """The terms that new claims are made under, by program; those that run are in it."""
    found = _running(using).filter(program__slug__in=slugs).order_by("program", "-version")
    return {version.program.slug: version for version in found.distinct("program")}


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that could be claimed now: as people write it, the terms, and the name that its
    referrer has chosen, if any."""

    shown: str
    version: TermsVersion
    display_name: str


def live_code(typed: str, *, using: str = "default") -> LiveCode | None:
    """None for a code of nobody's. One query, whatever was typed."""
    live = Q(
        program__codes__code=codes.normalise(typed),
        program__codes__is_active=True,
        program__codes__referrer__blocked_by=None,
    )
    found = _running(using).filter(live).order_by("-version")
    version: Any = found.annotate(
        code=F("program__codes__code"),
        written=F("program__codes__written"),
        display_name=F("program__codes__referrer__display_name"),
    ).first()
    if version is None:
        return None
    shown = str(ReferralCode(code=version.code, written=version.written))
    return LiveCode(shown, version, version.display_name)


def newest_terms(*, using: str = "default") -> list[TermsVersion]:
    """The newest terms of every program that is not archived, those first that go before."""
    versions = TermsVersion.objects.using(using).select_related("program")
    versions = versions.filter(program__archived_at=None)
    newest = versions.order_by("program", "-version").distinct("program")
    return sorted(newest, key=lambda version: (-version.program.priority, version.program_id))


def _running(using: str) -> QuerySet[TermsVersion]:
    versions = TermsVersion.objects.using(using).select_related("program")
    return versions.filter(program__is_running=True)


def link_to(
    program: Program, code: ReferralCode, *, source: str = "", channel: str = ""
) -> str | None:
    """The program's address with the code in it; None while the shop has named no address.

    source   where the link is shared, such as "newsletter": what web analytics read
    channel  slug of the channel it should lead to, if any: in the place of `{channel}` in the
             address, or else as a parameter
    """
    if not program.link_url:
        return None
    url, has_place = program.link_url, CHANNEL_PLACE in program.link_url
    if has_place:
        # Without a channel its part of the path goes.
        url = url.replace(
            CHANNEL_PLACE if channel else f"{CHANNEL_PLACE}/", quote(channel, safe="")
        )
        url = url.replace(CHANNEL_PLACE, "")
    parts = urlsplit(url)
    added = {LINK_PARAMETER: str(code)}
    if source:
        added[SOURCE_PARAMETER] = source
    if channel and not has_place:
        added[CHANNEL_PARAMETER] = channel
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in added
    ]
    query += added.items()
    return urlunsplit(parts._replace(path=parts.path or "/", query=urlencode(query)))


# referrers ---------------------------------------------------------------------------------
def referrers_of(user_refs: Collection[str], *, using: str = "default") -> dict[str, Referrer]:
    """By user ref; customers who never asked for a code are not in it."""
    found = Referrer.objects.using(using).filter(user_ref__in=user_refs)
    return {referrer.user_ref or "": referrer for referrer in found}


def owner_of(typed: str, *, using: str = "default") -> Referrer | None:
    """Whose code it is, whether it is still shared or not."""
    code = codes.normalise(typed)
    return Referrer.objects.using(using).filter(codes__code=code).first() if code else None


def referrer_with(email: str, *, using: str = "default") -> Referrer | None:
    """By their address; an account goes before a guest."""
    found = Referrer.objects.using(using).filter(email_key__in=email_keys(email))
    return found.order_by(F("user_ref").desc(nulls_last=True), "-pk").first()


def live_codes_of(
    referrer_ids: Collection[int], *, using: str = "default"
) -> dict[int, ReferralCode]:
    """The code each referrer shares now, with its program, by referrer."""
    found = (
        ReferralCode.objects.using(using)
        .select_related("program")
        .filter(
            referrer__in=referrer_ids,
            program__slug=DEFAULT_PROGRAM,
            is_active=True,
            replaced_at=None,
        )
    )
    return {code.referrer_id: code for code in found}


def codes_in(pairs: Collection[Pair], *, using: str = "default") -> dict[Pair, ReferralCode]:
    """The code that each referrer shares in a program, by (referrer, program)."""
    live = ReferralCode.objects.using(using).filter(_in(pairs), is_active=True, replaced_at=None)
    found = live.select_related("program")
    return {(code.referrer_id, code.program_id): code for code in found}


def _in(pairs: Collection[Pair]) -> Q:
    """Maybe more than the pairs; whoever asks takes those they have asked for."""
    referrers, programs = zip(*pairs, strict=True)
    return Q(referrer__in=set(referrers), program__in=set(programs))


@dataclass(frozen=True, slots=True)
class Expiry:
    """What of somebody's credit runs out when."""

    at: datetime
    amount: Money


def expiring_of(
    referrer_ids: Collection[int],
    *,
    now: datetime,
    until: datetime,
    store: Store,
    using: str = "default",
) -> dict[int, list[Expiry]]:
    """What each referrer loses between two moments if they do not spend it, first ending
    first."""
    rewards = Reward.objects.using(using).filter(
        holder__in=referrer_ids,
        status=Reward.Status.ISSUED,
        expires_at__gte=now,
        expires_at__lt=until,
    )
    found = list(rewards.order_by("expires_at", "pk"))
    balances = store.credit_balances([r.credit_ref for r in found if r.credit_ref], using=using)
    # Points are in the books alone.
    entries = LedgerEntry.objects.using(using).filter(
        reward__in=[r.pk for r in found if not r.credit_ref]
    )
    booked = {reward: sums.balance for _, reward, _, sums in ledger.summed(entries)}
    expiring: dict[int, list[Expiry]] = {pk: [] for pk in referrer_ids}
    for reward in found:
        nothing = zero(reward.currency)
        if reward.credit_ref:
            left = balances.get(reward.credit_ref, nothing)
        else:
            left = Money(booked.get(reward.pk, Decimal(0)), reward.currency)
        if left > nothing and reward.expires_at:
            expiring[reward.holder_id].append(Expiry(reward.expires_at, left))
    return expiring


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


# how far somebody has come -----------------------------------------------------------------
def groups_of(pairs: Collection[Pair], *, using: str = "default") -> dict[Pair, str]:
    """The group of each (referrer, program) that is a member; empty: in none."""
    found = Membership.objects.using(using).filter(_in(pairs))
    return {(m.referrer_id, m.program_id): m.group for m in found}


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
    shown = mine.filter(Q(status=Claim.Status.OPEN) | Q(pk__in=newest.values("pk")))
    found: dict[str, dict[str, Claim]] = {}
    for claim in shown.select_related("code", "terms__program"):
        found.setdefault(claim.checkout_ref or "", {})[claim.status] = claim
    return {
        ref: CheckoutClaims(
            open=by_status.get(Claim.Status.OPEN),
            refusal=by_status.get(Claim.Status.REFUSED),
        )
        for ref, by_status in found.items()
    }


def account_claims(user_refs: Collection[str], *, using: str = "default") -> dict[str, Claim]:
    """The code that is claimed on each account itself, and goes on its next checkouts."""
    found = claims.open_on_accounts(user_refs).using(using)
    return {claim.account_ref or "": claim for claim in found.select_related("code", "terms")}


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
    claims = _claims_in_flight([program.pk], now, using)
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


@dataclass(frozen=True, slots=True)
class Open:
    """How many claims of a program may still become orders, and how many of its referrals are
    not decided yet."""

    claims: int
    referrals: int


def open_in(
    program_ids: Collection[int], *, now: datetime, using: str = "default"
) -> dict[int, Open]:
    """By program, in three queries."""
    claims = _claims_in_flight(program_ids, now, using).order_by()
    by_claim = dict(claims.values_list("terms__program").annotate(Count("pk")))
    referrals = Referral.objects.using(using).filter(
        program__in=program_ids, status__in=Referral.OPEN
    )
    by_referral = dict(referrals.order_by().values_list("program").annotate(Count("pk")))
    return {pk: Open(by_claim.get(pk, 0), by_referral.get(pk, 0)) for pk in program_ids}


def _claims_in_flight(program_ids: Collection[int], now: datetime, using: str) -> QuerySet[Claim]:
    may_be_used = Q(pk__in=())
    for version in TermsVersion.objects.using(using).filter(program__in=program_ids):
        terms = version.terms
        if terms.orders_until is not None and terms.orders_until <= now:
            continue
        of_version = Q(terms=version)
        if terms.claim_valid is not None:
            of_version &= Q(created_at__gte=terms.claim_valid.before(now, terms.zone))
        may_be_used |= of_version
    return Claim.objects.using(using).filter(may_be_used, status=Claim.Status.OPEN)


# findings ----------------------------------------------------------------------------------
def findings_in(
    stored: Iterable[dict[str, Any]], *, audiences: Collection[Audience] = (Audience.SHOPPER,)
) -> list[Finding]:
    """Stored findings that the audiences may see, the failed ones first, each group in the
    order in which people should hear of them."""
    findings = [Finding.from_json(data) for data in stored]
    visible = [finding for finding in findings if finding.audience in audiences]
    return sorted(visible, key=lambda finding: finding.passed)
