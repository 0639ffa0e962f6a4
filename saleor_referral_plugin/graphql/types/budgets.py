"""What is left of a program's budgets, and what it has still to keep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import graphene
from prices import Money

from ...engine.budgets import Budget, Line
from ...engine.selectors import Open
from ...engine.totals import Totals
from .. import host
from ..enums import DOC_CATEGORY, ReferralBeneficiaryEnum, ReferralPeriodEnum


class ReferralBudgetNumber(host.BaseObjectType):
    limit = graphene.Int(required=True, description="How many at most.")
    promised = graphene.Int(required=True, description="How many there are, issued or not.")
    delivered = graphene.Int(required=True, description="How many of them were issued.")
    left = graphene.Int(required=True, description="How many can still be promised.")

    class Meta:
        description = "A budget as a number of rewards."
        doc_category = DOC_CATEGORY


class ReferralBudgetAmount(host.BaseObjectType):
    currency = graphene.String(
        required=True, description="Code of the currency, or the unit of a program's points."
    )
    limit = graphene.Field(host.Money, required=True, description="How much at most.")
    promised = graphene.Field(
        host.Money, required=True, description="How much there is, delivered or not."
    )
    delivered = graphene.Field(
        host.Money, required=True, description="How much of it is in holders' hands."
    )
    left = graphene.Field(host.Money, required=True, description="What can still be promised.")

    class Meta:
        description = "A budget in one currency, or one unit."
        doc_category = DOC_CATEGORY


@dataclass(frozen=True, slots=True)
class AmountSeen:
    currency: str
    line: Line

    @property
    def limit(self) -> Money:
        return Money(self.line.limit, self.currency)

    @property
    def promised(self) -> Money:
        return Money(self.line.promised, self.currency)

    @property
    def delivered(self) -> Money:
        return Money(self.line.delivered, self.currency)

    @property
    def left(self) -> Money:
        return Money(self.line.left, self.currency)


class ReferralBudget(host.BaseObjectType):
    beneficiary = ReferralBeneficiaryEnum(required=True, description="Whose rewards count.")
    group = graphene.String(
        description="In the terms of which group of referrers. Null: of all others."
    )
    period = ReferralPeriodEnum(required=True, description="Which rewards count together.")
    starts_at = host.DateTime(description="When the period began. Null: with the program.")
    ends_at = host.DateTime(description="When the period ends. Null: never.")
    number = graphene.Field(
        ReferralBudgetNumber, description="The limit as a number of rewards. Null: it is none."
    )
    amounts = graphene.Field(
        host.NonNullList(ReferralBudgetAmount),
        required=True,
        description="The limit as amounts, by currency or unit. Empty: it is none.",
    )

    class Meta:
        description = "A limit of a program over all referrers together, in the period around now."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_beneficiary(root: Budget, _info: Any) -> str:
        return root.to.value

    @staticmethod
    def resolve_group(root: Budget, _info: Any) -> str | None:
        return root.group or None

    @staticmethod
    def resolve_period(root: Budget, _info: Any) -> str:
        return root.period.value

    @staticmethod
    def resolve_starts_at(root: Budget, _info: Any) -> datetime | None:
        return root.window and root.window[0]

    @staticmethod
    def resolve_ends_at(root: Budget, _info: Any) -> datetime | None:
        return root.window and root.window[1]

    @staticmethod
    def resolve_number(root: Budget, _info: Any) -> Line | None:
        return next((line for line in root.lines if line.unit is None), None)

    @staticmethod
    def resolve_amounts(root: Budget, _info: Any) -> list[AmountSeen]:
        return [AmountSeen(line.unit, line) for line in root.lines if line.unit is not None]


@dataclass(frozen=True, slots=True)
class InFlightSeen:
    open: Open
    totals: list[Totals]

    @property
    def claims(self) -> int:
        return self.open.claims

    @property
    def referrals(self) -> int:
        return self.open.referrals

    @property
    def rewards(self) -> int:
        return sum(each.rewards for each in self.totals)

    @property
    def pending(self) -> list[Money]:
        return [each.pending for each in self.totals if each.pending.amount]


class ReferralProgramInFlight(host.BaseObjectType):
    claims = graphene.Int(
        required=True, description="Codes on checkouts and accounts that may still become orders."
    )
    referrals = graphene.Int(
        required=True, description="Orders that wait to earn their rewards, or for a person."
    )
    rewards = graphene.Int(required=True, description="Rewards not delivered in full yet.")
    pending = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description="What is still to be delivered of them, by currency or unit.",
    )

    class Meta:
        description = "What a program has promised and not kept yet."
        doc_category = DOC_CATEGORY
