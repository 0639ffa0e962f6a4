"""The programs of a customer: which are open to them, how far they have come, and why not."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import graphene
from promise import Promise

from ...engine import codes, selectors
from ...engine.facts import Channel, ReferrerFacts
from ...engine.findings import Finding, first_failed
from ...engine.milestones import Standing, period_of
from ...engine.store import get_store
from ...engine.taking_part import judge_part
from ...models import Program, ReferralCode, Referrer, TermsVersion
from .. import host
from ..dataloaders import (
    CodeInProgramLoader,
    GroupInProgramLoader,
    NewestTermsLoader,
    ReferrerFactsLoader,
    StandingLoader,
    load_channel,
)
from ..enums import DOC_CATEGORY
from .findings import FindingSeen, ReferralFinding
from .programs import ProgramSeen, ProgressSeen, ReferralProgram, ReferrerProgress


@dataclass(frozen=True, slots=True)
class Part:
    """A referrer in a program, in a channel. `group`: None for who is no member."""

    referrer: Referrer
    version: TermsVersion
    channel: Channel
    group: str | None
    findings: tuple[Finding, ...]
    now: datetime

    @property
    def program(self) -> Program:
        return self.version.program

    @property
    def is_open(self) -> bool:
        return first_failed(self.findings) is None

    @property
    def pair(self) -> selectors.Pair:
        return self.referrer.pk, self.program.pk


class ReferrerProgram(host.BaseObjectType):
    program = graphene.Field(ReferralProgram, required=True, description="The program.")
    is_open = graphene.Boolean(
        required=True, description="Whether the customer can share a code in it here and now."
    )
    findings = graphene.Field(
        host.NonNullList(ReferralFinding),
        required=True,
        description="Why not. Failed ones come first.",
    )
    group = graphene.String(description="The group of referrers that the customer is in.")
    code = graphene.String(
        description=(
            "The code to share. The customer gets it by asking for this the first time. Null while "
            "the program is not open to them, unless they have one already."
        )
    )
    link = graphene.String(
        source=graphene.String(
            description="Where the link is shared, such as `newsletter`: its `utm_source`."
        ),
        description="The link to share, into this channel. Null without a code, or an address.",
    )
    progress = graphene.Field(
        host.NonNullList(ReferrerProgress),
        required=True,
        description="How far the customer has come towards the program's milestones.",
    )

    class Meta:
        description = "A customer in one program."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_program(root: Part, _info: Any) -> ProgramSeen:
        by_invitation = [f for f in root.findings if f.code == "not_invited" and not f.passed]
        terms = root.version.terms.for_group(root.group or "")
        # What is promised to those invited is between them and the shop.
        return ProgramSeen(root.program, None if by_invitation else terms, root.channel)

    @staticmethod
    def resolve_findings(root: Part, info: Any) -> list[FindingSeen]:
        language = host.language(info.context)
        failed_first = sorted(root.findings, key=lambda finding: finding.passed)
        return [FindingSeen(finding, language) for finding in failed_first]

    @staticmethod
    def resolve_group(root: Part, _info: Any) -> str | None:
        return root.group or None

    @staticmethod
    def resolve_code(root: Part, info: Any) -> Promise:
        return _load_code(root, info.context).then(lambda code: str(code) if code else None)

    @staticmethod
    def resolve_link(root: Part, info: Any, *, source: str = "") -> Promise:
        def link(code: ReferralCode | None) -> str | None:
            if code is None:
                return None
            return selectors.link_to(root.program, code, source=source, channel=root.channel.slug)

        return _load_code(root, info.context).then(link)

    @staticmethod
    def resolve_progress(root: Part, info: Any) -> Promise:
        terms = root.version.terms
        if not root.is_open and root.group is None:
            return Promise.resolve([])
        referrer, program = root.pair
        loader = StandingLoader(info.context)
        windows = [period_of(each, terms.zone, root.now, root.now) for each in terms.milestones]
        standings = Promise.all([loader.load((program, referrer, window)) for window in windows])

        def seen(found: list[Standing]) -> list[ProgressSeen]:
            pairs = zip(terms.milestones, found, strict=True)
            return [
                ProgressSeen(terms, each, root.channel.currency, standing, root.now)
                for each, standing in pairs
            ]

        return standings.then(seen)


def _load_code(part: Part, context: Any) -> Promise:
    """The customer's own is made where it is missing and the program open to them."""
    is_own = host.user_ref(context) == part.referrer.user_ref
    loader = CodeInProgramLoader(context)

    def found(code: ReferralCode | None) -> ReferralCode | None:
        if code is not None or not (is_own and part.is_open):
            return code
        store = get_store()
        with store.writing():
            made = codes.code_of(part.referrer, part.program, store=store)
        # A replica may not have it yet.
        loader.clear(part.pair).prime(part.pair, made)
        return made

    return loader.load(part.pair).then(found)


def load_parts(context: Any, referrer: Referrer, channel: str) -> Promise:
    """Every program that runs, and those that the referrer has been in."""
    now = get_store().now()

    def with_channel(found: tuple[list[TermsVersion], Channel | None]) -> Any:
        versions, known = found
        if known is None:
            return []
        asks = any(version.terms.referrer for version in versions)
        facts = (
            ReferrerFactsLoader(context).load(referrer.user_ref)
            if asks and referrer.user_ref
            else Promise.resolve(None)
        )
        pairs = [(referrer.pk, version.program_id) for version in versions]
        groups, mine = GroupInProgramLoader(context), CodeInProgramLoader(context)

        def parts(loaded: tuple[ReferrerFacts | None, list[Any], list[Any]]) -> list[Part]:
            of_referrer, in_groups, have_codes = loaded
            return [
                Part(
                    referrer,
                    version,
                    known,
                    group,
                    judge_part(
                        version.program,
                        version.terms,
                        known,
                        is_member=group is not None,
                        facts=of_referrer and replace(of_referrer, group=group or ""),
                        now=now,
                    ),
                    now,
                )
                for version, group, code in zip(versions, in_groups, have_codes, strict=True)
                if version.program.is_running or code is not None or group is not None
            ]

        all_groups = Promise.all([groups.load(pair) for pair in pairs])
        all_codes = Promise.all([mine.load(pair) for pair in pairs])
        return Promise.all([facts, all_groups, all_codes]).then(parts)

    terms = NewestTermsLoader(context).load_all()
    return Promise.all([terms, load_channel(context, channel)]).then(with_channel)
