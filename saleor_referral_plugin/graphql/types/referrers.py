"""A customer as a referrer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import graphene
from prices import Money
from promise import Promise

from graphql import GraphQLError

from ...engine import codes, referrers, selectors
from ...engine.facts import CustomerFacts
from ...engine.ledger import Account
from ...engine.people import is_key_of
from ...engine.programs import DEFAULT_PROGRAM, current_program
from ...engine.selectors import Expiry
from ...engine.store import get_store
from ...engine.terms import COUPON
from ...models import ReferralCode, TermsVersion
from ...models import Referrer as ReferrerRow
from .. import host
from ..dataloaders import (
    AccountsByReferrerLoader,
    ClaimCountLoader,
    ClaimPageLoader,
    CodesByReferrerLoader,
    DecisionByIdLoader,
    DecisionsByReferrerLoader,
    EntryCountLoader,
    EntryPageLoader,
    ExpiringLoader,
    LiveCodeByReferrerLoader,
    MembershipsByReferrerLoader,
    ReferralCountLoader,
    ReferralPageLoader,
    ReferrerByUserRefLoader,
    RewardCountLoader,
    RewardPageLoader,
    RunningTermsLoader,
    load_channel,
)
from ..enums import DOC_CATEGORY
from ..pages import Connected
from ..where import (
    CLAIMS,
    ENTRIES,
    REFERRALS,
    REWARDS,
    ReferralClaimSortingInput,
    ReferralClaimWhereInput,
    ReferralLedgerEntrySortingInput,
    ReferralLedgerEntryWhereInput,
    ReferralRewardSortingInput,
    ReferralRewardWhereInput,
    ReferralSortingInput,
    ReferralWhereInput,
    page_of,
)
from .claims import ReferralClaimCountableConnection
from .decisions import ReferralDecision, decisions_field
from .ledger import ReferralLedgerEntryCountableConnection
from .memberships import ReferralMembership, ReferrerCode
from .metadata import WithMetadata
from .offers import ReferralCredit, ReferralOffer, credit_in, offer_in
from .referrals import ReferralCountableConnection, ReferralRewardCountableConnection
from .taking_part import ReferrerProgram, load_parts

#: How far ahead one can look for what runs out.
MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class BalanceSeen:
    """A referrer's account in one currency."""

    referrer_id: int
    account: Account


class ReferralExpiry(host.BaseObjectType):
    amount = graphene.Field(host.Money, required=True, description="What runs out.")
    expires_at = host.DateTime(required=True, description="When, if it is not spent before.")

    class Meta:
        description = "A part of a referrer's credit that runs out."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_expires_at(root: Expiry, _info: Any) -> datetime:
        return root.at


class ReferralBalance(host.BaseObjectType):
    currency = graphene.String(
        required=True, description="Code of the currency, or the unit of a program's points."
    )
    available = graphene.Field(
        host.Money, required=True, description="Credited and not spent, taken back or expired."
    )
    pending = graphene.Field(
        host.Money, required=True, description="Promised and not credited yet."
    )
    debt = graphene.Field(
        host.Money,
        required=True,
        description="Spent, and no longer deserved: the next credit pays it first.",
    )
    earned = graphene.Field(host.Money, required=True, description="Promised in all.")
    expiring = graphene.Field(
        host.NonNullList(ReferralExpiry),
        days=graphene.Int(default_value=30, description="How many days to look ahead."),
        required=True,
        description="What of the available credit runs out soon, first ending first.",
    )

    class Meta:
        description = "A referrer's money in one currency, or their points."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_currency(root: BalanceSeen, _info: Any) -> str:
        return root.account.currency

    @staticmethod
    def resolve_available(root: BalanceSeen, _info: Any) -> Money:
        return root.account.available

    @staticmethod
    def resolve_pending(root: BalanceSeen, _info: Any) -> Money:
        return root.account.pending

    @staticmethod
    def resolve_debt(root: BalanceSeen, _info: Any) -> Money:
        return root.account.debt

    @staticmethod
    def resolve_earned(root: BalanceSeen, _info: Any) -> Money:
        return root.account.earned

    @staticmethod
    def resolve_expiring(root: BalanceSeen, info: Any, *, days: int) -> Promise:
        if not 0 < days <= MOST_DAYS:
            raise GraphQLError(f"Argument `days` must be between 1 and {MOST_DAYS}.")

        def in_currency(found: list[Expiry]) -> list[Expiry]:
            return [each for each in found if each.amount.currency == root.account.currency]

        return ExpiringLoader(info.context).load((root.referrer_id, days)).then(in_currency)


def _channel_argument() -> graphene.String:
    return graphene.String(required=True, description="Slug of the channel.")


class Referrer(WithMetadata, host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the referrer.")
    display_name = graphene.String(
        description="The name that the referrer chose to be seen by. Null: none."
    )
    code = graphene.String(description="The code to share, as people write it.")
    link = graphene.String(
        source=graphene.String(
            description="Where the link is shared, such as `newsletter`: its `utm_source`."
        ),
        channel=graphene.String(description="Slug of the channel that the link leads to."),
        description="The link to share. Null while the shop has not said where links lead.",
    )
    offer = graphene.Field(
        ReferralOffer,
        channel=_channel_argument(),
        description="What the code gives in a channel. Null when the program does not run there.",
    )
    credit = graphene.Field(
        ReferralCredit,
        channel=_channel_argument(),
        description=(
            "What each friend brings in a channel. Null when the program does not run there."
        ),
    )
    balances = graphene.Field(
        host.NonNullList(ReferralBalance),
        required=True,
        description=(
            "The referrer's money and points, one balance per currency or unit ever used. Coupons "
            "are among the rewards."
        ),
    )
    programs = graphene.Field(
        host.NonNullList(ReferrerProgram),
        channel=_channel_argument(),
        required=True,
        description=(
            "The programs that run, and those the referrer has been in: which are open to them in "
            "a channel, and why others are not."
        ),
    )
    rewards = host.ConnectionField(
        ReferralRewardCountableConnection,
        where=ReferralRewardWhereInput(description="Where filtering options."),
        sort_by=ReferralRewardSortingInput(description="Sort rewards; newest first by default."),
        description="The referrer's rewards.",
    )
    referrals = host.ConnectionField(
        ReferralCountableConnection,
        where=ReferralWhereInput(description="Where filtering options."),
        sort_by=ReferralSortingInput(description="Sort referrals; newest first by default."),
        description="The referrer's referrals.",
    )
    user = host.PermissionsField(
        host.User,
        description="Their account. Null for a guest, and after it was deleted or erased.",
        permissions=[host.MANAGE_USERS],
    )
    created_at = host.PermissionsField(
        host.DateTime,
        description="Since when they are one.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    blocked_by = host.PermissionsField(
        ReferralDecision,
        description="The decision that has blocked them. Null: they are not blocked.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    decisions = decisions_field()
    memberships = host.PermissionsField(
        host.NonNullList(ReferralMembership),
        description="The programs they were invited to, and the groups they are in.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    codes = host.PermissionsField(
        host.NonNullList(ReferrerCode),
        description="All their codes, also earlier ones, oldest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    claims = host.ConnectionField(
        ReferralClaimCountableConnection,
        where=ReferralClaimWhereInput(description="Where filtering options."),
        sort_by=ReferralClaimSortingInput(description="Sort claims; newest first by default."),
        description="The claims of their codes.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    ledger_entries = host.ConnectionField(
        ReferralLedgerEntryCountableConnection,
        where=ReferralLedgerEntryWhereInput(description="Where filtering options."),
        sort_by=ReferralLedgerEntrySortingInput(
            description="Sort entries; newest first by default."
        ),
        description="The lines of the books about their rewards.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    class Meta:
        description = "A customer who recommends."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node, host.ObjectWithMetadata]
        model = ReferrerRow

    @staticmethod
    def resolve_display_name(root: ReferrerRow, _info: Any) -> str | None:
        return root.display_name or None

    @staticmethod
    def resolve_code(root: ReferrerRow, info: Any) -> Promise:
        def shown(code: ReferralCode | None) -> str | None:
            return str(code) if code else None

        return LiveCodeByReferrerLoader(info.context).load(root.pk).then(shown)

    @staticmethod
    def resolve_link(
        root: ReferrerRow, info: Any, *, source: str = "", channel: str = ""
    ) -> Promise:
        def link(code: ReferralCode | None) -> str | None:
            if code is None:
                return None
            return selectors.link_to(code.program, code, source=source, channel=channel)

        return LiveCodeByReferrerLoader(info.context).load(root.pk).then(link)

    @staticmethod
    def resolve_offer(_root: ReferrerRow, info: Any, *, channel: str) -> Promise:
        return _in_channel(info.context, channel, offer_in)

    @staticmethod
    def resolve_credit(_root: ReferrerRow, info: Any, *, channel: str) -> Promise:
        return _in_channel(info.context, channel, credit_in)

    @staticmethod
    def resolve_balances(root: ReferrerRow, info: Any) -> Promise:
        def seen(accounts: list[Account]) -> list[BalanceSeen]:
            return [
                BalanceSeen(root.pk, account) for account in accounts if account.currency != COUPON
            ]

        return AccountsByReferrerLoader(info.context).load(root.pk).then(seen)

    @staticmethod
    def resolve_programs(root: ReferrerRow, info: Any, *, channel: str) -> Promise:
        return load_parts(info.context, root, channel)

    @staticmethod
    def resolve_rewards(root: ReferrerRow, info: Any, **asked: Any) -> Connected:
        page = page_of(info.context, REWARDS, **asked)
        return Connected(info, RewardPageLoader, RewardCountLoader, root.pk, page)

    @staticmethod
    def resolve_referrals(root: ReferrerRow, info: Any, **asked: Any) -> Connected:
        page = page_of(info.context, REFERRALS, **asked)
        return Connected(info, ReferralPageLoader, ReferralCountLoader, root.pk, page)

    @staticmethod
    def resolve_user(root: ReferrerRow, info: Any) -> Promise | None:
        return host.load_user(info.context, root.user_ref) if root.user_ref else None

    @staticmethod
    def resolve_blocked_by(root: ReferrerRow, info: Any) -> Promise | None:
        return DecisionByIdLoader(info.context).load_if(root.blocked_by_id)

    @staticmethod
    def resolve_decisions(root: ReferrerRow, info: Any) -> Promise:
        return DecisionsByReferrerLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_memberships(root: ReferrerRow, info: Any) -> Promise:
        return MembershipsByReferrerLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_codes(root: ReferrerRow, info: Any) -> Promise:
        return CodesByReferrerLoader(info.context).load(root.pk)

    @staticmethod
    def resolve_claims(root: ReferrerRow, info: Any, **asked: Any) -> Connected:
        page = page_of(info.context, CLAIMS, **asked)
        return Connected(info, ClaimPageLoader, ClaimCountLoader, root.pk, page)

    @staticmethod
    def resolve_ledger_entries(root: ReferrerRow, info: Any, **asked: Any) -> Connected:
        page = page_of(info.context, ENTRIES, **asked)
        return Connected(info, EntryPageLoader, EntryCountLoader, root.pk, page)


class ReferrerCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = Referrer


def _in_channel(context: Any, slug: str, seen: Any) -> Promise:
    def with_both(found: tuple[TermsVersion | None, Any]) -> Any:
        running, channel = found
        return seen(running.terms, channel) if running else None

    terms = RunningTermsLoader(context).load(DEFAULT_PROGRAM)
    return Promise.all([terms, load_channel(context, slug)]).then(with_both)


def load_referrer(context: Any, user: Any) -> Promise | None:
    """The customer as a referrer; they themselves become one by asking.

    Staff sees those who are. Raises PermissionDenied for anybody else.
    """
    is_owner = host.is_requestor(context, user)
    if not (is_owner or host.may(context, host.MANAGE_DISCOUNTS)):
        raise host.PermissionDenied(permissions=[host.OWNER, host.MANAGE_DISCOUNTS])
    customer = host.customer(user)
    if customer is None:
        return None
    found = ReferrerByUserRefLoader(context).load(customer.user_ref)
    return found.then(lambda referrer: _own(context, customer, referrer)) if is_owner else found


def _own(context: Any, customer: CustomerFacts, referrer: ReferrerRow | None) -> Any:
    """The customer's own row, with a live code: made where one is missing, and brought up
    to date where the e-mail address has changed."""
    if referrer is None or not is_key_of(referrer.email_key, customer.email):
        return _written(context, customer, referrer)

    def with_code(code: ReferralCode | None) -> ReferrerRow | None:
        return referrer if code else _written(context, customer, referrer)

    return LiveCodeByReferrerLoader(context).load(referrer.pk).then(with_code)


def _written(
    context: Any, customer: CustomerFacts, referrer: ReferrerRow | None
) -> ReferrerRow | None:
    """Without a program there is no code to make; what there is already, is shown."""
    store = get_store()
    with store.writing():
        program = current_program()
        if program is None:
            return referrer
        referrer = referrers.referrer_of(customer, store=store)
        code = codes.code_of(referrer, program, store=store)
    code.program = program
    # A replica may not have it yet.
    LiveCodeByReferrerLoader(context).clear(referrer.pk).prime(referrer.pk, code)
    return referrer
