"""For whoever writes a program: ready-made terms, and what a draft would mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import graphene
from graphene.utils.str_converters import to_camel_case

from graphql import GraphQLError

from ...engine import drafts
from ...engine.drafts import CannotSave, Problem
from ...engine.facts import Channel
from ...engine.presets import KINDS, PRESETS, about
from ...engine.programs import current_terms
from ...engine.store import GoodsError, Store, get_store
from ...engine.terms import ProgramKind, Terms
from ...models import Program
from .. import host
from ..enums import (
    DOC_CATEGORY,
    ReferralPresetEnum,
    ReferralProgramKindEnum,
    ReferralProgramWarningCodeEnum,
)
from ..errors import ReferralError
from ..ids import key_in
from .offers import (
    OfferSeen,
    PromiseSeen,
    ReferralOffer,
    ReferralPromise,
    offer_in,
    promises_in,
)
from .programs import MilestonesSeen, ReferralMilestones


# presets -----------------------------------------------------------------------------------
class ReferralPresetOption(host.BaseObjectType):
    name = graphene.String(required=True, description="Its name in `presetOptions`.")
    description = graphene.String(required=True, description="What it does, and its unit.")
    default = host.JSON(
        description="What it is if it is not named. Null: see the `rules` of the preset."
    )
    schema = host.JSON(required=True, description="What can be written, as JSON Schema.")

    class Meta:
        description = "What can be said of ready-made terms."
        doc_category = DOC_CATEGORY


class ReferralPreset(host.BaseObjectType):
    preset = ReferralPresetEnum(required=True, description="Its name.")
    description = graphene.String(required=True, description="What it is for, and an example.")
    kind = ReferralProgramKindEnum(required=True, description="For which kind of program it is.")
    options = graphene.Field(
        host.NonNullList(ReferralPresetOption),
        required=True,
        description="What can be said of it.",
    )
    rules = host.JSON(required=True, description="The terms that it makes without any options.")

    class Meta:
        description = "Ready-made terms for a program."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_preset(root: str, _info: Any) -> str:
        return root

    @staticmethod
    def resolve_description(root: str, _info: Any) -> str:
        return about(PRESETS[root])

    @staticmethod
    def resolve_kind(root: str, _info: Any) -> str:
        return KINDS.get(root, ProgramKind.CUSTOMER).value

    @staticmethod
    def resolve_options(root: str, _info: Any) -> list[dict[str, Any]]:
        described = drafts.options_of(root).model_json_schema()
        return [
            {
                "name": name,
                "description": schema["description"],
                "default": schema.get("default"),
                # Each by itself.
                "schema": {key: schema[key] for key in schema if key != "description"},
            }
            for name, schema in described.get("properties", {}).items()
        ]

    @staticmethod
    def resolve_rules(root: str, _info: Any) -> dict[str, Any]:
        return PRESETS[root]().to_json()


# previews ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """Draft terms in an active channel."""

    terms: Terms
    in_channel: Channel

    @property
    def channel(self) -> str:
        return self.in_channel.slug

    @property
    def currency(self) -> str:
        return self.in_channel.currency

    @property
    def why_not(self) -> str | None:
        return self.terms.why_not_in(self.channel, self.currency) or None

    @property
    def offer(self) -> OfferSeen | None:
        return offer_in(self.terms, self.in_channel)

    @property
    def promises(self) -> list[PromiseSeen]:
        return promises_in(self.terms, self.in_channel)

    @property
    def milestones(self) -> list[MilestonesSeen]:
        if self.why_not:
            return []
        return [MilestonesSeen(each, self.currency) for each in self.terms.milestones]


class ReferralProgramPreviewChannel(host.BaseObjectType):
    channel = graphene.String(required=True, description="Slug of the channel.")
    currency = graphene.String(required=True, description="Its currency.")
    why_not = graphene.String(
        description="Why the program would not run in it. Null: it would run."
    )
    offer = graphene.Field(
        ReferralOffer, description="What a friend would get. Null where it would not run."
    )
    promises = graphene.Field(
        host.NonNullList(ReferralPromise),
        required=True,
        description="What referrer and friend would be credited for a referral.",
    )
    milestones = graphene.Field(
        host.NonNullList(ReferralMilestones),
        required=True,
        description="What many referrals would bring.",
    )

    class Meta:
        description = "What draft terms would mean in a channel."
        doc_category = DOC_CATEGORY


class ReferralProgramWarning(host.BaseObjectType):
    code = ReferralProgramWarningCodeEnum(required=True, description="What it is about.")
    channel = graphene.String(description="Slug of the channel. Null: of all.")
    message = graphene.String(required=True, description="In words.")

    class Meta:
        description = "Something about draft terms that may not be meant so."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_channel(root: drafts.Warning, _info: Any) -> str | None:
        return root.channel or None


class ReferralProgramPreview(host.BaseObjectType):
    rules = host.JSON(
        description="Every setting of the terms, defaults included. Null where there are errors."
    )
    is_new_version = graphene.Boolean(
        description=(
            "Whether they would be a new version of the program's. Null where there are errors."
        )
    )
    channels = graphene.Field(
        host.NonNullList(ReferralProgramPreviewChannel),
        required=True,
        description="What they would mean in each active channel.",
    )
    warnings = graphene.Field(
        host.NonNullList(ReferralProgramWarning),
        required=True,
        description="What may not be meant so.",
    )
    errors = graphene.Field(
        host.NonNullList(ReferralError),
        required=True,
        description="What is wrong with them: saved like this they would be refused.",
    )

    class Meta:
        description = "What draft terms would mean. Nothing is saved."
        doc_category = DOC_CATEGORY


class ReferralProgramPreviewInput(host.BaseInputObjectType):
    id = graphene.ID(
        description="ID of the program whose terms they may become; without others, its own."
    )
    preset = ReferralPresetEnum(description="Ready-made terms, instead of `rules`.")
    preset_options = host.JSON(description="Options of the preset.")
    rules = host.JSON(description="Terms, by the names of docs/settings.md.")

    class Meta:
        description = "Draft terms."
        doc_category = DOC_CATEGORY


def preview(input: Mapping[str, Any]) -> ReferralProgramPreview:
    store = get_store()
    # Of the main database: what was saved just now counts.
    with store.writing():
        return _preview(input, store)


def _preview(input: Mapping[str, Any], store: Store) -> ReferralProgramPreview:
    newest = _newest_of(input.get("id"))
    try:
        terms = drafts.read(
            rules=input.get("rules"),
            preset=input.get("preset"),
            options=input.get("preset_options"),
        )
        terms = terms or newest
        if terms is None:
            said = "Say what it gives: rules, or a preset."
            raise CannotSave(Problem("rules", said, code="REQUIRED"))
        if terms.goods:
            terms = terms.but(goods=store.find_goods(terms.goods))
    except CannotSave as cannot:
        return _of_errors(cannot)
    except GoodsError as error:
        return _of_errors(CannotSave.goods(error))
    channels = store.channels()
    return ReferralProgramPreview(
        rules=terms.to_json(),
        is_new_version=terms != newest,
        channels=[ChannelSeen(terms, channel) for channel in channels],
        warnings=drafts.warnings_of(terms, channels, store.now()),
        errors=[],
    )


def _newest_of(global_id: str | None) -> Terms | None:
    if global_id is None:
        return None
    program = Program.objects.filter(pk=key_in(global_id, "ReferralProgram")).first()
    if program is None:
        raise GraphQLError(f"Couldn't resolve to a node: {global_id}")
    version = current_terms(program)
    return version.terms if version else None


def _of_errors(cannot: CannotSave) -> ReferralProgramPreview:
    errors = [
        ReferralError(
            field=to_camel_case(problem.field),
            path=problem.path or None,
            code=problem.code.lower(),
            message=problem.message,
        )
        for problem in cannot.problems
    ]
    return ReferralProgramPreview(channels=[], warnings=[], errors=errors)
