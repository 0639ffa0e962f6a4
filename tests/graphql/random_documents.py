"""Random valid documents for a schema, drawn along its types, with values that are somebody's,
values that are nobody's, and values that are a nuisance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)
from saleor_referral_plugin.engine.presets import OPTIONS, PRESETS
from saleor_referral_plugin.engine.terms import (
    Cap,
    Goods,
    Milestone,
    Milestones,
    Offer,
    RewardRule,
    Span,
    Terms,
)

#: How far below a root a selection goes, and an input below its argument.
DEEP, DEEP_INPUT = 6, 3
NUISANCES = ["", " ", "\x00", "%s", "'; --", "\u202e", "é" * 300, "0", "-1", "null", "{}", "🎁"]

_moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


def _rules() -> st.SearchStrategy[Any]:
    """What somebody might write as rules, or as options: names that mean something, and hardly
    ever what they mean."""
    names = [*OPTIONS, *NUISANCES, "USD", "XYZ"]
    for settings in (Terms, RewardRule, Offer, Cap, Goods, Span, Milestones, Milestone):
        names += settings.model_fields
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    leaves |= st.sampled_from([*NUISANCES, "10", "1e999", "USD", "credit", "default"])

    def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        named = st.dictionaries(st.sampled_from(names), inner, max_size=4)
        return named | st.lists(inner, max_size=3)

    return st.recursive(leaves, more, max_leaves=12)


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Boolean": st.booleans(),
    "Date": st.dates().map(str),
    "DateTime": _moments.map(datetime.isoformat),
    "Day": st.integers(-1, 4000),
    "Decimal": st.decimals(-(10**9), 10**9, places=3).map(str),
    "Float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "Int": st.integers(1, 5) | st.integers(-(2**31), 2**31 - 1),
    "JSON": _rules() | st.sampled_from([preset().to_json() for preset in PRESETS.values()]),
    "JSONString": st.sampled_from(["{}", "[]", "1", "null", '{"a": 1}']),
    "PositiveDecimal": st.decimals(0, 10**9, places=3).map(str),
    "PositiveInt": st.integers(0, 100),
    "UUID": st.uuids().map(str),
}


@dataclass(frozen=True)
class Known:
    """What a client may know: the schema, with the types that are asked for in full, and the
    fields that are of any other; of a shop global ids, and other words such as codes."""

    schema: GraphQLSchema
    ours: Collection[str]
    others: Mapping[str, Collection[str]]
    ids: Collection[str]
    words: Collection[str]


@dataclass
class Document:
    """`said` is what was drawn; its arguments are variables, as those of real clients are."""

    said: str = ""
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)

    def as_(self, operation: str, said: str = "") -> str:
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return f"{operation} Random{declared} {{ {said or self.said} }}"


@st.composite
def documents(draw: Any, known: Known, root: str, names: Collection[str]) -> tuple[str, Document]:
    """One field of a root, by its name, and what is selected below it."""
    name = draw(st.sampled_from(sorted(names)))
    document = Document()
    document.said = _Drawing(draw, known, document).field(root, name, DEEP)
    return name, document


class _Drawing:
    def __init__(self, draw: Any, known: Known, document: Document) -> None:
        self.draw = draw
        self.known = known
        self.document = document
        self.types = known.schema.get_type_map()

    def field(self, type_name: str, name: str, deep: int) -> str:
        field = self.types[type_name].fields[name]
        below = named(field.type)
        arguments = self._arguments(field.args)
        if not isinstance(below, GraphQLObjectType):
            return name + arguments
        return name + arguments + self._selection(below.name, deep - 1)

    def _selection(self, type_name: str, deep: int) -> str:
        """Some of the fields; below a certain depth only those without any of their own."""
        fields = self.types[type_name].fields
        names = list(fields) if type_name in self.known.ours else self.known.others.get(type_name)
        if deep <= 0:
            names = [n for n in names or () if not _has_fields(fields[n].type)]
        if not names:
            return "{__typename}"
        chosen = self.draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
        return " ".join(["{__typename", *(self.field(type_name, n, deep) for n in chosen)]) + "}"

    def _arguments(self, arguments: Mapping[str, Any]) -> str:
        said = []
        for name, argument in arguments.items():
            if not _is_required(argument) and self.draw(st.booleans()):
                continue
            variable = f"v{len(self.document.declared)}"
            self.document.declared.append(f"${variable}: {argument.type}")
            self.document.variables[variable] = self._value(argument.type, DEEP_INPUT)
            said.append(f"{name}: ${variable}")
        return f"({', '.join(said)})" if said else ""

    def _value(self, type_: Any, deep: int) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._given(type_.of_type, deep)
        return None if self.draw(st.integers(0, 9)) == 0 else self._given(type_, deep)

    def _given(self, type_: Any, deep: int) -> Any:
        if isinstance(type_, GraphQLList):
            number = self.draw(st.integers(0, 3))
            return [self._value(type_.of_type, deep) for _ in range(number)]
        if isinstance(type_, GraphQLEnumType):
            return self.draw(st.sampled_from([value.name for value in type_.values]))
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(type_.fields, deep - 1)
        if type_.name == "ID":
            return self.draw(st.sampled_from([*self.known.ids] * 4 + NUISANCES))
        words = st.sampled_from([*self.known.words, *self.known.ids, *NUISANCES])
        return self.draw(SCALARS.get(type_.name, words | st.text(max_size=20)))

    def _input(self, fields: Mapping[str, Any], deep: int) -> dict[str, Any]:
        """All that is required, and some of the rest; inputs may hold themselves."""
        return {
            name: self._value(field.type, deep)
            for name, field in fields.items()
            if _is_required(field)
            or ((deep > 0 or not _is_input(field.type)) and self.draw(st.booleans()))
        }


def named(type_: Any) -> Any:
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


def _has_fields(type_: Any) -> bool:
    return isinstance(named(type_), GraphQLObjectType)


def _is_input(type_: Any) -> bool:
    return isinstance(named(type_), GraphQLInputObjectType)


def _is_required(argument: Any) -> bool:
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is None
