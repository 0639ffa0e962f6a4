"""The little project in `tests/codegen`: where it is made, and how it is run."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from graphene.utils.str_converters import to_camel_case
from graphql.language.printer import print_ast
from graphql.utils.schema_printer import print_schema

from graphql import GraphQLSchema, parse
from tests.saleor_runner import ROOT

SOURCES = ROOT / "tests" / "codegen"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saleor-referral-plugin"
#: As Saleor's own schema file defines them.
DIRECTIVES = """
directive @doc(category: String!) on ENUM | FIELD_DEFINITION | INPUT_OBJECT | OBJECT
directive @webhookEventsInfo(asyncEvents: [WebhookEvent!]!, syncEvents: [WebhookEvent!]!) on OBJECT
enum WebhookEvent { CHECKOUT_UPDATED }
"""


class Failed(Exception):
    """A command did; the message is what it said."""


def is_possible() -> bool:
    return bool(shutil.which("npm"))


def make(folder: Path) -> None:
    """The project in a folder of its own, with what it depends on."""
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(_installed() / "node_modules")


def _installed() -> Path:
    """Where what it depends on is kept, so that the registry is not asked each time."""
    wanted = (SOURCES / "package.json").read_bytes()
    there = CACHE / f"codegen-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if there.exists():
        return there
    CACHE.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix="codegen-new-", dir=CACHE))
    shutil.copy(SOURCES / "package.json", new)
    run(new, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock")
    try:
        new.rename(there)
    except OSError:
        # Another process was faster.
        shutil.rmtree(new)
    return there


def run(folder: Path, *command: str) -> str:
    """Its output. Raises Failed, with all it said, when the command fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Failed(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def store_sdl(schema: GraphQLSchema) -> str:
    """The store's own part of a schema, to which ours is added as it is in Saleor's file.
    Django has been set up."""
    from saleor_referral_plugin.graphql.graft import FIELDS, MUTATIONS, QUERIES
    from saleor_referral_plugin.graphql.sdl import OURS

    added = {"Query": QUERIES, "Mutation": MUTATIONS}
    added |= {target._meta.name: fields for target, fields in FIELDS.items()}
    document = parse(print_schema(schema))
    document.definitions = [
        _without(definition, {to_camel_case(name) for name in added.get(_name(definition), ())})
        for definition in document.definitions
        if not OURS.search(_name(definition))
    ]
    return print_ast(document) + DIRECTIVES


def _name(definition: Any) -> str:
    name = getattr(definition, "name", None)
    return name.value if name else ""


def _without(definition: Any, fields: set[str]) -> Any:
    if fields:
        definition.fields = [each for each in definition.fields if each.name.value not in fields]
    return definition
