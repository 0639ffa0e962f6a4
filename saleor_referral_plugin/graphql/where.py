"""Filters and orders of our connections, in the form of Saleor's `where` and `sortBy`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import graphene
from django.db.models import Q

from graphql import GraphQLError

from . import host
from .enums import (
    DOC_CATEGORY,
    ReferralBeneficiaryEnum,
    ReferralEventTypeEnum,
    ReferralRewardKindEnum,
    ReferralRewardSortField,
    ReferralRewardStatusEnum,
    ReferralSortField,
    ReferralStatusEnum,
)
from .ids import key_in
from .pages import Page, Where

EQ = "The value equal to."
ONE_OF = "The value included in."
ALL = "List of conditions that must be met."
ANY = "A list of conditions of which at least one must be met."


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


StatusFilter = _filter_by(ReferralStatusEnum, "status of the referral")
RewardStatusFilter = _filter_by(ReferralRewardStatusEnum, "status of the reward")
RewardKindFilter = _filter_by(ReferralRewardKindEnum, "kind of the reward")
BeneficiaryFilter = _filter_by(ReferralBeneficiaryEnum, "who gets the reward")
EventTypeFilter = _filter_by(ReferralEventTypeEnum, "what happened")


class ReferralWhereInput(host.BaseInputObjectType):
    status = StatusFilter(description="Filter by status.")
    program = host.GlobalIDFilterInput(description="Filter by program.")
    placed_at = host.DateTimeFilterInput(description="Filter by when the order was placed.")
    earned_at = host.DateTimeFilterInput(description="Filter by when it earned its rewards.")
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
    created_at = host.DateTimeFilterInput(description="Filter by when it was first promised.")
    hold_until = host.DateTimeFilterInput(description="Filter by when its hold ends.")
    expires_at = host.DateTimeFilterInput(description="Filter by when its credit expires.")
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


class ReferralSortingInput(host.BaseInputObjectType):
    direction = graphene.Argument(
        host.OrderDirection,
        required=True,
        description="Specifies the direction in which to sort referrals.",
    )
    field = graphene.Argument(
        ReferralSortField, required=True, description="Sort referrals by the selected field."
    )

    class Meta:
        doc_category = DOC_CATEGORY
        description = "In which order referrals come."


class ReferralRewardSortingInput(host.BaseInputObjectType):
    direction = graphene.Argument(
        host.OrderDirection,
        required=True,
        description="Specifies the direction in which to sort rewards.",
    )
    field = graphene.Argument(
        ReferralRewardSortField, required=True, description="Sort rewards by the selected field."
    )

    class Meta:
        doc_category = DOC_CATEGORY
        description = "In which order rewards come."


def page_of(
    *,
    where: Mapping[str, Any] | None = None,
    sort_by: Mapping[str, Any] | None = None,
    **window: Any,
) -> Page:
    """What a connection was asked for, from its arguments."""
    found = Where()
    if where:
        found = Where(json.dumps(where, sort_keys=True, default=str), _condition(where))
    if not sort_by:
        return Page(where=found, **window)
    return Page(
        where=found, sort=sort_by["field"], descending=sort_by["direction"] == "-", **window
    )


def _condition(where: Mapping[str, Any]) -> Q:
    condition = Q()
    for name, said in where.items():
        if said is None:
            continue
        if name == "AND":
            for each in said:
                condition &= _condition(each)
        elif name == "OR":
            either = Q()
            for each in said:
                either |= _condition(each)
            condition &= either
        else:
            condition &= _field(name, said)
    return condition


def _field(name: str, said: Mapping[str, Any]) -> Q:
    if len(said) > 1:
        raise GraphQLError(f"Only one option can be specified in the filter by `{name}`.")
    read = _KEYS.get(name, lambda value: value)
    match dict(said):
        case {"eq": value}:
            return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: read(value)})
        case {"one_of": values}:
            return Q(**{f"{name}__in": [read(value) for value in values or ()]})
        case {"range": between}:
            bounds = dict(between or {}).items()
            return Q(**{f"{name}__{end}": at for end, at in bounds if at is not None})
    return Q()


#: Of what is filtered by global ids.
_KEYS: dict[str, Callable[[Any], Any]] = {
    "program": lambda global_id: key_in(global_id, "ReferralProgram"),
    "referral": lambda global_id: key_in(global_id, "Referral"),
}
