"""During a deployment two versions of the code work on one database: the old one still does its
work after the new one's migrations, and what a migration did can be undone."""

import importlib
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

import saleor_referral_plugin
from saleor_referral_plugin.engine import tables

PACKAGE = "saleor_referral_plugin.migrations"
#: Not yet released: these may be rewritten.
INITIAL = ("0001_initial", "0002_ledger")
ALLOWED = (
    migrations.CreateModel,
    migrations.AddField,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AddConstraint,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunSQL,
    migrations.RunPython,
    migrations.SeparateDatabaseAndState,
)
TAKING_AWAY = (migrations.RemoveField, migrations.DeleteModel)


def what_is_wrong(
    name: str,
    migration: type[migrations.Migration],
    version: str,
    was: Callable[[migrations.AlterField], models.Field],
) -> Iterator[str]:
    """Each breach of the rule in CONTRIBUTING.md, "Migrations". `was`: the field before."""
    unused_since = getattr(migration, "unused_since", None)
    for operation in _in_the_database(migration.operations):
        said = f"{name}: {operation.describe()}"
        if isinstance(operation, migrations.AddField):
            field = operation.field
            if not (field.null or field.many_to_many or field.has_db_default()):
                yield f"{said}: it has neither null nor db_default"
        elif isinstance(operation, TAKING_AWAY):
            if unused_since is None:
                yield f"{said}: the migration does not say unused_since"
            elif _numbers(unused_since) >= _numbers(version):
                yield f"{said}: the code of {unused_since} is still at work while it runs"
        elif isinstance(operation, migrations.AlterField):
            before, now = was(operation), operation.field
            if before.null and not now.null:
                yield f"{said}: code of before may write null"
            if before.has_db_default() and not (now.null or now.has_db_default()):
                yield f"{said}: code of before may leave it out"
            if before.db_column != now.db_column:
                yield f"{said}: code of before knows it by the old name"
        elif not isinstance(operation, ALLOWED):
            yield f"{said}: code of before knows it by the old name"
        if not operation.reversible:
            yield f"{said}: it cannot be undone"


def _in_the_database(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _in_the_database(operation.database_operations)
        else:
            yield operation


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")[:3]]


def _migration(name: str) -> type[migrations.Migration]:
    found: type[migrations.Migration] = importlib.import_module(f"{PACKAGE}.{name}").Migration
    return found


def _field_before(name: str) -> Callable[[migrations.AlterField], models.Field]:
    earlier = tables.names()[tables.names().index(name) - 1]

    def was(operation: migrations.AlterField) -> models.Field:
        state = MigrationLoader(None).project_state(("referral", earlier))
        model = state.apps.get_model("referral", operation.model_name)
        return model._meta.get_field(operation.name)

    return was


def _broken(*operations: Operation, was: models.Field | None = None, **named: str) -> list[str]:
    migration = type("Migration", (migrations.Migration,), {"operations": operations, **named})
    wrong = what_is_wrong("0003", migration, "1.4.0", lambda _: was or models.TextField())
    return [said.partition(": ")[2] for said in wrong]


def test_every_migration_lets_the_code_of_before_work_on() -> None:
    version = saleor_referral_plugin.__version__
    wrong = [
        said
        for name in tables.names()
        if name not in INITIAL
        for said in what_is_wrong(name, _migration(name), version, _field_before(name))
    ]

    assert wrong == []


@pytest.mark.parametrize("name", tables.names())
def test_a_migration_can_be_undone(name: str) -> None:
    assert all(operation.reversible for operation in _migration(name).operations)


def test_a_column_that_old_code_cannot_fill_is_refused() -> None:
    added = migrations.AddField("claim", "note", models.TextField(default=""))

    assert _broken(added) == ["Add field note to claim: it has neither null nor db_default"]


@pytest.mark.parametrize("field", [models.TextField(null=True), models.TextField(db_default="")])
def test_a_column_that_old_code_need_not_know_is_allowed(field: models.Field) -> None:
    assert _broken(migrations.AddField("claim", "note", field)) == []


def test_nothing_is_renamed_while_old_code_asks_for_it() -> None:
    renamed = migrations.RenameField("claim", "source", "origin")

    assert _broken(renamed) == [
        "Rename field source on claim to origin: code of before knows it by the old name"
    ]


@pytest.mark.parametrize(
    ("named", "is_allowed"),
    [({}, False), ({"unused_since": "1.4.0"}, False), ({"unused_since": "1.3.0"}, True)],
)
def test_a_column_is_taken_away_one_release_after_the_code_has_let_go_of_it(
    named: dict[str, str], is_allowed: bool
) -> None:
    assert (_broken(migrations.RemoveField("claim", "source"), **named) == []) is is_allowed


def test_old_code_may_go_on_writing_null() -> None:
    altered = migrations.AlterField("claim", "source", models.TextField())

    assert _broken(altered, was=models.TextField(null=True)) == [
        "Alter field source on claim: code of before may write null"
    ]
    assert _broken(altered, was=models.TextField(db_default="")) == [
        "Alter field source on claim: code of before may leave it out"
    ]
    assert _broken(altered, was=models.CharField(max_length=9)) == []


def test_letting_go_of_a_column_leaves_it_in_the_database() -> None:
    let_go = migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("claim", "source")],
        database_operations=[migrations.AlterField("claim", "source", models.TextField(null=True))],
    )

    assert _broken(let_go) == []


def test_what_cannot_be_undone_is_refused() -> None:
    assert _broken(migrations.RunSQL("SELECT 1")) == ["Raw SQL operation: it cannot be undone"]
