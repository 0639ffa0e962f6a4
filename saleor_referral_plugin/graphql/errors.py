"""The errors of our mutations, and of fields that limit how often they answer."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

import graphene
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from promise import is_thenable

from graphql import GraphQLError

from ..engine import tables
from ..engine.decisions import CannotDecide
from ..engine.drafts import CannotSave
from ..engine.findings import Finding, Refused
from ..engine.webhooks import EndpointError
from . import host
from .enums import DOC_CATEGORY, ReferralErrorCode

logger = logging.getLogger(__name__)


class ReferralError(host.Error):
    code = ReferralErrorCode(
        required=True, description="The error code: of a rule that failed, or of the request."
    )

    retry_at = host.DateTime(
        description="When to try again, for `TOO_MANY_TRIES`. Null for every other error."
    )

    path = graphene.String(
        description=(
            "Where in a JSON value, such as `rewards.0.worth` in `rules`. Null for the value as a "
            "whole, and for every other field."
        )
    )

    class Meta:
        description = "Represents an error in a referral mutation."
        doc_category = DOC_CATEGORY


class ReferralRateLimited(GraphQLError):
    """A field, not a mutation, was asked for too often. Clients know it by the code of its
    `extensions`, which also say when to ask again."""

    def __init__(self, finding: Finding, language: str):
        super().__init__(
            finding.sentence_in(language),
            extensions={"referral": {"code": finding.code.name, **_retry(finding)}},
        )


class ReferralUnavailable(GraphQLError):
    """Our tables are not there, or not as this version needs them: the field is null, and whatever
    else was asked for is answered. Staff read in the log what to do."""

    def __init__(self) -> None:
        super().__init__(
            "The referral program is not available at the moment.",
            extensions={"referral": {"code": "UNAVAILABLE"}},
        )


def unless_unavailable(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Around what resolves a field of ours on a type of the store's: there nothing of ours may
    fail in any other way for want of our tables."""

    def say(error: Exception) -> NoReturn:
        if not tables.are_missing(error):
            raise error
        try:
            raise error
        except DatabaseError:
            tables.log(logger, "A referral field could not be answered.")
        raise ReferralUnavailable from error

    @functools.wraps(resolve)
    def resolved(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = resolve(*args, **kwargs)
        except DatabaseError as error:
            say(error)
        return answer.catch(say) if is_thenable(answer) else answer

    return resolved


def _retry(finding: Finding) -> dict[str, str]:
    return {"retryAt": finding.detail["retry_at"]} if "retry_at" in finding.detail else {}


@contextmanager
def answering_later(language: str) -> Iterator[None]:
    """Of a field: too many tries are an error of GraphQL's."""
    try:
        yield
    except Refused as refused:
        raise ReferralRateLimited(refused.finding, language) from refused


@contextmanager
def deciding(**field_of: str) -> Iterator[None]:
    """Of a mutation of staff: what they cannot decide is an error with our code, on `id`, or on
    the field that `field_of` says for a code."""
    try:
        yield
    except CannotDecide as cannot:
        field = {"REQUIRED": "reason", **field_of}.get(cannot.code, "id")
        raise wrong(field, cannot.code, str(cannot)) from cannot
    except CannotSave as cannot:
        raise unsaved(cannot) from cannot


def wrong(field: str, code: str, message: str) -> ValidationError:
    """Of a mutation: an error on a field of the input, with a code of ReferralErrorCode."""
    return ValidationError({field: ValidationError(message, code=code.lower())})


@contextmanager
def setting_endpoint() -> Iterator[None]:
    """Of a mutation: what is wrong with an endpoint is an error on its field."""
    try:
        yield
    except EndpointError as error:
        raise wrong(error.field, error.code, str(error)) from error


def unsaved(cannot: CannotSave) -> ValidationError:
    """Every problem of an input on its field, and on its path there."""
    problems: dict[str, list[ValidationError]] = {}
    for problem in cannot.problems:
        params = {"path": problem.path} if problem.path else None
        message = problem.message.replace("%", "%%") if params else problem.message
        error = ValidationError(message, code=problem.code.lower(), params=params)
        problems.setdefault(problem.field, []).append(error)
    return ValidationError(problems)


def refusal(refused: Refused, field: str, language: str) -> ValidationError:
    """Of a mutation: an error on a field of the input, in a language, with our code."""
    finding = refused.finding
    retry_at = finding.detail.get("retry_at")
    params = {"retry_at": datetime.fromisoformat(retry_at)} if retry_at else None
    # A message with params is formatted by Django.
    message = finding.sentence_in(language)
    if params:
        message = message.replace("%", "%%")
    return ValidationError(
        {field: ValidationError(message, code=finding.code.value, params=params)}
    )
