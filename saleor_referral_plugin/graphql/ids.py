"""Global ids, as clients give them."""

import binascii

import graphene

from graphql import GraphQLError


def key_in(global_id: str, type_name: str) -> int:
    """The key in a global id of one of our types; raises GraphQLError for any other."""
    try:
        named, key = graphene.Node.from_global_id(global_id)
    except (binascii.Error, UnicodeError, ValueError):
        named, key = "", ""
    if named != type_name or not (key.isascii() and key.isdigit()) or len(key) > 18:
        raise GraphQLError(f"Invalid ID: {global_id}. Expected: {type_name}.")
    return int(key)
