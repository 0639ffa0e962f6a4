"""Filters and orders of our connections, in the form of Saleor's `where`, `search` and `sortBy`.

An input is shared by the referrer's own connections and those of staff; what would tell a
referrer more than they may see is for staff alone, wherever it stands in the input.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import graphene
from django.db.models import Q

from graphql import GraphQLError

from ..engine import searching
from ..models import Claim, Membership, ReferralCode
from . import host
from .enums import (
    DOC_CATEGORY,
    ReferralBeneficiaryEnum,
    ReferralClaimSortField,
    ReferralClaimSourceEnum,
    ReferralClaimStatusEnum,
    ReferralEventTypeEnum,
    ReferralFindingCodeEnum,
    ReferralLedgerEntryKindEnum,
    ReferralLedgerEntrySortField,
    ReferralProgramKindEnum,
    ReferralProgramSortField,
    ReferralRewardKindEnum,
    ReferralRewardSortField,
    ReferralRewardStatusEnum,
    ReferralSortField,
    ReferralStatusEnum,
    ReferrerSortField,
)
from .ids import key_in, ref_in
from .pages import Page, Where

EQ = "The value equal to."
ONE_OF = "The value included in."
ALL = "List of conditions that must be met."
ANY = "A list of conditions of which at least one must be met."


# the inputs ----------------------------------------------------------------------------------
def _filter_by(enum: Any, what: str) -> Any:
    """The input that filters by an enum, as Saleor names and builds those of its own."""

    class Meta:
        description = f"Filter by {what}."
        doc_category = DOC_CATEGORY

    values = {
        "eq": enum(description=EQ),
        "one_of": host.NonNullList(enum, description=ONE_OF),
        "Meta": Meta,
    }
    return type(f"{enum._meta.name}FilterInput", (host.BaseInputObjectType,), values)


def _sorting(name: str, by: Any, what: str) -> Any:
    """The input that sorts, likewise."""

    class Meta:
        description = f"In which order {what} come."
        doc_category = DOC_CATEGORY

    values = {
        "direction": graphene.Argument(
            host.OrderDirection,
            required=True,
            description=f"Specifies the direction in which to sort {what}.",
        ),
        "field": graphene.Argument(
            by, required=True, description=f"Sort {what} by the selected field."
        ),
        "Meta": Meta,
    }
    return type(name, (host.BaseInputObjectType,), values)


def _for_staff(description: str, permission: Any = host.MANAGE_DISCOUNTS) -> str:
    return f"{description}\n\nRequires one of the following permissions: {permission.name}."


StatusFilter = _filter_by(ReferralStatusEnum, "status of the referral")
RewardStatusFilter = _filter_by(ReferralRewardStatusEnum, "status of the reward")
RewardKindFilter = _filter_by(ReferralRewardKindEnum, "kind of the reward")
BeneficiaryFilter = _filter_by(ReferralBeneficiaryEnum, "who gets the reward")
EventTypeFilter = _filter_by(ReferralEventTypeEnum, "what happened")
ClaimStatusFilter = _filter_by(ReferralClaimStatusEnum, "status of the claim")
ClaimSourceFilter = _filter_by(ReferralClaimSourceEnum, "how the code came")
EntryKindFilter = _filter_by(ReferralLedgerEntryKindEnum, "kind of the entry")
ProgramKindFilter = _filter_by(ReferralProgramKindEnum, "kind of the program")
FindingCodeFilter = _filter_by(ReferralFindingCodeEnum, "what a rule looked at")

ReferralSortingInput = _sorting("ReferralSortingInput", ReferralSortField, "referrals")
ReferralRewardSortingInput = _sorting(
    "ReferralRewardSortingInput", ReferralRewardSortField, "rewards"
)
ReferrerSortingInput = _sorting("ReferrerSortingInput", ReferrerSortField, "referrers")
ReferralClaimSortingInput = _sorting("ReferralClaimSortingInput", ReferralClaimSortField, "claims")
ReferralLedgerEntrySortingInput = _sorting(
    "ReferralLedgerEntrySortingInput", ReferralLedgerEntrySortField, "entries"
)
ReferralProgramSortingInput = _sorting(
    "ReferralProgramSortingInput", ReferralProgramSortField, "programs"
)


class ReferralWhereInput(host.BaseInputObjectType):
    status = StatusFilter(description="Filter by status.")
    program = host.GlobalIDFilterInput(description="Filter by program.")
    terms = host.GlobalIDFilterInput(description="Filter by version of the terms.")
    channel = host.StringFilterInput(description="Filter by slug of the order's channel.")
    currency = host.StringFilterInput(description="Filter by currency of the order.")
    placed_at = host.DateTimeFilterInput(description="Filter by when the order was placed.")
    earned_at = host.DateTimeFilterInput(description="Filter by when it earned its rewards.")
    referrer = host.GlobalIDFilterInput(description=_for_staff("Filter by referrer."))
    order = host.GlobalIDFilterInput(description=_for_staff("Filter by order."))
    order_number = host.StringFilterInput(
        description=_for_staff("Filter by number of the order.", host.MANAGE_ORDERS)
    )
    failed_finding = FindingCodeFilter(
        description=_for_staff("Filter by a rule that is not satisfied.")
    )
    AND = host.NonNullList(lambda: ReferralWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for referrals."
        doc_category = DOC_CATEGORY


class ReferralRewardWhereInput(host.BaseInputObjectType):
    status = RewardStatusFilter(description="Filter by status.")
    beneficiary = BeneficiaryFilter(description="Filter by who gets it.")
    kind = RewardKindFilter(description="Filter by kind.")
    program = host.GlobalIDFilterInput(description="Filter by program.")
    referral = host.GlobalIDFilterInput(description="Filter by referral.")
    currency = host.StringFilterInput(
        description="Filter by currency, or by the unit of a program's points."
    )
    created_at = host.DateTimeFilterInput(description="Filter by when it was first promised.")
    earned_at = host.DateTimeFilterInput(description="Filter by when it was earned.")
    hold_until = host.DateTimeFilterInput(description="Filter by when its hold ends.")
    issued_at = host.DateTimeFilterInput(description="Filter by when it was first credited.")
    expires_at = host.DateTimeFilterInput(description="Filter by when its credit expires.")
    holder = host.GlobalIDFilterInput(description=_for_staff("Filter by whose it is."))
    is_cut = graphene.Boolean(
        description=_for_staff("Filter by whether a limit left less than the terms promise.")
    )
    AND = host.NonNullList(lambda: ReferralRewardWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralRewardWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for rewards."
        doc_category = DOC_CATEGORY


class ReferralEventWhereInput(host.BaseInputObjectType):
    type = EventTypeFilter(description="Filter by what happened.")
    happened_at = host.DateTimeFilterInput(description="Filter by when it happened.")
    referral = host.GlobalIDFilterInput(description="Filter by referral.")
    program = host.GlobalIDFilterInput(description="Filter by program.")
    AND = host.NonNullList(lambda: ReferralEventWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralEventWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for events."
        doc_category = DOC_CATEGORY


class ReferralMembershipFilterInput(host.BaseInputObjectType):
    program = graphene.ID(required=True, description="Of this program.")
    group = graphene.String(description="In this group of it. Empty: in none.")

    class Meta:
        description = "Filter by membership in a program."
        doc_category = DOC_CATEGORY


class ReferrerWhereInput(host.BaseInputObjectType):
    created_at = host.DateTimeFilterInput(description="Filter by when they became a referrer.")
    is_blocked = graphene.Boolean(description="Filter by whether staff have blocked them.")
    program = host.GlobalIDFilterInput(description="Filter by a program they have a code in.")
    membership = ReferralMembershipFilterInput(
        description="Filter by a program they were invited to, or a group they are in."
    )
    AND = host.NonNullList(lambda: ReferrerWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferrerWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for referrers."
        doc_category = DOC_CATEGORY


class ReferralClaimWhereInput(host.BaseInputObjectType):
    status = ClaimStatusFilter(description="Filter by status.")
    source = ClaimSourceFilter(description="Filter by how the code came.")
    program = host.GlobalIDFilterInput(description="Filter by program.")
    terms = host.GlobalIDFilterInput(description="Filter by version of the terms.")
    referrer = host.GlobalIDFilterInput(description="Filter by whose code it is.")
    checkout = host.GlobalIDFilterInput(description="Filter by checkout.")
    order = host.GlobalIDFilterInput(description="Filter by the order it led to.")
    user = host.GlobalIDFilterInput(description="Filter by the account it was claimed on.")
    created_at = host.DateTimeFilterInput(description="Filter by when the code was given.")
    failed_finding = FindingCodeFilter(description="Filter by a rule that is not satisfied.")
    AND = host.NonNullList(lambda: ReferralClaimWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralClaimWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for claims."
        doc_category = DOC_CATEGORY


class ReferralLedgerEntryWhereInput(host.BaseInputObjectType):
    kind = EntryKindFilter(description="Filter by kind.")
    currency = host.StringFilterInput(
        description="Filter by currency, or by the unit of a program's points."
    )
    program = host.GlobalIDFilterInput(description="Filter by program.")
    holder = host.GlobalIDFilterInput(description="Filter by whose reward it is about.")
    reward = host.GlobalIDFilterInput(description="Filter by reward.")
    created_at = host.DateTimeFilterInput(description="Filter by when it was written.")
    AND = host.NonNullList(lambda: ReferralLedgerEntryWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralLedgerEntryWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for entries of the ledger."
        doc_category = DOC_CATEGORY


class ReferralProgramWhereInput(host.BaseInputObjectType):
    kind = ProgramKindFilter(description="Filter by who may share a code.")
    slug = host.StringFilterInput(description="Filter by slug.")
    is_running = graphene.Boolean(description="Filter by whether it takes codes.")
    is_archived = graphene.Boolean(
        description="Filter by whether it was archived. By default those that were not."
    )
    created_at = host.DateTimeFilterInput(description="Filter by when it was made.")
    AND = host.NonNullList(lambda: ReferralProgramWhereInput, description=ALL)
    OR = host.NonNullList(lambda: ReferralProgramWhereInput, description=ANY)

    class Meta:
        description = "Filtering options for programs."
        doc_category = DOC_CATEGORY


# what they mean ------------------------------------------------------------------------------
OPTIONS = frozenset({"eq", "one_of", "range"})
#: From what was said of one field to a condition.
Condition = Callable[[Any], Q]


def _column(path: str, read: Callable[[Any], Any] = lambda value: value) -> Condition:
    """`eq`, `oneOf` or `range` of a column."""

    def condition(said: Mapping[str, Any]) -> Q:
        match dict(said):
            case {"eq": value}:
                return Q(**{f"{path}__isnull": True}) if value is None else Q(**{path: read(value)})
            case {"one_of": values}:
                return Q(**{f"{path}__in": [read(value) for value in values or ()]})
            case {"range": between}:
                bounds = dict(between or {}).items()
                return Q(**{f"{path}__{end}": at for end, at in bounds if at is not None})
        return Q()

    return condition


def _id(path: str, type_name: str) -> Condition:
    return _column(path, lambda said: key_in(said, type_name))


def _ref(path: str, type_name: str) -> Condition:
    return _column(path, lambda said: ref_in(said, type_name))


def _text(path: str) -> Condition:
    return _column(path, _storable)


def _storable(said: str) -> str:
    """What PostgreSQL can be asked for: no text of it has a NUL."""
    return said.replace("\x00", "\ufffd")


def _flag(path: str) -> Condition:
    return lambda said: Q(**{path: said})


def _failed(said: Mapping[str, Any]) -> Q:
    """By what the findings of a row say."""
    found = Q(pk__in=())
    for code in said.get("one_of") or [said.get("eq")]:
        found |= Q(findings__contains=[{"code": code, "passed": False}])
    return found


def _is_blocked(said: bool) -> Q:
    return Q(blocked_by__isnull=not said)


def _shares_in(said: Mapping[str, Any]) -> Q:
    shared = ReferralCode.objects.filter(_id("program", "ReferralProgram")(said))
    return Q(pk__in=shared.values("referrer"))


def _is_member(said: Mapping[str, Any]) -> Q:
    members = Membership.objects.filter(program=key_in(said["program"], "ReferralProgram"))
    if said.get("group") is not None:
        members = members.filter(group=_storable(said["group"]))
    return Q(pk__in=members.values("referrer"))


def _led_to(said: Mapping[str, Any]) -> Q:
    """Claimed before the order, or for it afterwards."""
    before = Claim.objects.filter(_ref("referral__order_ref", "Order")(said)).values("pk")
    after = Claim.objects.filter(_ref("order_ref", "Order")(said)).values("pk")
    return Q(pk__in=before.union(after))


@dataclass(frozen=True, slots=True)
class Filters:
    """What rows of one kind can be filtered by: by the name of the input's field. `guarded`: who
    may use it. `search`: what somebody who holds a permission, or not, finds by some words."""

    by: Mapping[str, Condition]
    guarded: Mapping[str, Any] = field(default_factory=dict)
    search: Callable[[str, bool], Q] = lambda _said, _may_see_orders: Q()

    def condition(self, context: Any, where: Mapping[str, Any]) -> Q:
        condition = Q()
        for name, said in where.items():
            if said is None:
                continue
            if name == "AND":
                for each in said:
                    condition &= self.condition(context, each)
            elif name == "OR":
                either = Q()
                for each in said:
                    either |= self.condition(context, each)
                condition &= either
            else:
                self._must_be_allowed(context, name)
                if len(OPTIONS.intersection(said if isinstance(said, Mapping) else ())) > 1:
                    raise GraphQLError(
                        f"Only one option can be specified in the filter by `{name}`."
                    )
                condition &= self.by[name](said)
        return condition

    def _must_be_allowed(self, context: Any, name: str) -> None:
        permission = self.guarded.get(name)
        if permission is not None and not host.may(context, permission):
            raise host.PermissionDenied(permissions=[permission])


PROGRAMS = Filters(
    by={
        "kind": _column("kind"),
        "slug": _text("slug"),
        "is_running": _flag("is_running"),
        "is_archived": lambda said: Q(archived_at__isnull=not said),
        "created_at": _column("created_at"),
    },
    search=lambda said, _: searching.programs_like(said),
)
REFERRERS = Filters(
    by={
        "created_at": _column("created_at"),
        "is_blocked": _is_blocked,
        "program": _shares_in,
        "membership": _is_member,
    },
    search=lambda said, _: searching.referrers_like(said),
)
REFERRALS = Filters(
    by={
        "status": _column("status"),
        "program": _id("program", "ReferralProgram"),
        "terms": _id("terms", "ReferralTerms"),
        "channel": _text("channel"),
        "currency": _text("currency"),
        "placed_at": _column("placed_at"),
        "earned_at": _column("earned_at"),
        "referrer": _id("referrer", "Referrer"),
        "order": _ref("order_ref", "Order"),
        "order_number": _text("order_number"),
        "failed_finding": _failed,
    },
    guarded={
        "referrer": host.MANAGE_DISCOUNTS,
        "order": host.MANAGE_DISCOUNTS,
        "order_number": host.MANAGE_ORDERS,
        "failed_finding": host.MANAGE_DISCOUNTS,
    },
    search=lambda said, by_order: searching.referrals_like(said, by_order=by_order),
)
REWARDS = Filters(
    by={
        "status": _column("status"),
        "beneficiary": _column("beneficiary"),
        "kind": _column("kind"),
        "program": _id("program", "ReferralProgram"),
        "referral": _id("referral", "Referral"),
        "currency": _text("currency"),
        "created_at": _column("created_at"),
        "earned_at": _column("earned_at"),
        "hold_until": _column("hold_until"),
        "issued_at": _column("issued_at"),
        "expires_at": _column("expires_at"),
        "holder": _id("holder", "Referrer"),
        "is_cut": _flag("is_cut"),
    },
    guarded={"holder": host.MANAGE_DISCOUNTS, "is_cut": host.MANAGE_DISCOUNTS},
    search=lambda said, by_order: searching.rewards_like(said, by_order=by_order),
)
CLAIMS = Filters(
    by={
        "status": _column("status"),
        "source": _column("source"),
        "program": _id("terms__program", "ReferralProgram"),
        "terms": _id("terms", "ReferralTerms"),
        "referrer": _id("code__referrer", "Referrer"),
        "checkout": _ref("checkout_ref", "Checkout"),
        "order": _led_to,
        "user": _ref("account_ref", "User"),
        "created_at": _column("created_at"),
        "failed_finding": _failed,
    },
    search=lambda said, _: searching.claims_like(said),
)
ENTRIES = Filters(
    by={
        "kind": _column("kind"),
        "currency": _text("currency"),
        "program": _id("reward__program", "ReferralProgram"),
        "holder": _id("holder", "Referrer"),
        "reward": _id("reward", "ReferralReward"),
        "created_at": _column("created_at"),
    }
)

EVENTS = Filters(
    by={
        "type": _column("type"),
        "happened_at": _column("happened_at"),
        "referral": _id("referral", "Referral"),
        "program": _id("program", "ReferralProgram"),
    }
)


def page_of(
    context: Any,
    filters: Filters,
    *,
    where: Mapping[str, Any] | None = None,
    sort_by: Mapping[str, Any] | None = None,
    search: str | None = None,
    **window: Any,
) -> Page:
    """What a connection was asked for, from its arguments. Raises PermissionDenied for a filter
    that is not for whoever asks."""
    condition = Q()
    said: dict[str, Any] = {}
    if where:
        condition &= filters.condition(context, where)
        said["where"] = where
    if search and (words := _storable(search).strip()):
        by_order = host.may(context, host.MANAGE_ORDERS)
        condition &= filters.search(words, by_order)
        said["search"] = words
    found = Where(json.dumps(said, sort_keys=True, default=str) if said else "", condition)
    if not sort_by:
        return Page(where=found, **window)
    return Page(
        where=found, sort=sort_by["field"], descending=sort_by["direction"] == "-", **window
    )
