"""What people change of a program: each change is recorded with who, when and why.

Nothing is lost by any of them: an opened program is paused or closed, a closed one opened, an
archived one taken out again, earlier terms put in force as a newer version. Only a program on
which nothing hangs can be deleted; the record says what it was.

`by` says who, `reason` why; neither may be empty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from ..models import Claim, Job, Metadata, Program
from .decisions import CannotDecide
from .drafts import CannotSave, Problem, is_text
from .programs import (
    DEFAULT_PROGRAM,
    Kind,
    as_it_is,
    changing,
    current_terms,
    is_address,
    put_terms,
    record,
)
from .store import GoodsError, Store
from .terms import Terms


@transaction.atomic
def create(
    *, slug: str, terms: Terms, by: str, reason: str, store: Store, **fields: Any
) -> Program:
    """A program that takes no codes yet. `fields`: as of `update`.

    Raises CannotSave; CannotDecide REQUIRED.
    """
    _must_say(by, reason)
    problems = _problems_of(fields)
    if not _is_slug(slug):
        problems.append(Problem("slug", "Write up to 50 letters, digits, hyphens or underscores."))
    if problems:
        raise CannotSave(*problems)
    try:
        with transaction.atomic():
            made = Program.objects.create(slug=slug, created_at=store.now())
    except IntegrityError as error:
        taken = Problem("slug", "There is a program with this slug.", code="UNIQUE")
        raise CannotSave(taken) from error
    with _saving(made, Kind.CREATE, by=by, reason=reason, store=store) as program:
        _put(program, fields, terms, by, store)
    return program


def update(
    program: Program, *, terms: Terms | None, by: str, reason: str, store: Store, **fields: Any
) -> Program:
    """Other terms, which make a new version, or another name, kind, priority, link_url; what is
    not given stays.

    Raises CannotSave; CannotDecide REQUIRED.
    """
    _must_say(by, reason)
    if problems := _problems_of(fields):
        raise CannotSave(*problems)
    with _saving(program, Kind.UPDATE, by=by, reason=reason, store=store) as program:
        _put(program, fields, terms, by, store)
    return program


def open_program(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """From now on it takes codes; also one that was closed.

    Raises CannotDecide REQUIRED, NO_TERMS, PROGRAM_ARCHIVED; CannotSave for goods that are gone.
    """
    _must_say(by, reason)
    with _saving(program, Kind.OPEN, by=by, reason=reason, store=store) as program:
        if program.archived_at is not None:
            raise CannotDecide("PROGRAM_ARCHIVED", "The program is archived: unarchive it first.")
        if current_terms(program) is None:
            raise CannotDecide("NO_TERMS", "The program has no terms yet.")
        program.is_running, program.closed_at = True, None
    return program


def pause(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """It takes no codes for now. Claims made before keep their promise.

    Raises CannotDecide REQUIRED, PROGRAM_CLOSED.
    """
    _must_say(by, reason)
    with changing(program, Kind.PAUSE, by=by, reason=reason, store=store) as program:
        if program.closed_at is not None:
            raise CannotDecide("PROGRAM_CLOSED", "The program is closed: it takes no codes.")
        program.is_running = False
    return program


def close(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """It takes no codes any more. Orders under claims made before still count, as long as those
    are valid.

    Raises CannotDecide REQUIRED.
    """
    _must_say(by, reason)
    with changing(program, Kind.CLOSE, by=by, reason=reason, store=store) as program:
        program.is_running = False
        program.closed_at = program.closed_at or store.now()
    return program


def archive(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """Lists leave it out. What it has promised is kept.

    Raises CannotDecide REQUIRED, PROGRAM_NOT_CLOSED, ON_PLUGIN_PAGE.
    """
    _must_say(by, reason)
    _must_not_be_the_pages(program)
    with changing(program, Kind.ARCHIVE, by=by, reason=reason, store=store) as program:
        if program.closed_at is None:
            raise CannotDecide("PROGRAM_NOT_CLOSED", "The program is not closed yet.")
        program.archived_at = program.archived_at or store.now()
    return program


def unarchive(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """Raises CannotDecide REQUIRED."""
    _must_say(by, reason)
    with changing(program, Kind.UNARCHIVE, by=by, reason=reason, store=store) as program:
        program.archived_at = None
    return program


@transaction.atomic
def delete(program: Program, *, by: str, reason: str, store: Store) -> Program:
    """It is gone, and so is its offer; the record says what it was.

    Raises CannotDecide REQUIRED, ON_PLUGIN_PAGE, IN_USE.
    """
    _must_say(by, reason)
    _must_not_be_the_pages(program)
    program = Program.objects.select_for_update().get(pk=program.pk)
    if hanging := hangs_on(program):
        raise CannotDecide("IN_USE", f"On the program hang {_list(hanging)}: close it instead.")
    newest = current_terms(program)
    was = {**as_it_is(program), "rules": newest and newest.rules}
    record(program, Kind.DELETE, was, by=by, reason=reason, store=store)
    versions = program.versions.filter(retired_at=None)
    for code in sorted(set(versions.values_list("offer_code", flat=True))):
        store.retire_offer(code)
    Metadata.objects.filter(type_name="ReferralProgram", object_id=program.pk).delete()
    program.jobs.all().delete()
    program.versions.all().delete()
    key = program.pk
    program.delete()
    program.pk = key
    return program


def hangs_on(program: Program) -> list[str]:
    """What would be lost with a program, such as `2 codes`."""
    counts = {
        "code": program.codes.count(),
        "claim": Claim.objects.filter(terms__program=program).count(),
        "referral": program.referrals.count(),
        "reward": program.rewards.count(),
        "member": program.members.count(),
        "sign-up": program.sign_ups.count(),
        "running job": program.jobs.filter(status__in=Job.GOING_ON).count(),
    }
    return [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items() if count]


def _list(said: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))


@contextmanager
def _saving(
    program: Program, kind: Kind, *, by: str, reason: str, store: Store
) -> Iterator[Program]:
    """As `changing`; goods that the store does not have are a problem of the rules."""
    try:
        with changing(program, kind, by=by, reason=reason, store=store) as locked:
            yield locked
    except GoodsError as error:
        raise CannotSave.goods(error) from error


def _put(
    program: Program, fields: Mapping[str, Any], terms: Terms | None, by: str, store: Store
) -> None:
    for name, value in fields.items():
        if value is not None:
            setattr(program, name, value)
    if terms is not None:
        put_terms(program, terms, by=by, store=store)


def _problems_of(fields: Mapping[str, Any]) -> list[Problem]:
    problems = []
    name, link_url = fields.get("name"), fields.get("link_url")
    if name is not None and not (name.strip() and len(name) <= 120 and name.isprintable()):
        problems.append(Problem("name", "Write up to 120 characters."))
    if link_url and not is_address(link_url):
        said = 'Write a full address such as "https://shop.example.com/".'
        problems.append(Problem("link_url", said))
    return problems


def _is_slug(slug: str) -> bool:
    try:
        validate_slug(slug)
    except ValidationError:
        return False
    return len(slug) <= 50


def _must_say(by: str, reason: str) -> None:
    """Raises CannotDecide REQUIRED."""
    if not by.strip() or not reason.strip():
        raise CannotDecide("REQUIRED", "Say who decides, and why.")
    if not is_text(reason):
        raise CannotSave(Problem("reason", "Write text without NUL and without half characters."))


def _must_not_be_the_pages(program: Program) -> None:
    """Raises CannotDecide ON_PLUGIN_PAGE."""
    if program.slug == DEFAULT_PROGRAM:
        raise CannotDecide(
            "ON_PLUGIN_PAGE", "The program of the plugin's page stays: it can be closed."
        )
