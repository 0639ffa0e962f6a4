"""What mutations of staff and apps have in common.

All that one of them does is done in one transaction, with the answer that it gave: asked again
with the same `idempotencyKey`, that is the answer. What it made due is carried out right after.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import graphene
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from graphql import GraphQLError

from ... import tasks
from ...engine import idempotency, referrers
from ...engine.store import Store, get_store
from .. import host
from ..enums import DOC_CATEGORY
from ..errors import ReferralError, deciding, wrong
from ..ids import key_in
from ..types.referrals import Referral, ReferralReward
from ..types.referrers import Referrer
from .base import DiscountsMutation, found, not_found

#: Most rows of one call.
MOST_ROWS = 100


class StaffMutation(DiscountsMutation):
    """Calls `decide`, which returns the rows to answer with, by the names of the payload's fields.
    It may raise ValidationError, and CannotDecide: an error on `id`, or on the field that
    `field_of` says for its code."""

    field_of: ClassVar[Mapping[str, str]] = {}

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, description: str = "", **options: Any) -> None:
        super().__init_subclass_with_meta__(description=description, **options)
        cls._meta.arguments["idempotency_key"] = graphene.String(
            description=(
                "A key of your choice, up to 255 characters, for each thing to do: a UUID, say. "
                "Whoever sends the same again with the same key within 30 days gets the same "
                "answer, and it is done once."
            )
        )

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, **asked: Any) -> Any:
        by, store = host.requestor(info.context), get_store()
        answer = answered_once(
            cls.__name__, asked, lambda given: cls._answer(by, store, given), by=by, store=store
        )
        forget_what_was_read(info.context)
        return cls._said(answer)

    @classmethod
    def _answer(cls, by: str, store: Store, asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            with transaction.atomic(), deciding(**cls.field_of):
                decided = cls.decide(by=by, store=store, **asked)
                tasks.carry_out_soon()
        except ValidationError as error:
            return {"rows": {}, "errors": list(_as_data(error))}
        return {"rows": {name: row.pk for name, row in decided.items()}, "errors": []}

    @classmethod
    def _said(cls, answer: Mapping[str, Any]) -> Any:
        if answer["errors"]:
            return cls.handle_errors(_from_data(answer["errors"]))
        # As they are now: what was due may have been carried out meanwhile.
        rows = {
            name: cls._meta.fields[name].type._meta.model._default_manager.filter(pk=pk).first()
            for name, pk in answer["rows"].items()
        }
        return cls(**rows)

    @classmethod
    def decide(cls, *, by: str, store: Store, **asked: Any) -> Mapping[str, Model]:
        raise NotImplementedError


def answered_once(
    what: str,
    asked: Mapping[str, Any],
    do: Callable[[Mapping[str, Any]], Any],
    *,
    by: str,
    store: Store,
) -> Any:
    """What `do` answers (as JSON) to what was asked, in a transaction; or what it answered before
    to the same with the same `idempotency_key`. Raises ValidationError on the key, and on whatever
    PostgreSQL cannot store."""
    given = dict(asked)
    key = given.pop("idempotency_key", None)
    for name, value in asked.items():
        if any("\0" in text for text in _texts(value)):
            raise wrong(name, "INVALID", "There is a character in it that cannot be stored.")
    if key is not None and not (key.strip() and len(key) <= idempotency.LONGEST_KEY):
        said = f"A key has 1 to {idempotency.LONGEST_KEY} characters, and not only spaces."
        raise wrong("idempotency_key", "INVALID", said)
    told = {"what": what, "input": _given(given)}
    try:
        return idempotency.once(lambda: do(given), by=by, key=key, asked=told, store=store)
    except idempotency.KeyReused as reused:
        said = "This key came with another request before."
        raise wrong("idempotency_key", "IDEMPOTENCY_KEY_REUSED", said) from reused


def forget_what_was_read(context: Any) -> None:
    """What the request has read of ours before is no longer so."""
    loaders = getattr(context, "dataloaders", {})
    for key in [key for key in loaders if key.startswith("referral_")]:
        del loaders[key]


def reason_argument() -> graphene.String:
    return graphene.String(required=True, description="Why, for whoever asks later.")


def note_argument() -> graphene.String:
    return graphene.String(description="What was sent, and how, for whoever asks later.")


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            yield from _texts(list(value.values()))


def _as_data(error: ValidationError) -> Iterator[list[str]]:
    """To be kept as JSON: field, message and code of each."""
    for field, errors in error.update_error_dict({}).items():
        for one in errors:
            yield [field, one.messages[0], one.code or ""]


def _from_data(errors: Sequence[Sequence[str]]) -> ValidationError:
    by_field: dict[str, list[ValidationError]] = {}
    for field, message, code in errors:
        by_field.setdefault(field, []).append(ValidationError(message, code=code))
    return ValidationError(by_field)


# one row -------------------------------------------------------------------------------------


class OfOneRow(StaffMutation):
    """Calls `do` of the engine with the row that `id` names, and answers with what it returns."""

    row_field: ClassVar[str]
    row_type: ClassVar[Any]
    do: ClassVar[Callable[..., Model]]

    class Meta:
        abstract = True

    @classmethod
    def decide(cls, *, by: str, store: Store, id: str, **asked: Any) -> Mapping[str, Model]:
        row = found(cls.row_type._meta.model, id, cls.row_type._meta.name)
        return {cls.row_field: cls.do(row, by=by, store=store, **_given(asked))}


class OfReferral(OfOneRow):
    referral = graphene.Field(Referral, description="The referral as it is now.")
    row_field, row_type = "referral", Referral

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referral.")
        reason = reason_argument()

    class Meta:
        abstract = True


class OfReward(OfOneRow):
    reward = graphene.Field(ReferralReward, description="The reward as it is now.")
    row_field, row_type = "reward", ReferralReward

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the reward.")
        reason = reason_argument()

    class Meta:
        abstract = True


class OfReferrer(OfOneRow):
    referrer = graphene.Field(Referrer, description="The referrer as they are now.")
    row_field, row_type = "referrer", Referrer

    class Arguments:
        id = graphene.ID(required=True, description="The ID of the referrer.")
        reason = reason_argument()

    class Meta:
        abstract = True


def _given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Null is not given."""
    return {name: value for name, value in asked.items() if value is not None}


# many at once --------------------------------------------------------------------------------


def _errors_of_a_row() -> Any:
    return host.NonNullList(
        ReferralError, required=True, description="Why nothing was done about it."
    )


class ReferralBulkResult(host.BaseObjectType):
    referral = graphene.Field(
        Referral, description="The referral as it is now. Null when nothing was done."
    )
    errors = _errors_of_a_row()

    class Meta:
        description = "What became of one of several referrals."
        doc_category = DOC_CATEGORY


class ReferralRewardBulkResult(host.BaseObjectType):
    reward = graphene.Field(
        ReferralReward, description="The reward as it is now. Null when nothing was done."
    )
    errors = _errors_of_a_row()

    class Meta:
        description = "What became of one of several rewards."
        doc_category = DOC_CATEGORY


class OfManyRows(StaffMutation):
    """Calls `do` of the engine with each row that `ids` names, and answers for each in their
    order."""

    count = graphene.Int(
        required=True, default_value=0, description="In how many rows there was no error."
    )

    #: The field of a result, and its type.
    row_field: ClassVar[str]
    row_type: ClassVar[Any]
    result_type: ClassVar[Any]
    do: ClassVar[Callable[..., Model]]

    class Meta:
        abstract = True

    @classmethod
    def _answer(cls, by: str, store: Store, asked: Mapping[str, Any]) -> dict[str, Any]:
        given = dict(asked)
        ids, policy = given.pop("ids"), given.pop("error_policy", None)
        if len(ids) > MOST_ROWS:
            error = wrong("ids", "BULK_LIMIT", f"There are more than {MOST_ROWS} rows.")
            return {"results": [], "errors": list(_as_data(error))}
        rejects_all = policy in (None, host.ErrorPolicyEnum.REJECT_EVERYTHING.value)
        with transaction.atomic():
            results = cls._results(ids, by=by, store=store, **_given(given))
            tasks.carry_out_soon()
            if rejects_all and any(result["errors"] for result in results):
                transaction.set_rollback(True)
                results = [{**result, "pk": None} for result in results]
        return {"results": results, "errors": []}

    @classmethod
    def _results(cls, ids: Sequence[str], **given: Any) -> list[dict[str, Any]]:
        rows, results = cls._rows(ids)
        referrers.lock({cls.lock_of(row) for row in rows.values()})
        for place, row in rows.items():
            try:
                with transaction.atomic(), deciding(**cls.field_of):
                    cls.do(row, **given)
            except ValidationError as error:
                results[place]["errors"] = list(_as_data(error))
            else:
                results[place]["pk"] = row.pk
        return results

    @classmethod
    def _rows(cls, ids: Sequence[str]) -> tuple[dict[int, Model], list[dict[str, Any]]]:
        """The rows by their places, and a result for each place: an error where there is none."""
        results: list[dict[str, Any]] = [{"pk": None, "errors": []} for _ in ids]
        keys: dict[int, int] = {}
        for place, global_id in enumerate(ids):
            try:
                keys[place] = key_in(global_id, cls.row_type._meta.name)
            except GraphQLError as error:
                results[place]["errors"] = list(_as_data(wrong("id", "GRAPHQL_ERROR", str(error))))
        found = cls.row_type._meta.model._default_manager.in_bulk(keys.values())
        for place, key in keys.items():
            if key not in found:
                results[place]["errors"] = list(_as_data(not_found("id", ids[place])))
        return {place: found[key] for place, key in keys.items() if key in found}, results

    @classmethod
    def _said(cls, answer: Mapping[str, Any]) -> Any:
        if answer["errors"]:
            return cls.handle_errors(_from_data(answer["errors"]))
        keys = [result["pk"] for result in answer["results"] if result["pk"] is not None]
        rows = cls.row_type._meta.model._default_manager.in_bulk(keys)
        results = [
            cls.result_type(
                **{cls.row_field: rows.get(result["pk"])},
                errors=cls.handle_errors(_from_data(result["errors"])).errors,
            )
            for result in answer["results"]
        ]
        return cls(count=len(keys), results=results)

    @classmethod
    def lock_of(cls, row: Any) -> int:
        """The key of the referrer whose lock deciding takes."""
        raise NotImplementedError


class OfReferrals(OfManyRows):
    results = host.NonNullList(
        ReferralBulkResult,
        required=True,
        default_value=[],
        description="What became of each, in the order of the IDs.",
    )
    row_field, row_type, result_type = "referral", Referral, ReferralBulkResult

    class Meta:
        abstract = True

    @classmethod
    def lock_of(cls, row: Any) -> int:
        return int(row.referrer_id)


class OfRewards(OfManyRows):
    results = host.NonNullList(
        ReferralRewardBulkResult,
        required=True,
        default_value=[],
        description="What became of each, in the order of the IDs.",
    )
    row_field, row_type, result_type = "reward", ReferralReward, ReferralRewardBulkResult

    class Meta:
        abstract = True

    @classmethod
    def lock_of(cls, row: Any) -> int:
        return int(row.referral.referrer_id if row.referral else row.holder_id)


def ids_argument(what: str) -> Any:
    return host.NonNullList(
        graphene.ID, required=True, description=f"The IDs of up to {MOST_ROWS} {what}."
    )


def policy_argument() -> Any:
    return host.ErrorPolicyEnum(
        description=(
            "What to do about errors. Default: REJECT_EVERYTHING; with one of the others, the rows "
            "without an error are carried out."
        )
    )
