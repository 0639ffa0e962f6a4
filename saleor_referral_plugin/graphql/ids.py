"""Global ids, as clients give them."""

import binascii
from uuid import UUID

import graphene

from graphql import GraphQLError


def key_in(global_id: str, type_name: str) -> int:
    """The key in a global id of one of our types; raises GraphQLError for any other."""
    key = ref_in(global_id, type_name)
    if not (key.isascii() and key.isdigit()) or len(key) > 18:
        raise GraphQLError(f"Invalid ID: {global_id}. Expected: {type_name}.")
    return int(key)


def ref_in(global_id: str, type_name: str) -> str:
    """The reference in a global id of one of the store's types; raises GraphQLError for any
    other."""
    try:
        named, ref = graphene.Node.from_global_id(global_id)
    except (binascii.Error, UnicodeError, ValueError):
        named, ref = "", ""
    if named != type_name or not ref or "\0" in ref:
        raise GraphQLError(f"Invalid ID: {global_id}. Expected: {type_name}.")
    return str(ref)


def order_ref_in(global_id: str) -> str:
    """The reference of an order, a UUID in every store."""
    try:
        return str(UUID(ref_in(global_id, "Order")))
    except ValueError as error:
        raise GraphQLError(f"Invalid ID: {global_id}. Expected: Order.") from error
