"""Global ids, as clients give them."""

import binascii
from typing import Any
from uuid import UUID

import graphene
from graphene.utils.str_converters import to_camel_case

from graphql import GraphQLError


def key_in(global_id: str, type_name: str) -> int:
    """The key in a global id of one of our types; raises GraphQLError for any other."""
    key = ref_in(global_id, type_name)
    if not (key.isascii() and key.isdigit()) or len(key) > 18:
        raise _invalid(global_id, type_name)
    return int(key)


def ref_in(global_id: str, type_name: str) -> str:
    """The reference in a global id of one of the store's types; raises GraphQLError for any
    other."""
    try:
        named, ref = graphene.Node.from_global_id(global_id)
    except (binascii.Error, UnicodeError, ValueError):
        named, ref = "", ""
    if named != type_name or not ref or "\0" in ref:
        raise _invalid(global_id, type_name)
    return str(ref)


def order_ref_in(global_id: str) -> str:
    """The reference of an order, a UUID in every store."""
    try:
        return str(UUID(ref_in(global_id, "Order")))
    except ValueError as error:
        raise _invalid(global_id, "Order") from error


def _invalid(global_id: str, type_name: str) -> GraphQLError:
    return GraphQLError(f"Invalid ID: {global_id}. Expected: {type_name}.")


def only_one_of(**arguments: Any) -> tuple[str, Any]:
    """The one argument that was given; GraphQLError, in Saleor's words, for none or several."""
    given = {name: value for name, value in arguments.items() if value is not None}
    names = [to_camel_case(name) for name in given]
    if len(names) > 1:
        raise GraphQLError(f"Argument '{names[0]}' cannot be combined with '{names[1]}'")
    if not names:
        known = ", ".join(f"'{to_camel_case(name)}'" for name in arguments)
        raise GraphQLError(f"At least one of arguments is required: {known}.")
    [(name, value)] = given.items()
    return name, value
