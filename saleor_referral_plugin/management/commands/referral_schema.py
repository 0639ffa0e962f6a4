"""Print our part of the GraphQL schema, or check the committed one against it."""

from pathlib import Path

from ..printed import PrintingCommand


class Command(PrintingCommand):
    help = "Print the part of the GraphQL schema that the referral program adds."
    committed = Path("graphql/schema.graphql")

    def text(self) -> str:
        # Only now: importing the types needs all of the store's own.
        from ...graphql.host import built_schema
        from ...graphql.sdl import print_sdl

        return print_sdl(built_schema())
