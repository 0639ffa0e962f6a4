"""What staff and apps read at the root: everything, page by page, and each by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import graphene
from promise import Promise

from ..engine import personal_data, selectors
from ..engine.facts import Person
from ..engine.people import person
from ..engine.presets import PRESETS
from ..engine.terms import Terms
from ..engine.totals import Totals, totals_of_shop
from ..models import Program
from . import host
from .dataloaders import (
    ClaimCountLoader,
    ClaimPageLoader,
    EntryCountLoader,
    EntryPageLoader,
    ProgramCountLoader,
    ProgramPageLoader,
    ReferralByIdLoader,
    ReferralCountLoader,
    ReferralPageLoader,
    ReferrerByIdLoader,
    ReferrerByUserRefLoader,
    ReferrerCountLoader,
    ReferrerPageLoader,
    RewardByIdLoader,
    RewardCountLoader,
    RewardPageLoader,
)
from .enums import DOC_CATEGORY
from .ids import key_in, only_one_of, ref_in
from .pages import Connected, CountLoader, PageLoader
from .types.claims import ReferralClaimCountableConnection
from .types.drafts import (
    ReferralPreset,
    ReferralProgramPreview,
    ReferralProgramPreviewInput,
    preview,
)
from .types.jobs import ReferralJob, ReferralJobCountableConnection, load_job, load_jobs
from .types.ledger import ReferralLedgerBalance, ReferralLedgerEntryCountableConnection
from .types.programs import ReferralProgramCountableConnection, load_for_staff
from .types.referrals import (
    Referral,
    ReferralCountableConnection,
    ReferralReward,
    ReferralRewardCountableConnection,
)
from .types.referrers import Referrer, ReferrerCountableConnection
from .where import (
    CLAIMS,
    ENTRIES,
    PROGRAMS,
    REFERRALS,
    REFERRERS,
    REWARDS,
    Filters,
    ReferralClaimSortingInput,
    ReferralClaimWhereInput,
    ReferralLedgerEntrySortingInput,
    ReferralLedgerEntryWhereInput,
    ReferralProgramSortingInput,
    ReferralProgramWhereInput,
    ReferralRewardSortingInput,
    ReferralRewardWhereInput,
    ReferralSortingInput,
    ReferralWhereInput,
    ReferrerSortingInput,
    ReferrerWhereInput,
    page_of,
)


@dataclass(frozen=True, slots=True)
class RootField:
    """A field, and its resolver beside it: given to the field, Saleor's own class would call it
    for whoever asks."""

    field: graphene.Field
    resolve: Callable[..., Any]


def _connection(
    of: Any,
    what: str,
    filters: Filters,
    pages: type[PageLoader],
    counts: type[CountLoader],
    where: Any,
    sorting: Any,
    *,
    search: str = "",
    first: str = "newest",
    resolve: Callable[..., Any] | None = None,
    **arguments: Any,
) -> RootField:
    """All rows of one kind. `search`: what they are found by; empty: by nothing."""

    def resolve_rows(_root: None, info: Any, **asked: Any) -> Connected:
        return Connected(info, pages, counts, None, page_of(info.context, filters, **asked))

    if search:
        arguments["search"] = graphene.String(description=f"Search {what} by {search}.")
    field = host.ConnectionField(
        of,
        where=where(description=f"Where filtering options for {what}."),
        sort_by=sorting(description=f"Sort {what}; {first} first by default."),
        **arguments,
        description=f"List of the shop's {what}.",
        permissions=[host.MANAGE_DISCOUNTS],
        doc_category=DOC_CATEGORY,
    )
    return RootField(field, resolve or resolve_rows)


def _one(of: Any, what: str, resolve: Callable[..., Any], **arguments: Any) -> RootField:
    field = host.PermissionsField(
        of,
        **arguments,
        description=f"Look up a {what}. Null: there is none.",
        permissions=[host.MANAGE_DISCOUNTS],
        doc_category=DOC_CATEGORY,
    )
    return RootField(field, resolve)


def _programs(_root: None, info: Any, *, channel: str | None = None, **asked: Any) -> Connected:
    def seen(program: Program) -> Promise:
        return load_for_staff(info.context, program.pk, channel)

    # An archived one is out of the way, unless it is asked for.
    where = {"is_archived": False, **(asked.pop("where", None) or {})}
    page = page_of(info.context, PROGRAMS, where=where, **asked)
    return Connected(info, ProgramPageLoader, ProgramCountLoader, None, page, seen)


def _referral(_root: None, info: Any, *, id: str) -> Promise:
    return ReferralByIdLoader(info.context).load(key_in(id, "Referral"))


def _reward(_root: None, info: Any, *, id: str) -> Promise:
    return RewardByIdLoader(info.context).load(key_in(id, "ReferralReward"))


def _referrer(_root: None, info: Any, **asked: Any) -> Any:
    names = ("id", "user_id", "code", "email")
    name, said = only_one_of(**{name: asked.get(name) for name in names})
    using = host.database(info.context)
    match name:
        case "id":
            return ReferrerByIdLoader(info.context).load(key_in(said, "Referrer"))
        case "user_id":
            return ReferrerByUserRefLoader(info.context).load(ref_in(said, "User"))
        case "code":
            return selectors.owner_of(said, using=using)
    return selectors.referrer_with(said, using=using)


def _balances(_root: None, info: Any) -> list[Totals]:
    return totals_of_shop(using=host.database(info.context))


def whose(context: Any, user_id: str | None, email: str | None) -> Person:
    """The person that one of the two names; an account's address belongs to them, too. Raises
    GraphQLError unless there is just one."""
    name, said = only_one_of(user_id=user_id, email=email)
    if name == "email":
        return person(None, said)
    user_ref = ref_in(said, "User")
    emails = host.customer_emails([user_ref], host.database(context))
    return person(user_ref, emails.get(user_ref, ""))


def _personal_data(
    _root: None, info: Any, *, user_id: str | None = None, email: str | None = None
) -> dict[str, Any]:
    using = host.database(info.context)
    return personal_data.tell(whose(info.context, user_id, email), using=using)


def _id(of: str) -> graphene.ID:
    return graphene.ID(required=True, description=f"ID of the {of}.")


STAFF_QUERIES: dict[str, RootField] = {
    "referral": _one(Referral, "referral", _referral, id=_id("referral")),
    "referral_claims": _connection(
        ReferralClaimCountableConnection,
        "claims",
        CLAIMS,
        ClaimPageLoader,
        ClaimCountLoader,
        ReferralClaimWhereInput,
        ReferralClaimSortingInput,
        search="code, or by the referrer's display name, or either's e-mail address",
    ),
    "referral_ledger_balances": RootField(
        host.PermissionsField(
            host.NonNullList(ReferralLedgerBalance),
            description=(
                "What all of the books add up to: what the shop has promised and delivered, and "
                "what it owes. One balance per currency or unit."
            ),
            permissions=[host.MANAGE_DISCOUNTS],
            doc_category=DOC_CATEGORY,
        ),
        _balances,
    ),
    "referral_ledger_entries": _connection(
        ReferralLedgerEntryCountableConnection,
        "ledger entries",
        ENTRIES,
        EntryPageLoader,
        EntryCountLoader,
        ReferralLedgerEntryWhereInput,
        ReferralLedgerEntrySortingInput,
    ),
    "referral_programs": _connection(
        ReferralProgramCountableConnection,
        "referral programs",
        PROGRAMS,
        ProgramPageLoader,
        ProgramCountLoader,
        ReferralProgramWhereInput,
        ReferralProgramSortingInput,
        search="name or slug",
        first="highest priority",
        channel=graphene.String(
            description="Slug of a channel for which the data should be returned."
        ),
        resolve=_programs,
    ),
    "referral_reward": _one(ReferralReward, "reward", _reward, id=_id("reward")),
    "referral_rewards": _connection(
        ReferralRewardCountableConnection,
        "rewards",
        REWARDS,
        RewardPageLoader,
        RewardCountLoader,
        ReferralRewardWhereInput,
        ReferralRewardSortingInput,
        search=(
            "the holder's display name or e-mail address, or, with the permission "
            f"{host.MANAGE_ORDERS.name}, by the number of the order"
        ),
    ),
    "referrals": _connection(
        ReferralCountableConnection,
        "referrals",
        REFERRALS,
        ReferralPageLoader,
        ReferralCountLoader,
        ReferralWhereInput,
        ReferralSortingInput,
        search=(
            "code, by the referrer's display name, by either's e-mail address, or, with the "
            f"permission {host.MANAGE_ORDERS.name}, by the number of the order"
        ),
    ),
    "referrer": _one(
        Referrer,
        "referrer by one of ID, account, code or e-mail address",
        _referrer,
        id=graphene.ID(description="ID of the referrer."),
        user_id=graphene.ID(description="ID of their account."),
        code=graphene.String(description="A code of theirs, in any letter case."),
        email=graphene.String(
            description="Their e-mail address. None is stored: it is found by its keyed hash."
        ),
    ),
    "referrers": _connection(
        ReferrerCountableConnection,
        "referrers",
        REFERRERS,
        ReferrerPageLoader,
        ReferrerCountLoader,
        ReferrerWhereInput,
        ReferrerSortingInput,
        search="code, display name or e-mail address",
    ),
    "referral_job": _one(
        ReferralJob,
        "job",
        lambda _root, info, *, id: load_job(info.context, id),
        id=_id("job"),
    ),
    "referral_jobs": RootField(
        host.ConnectionField(
            ReferralJobCountableConnection,
            program=graphene.ID(description="Those of a program alone: its ID."),
            description="Work on programs that takes long, the newest first.",
            permissions=[host.MANAGE_DISCOUNTS],
            doc_category=DOC_CATEGORY,
        ),
        lambda _root, info, **asked: load_jobs(info, **asked),
    ),
    "referral_program_presets": RootField(
        host.PermissionsField(
            host.NonNullList(ReferralPreset),
            description="Ready-made terms for programs.",
            permissions=[host.MANAGE_DISCOUNTS],
            doc_category=DOC_CATEGORY,
        ),
        lambda _root, _info: list(PRESETS),
    ),
    "referral_program_preview": RootField(
        host.PermissionsField(
            ReferralProgramPreview,
            input=ReferralProgramPreviewInput(required=True, description="The draft."),
            description="What draft terms would mean: what is wrong, what may not be meant so.",
            permissions=[host.MANAGE_DISCOUNTS],
            doc_category=DOC_CATEGORY,
        ),
        lambda _root, _info, *, input: preview(input),
    ),
    "referral_program_rules_schema": RootField(
        host.PermissionsField(
            host.JSON,
            description="What can be written as `rules` of a program, as JSON Schema.",
            permissions=[host.MANAGE_DISCOUNTS],
            doc_category=DOC_CATEGORY,
        ),
        lambda _root, _info: Terms.model_json_schema(),
    ),
    "referral_personal_data": RootField(
        host.PermissionsField(
            host.JSON,
            user_id=graphene.ID(description="ID of the person's account."),
            email=graphene.String(description="Their e-mail address. Either this or an account."),
            description=(
                "All that the referral program knows of one person, as referrer and as referee. Of "
                "others it says nothing."
            ),
            permissions=[host.MANAGE_USERS],
            doc_category=DOC_CATEGORY,
        ),
        _personal_data,
    ),
}
