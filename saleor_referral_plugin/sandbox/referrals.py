"""What the shop's pages say of the referral program, read from its books."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from prices import Money

from ..engine import codes, ledger, programs, selectors
from ..engine.coupons import what_it_gives
from ..engine.findings import Audience, Finding, FindingCode
from ..engine.money import say
from ..engine.programs import current_program
from ..engine.referrers import code_for
from ..engine.store import get_store
from ..engine.terms import COUPON
from ..graphql.types.offers import credit_in, offer_in, say_coupon
from ..models import LedgerEntry, Referral, Referrer, Reward
from .models import Channel, Customer, Order
from .store import as_uuid

Kind = LedgerEntry.Kind

_REFERRAL_WORDS = {
    "attributed": ("Waiting", "wait"),
    "in_review": ("Being reviewed", "wait"),
    "qualified": ("Counts", "good"),
    "rejected": ("Does not count", "bad"),
    "expired": ("Came too late", "bad"),
    "reversed": ("No longer counts", "bad"),
}
_REWARD_WORDS = {
    Reward.Status.PENDING: ("On hold", "wait"),
    Reward.Status.APPROVED: ("On its way", "wait"),
    Reward.Status.ISSUED: ("Credited", "good"),
    Reward.Status.VOIDED: ("Not credited", "bad"),
    Reward.Status.CLAWED_BACK: ("Taken back", "bad"),
    Reward.Status.EXPIRED: ("Expired", "bad"),
}
#: Of a coupon that cannot be used; of one that can, its last day is said.
_COUPON_WORDS = {
    Reward.Status.CLAWED_BACK: "taken back",
    Reward.Status.EXPIRED: "expired",
}
#: What the shop says of a rule that is content; a rule unknown here shows its code.
_CONTENT = {
    FindingCode.OWN_CODE: "Somebody else's code",
    FindingCode.NOT_NEW_CUSTOMER: "New customer, if the program asks for one",
    FindingCode.ALREADY_REFERRED: "Nobody else's friend yet",
    FindingCode.BELOW_MINIMUM: "Minimum reached",
    FindingCode.ORDER_VOID: "Not cancelled",
    FindingCode.NOT_CONFIRMED: "Confirmed by the shop",
    FindingCode.NOT_PAID: "Paid, if the program waits for it",
    FindingCode.NOT_FULFILLED: "Sent, if the program waits for it",
    FindingCode.MONEY_BACK: "Not given back or refunded in full",
    FindingCode.CODE_TAKEN_OFF: "Ordered with the friend's discount",
    FindingCode.REFERRER_GONE: "The referrer has an account",
    FindingCode.REFERRER_BLOCKED: "The referrer is not blocked",
    FindingCode.STAFF_DECISION: "Staff have decided that it counts",
    FindingCode.STAFF_REASON: "Staff have said why",
    FindingCode.ISSUED_TOO_LATE: "Issued in time",
    FindingCode.CLAIMED_LATE: "Claimed before the order, or not to be reviewed",
    FindingCode.CAP_REACHED: "Within the referrer's limits",
}


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """What the program gives in a channel, in the sentences that storefronts are given."""

    friend: str
    referrer: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A status in plain words; `tone` is good, wait or bad."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's result, in a sentence."""

    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger. `amount` carries its sign."""

    at: datetime
    words: str
    amount: str
    is_promise: bool


@dataclass(frozen=True, slots=True)
class RewardSeen:
    amount: str
    badge: Badge
    date: datetime | None
    about_date: str
    movements: list[Movement]

    @property
    def money_moved(self) -> list[Movement]:
        """What really reached the referrer, or left them again."""
        return [movement for movement in self.movements if not movement.is_promise]


@dataclass(frozen=True, slots=True)
class ReferralSeen:
    """A referral as its referrer, or on the order's page its owner, sees it."""

    order: Order | None
    order_number: str
    friend: str
    placed_at: datetime
    badge: Badge
    checks: list[Check]
    reward: RewardSeen | None
    code: str

    @property
    def objection(self) -> str:
        """The first thing that speaks against it, as a sentence; empty: nothing does."""
        return next((check.sentence for check in self.checks if not check.passed), "")


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """A referrer's money in one currency; `owes` is empty without a debt."""

    available: str
    pending: str
    earned: str
    owes: str


@dataclass(frozen=True, slots=True)
class CouponSeen:
    """A coupon as its holder sees it; `is_over`: it cannot be used, or not any more."""

    code: str
    gives: str
    until: datetime | None
    state: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class ReferrerSeen:
    """All of a referrer's page. `link` is empty while the owner has not named a storefront."""

    code: str
    link: str
    accounts: list[AccountSeen]
    coupons: list[CouponSeen]
    referrals: list[ReferralSeen]


def offer_seen(channel: Channel) -> OfferSeen | None:
    """None: no program runs in the channel."""
    program = programs.current_program()
    running = selectors.running_terms([program.slug]) if program else {}
    found = next((c for c in get_store().channels() if c.slug == channel.slug), None)
    for version in running.values():
        offer, credit = offer_in(version.terms, found), credit_in(version.terms, found)
        if offer:
            return OfferSeen(offer.description, credit.description if credit else "")
    return None


def referrer_seen(customer: Customer) -> ReferrerSeen | None:
    """The customer's page; their code is made the first time. None: there is no program."""
    store = get_store()
    program = current_program()
    facts = store.customer(str(customer.pk))
    if program is None or facts is None:
        return None
    code = code_for(facts, program, store=store)
    referrer = Referrer.objects.get(pk=code.referrer_id)
    accounts = selectors.accounts_of([referrer.pk], store=store)[referrer.pk]
    return ReferrerSeen(
        code=str(code),
        link=selectors.link_to(program, code) or "",
        accounts=[_account_seen(account) for account in accounts if account.currency != COUPON],
        coupons=_coupons_of(referrer),
        referrals=_seen(referrer.referrals.all()),
    )


def _coupons_of(referrer: Referrer) -> list[CouponSeen]:
    """Those that were ever issued, the newest first."""
    issued = list(referrer.rewards.filter(coupon_code__isnull=False))
    used = selectors.used_coupons([reward.pk for reward in issued], store=get_store())
    seen = []
    for reward in issued:
        state = "used" if reward.pk in used else _COUPON_WORDS.get(Reward.Status(reward.status), "")
        seen.append(
            CouponSeen(
                code=codes.show(reward.coupon_code or ""),
                gives=say_coupon(what_it_gives(reward)),
                until=reward.expires_at,
                state=state,
                is_over=bool(state),
            )
        )
    return seen


def referral_of(order: Order) -> ReferralSeen | None:
    """The referral that an order made, if any."""
    return next(iter(_seen(Referral.objects.filter(order_ref=str(order.pk)))), None)


def statuses_of(orders: Iterable[Order]) -> dict[str, ReferralSeen]:
    """The referrals of many orders, by order id."""
    refs = [str(order.pk) for order in orders]
    return {
        str(seen.order.pk): seen
        for seen in _seen(Referral.objects.filter(order_ref__in=refs))
        if seen.order is not None
    }


def _seen(referrals: Iterable[Referral]) -> list[ReferralSeen]:
    found = list(
        Referral.objects.filter(pk__in=[referral.pk for referral in referrals])
        .select_related("claim__code")
        .prefetch_related("rewards__entries")
    )
    orders = {
        str(pk): order
        for pk, order in Order.objects.in_bulk([as_uuid(r.order_ref) for r in found]).items()
    }
    return [_referral_seen(referral, orders.get(referral.order_ref)) for referral in found]


def _referral_seen(referral: Referral, order: Order | None) -> ReferralSeen:
    reward = next(iter(referral.rewards.all()), None)
    findings = selectors.findings_in(referral.findings, audiences=tuple(Audience))
    return ReferralSeen(
        order=order,
        order_number=referral.order_number,
        friend=order.email if order else "",
        placed_at=referral.placed_at,
        badge=Badge(*_REFERRAL_WORDS[referral.status]),
        checks=[
            Check(finding.passed, finding.sentence or _content(finding)) for finding in findings
        ],
        reward=_reward_seen(reward) if reward else None,
        code=str(referral.claim.code) if referral.claim else "",
    )


def _content(finding: Finding) -> str:
    return _CONTENT.get(finding.code, finding.code.value.replace("_", " ").capitalize())


def _reward_seen(reward: Reward) -> RewardSeen:
    date, about = _date_of(reward)
    return RewardSeen(
        amount=_said(Money(reward.amount, reward.currency)),
        badge=Badge(*_REWARD_WORDS[Reward.Status(reward.status)]),
        date=date,
        about_date=about,
        movements=[
            Movement(
                at=entry.created_at,
                words=_words(entry),
                amount=_signed(entry.amount, entry.currency),
                is_promise=entry.kind == Kind.PROMISED,
            )
            for entry in reward.entries.all()
        ],
    )


def _date_of(reward: Reward) -> tuple[datetime | None, str]:
    """The date that matters next, and what it is."""
    match Reward.Status(reward.status):
        case Reward.Status.PENDING:
            return reward.hold_until, "credited on"
        case Reward.Status.ISSUED:
            return reward.expires_at, "valid until"
        case Reward.Status.EXPIRED:
            return reward.expires_at, "since"
    return None, ""


def _words(entry: LedgerEntry) -> str:
    match Kind(entry.kind):
        case Kind.PROMISED:
            return "Promised" if entry.amount > 0 else "Promise reduced"
        case Kind.DELIVERED:
            return "Credited"
        case Kind.TAKEN_BACK:
            return "Taken back"
        case Kind.OFFSET:
            return "Paid an earlier debt" if entry.amount > 0 else "Debt paid by a later credit"
        case Kind.SPENT:
            return "Spent" if entry.amount < 0 else "Given back by a cancelled order"
        case Kind.EXPIRED:
            return "Expired unused" if entry.amount < 0 else "Expiry undone"
        case Kind.WAIVED:
            return "Let go" if entry.amount < 0 else "Deserved after all"


def _signed(amount: Decimal, currency: str) -> str:
    shown = _said(Money(abs(amount), currency))
    return f"+{shown}" if amount > 0 else f"−{shown}"


def _said(amount: Money) -> str:
    """A coupon is no money."""
    if amount.currency != COUPON:
        return say(amount)
    return f"{amount.amount:.0f} {'coupon' if amount.amount == 1 else 'coupons'}"


def _account_seen(account: ledger.Account) -> AccountSeen:
    return AccountSeen(
        available=say(account.available),
        pending=say(account.pending),
        earned=say(account.earned),
        owes=say(account.debt) if account.debt else "",
    )
