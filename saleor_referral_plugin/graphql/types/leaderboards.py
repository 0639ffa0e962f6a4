"""Who has referred the most, as anybody may see it."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import graphene
from graphene.relay import PageInfo
from prices import Money
from promise import Promise

from graphql import GraphQLError

from ...engine.money import say
from ...engine.ranking import Place, Window, current_window, how_many, places_of, ranking_of
from ...engine.terms import Prize, Ranking, Terms
from ...models import Program
from .. import host
from ..dataloaders import PublicNameLoader, ReferrerByUserRefLoader
from ..enums import DOC_CATEGORY, ReferralPeriodEnum, ReferralRewardKindEnum
from ..pages import Page


@dataclass(frozen=True, slots=True)
class Board:
    """A ranking of a program, in the period that is being counted."""

    program: Program
    terms: Terms
    ranking: Ranking
    now: datetime

    @property
    def window(self) -> Window:
        return current_window(self.ranking, self.terms, self.now)


@dataclass(frozen=True, slots=True)
class PrizeSeen:
    number: int
    prize: Prize

    @property
    def worth(self) -> Money:
        [(unit, amount)] = self.prize.worth.amounts.by_currency
        return Money(amount, unit)

    @property
    def kind(self) -> str:
        return self.prize.kind.value

    @property
    def description(self) -> str:
        return f"{say(self.worth)} for place {self.number}."


@dataclass(frozen=True, slots=True)
class PlaceEdge:
    node: Place
    cursor: str


class Places:
    """Lines of a leaderboard; what is not selected is not loaded. A cursor is the number of a
    line, so that a page may repeat or leave out whoever moved in between."""

    def __init__(self, info: Any, board: Board, page: Page) -> None:
        page.check(info.field_name)
        self.name = info.field_name
        self.board = board
        self.page = page
        self.using = host.database(info.context)

    @cached_property
    def found(self) -> tuple[list[Place], bool]:
        """Those on the page, and whether there are more in the direction of reading."""
        page = self.page
        if page.size is None:
            raise GraphQLError(
                "You must provide a `first` or `last` value to properly paginate the "
                f"`{self.name}` connection."
            )
        places = ranking_of(
            self.board.program,
            window=self.board.window,
            after=_number(page.after) if page.after else 0,
            before=_number(page.before) if page.before else None,
            backwards=page.is_backwards,
            limit=page.size + 1,
            using=self.using,
        )
        is_more = len(places) > page.size
        places = places[: page.size]
        return (places[::-1] if page.is_backwards else places), is_more

    @property
    def edges(self) -> list[PlaceEdge]:
        return [PlaceEdge(place, _cursor(place.number)) for place in self.found[0]]

    @property
    def page_info(self) -> PageInfo:
        edges, (_, is_more) = self.edges, self.found
        has_other = self.page.cursor is not None
        return PageInfo(
            has_next_page=has_other if self.page.is_backwards else is_more,
            has_previous_page=is_more if self.page.is_backwards else has_other,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )

    @property
    def total_count(self) -> int:
        return how_many(self.board.program, window=self.board.window, using=self.using)


def _cursor(number: int) -> str:
    return base64.b64encode(f"place:{number}".encode()).decode()


def _number(cursor: str) -> int:
    try:
        kind, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        kind, number = "", ""
    if kind != "place" or not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise GraphQLError("Received cursor is invalid.")
    return int(number)


class ReferralPlace(host.BaseObjectType):
    rank = graphene.Int(
        required=True,
        description="Those with as many referrals share a rank; the next one leaves a gap.",
    )
    display_name = graphene.String(
        required=True, description="The name that the referrer chose, or else such as `a***`."
    )
    referrals = graphene.Int(required=True, description="Qualified referrals in the period.")
    is_own = graphene.Boolean(required=True, description="Whether it is who asks.")

    class Meta:
        description = "One line of a leaderboard."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_display_name(root: Place, info: Any) -> Promise:
        return PublicNameLoader(info.context).load(root.referrer_id)

    @staticmethod
    def resolve_is_own(root: Place, info: Any) -> Promise:
        return _own_referrer(info.context).then(
            lambda own: own is not None and own.pk == root.referrer_id
        )


class ReferralPlaceCountableConnection(host.CountableConnection):
    class Meta:
        doc_category = DOC_CATEGORY
        node = ReferralPlace


class ReferralPrize(host.BaseObjectType):
    description = graphene.String(
        required=True, description="In one sentence, such as `$50.00 for place 1.`"
    )
    number = graphene.Int(
        required=True,
        description="For which line. Of two with as many referrals, the one is first who got "
        "there first.",
    )
    worth = graphene.Field(host.Money, required=True, description="What it is.")
    kind = ReferralRewardKindEnum(required=True, description="How it is delivered.")

    class Meta:
        description = "What the referrer on one line of a leaderboard gets."
        doc_category = DOC_CATEGORY


class ReferralLeaderboard(host.BaseObjectType):
    name = graphene.String(required=True, description="What the ranking is called.")
    period = ReferralPeriodEnum(required=True, description="Which referrals count together.")
    starts_at = host.DateTime(description="When the period began. Null: with the program.")
    ends_at = host.DateTime(description="When the period ends. Null: when the program closes.")
    prizes = graphene.Field(
        host.NonNullList(ReferralPrize), required=True, description="For the first lines."
    )
    places = host.ConnectionField(
        ReferralPlaceCountableConnection, description="Who has referred the most, best first."
    )
    own = graphene.Field(
        ReferralPlace,
        description="The line of who asks. Null for who is not logged in, or has no referral.",
    )

    class Meta:
        description = "A ranking of a program, in the period that is being counted."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_name(root: Board, _info: Any) -> str:
        return root.ranking.name

    @staticmethod
    def resolve_period(root: Board, _info: Any) -> str:
        return root.ranking.period.value

    @staticmethod
    def resolve_starts_at(root: Board, _info: Any) -> datetime | None:
        return root.window and root.window[0]

    @staticmethod
    def resolve_ends_at(root: Board, _info: Any) -> datetime | None:
        return root.window[1] if root.window else root.terms.orders_until

    @staticmethod
    def resolve_prizes(root: Board, _info: Any) -> list[PrizeSeen]:
        return [PrizeSeen(n, prize) for n, prize in enumerate(root.ranking.prizes, start=1)]

    @staticmethod
    def resolve_places(root: Board, info: Any, **page: Any) -> Places:
        return Places(info, root, Page(**page))

    @staticmethod
    def resolve_own(root: Board, info: Any) -> Promise:
        using = host.database(info.context)

        def place(own: Any) -> Place | None:
            if own is None:
                return None
            found = places_of(root.program, [own.pk], window=root.window, using=using)
            return found.get(own.pk)

        return _own_referrer(info.context).then(place)


def _own_referrer(context: Any) -> Promise:
    asking = host.user_ref(context)
    if not asking:
        return Promise.resolve(None)
    return ReferrerByUserRefLoader(context).load(asking)
