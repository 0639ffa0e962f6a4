"""A customer as a referrer."""

from typing import Any

import graphene
from promise import Promise

from ...engine import codes, referrers, selectors
from ...engine.facts import CustomerFacts
from ...engine.ledger import Account
from ...engine.people import email_key
from ...engine.programs import DEFAULT_PROGRAM, current_program
from ...engine.store import get_store
from ...engine.terms import COUPON
from ...models import ReferralCode, TermsVersion
from ...models import Referrer as ReferrerRow
from .. import host
from ..dataloaders import (
    AccountsByReferrerLoader,
    LiveCodeByReferrerLoader,
    ReferralCountLoader,
    ReferralPageLoader,
    ReferrerByUserRefLoader,
    RewardCountLoader,
    RewardPageLoader,
    RunningTermsLoader,
    load_channel,
)
from ..enums import DOC_CATEGORY
from ..pages import Connected, Page
from .offers import ReferralCredit, ReferralOffer, credit_in, offer_in
from .referrals import ReferralCountableConnection, ReferralRewardCountableConnection


class ReferralBalance(host.BaseObjectType):
    currency = graphene.String(required=True, description="Code of the currency.")
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

    class Meta:
        description = "A referrer's money in one currency."
        doc_category = DOC_CATEGORY


def _channel_argument() -> graphene.String:
    return graphene.String(required=True, description="Slug of the channel.")


class Referrer(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the referrer.")
    code = graphene.String(description="The code to share, as people write it.")
    link = graphene.String(
        description="The link to share. Null while the shop has not said where links lead."
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
            "The referrer's money, one balance per currency ever used. Coupons are among the "
            "rewards."
        ),
    )
    rewards = host.ConnectionField(
        ReferralRewardCountableConnection, description="The referrer's rewards, newest first."
    )
    referrals = host.ConnectionField(
        ReferralCountableConnection, description="The referrer's referrals, newest first."
    )

    class Meta:
        description = "A customer who recommends."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = ReferrerRow

    @staticmethod
    def resolve_code(root: ReferrerRow, info: Any) -> Promise:
        def shown(code: ReferralCode | None) -> str | None:
            return codes.show(code.code) if code else None

        return LiveCodeByReferrerLoader(info.context).load(root.pk).then(shown)

    @staticmethod
    def resolve_link(root: ReferrerRow, info: Any) -> Promise:
        def link(code: ReferralCode | None) -> str | None:
            return selectors.link_to(code.program, code.code) if code else None

        return LiveCodeByReferrerLoader(info.context).load(root.pk).then(link)

    @staticmethod
    def resolve_offer(_root: ReferrerRow, info: Any, *, channel: str) -> Promise:
        return _in_channel(info.context, channel, offer_in)

    @staticmethod
    def resolve_credit(_root: ReferrerRow, info: Any, *, channel: str) -> Promise:
        return _in_channel(info.context, channel, credit_in)

    @staticmethod
    def resolve_balances(root: ReferrerRow, info: Any) -> Promise:
        def of_money(accounts: list[Account]) -> list[Account]:
            return [account for account in accounts if account.currency != COUPON]

        return AccountsByReferrerLoader(info.context).load(root.pk).then(of_money)

    @staticmethod
    def resolve_rewards(root: ReferrerRow, info: Any, **page: Any) -> Connected:
        return Connected(info, RewardPageLoader, RewardCountLoader, root.pk, Page(**page))

    @staticmethod
    def resolve_referrals(root: ReferrerRow, info: Any, **page: Any) -> Connected:
        return Connected(info, ReferralPageLoader, ReferralCountLoader, root.pk, Page(**page))


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
    if referrer is None or referrer.email_key != email_key(customer.email):
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
