"""Does the schema still have all that clients of the last release may use?

    python -m tests.released_schema

The last release is the newest tag that looks like one. graphql-js, the reference of GraphQL, says
what breaks a client.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import django

from tests import typescript
from tests.saleor_runner import ROOT, say

SCHEMA = "graphql/schema.graphql"
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def last_release(tags: list[str]) -> str | None:
    """The tag with the highest version; those of other things do not count."""
    releases = [tag for tag in tags if RELEASE.fullmatch(tag)]
    return max(releases, key=lambda tag: [int(n) for n in tag[1:].split(".")], default=None)


def breaking(before: str, after: str, store: str) -> list[str]:
    """What of our part `before` is not there `after`, or not as it was; each beside the
    store's own part."""
    with tempfile.TemporaryDirectory(prefix="referral-schema-") as name:
        folder = Path(name)
        typescript.make(folder)
        for file, ours in (("before.graphql", before), ("after.graphql", after)):
            (folder / file).write_text(f"{store}\n{ours}", encoding="utf-8")
        said = typescript.run(folder, "node", "breaking.mjs", "before.graphql", "after.graphql")
    return said.splitlines()


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def main() -> int:
    tag = last_release(_git("tag").split())
    if tag is None:
        say("Nothing is released yet: there is nothing to break.")
        return 0
    if not typescript.is_possible():
        say("NO npm HERE: the schema was not compared with the last release.")
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_referral_plugin.sandbox.settings")
    django.setup()
    from saleor_referral_plugin.graphql.host import built_schema

    now = (ROOT / SCHEMA).read_text(encoding="utf-8")
    found = breaking(_git("show", f"{tag}:{SCHEMA}"), now, typescript.store_sdl(built_schema()))
    for change in found:
        say(change)
    if found:
        say(f"Clients of {tag} break. Deprecate first; remove with the next major version.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
