"""README.md keeps its word: its commands are carried out, its GraphQL is answered, its links
lead somewhere."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from saleor_referral_plugin import __version__
from tests.graphql.api import SandboxApi
from tests.scenarios.shop import Shop

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")

BLOCKS = [(language, text) for language, text in BLOCK.findall(README)]
COMMANDS = [
    line.removeprefix("$ ")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]
DOCUMENTS = [text for language, text in BLOCKS if language == "graphql"]

pytestmark = pytest.mark.django_db(transaction=True)


def run_make(arguments: list[str]) -> None:
    """Make knows the target, and for the cheap ones does it."""
    (target, *more) = arguments
    is_cheap = target == "help"
    done = subprocess.run(
        ["make", *([] if is_cheap else ["--dry-run"]), target, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def run_pip(arguments: list[str]) -> None:
    """The file is the one that `make wheel` makes; installing it is the Saleor suite's part."""
    assert arguments == ["install", f"saleor_referral_plugin-{__version__}-py3-none-any.whl"]


def run_python(arguments: list[str]) -> None:
    """A command of Django's or ours, on the sandbox shop."""
    (script, command, *more) = arguments
    assert script == "manage.py"
    call_command(command, *more)


RUNNERS: dict[str, Callable[[list[str]], None]] = {
    "make": run_make,
    "pip": run_pip,
    "python": run_python,
}


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {language for language, _ in BLOCKS} == {"console", "graphql"}
    assert COMMANDS
    assert len(DOCUMENTS) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_carried_out(command: str, shop: Shop) -> None:
    program, *arguments = shlex.split(command)
    if program == "make" and not shutil.which("make"):
        pytest.skip("NO make HERE")
    RUNNERS[program](arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.split("(")[0])
def test_a_document_is_answered(document: str, shop: Shop) -> None:
    # given
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="friend@example.net")
    known = {
        "channel": "default",
        "checkoutId": SandboxApi().checkout_id(checkout),
        "code": shop.share(anna),
    }
    asked_for = re.findall(r"\$(\w+):", document)

    # when
    variables = {name: known[name] for name in asked_for}
    answer = SandboxApi().ask(document, variables, customer=anna)

    # then
    assert "errors" not in answer, answer
    for name, value in answer["data"].items():
        assert value, f"{name} is empty"
        assert not value.get("errors"), value


@pytest.mark.parametrize("target", sorted(set(LINK.findall(README))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
