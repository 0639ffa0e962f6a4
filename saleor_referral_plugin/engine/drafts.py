"""Terms as somebody outside writes them: rules as JSON, or a preset with its options. What is
wrong with them, and what they would mean."""

import inspect
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from .facts import Channel
from .presets import OPTIONS, PRESETS
from .store import GoodsError
from .terms import Terms


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of what was written: a code for machines and a sentence for
    people. `path`: where in a JSON value, such as `rewards.0.worth`."""

    field: str
    message: str
    path: str = ""
    code: str = "INVALID"


class CannotSave(Exception):
    """Nothing has been saved."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems

    @classmethod
    def goods(cls, error: GoodsError) -> "CannotSave":
        return cls(Problem("rules", str(error), "goods"))


def read(*, rules: Any = None, preset: str | None = None, options: Any = None) -> Terms | None:
    """The terms that somebody wrote; None when they wrote none. Raises CannotSave."""
    if rules is not None and preset is not None:
        raise CannotSave(Problem("preset", "Write rules or name a preset, not both."))
    if preset is not None:
        return _of_preset(preset, {} if options is None else options)
    if options is not None:
        raise CannotSave(Problem("preset_options", "Options are of a preset: name one."))
    return None if rules is None else _of_rules(rules)


def is_text(written: str) -> bool:
    """Can PostgreSQL hold it?"""
    try:
        return b"\0" not in written.encode()
    except UnicodeEncodeError:
        return False


def _of_rules(rules: Any) -> Terms:
    _must_be_storable("rules", rules)
    try:
        return Terms.from_json(rules)
    except ValidationError as error:
        raise CannotSave(*_problems("rules", error)) from error


def _of_preset(name: str, options: Any) -> Terms:
    field = "preset_options"
    _must_be_storable(field, options)
    try:
        given = options_of(name).model_validate(options)
    except ValidationError as error:
        raise CannotSave(*_problems(field, error)) from error
    try:
        return PRESETS[name](
            **{option: getattr(given, option) for option in given.model_fields_set}
        )
    except ValidationError as error:
        # Of the terms that the options would make: where in those does not help.
        said = [f"{problem.path}: {problem.message}" for problem in _problems(field, error)]
        raise CannotSave(*(Problem(field, message) for message in said)) from error
    except ArithmeticError as error:
        raise CannotSave(Problem(field, "A number has too many digits.")) from error


@lru_cache
def options_of(name: str) -> type[BaseModel]:
    """The options of a preset as a model: what they are, their defaults, what they mean."""
    preset = PRESETS[name]
    hints = get_type_hints(preset, include_extras=True)
    fields: dict[str, Any] = {
        option: (hints[option], Field(default=parameter.default, description=OPTIONS[option]))
        for option, parameter in inspect.signature(preset).parameters.items()
    }
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _must_be_storable(field: str, written: Any) -> None:
    if not is_text(json.dumps(written, ensure_ascii=False).replace("\\u0000", "\0")):
        raise CannotSave(Problem(field, "Write text without NUL and without half characters."))


def _problems(field: str, error: ValidationError) -> Iterator[Problem]:
    for found in error.errors():
        path = ".".join(map(str, found["loc"]))
        message = str(found.get("ctx", {}).get("error") or found["msg"])
        if found["type"] == "extra_forbidden":
            message = f'there is no "{found["loc"][-1]}"'
        yield Problem(field, _sentence(message), path)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


# what they would mean ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Warning:
    """Something about terms that their owner may not have meant. `channel`: its slug."""

    code: str
    message: str
    channel: str = ""


#: What `warnings_of` may find.
WARNINGS = {
    "CHANNEL_LEFT_OUT": "The program does not run in an active channel, for want of an amount.",
    "CHANNEL_UNKNOWN": "The program names a channel that is not active.",
    "GIVES_NOTHING": "Neither friend nor referrer gets anything.",
    "MINIMUM_MISSING": "There is a minimum order, but none in a channel's currency.",
    "LIMIT_MISSING": "There is a limit, but none in a channel's currency.",
    "NO_HOLD": "A credit is issued at once, before a return can be seen.",
    "OVER": "The terms take no more codes.",
}


def warnings_of(terms: Terms, channels: Collection[Channel], now: datetime) -> list[Warning]:
    return [*_of_all(terms, now), *_of_channels(terms, channels)]


def _of_all(terms: Terms, now: datetime) -> Iterator[Warning]:
    rewards = [*terms.rewards, *(rule for group in terms.groups for rule in group.rewards)]
    gives = terms.discount or rewards or terms.milestones or terms.rankings
    if not gives:
        yield Warning("GIVES_NOTHING", "Neither friend nor referrer gets anything.")
    for end in filter(None, (terms.claims_until, terms.orders_until)):
        if end <= now:
            yield Warning("OVER", f"The terms ended on {end:%Y-%m-%d}.")
    at_once = [rule.name for rule in rewards if rule.kind == "credit" and not rule.hold]
    if at_once:
        yield Warning(
            "NO_HOLD",
            f"{_list(at_once)}: issued as soon as the order is {terms.earned_when.value}; what is "
            "spent before a return is a debt.",
        )


def _of_channels(terms: Terms, channels: Collection[Channel]) -> Iterator[Warning]:
    active = {channel.slug for channel in channels}
    for slug in terms.channels:
        if slug not in active:
            yield Warning("CHANNEL_UNKNOWN", f'No channel "{slug}" is active.', slug)
    for channel in channels:
        if terms.channels and channel.slug not in terms.channels:
            continue
        if why := terms.why_not_in(channel.slug, channel.currency):
            message = f"The program does not run in {channel.slug}: {why}."
            yield Warning("CHANNEL_LEFT_OUT", message, channel.slug)
            continue
        if terms.minimum and terms.minimum.get(channel.currency) is None:
            message = f"There is no minimum order in {channel.currency}."
            yield Warning("MINIMUM_MISSING", message, channel.slug)
        amounts = [cap.amount for cap in terms.caps if cap.amount]
        units = {unit for amount in amounts for unit in amount.as_dict()}
        if units and _gives_money_in(terms, channel.currency) - units:
            message = f"There is no limit to the amount in {channel.currency}."
            yield Warning("LIMIT_MISSING", message, channel.slug)


def _gives_money_in(terms: Terms, currency: str) -> set[str]:
    return {currency for rule in terms.rewards if rule.kind == "credit"}


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
