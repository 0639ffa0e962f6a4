"""A program: what it gives to whom, in a channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import graphene
from prices import Money
from promise import Promise

from ...engine.facts import Channel
from ...engine.milestones import Standing, period_of, reached
from ...engine.money import say
from ...engine.store import get_store
from ...engine.taking_part import OPEN_TO_ALL
from ...engine.terms import Milestone, Milestones, Terms
from ...models import Program, ProgramChange, TermsVersion
from .. import host
from ..dataloaders import (
    BudgetsLoader,
    NewestTermsLoader,
    OpenLoader,
    ProgramByIdLoader,
    ProgramBySlugLoader,
    ProgramChangeCountLoader,
    ProgramChangePageLoader,
    TermsByProgramLoader,
    TermsCountLoader,
    TermsPageLoader,
    TotalsByProgramLoader,
    load_channel,
)
from ..enums import (
    DOC_CATEGORY,
    ReferralPeriodEnum,
    ReferralProgramChangeKindEnum,
    ReferralProgramKindEnum,
    ReferralProgramStatusEnum,
    ReferralRewardKindEnum,
)
from ..ids import key_in, only_one_of
from ..pages import Connected, Page
from .budgets import InFlightSeen, ReferralBudget, ReferralProgramInFlight
from .leaderboards import Board, ReferralLeaderboard
from .ledger import ReferralLedgerBalance
from .metadata import WithMetadata
from .offers import (
    OfferSeen,
    PromiseSeen,
    ReferralOffer,
    ReferralPromise,
    offer_in,
    promises_in,
    say_coupon,
    worth_in,
)
from .terms import ReferralTermsCountableConnection


@dataclass(frozen=True, slots=True)
class ProgramSeen:
    """A program in a channel; None: in none, as staff see it. `terms`: those of the group of
    whoever looks; None: it has none, or they are not for them."""

    program: Program
    terms: Terms | None
    channel: Channel | None

    @property
    def id(self) -> int:
        return self.program.pk


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One milestone, in a channel's currency."""

    step: Milestone
    currency: str

    @property
    def referrals(self) -> int | None:
        return self.step.count

    @property
    def revenue(self) -> Money | None:
        return self.step.revenue.get(self.currency)

    @property
    def reward(self) -> Money | None:
        return worth_in(self.step.worth, self.step.kind, self.currency)

    @property
    def kind(self) -> str | None:
        return self.step.kind.value if self.step.gives else None

    @property
    def group(self) -> str | None:
        return self.step.group

    @property
    def description(self) -> str:
        gives = [say(self.reward)] if self.reward else []
        gives += [say_coupon(self.step.coupon)] if self.step.coupon else []
        gives += [f"a place among {self.group}"] if self.group else []
        return f"{' and '.join(gives) or 'Nothing here'} for {self._for_what}."

    @property
    def _for_what(self) -> str:
        if self.step.count is not None:
            return f"{self.step.count} friend{'' if self.step.count == 1 else 's'}"
        revenue = self.revenue
        return f"{say(revenue) if revenue else self.step.revenue} of friends' orders"


@dataclass(frozen=True, slots=True)
class MilestonesSeen:
    milestones: Milestones
    currency: str

    @property
    def name(self) -> str:
        return self.milestones.name

    @property
    def period(self) -> str:
        return self.milestones.period.value

    @property
    def highest_only(self) -> bool:
        return self.milestones.highest_only

    @property
    def steps(self) -> list[StepSeen]:
        return [StepSeen(step, self.currency) for step in self.milestones.steps]


@dataclass(frozen=True, slots=True)
class ProgressSeen:
    """How far a referrer has come towards milestones, in the period that is running."""

    terms: Terms
    milestones: Milestones
    currency: str
    standing: Standing
    now: datetime

    @property
    def referrals(self) -> int:
        return self.standing.count

    @property
    def revenue(self) -> Money | None:
        net = self.standing.revenue.get(self.currency)
        return Money(net or 0, self.currency)

    @property
    def reached(self) -> list[StepSeen]:
        steps = reached(self.milestones, self.standing)
        return [StepSeen(step, self.currency) for step in steps]

    @property
    def next(self) -> StepSeen | None:
        so_far = reached(self.milestones, self.standing)
        left = (step for step in self.milestones.steps if step not in so_far)
        step = next(left, None)
        return StepSeen(step, self.currency) if step else None

    @property
    def missing_referrals(self) -> int | None:
        step = self.next
        if step is None or step.referrals is None:
            return None
        return step.referrals - self.standing.count

    @property
    def missing_revenue(self) -> Money | None:
        step = self.next
        if step is None or step.revenue is None or self.revenue is None:
            return None
        return step.revenue - self.revenue

    @property
    def ends_at(self) -> datetime | None:
        if self.milestones.rolling is not None:
            return None
        window = period_of(self.milestones, self.terms.zone, self.now, self.now)
        return window and window[1]


class ReferralMilestone(host.BaseObjectType):
    description = graphene.String(
        required=True, description="In one sentence, such as `$50.00 for 5 friends.`"
    )
    referrals = graphene.Int(description="So many qualified referrals. Null: not counted.")
    revenue = graphene.Field(
        host.Money, description="So much net value of friends' orders. Null: not counted."
    )
    reward = graphene.Field(
        host.Money, description="What it brings. Null: nothing, or nothing in this currency."
    )
    kind = ReferralRewardKindEnum(description="How the reward is delivered.")
    group = graphene.String(description="The group of referrers that it leads into.")

    class Meta:
        description = "What a referrer gets for having come so far."
        doc_category = DOC_CATEGORY


class ReferralMilestones(host.BaseObjectType):
    name = graphene.String(required=True, description="What they are called in the program.")
    period = ReferralPeriodEnum(required=True, description="Which referrals count together.")
    highest_only = graphene.Boolean(
        required=True, description="Whether only the highest milestone gives its reward."
    )
    steps = graphene.Field(
        host.NonNullList(ReferralMilestone), required=True, description="Lowest first."
    )

    class Meta:
        description = "Milestones that are counted together."
        doc_category = DOC_CATEGORY


class ReferrerProgress(host.BaseObjectType):
    name = graphene.String(required=True, description="What the milestones are called.")
    period = ReferralPeriodEnum(required=True, description="Which referrals count together.")
    ends_at = host.DateTime(description="When counting starts anew. Null: never.")
    referrals = graphene.Int(required=True, description="Qualified referrals in the period.")
    revenue = graphene.Field(
        host.Money, required=True, description="Net value of their orders in this currency."
    )
    reached = graphene.Field(
        host.NonNullList(ReferralMilestone),
        required=True,
        description="The milestones reached in the period, lowest first.",
    )
    next = graphene.Field(ReferralMilestone, description="The next one. Null after the last.")
    missing_referrals = graphene.Int(description="How many referrals the next one still takes.")
    missing_revenue = graphene.Field(
        host.Money, description="How much more net value the next one takes in this currency."
    )

    class Meta:
        description = "How far a referrer has come towards milestones."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_name(root: ProgressSeen, _info: Any) -> str:
        return root.milestones.name

    @staticmethod
    def resolve_period(root: ProgressSeen, _info: Any) -> str:
        return root.milestones.period.value


class ReferralProgramChange(host.ModelObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the change.")
    kind = ReferralProgramChangeKindEnum(required=True, description="What was done.")
    version = graphene.Int(description="The version of the terms as of then. Null: none yet.")
    was = host.JSON(
        required=True, description="What the program had before, of what was changed of it."
    )
    by = graphene.String(
        required=True,
        description=(
            "Who: `User:` or `App:` and their key, or `the plugin's page`. Empty: a program of the "
            "shop's own."
        ),
    )
    reason = graphene.String(required=True, description="Why.")
    created_at = host.DateTime(required=True, description="When.")

    class Meta:
        description = "What somebody changed of a program."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node]
        model = ProgramChange

    @staticmethod
    def resolve_created_at(root: ProgramChange, _info: Any) -> datetime:
        return root.at


class ReferralProgramChangeCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralProgramChange


class ReferralProgram(WithMetadata, host.BaseObjectType):
    id = graphene.GlobalID(required=True, description="The ID of the program.")
    slug = graphene.String(required=True, description="Names the program in links and settings.")
    name = graphene.String(required=True, description="What the program is called.")
    kind = ReferralProgramKindEnum(required=True, description="Who may share a code in it.")
    is_running = graphene.Boolean(required=True, description="Whether it takes codes.")
    offer = graphene.Field(
        ReferralOffer,
        description=(
            "What a friend gets at checkout. Null where the program does not run, without a "
            "channel, and in a program by invitation for who was not invited."
        ),
    )
    promises = graphene.Field(
        host.NonNullList(ReferralPromise),
        required=True,
        description=(
            "What referrer and friend are credited for a referral. Empty where `offer` is null."
        ),
    )
    claims_until = host.DateTime(description="From when on it takes no code. Null: not known.")
    orders_until = host.DateTime(
        description="From when on no order counts, whenever its code was given. Null: not known."
    )
    milestones = graphene.Field(
        host.NonNullList(ReferralMilestones),
        required=True,
        description="What many referrals bring in the channel. Empty without one.",
    )
    leaderboards = graphene.Field(
        host.NonNullList(ReferralLeaderboard),
        required=True,
        description="The rankings that have prizes, as they stand now.",
    )
    priority = host.PermissionsField(
        graphene.Int,
        description="Where two programs overlap, the one with the higher number goes before.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    link_url = host.PermissionsField(
        graphene.String,
        description="Where the links of referrers lead. Null: the shop has named no address.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    created_at = host.PermissionsField(
        host.DateTime,
        description="When it was made.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    versions = host.ConnectionField(
        ReferralTermsCountableConnection,
        description="All versions of its rules; the newest, which takes new codes, first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    budgets = host.PermissionsField(
        host.NonNullList(ReferralBudget),
        description="What is left of its limits over all referrers together.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    in_flight = host.PermissionsField(
        ReferralProgramInFlight,
        description="What it has promised and not kept yet, also when it takes no more codes.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    ledger_balances = host.PermissionsField(
        host.NonNullList(ReferralLedgerBalance),
        description="What its books add up to, one balance per currency or unit.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    status = host.PermissionsField(
        ReferralProgramStatusEnum,
        description="Whether it takes codes.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    archived_at = host.PermissionsField(
        host.DateTime,
        description="Since when lists leave it out. Null: they do not.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    version = host.PermissionsField(
        graphene.Int,
        description="Number of its newest terms. Null: it has none yet.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    rules = host.PermissionsField(
        host.JSON,
        description="Its newest terms: every setting. Null: it has none yet.",
        permissions=[host.MANAGE_DISCOUNTS],
    )
    changes = host.ConnectionField(
        ReferralProgramChangeCountableConnection,
        description="What was changed of it, by whom and why; the newest first.",
        permissions=[host.MANAGE_DISCOUNTS],
    )

    class Meta:
        description = "A referral program: as anybody may see it in a channel, and as staff do."
        doc_category = DOC_CATEGORY
        interfaces = [graphene.relay.Node, host.ObjectWithMetadata]

    @staticmethod
    def resolve_slug(root: ProgramSeen, _info: Any) -> str:
        return root.program.slug

    @staticmethod
    def resolve_name(root: ProgramSeen, _info: Any) -> str:
        return root.program.name

    @staticmethod
    def resolve_kind(root: ProgramSeen, _info: Any) -> str:
        return root.program.kind

    @staticmethod
    def resolve_is_running(root: ProgramSeen, _info: Any) -> bool:
        return root.program.is_running

    @staticmethod
    def resolve_offer(root: ProgramSeen, _info: Any) -> OfferSeen | None:
        if root.terms is None or not root.program.is_running:
            return None
        return offer_in(root.terms, root.channel)

    @staticmethod
    def resolve_promises(root: ProgramSeen, _info: Any) -> list[PromiseSeen]:
        if root.terms is None or not root.program.is_running:
            return []
        return promises_in(root.terms, root.channel)

    @staticmethod
    def resolve_claims_until(root: ProgramSeen, _info: Any) -> datetime | None:
        return root.terms.claims_until if root.terms else None

    @staticmethod
    def resolve_orders_until(root: ProgramSeen, _info: Any) -> datetime | None:
        return root.terms.orders_until if root.terms else None

    @staticmethod
    def resolve_milestones(root: ProgramSeen, _info: Any) -> list[MilestonesSeen]:
        if root.terms is None or root.channel is None:
            return []
        return [MilestonesSeen(each, root.channel.currency) for each in root.terms.milestones]

    @staticmethod
    def resolve_status(root: ProgramSeen, _info: Any) -> str:
        return root.program.status.value

    @staticmethod
    def resolve_archived_at(root: ProgramSeen, _info: Any) -> datetime | None:
        return root.program.archived_at

    @staticmethod
    def resolve_version(root: ProgramSeen, info: Any) -> Promise:
        found = TermsByProgramLoader(info.context).load(root.id)
        return found.then(lambda version: version and version.version)

    @staticmethod
    def resolve_rules(root: ProgramSeen, info: Any) -> Promise:
        found = TermsByProgramLoader(info.context).load(root.id)
        return found.then(lambda version: version and version.rules)

    @staticmethod
    def resolve_changes(root: ProgramSeen, info: Any, **arguments: Any) -> Connected:
        page = Page(**arguments)
        return Connected(info, ProgramChangePageLoader, ProgramChangeCountLoader, root.id, page)

    @staticmethod
    def resolve_leaderboards(root: ProgramSeen, _info: Any) -> list[Board]:
        if root.terms is None:
            return []
        return list(_boards(root.program, root.terms))

    @staticmethod
    def resolve_priority(root: ProgramSeen, _info: Any) -> int:
        return root.program.priority

    @staticmethod
    def resolve_link_url(root: ProgramSeen, _info: Any) -> str | None:
        return root.program.link_url or None

    @staticmethod
    def resolve_created_at(root: ProgramSeen, _info: Any) -> datetime:
        return root.program.created_at

    @staticmethod
    def resolve_versions(root: ProgramSeen, info: Any, **window: Any) -> Connected:
        return Connected(info, TermsPageLoader, TermsCountLoader, root.id, Page(**window))

    @staticmethod
    def resolve_budgets(root: ProgramSeen, info: Any) -> Promise:
        def of_newest(versions: list[TermsVersion]) -> Any:
            newest = _version_of(root.id, versions)
            return BudgetsLoader(info.context).load(newest) if newest else []

        return NewestTermsLoader(info.context).load_all().then(of_newest)

    @staticmethod
    def resolve_in_flight(root: ProgramSeen, info: Any) -> Promise:
        is_open = OpenLoader(info.context).load(root.id)
        totals = TotalsByProgramLoader(info.context).load(root.id)
        return Promise.all([is_open, totals]).then(lambda found: InFlightSeen(*found))

    @staticmethod
    def resolve_ledger_balances(root: ProgramSeen, info: Any) -> Promise:
        return TotalsByProgramLoader(info.context).load(root.id)


class ReferralProgramCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralProgram


def _version_of(program_id: int, newest: list[TermsVersion]) -> TermsVersion | None:
    return next((version for version in newest if version.program_id == program_id), None)


def _boards(program: Program, terms: Terms) -> Iterator[Board]:
    now = get_store().now()
    for ranking in terms.rankings:
        yield Board(program, terms, ranking, now)


def changed(context: Any, program: Program) -> ProgramSeen:
    """A program that staff have just changed."""
    for loader in (TermsByProgramLoader, ProgramByIdLoader):
        loader(context).clear(program.pk)
    return ProgramSeen(program, None, None)


def load_program(context: Any, channel: str | None, *, id: str | None, slug: str | None) -> Promise:
    """For staff any program there is. For others one that anybody may take part in, while it
    runs in the channel; None for any other, whatever the reason. Raises PermissionDenied where
    they name no channel."""
    name, said = only_one_of(id=id, slug=slug)
    key = key_in(said, "ReferralProgram") if name == "id" else None
    if host.may(context, host.MANAGE_DISCOUNTS):
        if key is not None:
            return load_for_staff(context, key, channel)
        found = ProgramBySlugLoader(context).load(said.replace("\x00", "\ufffd"))
        return found.then(lambda program: program and load_for_staff(context, program.pk, channel))
    if channel is None:
        raise host.PermissionDenied(permissions=[host.MANAGE_DISCOUNTS])

    def is_asked_for(version: TermsVersion) -> bool:
        program = version.program
        is_open = program.is_running and program.kind in OPEN_TO_ALL
        return is_open and (program.slug == slug if key is None else program.pk == key)

    def seen(found: tuple[list[TermsVersion], Channel | None]) -> ProgramSeen | None:
        versions, known = found
        version = next(filter(is_asked_for, versions), None)
        if known is None or version is None:
            return None
        if not version.terms.runs_in(known.slug, known.currency):
            return None
        return ProgramSeen(version.program, version.terms, known)

    terms = NewestTermsLoader(context).load_all()
    return Promise.all([terms, load_channel(context, channel)]).then(seen)


def load_for_staff(context: Any, program_id: int, channel: str | None = None) -> Promise:
    """A program as it is, in a channel or in none; None: there is none."""

    def seen(found: tuple[Program | None, list[TermsVersion], Channel | None]) -> Any:
        program, versions, known = found
        if program is None:
            return None
        newest = _version_of(program.pk, versions)
        return ProgramSeen(program, newest.terms if newest else None, known)

    program = ProgramByIdLoader(context).load(program_id)
    terms = NewestTermsLoader(context).load_all()
    in_channel = load_channel(context, channel) if channel else Promise.resolve(None)
    return Promise.all([program, terms, in_channel]).then(seen)
