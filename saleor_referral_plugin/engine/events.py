"""What is told of an event: a JSON body with a version, and the schema of all of them.

A body names things by the ids that the API takes, and nobody by name or address. Of one event it
is always the same, but that who has been forgotten is named no more.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..models import Claim, Event, Reward
from .decide import ReferralStatus
from .event_types import EventType
from .findings import FindingCode
from .money import plain
from .terms import Beneficiary, RewardKind

#: Of the bodies. A field more is the same version; one less, or another meaning, is the next.
VERSION: Literal[1] = 1

Amount = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$", description="A decimal number, exact.")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProgramPart(_Part):
    """The program it happened in."""

    id: str
    slug: str


class PersonPart(_Part):
    """The referrer; of a reward, whoever gets it. `user_id` is the account's, null for a guest,
    and for who has been forgotten."""

    id: str
    user_id: str | None


class ClaimPart(_Part):
    """A referral code bound to a checkout, an account or an order, or the refusal to bind it.
    `reasons` are the codes of the findings that speak against it."""

    id: str
    source: Claim.Source
    order_id: str | None
    reasons: list[FindingCode]


class ReferralPart(_Part):
    """A referral, and what it was before. A sign-up has no order and no channel."""

    id: str
    claim_id: str | None
    order_id: str | None
    channel: str | None
    status: ReferralStatus
    was: ReferralStatus | None
    reasons: list[FindingCode]


class OfReferralPart(_Part):
    """The referral that a reward is for."""

    id: str
    order_id: str | None


class RewardPart(_Part):
    """A reward, and what it was before. `currency` is a currency or a unit of points, of a coupon
    the word `coupon`; `occurrence` says which milestone it is for, where it is for one."""

    id: str
    status: Reward.Status
    was: Reward.Status | None
    beneficiary: Beneficiary
    kind: RewardKind
    rule: str
    occurrence: str | None
    amount: Amount
    currency: str
    hold_until: datetime | None
    expires_at: datetime | None


class CreditPart(_Part):
    """How much of a reward was spent, given back, or is about to expire."""

    reward_id: str
    kind: RewardKind
    amount: Amount
    currency: str
    expires_at: datetime | None


class ClaimData(_Part):
    program: ProgramPart
    referrer: PersonPart
    claim: ClaimPart


class ReferralData(_Part):
    program: ProgramPart
    referrer: PersonPart
    referral: ReferralPart


class RewardData(_Part):
    program: ProgramPart
    holder: PersonPart
    referral: OfReferralPart | None
    reward: RewardPart


class CreditData(_Part):
    program: ProgramPart
    holder: PersonPart
    referral: OfReferralPart | None
    credit: CreditPart


class _Body(_Part):
    id: str = Field(description="Of the event: the same whenever it is sent.")
    version: Literal[1] = VERSION
    timestamp: datetime = Field(description="When it happened.")


def _types(what: str) -> Any:
    return Literal[tuple(each.value for each in EventType if each.startswith(f"{what}."))]


class ClaimEvent(_Body):
    type: _types("claim")  # type: ignore[valid-type]
    data: ClaimData


class ReferralEvent(_Body):
    type: _types("referral")  # type: ignore[valid-type]
    data: ReferralData


class RewardEvent(_Body):
    type: _types("reward")  # type: ignore[valid-type]
    data: RewardData


class CreditEvent(_Body):
    type: _types("credit")  # type: ignore[valid-type]
    data: CreditData


Body = Annotated[
    ClaimEvent | ReferralEvent | RewardEvent | CreditEvent, Field(discriminator="type")
]
_BODY: TypeAdapter[Any] = TypeAdapter(Body)


def schema() -> str:
    """The JSON schema of every body, as text."""
    schema = _BODY.json_schema(mode="serialization")
    titled = {"title": "Events of the referral program, version 1", **schema}
    return json.dumps(titled, indent=2, ensure_ascii=False) + "\n"


def id_of(event: Event) -> str:
    return _id("ReferralEvent", event.pk) or ""


def body_of(event: Event) -> dict[str, Any]:
    """What is sent. The event's program and referrer are best at hand."""
    what = event.type.partition(".")[0]
    body = {
        "id": id_of(event),
        "type": event.type,
        "timestamp": event.happened_at,
        "data": {
            "program": {"id": _id("ReferralProgram", event.program_id), "slug": event.program.slug},
            **_PARTS[what](event, event.data),
        },
    }
    dumped: dict[str, Any] = _BODY.dump_python(_BODY.validate_python(body), mode="json")
    return dumped


def written(body: Mapping[str, Any]) -> str:
    """The very letters that are sent and signed."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _claim(event: Event, data: dict[str, Any]) -> dict[str, Any]:
    claim = {
        "id": _id("ReferralClaim", event.claim_id),
        "source": data["source"],
        "order_id": _id("Order", data["order"]),
        "reasons": data["reasons"],
    }
    return {"referrer": _person(event), "claim": claim}


def _referral(event: Event, data: dict[str, Any]) -> dict[str, Any]:
    referral = {
        "id": _id("Referral", event.referral_id),
        "claim_id": _id("ReferralClaim", event.claim_id),
        "order_id": _id("Order", data["order"]),
        "channel": data["channel"],
        "status": data["status"],
        "was": data["was"],
        "reasons": data["reasons"],
    }
    return {"referrer": _person(event), "referral": referral}


def _reward(event: Event, data: dict[str, Any]) -> dict[str, Any]:
    reward = {
        "id": _id("ReferralReward", event.reward_id),
        "status": data["status"],
        "was": data["was"],
        "beneficiary": data["beneficiary"],
        "kind": data["kind"],
        "rule": data["rule"],
        "occurrence": data["occurrence"],
        "amount": _amount(data),
        "currency": data["currency"],
        "hold_until": _time(data["hold_until"]),
        "expires_at": _time(data["expires_at"]),
    }
    return {"holder": _person(event), "referral": _of_referral(event), "reward": reward}


def _credit(event: Event, data: dict[str, Any]) -> dict[str, Any]:
    credit = {
        "reward_id": _id("ReferralReward", event.reward_id),
        "kind": data["kind"],
        "amount": _amount(data),
        "currency": data["currency"],
        "expires_at": _time(data["expires_at"]),
    }
    return {"holder": _person(event), "referral": _of_referral(event), "credit": credit}


_PARTS = {"claim": _claim, "referral": _referral, "reward": _reward, "credit": _credit}


def _person(event: Event) -> dict[str, Any]:
    referrer = event.referrer
    return {"id": _id("Referrer", referrer.pk), "user_id": _id("User", referrer.user_ref)}


def _of_referral(event: Event) -> dict[str, Any] | None:
    if event.referral_id is None:
        return None
    return {
        "id": _id("Referral", event.referral_id),
        "order_id": _id("Order", event.data["order"]),
    }


def _amount(data: dict[str, Any]) -> str:
    return str(plain(Decimal(data["amount"])))


def _time(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said).astimezone(UTC)


def _id(type_name: str, key: object) -> str | None:
    """As the API names it."""
    return None if key is None else base64.b64encode(f"{type_name}:{key}".encode()).decode()
