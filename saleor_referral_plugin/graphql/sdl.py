"""Our part of the schema as text: our types, and `extend type` for our fields on others.

Set as Saleor sets its own schema file, so that each piece stands in Saleor's, too, and the
text is the same whichever store built the schema. (graphql-core 2 prints no descriptions.)
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphene.utils.str_converters import to_camel_case
from graphql.language.printer import print_ast
from graphql.utils.ast_from_value import ast_from_value

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema, get_named_type

from .graft import FIELDS, MUTATIONS, QUERIES

#: Every type of ours has one of these words in its name, and none of Saleor's has.
OURS = re.compile("Referral|Referrer|Referee")


def print_sdl(schema: GraphQLSchema) -> str:
    types = schema.get_type_map()
    extended = [("Query", QUERIES), ("Mutation", MUTATIONS)]
    extended += [(target._meta.name, fields) for target, fields in FIELDS.items()]
    blocks = [_extension(types[name], fields) for name, fields in extended]
    blocks += [_definition(types[name]) for name in sorted(types) if OURS.search(name)]
    return "\n\n".join(blocks) + "\n"


def _extension(type_: Any, ours: Mapping[str, Any]) -> str:
    fields = {name: type_.fields[name] for name in map(to_camel_case, ours)}
    if type_.name not in ("Query", "Mutation"):
        return f"extend type {type_.name}{_fields(fields)}"
    # Of what is a list, or a scalar, the field alone says where it belongs.
    categories = {
        to_camel_case(name): getattr(field, "doc_category", None) for name, field in ours.items()
    }
    return f"extend type {type_.name}{_fields(fields, categories)}"


def _definition(type_: Any) -> str:
    head = _description(type_.description)
    if isinstance(type_, GraphQLInputObjectType):
        values = [
            _description(field.description, "  ", is_first=not place) + f"  {name}: {field.type}"
            for place, (name, field) in enumerate(type_.fields.items())
        ]
        return f"{head}input {type_.name}{_directives(type_.graphene_type)}{_block(values)}"
    if isinstance(type_, GraphQLEnumType):
        values = [
            _description(value.description, "  ", is_first=not place) + f"  {value.name}"
            for place, value in enumerate(type_.values)
        ]
        return f"{head}enum {type_.name}{_directives(type_.graphene_type)}{_block(values)}"
    interfaces = " & ".join(interface.name for interface in type_.interfaces)
    implements = f" implements {interfaces}" if interfaces else ""
    directives = _directives(type_.graphene_type)
    return f"{head}type {type_.name}{implements}{directives}{_fields(type_.fields)}"


def _fields(fields: Mapping[str, Any], categories: Mapping[str, Any] | None = None) -> str:
    """`categories`: those of the fields of a root; None: they are of no root."""
    return _block(
        _description(field.description, "  ", is_first=not place)
        + f"  {name}{_arguments(field.args)}: {field.type}"
        + _directives(
            _type_of(field),
            with_category=categories is not None,
            otherwise=(categories or {}).get(name),
        )
        for place, (name, field) in enumerate(fields.items())
    )


def _type_of(field: Any) -> Any:
    return getattr(get_named_type(field.type), "graphene_type", None)


def _arguments(arguments: Mapping[str, Any]) -> str:
    if not arguments:
        return ""
    said = {
        name: f"{name}: {argument.type}{_default(argument)}" for name, argument in arguments.items()
    }
    if not any(argument.description for argument in arguments.values()):
        return f"({', '.join(said.values())})"
    lines = [
        _description(argument.description, "    ", is_first=not place) + f"    {said[name]}"
        for place, (name, argument) in enumerate(arguments.items())
    ]
    return "(\n" + "\n".join(lines) + "\n  )"


def _default(argument: Any) -> str:
    default = ast_from_value(argument.default_value, argument.type)
    return f" = {print_ast(default)}" if default else ""


def _directives(type_: Any, *, with_category: bool = True, otherwise: str | None = None) -> str:
    category = getattr(type_, "doc_category", None) or otherwise if with_category else None
    text = f' @doc(category: "{category}")' if category else ""
    if events := getattr(type_, "webhook_events_info", None):
        names = ", ".join(event.type.upper() for event in events)
        text += f" @webhookEventsInfo(asyncEvents: [{names}], syncEvents: [])"
    return text


def _block(items: Iterable[str]) -> str:
    return " {\n" + "\n".join(items) + "\n}"


def _description(text: str | None, indent: str = "", *, is_first: bool = True) -> str:
    if not text:
        return ""
    is_short = "\n" not in text and len(text) <= 70 and not text.endswith('"')
    quoted = f'"""{text}"""' if is_short else f'"""\n{text}\n"""'
    lines = [f"{indent}{line}".rstrip() for line in quoted.splitlines()]
    return ("\n" if indent and not is_first else "") + "\n".join(lines) + "\n"
