"""Work on a program that takes long."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import graphene
from django.db.models import Q
from prices import Money
from promise import Promise

from ...models import Job
from .. import host
from ..dataloaders import ProgramByIdLoader, TermsByIdLoader
from ..enums import (
    DOC_CATEGORY,
    ReferralJobKindEnum,
    ReferralJobStatusEnum,
    ReferralStatusEnum,
)
from ..ids import key_in
from ..pages import Connected, CountLoader, Page, PageLoader, Where
from .programs import ProgramSeen, ReferralProgram


def _money(said: dict[str, str]) -> Money:
    return Money(Decimal(said["amount"]), said["currency"])


def _moneys(field: str) -> Any:
    return staticmethod(lambda root, _info: [_money(said) for said in root[field]])


class ReferralReplayedOrder(host.BaseObjectType):
    order_id = graphene.ID(required=True, description="ID of the order.")
    status = ReferralStatusEnum(required=True, description="What its referral would be.")
    would_give = graphene.Field(
        host.NonNullList(host.Money), required=True, description="What the draft would give for it."
    )
    gave = graphene.Field(
        host.NonNullList(host.Money), required=True, description="What was really promised for it."
    )

    class Meta:
        description = "A past order for which draft terms would give something else."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_order_id(root: dict[str, Any], _info: Any) -> str:
        return str(graphene.Node.to_global_id("Order", root["order_ref"]))

    resolve_would_give = _moneys("would_give")
    resolve_gave = _moneys("gave")


class ReferralReplay(host.BaseObjectType):
    orders = graphene.Int(required=True, description="How many past orders there were.")
    qualified = graphene.Int(required=True, description="How many would have qualified.")
    different = graphene.Int(
        required=True, description="For how many the draft would give something else."
    )
    would_give = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description="What the draft would give, by currency or unit.",
    )
    gave = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description="What was really promised for these orders.",
    )
    differences = graphene.Field(
        host.NonNullList(ReferralReplayedOrder),
        required=True,
        description="The first 100 orders for which the draft would give something else.",
    )

    class Meta:
        description = "What draft terms would have made of past orders."
        doc_category = DOC_CATEGORY

    resolve_would_give = _moneys("would_give")
    resolve_gave = _moneys("gave")


class ReferralHolderChange(host.BaseObjectType):
    referrer_id = graphene.ID(required=True, description="ID of the referrer, or the friend.")
    amount = graphene.Field(
        host.Money, required=True, description="By how much what they are promised changes."
    )

    class Meta:
        description = "What newer terms for the past mean for one person."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_referrer_id(root: dict[str, Any], _info: Any) -> str:
        return str(graphene.Node.to_global_id("Referrer", root["referrer"]))

    @staticmethod
    def resolve_amount(root: dict[str, Any], _info: Any) -> Money:
        return _money(root)


class ReferralRetroactiveChange(host.BaseObjectType):
    referrals = graphene.Int(required=True, description="How many referrals get the terms.")
    promises = graphene.Field(
        host.NonNullList(host.Money),
        required=True,
        description=(
            "By how much the program's promises change, by currency or unit. Of a run: while it "
            "ran, what was promised for new orders included."
        ),
    )
    holders = graphene.Int(description="For how many people something changes. Null for a run.")
    greatest = graphene.Field(
        host.NonNullList(ReferralHolderChange),
        required=True,
        description="The 100 greatest changes for one person. Empty for a run.",
    )

    class Meta:
        description = "What it moves to let newer terms hold for a program's past."
        doc_category = DOC_CATEGORY

    resolve_promises = _moneys("promises")

    @staticmethod
    def resolve_holders(root: dict[str, Any], _info: Any) -> int | None:
        return root.get("holders")

    @staticmethod
    def resolve_greatest(root: dict[str, Any], _info: Any) -> list[dict[str, Any]]:
        return root.get("greatest", [])


class ReferralJob(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the job.")
    kind = ReferralJobKindEnum(required=True, description="What it does.")
    status = ReferralJobStatusEnum(required=True, description="How far it has come.")
    program = graphene.Field(ReferralProgram, required=True, description="The program.")
    version = graphene.Int(
        description="The version of the terms that it is about. Null for a replay."
    )
    rules = host.JSON(description="The draft terms of a replay. Null for any other.")
    done = graphene.Int(required=True, description="How many orders are done.")
    total = graphene.Int(description="Of how many. Null: not counted yet.")
    replay = graphene.Field(ReferralReplay, description="The result of a replay.")
    change = graphene.Field(
        ReferralRetroactiveChange, description="The result of a retroactive preview, or a run."
    )
    message = graphene.String(description="Why it failed, or who has cancelled it.")
    by = graphene.String(
        required=True, description="Who has asked for it: `User:` or `App:` and their key."
    )
    created_at = host.DateTime(required=True, description="When it was asked for.")
    updated_at = host.DateTime(
        required=True, description="When somebody last worked on it, or else was asked for it."
    )
    started_at = host.DateTime(description="When it was begun. Null: not yet.")
    finished_at = host.DateTime(description="When it was at its end. Null: not yet.")

    class Meta:
        description = "Work on a program that takes long."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = Job

    @staticmethod
    def resolve_program(root: Job, info: Any) -> Promise:
        found = ProgramByIdLoader(info.context).load(root.program_id)
        return found.then(lambda program: ProgramSeen(program, None, None))

    @staticmethod
    def resolve_version(root: Job, info: Any) -> Promise | None:
        if root.version_id is None:
            return None
        found = TermsByIdLoader(info.context).load(root.version_id)
        return found.then(lambda version: version.version)

    @staticmethod
    def resolve_replay(root: Job, _info: Any) -> dict[str, Any] | None:
        return root.result if root.kind == Job.Kind.REPLAY else None

    @staticmethod
    def resolve_change(root: Job, _info: Any) -> dict[str, Any] | None:
        return None if root.kind == Job.Kind.REPLAY else root.result

    @staticmethod
    def resolve_message(root: Job, _info: Any) -> str | None:
        return root.message or None

    @staticmethod
    def resolve_updated_at(root: Job, _info: Any) -> datetime:
        return root.finished_at or root.seen_at or root.created_at


class ReferralJobCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralJob


class JobPageLoader(PageLoader):
    context_key = "referral_job_page"
    model = Job


class JobCountLoader(CountLoader):
    context_key = "referral_job_count"
    model = Job


def load_job(context: Any, global_id: str) -> Job | None:
    found = Job.objects.using(host.database(context))
    return found.filter(pk=key_in(global_id, "ReferralJob")).first()


def load_jobs(info: Any, *, program: str | None = None, **page: Any) -> Connected:
    where = Where()
    if program is not None:
        where = Where(program, Q(program=key_in(program, "ReferralProgram")))
    return Connected(info, JobPageLoader, JobCountLoader, None, Page(where=where, **page))
