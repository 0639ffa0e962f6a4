"""The committed contract: the schema of our part, and the ready operation documents."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from graphql.language.ast import OperationDefinition

from graphql import parse, validate
from saleor_referral_plugin.graphql.host import built_schema
from saleor_referral_plugin.graphql.sdl import OURS, print_sdl
from tests.graphql.api import OPERATIONS, ROOT

DOCUMENTS = sorted(OPERATIONS.glob("*.graphql"), key=lambda path: path.stem)


def test_the_committed_schema_is_what_the_code_says() -> None:
    # when
    committed = (ROOT / "graphql" / "schema.graphql").read_text(encoding="utf-8")

    # then
    assert print_sdl(built_schema()) == committed


def test_the_command_prints_what_is_committed() -> None:
    # given
    said = StringIO()

    # when
    call_command("referral_schema", stdout=said)

    # then
    assert said.getvalue() == (ROOT / "graphql" / "schema.graphql").read_text(encoding="utf-8")


def test_the_command_fails_when_the_file_is_another(tmp_path: Path) -> None:
    # given
    other, said = tmp_path / "schema.graphql", StringIO()
    other.write_text("type Query\n", encoding="utf-8")

    # when
    with pytest.raises(CommandError) as failure:
        call_command("referral_schema", check=other, stderr=said)

    # then
    assert str(failure.value) == f"{other} is not what the code says: write it anew."
    assert "+extend type Query {" in said.getvalue()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_document_is_one_valid_operation_with_a_name(path: Path) -> None:
    # when
    document = parse(path.read_text(encoding="utf-8"))

    # then
    assert validate(built_schema(), document) == []
    [definition] = document.definitions
    assert isinstance(definition, OperationDefinition)
    assert definition.name is not None


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_document_is_run_by_a_test(path: Path) -> None:
    # when
    tests = [test.read_text(encoding="utf-8") for test in Path(__file__).parent.glob("test_*.py")]

    # then
    assert any(f'"{path.stem}"' in test for test in tests)


def test_everything_of_ours_is_described() -> None:
    # when
    types = {name: t for name, t in built_schema().get_type_map().items() if OURS.search(name)}
    parts = [(name, type_) for name, type_ in types.items() if "Countable" not in name]
    for name, type_ in types.items():
        parts += [(f"{name}.{field}", of) for field, of in getattr(type_, "fields", {}).items()]
        parts += [(f"{name}.{value.name}", value) for value in getattr(type_, "values", ())]

    # then: only what the store's own base classes leave without a description has none
    bare = [name for name, part in parts if not part.description]
    assert {name.partition(".")[2] for name in bare} == {"edges", "errors"}
