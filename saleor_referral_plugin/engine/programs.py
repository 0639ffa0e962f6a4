"""Saving a program: a new version of the terms when they change, and its offer in the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from ..models import Program, ProgramChange, TermsVersion
from . import codes
from .store import Store
from .terms import ProgramKind, Terms

Kind = ProgramChange.Kind

#: The one program of the plugin's page.
DEFAULT_PROGRAM = "default"


def current_program() -> Program | None:
    return Program.objects.filter(slug=DEFAULT_PROGRAM).first()


def current_terms(program: Program) -> TermsVersion | None:
    """The version that new claims are made under."""
    version = program.versions.first()
    if version is not None:
        version.program = program
    return version


@transaction.atomic
def save_program(
    *,
    store: Store,
    terms: Terms | None,
    is_running: bool,
    link_url: str = "",
    slug: str = DEFAULT_PROGRAM,
    name: str = "Refer a friend",
    kind: ProgramKind = ProgramKind.CUSTOMER,
    priority: int = 0,
    by: str = "",
    reason: str = "",
) -> Program:
    """Make a program say what its owner saved; the one of the plugin's page, or another.

    The same terms again make no new version; new terms do, and take over the claims to
    come, while referrals already claimed keep theirs. Any number of times and from two
    servers at once: the program's row is locked. `terms` is None while the owner has not
    filled in an offer yet; such a program cannot run. What changed is recorded, with who (`by`)
    and why. Raises GoodsError where the terms name goods that the store does not have, or
    cannot say; nothing is saved then.
    """
    fresh = Program(slug=slug, name=name, created_at=store.now())
    Program.objects.bulk_create([fresh], ignore_conflicts=True)
    saved = Program.objects.get(slug=slug)
    is_new = not ProgramChange.objects.filter(program=saved).exists()
    what = Kind.CREATE if is_new else Kind.UPDATE
    with changing(saved, what, by=by, reason=reason, store=store) as program:
        program.name, program.kind, program.priority = name, kind.value, priority
        program.link_url = link_url
        if terms is not None:
            put_terms(program, terms, by=by, store=store)
        program.is_running = is_running and current_terms(program) is not None
        if program.is_running:
            program.closed_at = program.archived_at = None
    return program


@contextmanager
def changing(
    program: Program, kind: Kind, *, by: str, reason: str, store: Store
) -> Iterator[Program]:
    """The program's row, locked. What is done to it inside is saved and recorded, and its offer
    is in place afterwards if it takes codes. What changes nothing leaves no record."""
    with transaction.atomic():
        program = Program.objects.select_for_update().get(pk=program.pk)
        before = as_it_is(program)
        yield program
        program.save()
        after = as_it_is(program)
        was = {name: value for name, value in before.items() if after[name] != value}
        if was or kind is Kind.CREATE:
            record(program, kind, was, by=by, reason=reason, store=store)
        newest = current_terms(program)
        if newest is not None and program.is_running:
            # Also for unchanged terms: a channel may be new.
            store.publish_offer(newest.offer_code, newest.terms)
            TermsVersion.objects.filter(
                offer_code=newest.offer_code, retired_at__isnull=False
            ).update(retired_at=None)


def as_it_is(program: Program) -> dict[str, Any]:
    """What can be changed of a program."""
    newest = current_terms(program)
    return {
        "name": program.name,
        "kind": program.kind,
        "priority": program.priority,
        "link_url": program.link_url,
        "status": program.status.value,
        "is_archived": program.archived_at is not None,
        "version": newest and newest.version,
    }


def record(
    program: Program, kind: Kind, was: dict[str, Any], *, by: str, reason: str, store: Store
) -> ProgramChange:
    newest = current_terms(program)
    return ProgramChange.objects.create(
        kind=kind,
        program=program,
        slug=program.slug,
        version=newest.version if newest else None,
        was=was,
        by=by,
        reason=reason,
        at=store.now(),
    )


def put_terms(program: Program, terms: Terms, *, by: str, store: Store) -> TermsVersion:
    """The newest version if it says the same, else a new one. That takes over the code of an
    earlier one if one voucher does for both, so that a new hold or credit, or an offer tried
    before, leaves no voucher behind. Raises GoodsError."""
    if terms.goods:
        terms = terms.but(goods=store.find_goods(terms.goods))
    versions = list(program.versions.all())
    newest = versions[0] if versions else None
    alike = next(
        (
            version
            for version in versions
            if version.terms.share_a_voucher_with(terms) and not _lost_its_code(version, store)
        ),
        None,
    )
    if newest is not None and newest == alike and newest.terms == terms:
        return newest
    return TermsVersion.objects.create(
        program=program,
        version=newest.version + 1 if newest else 1,
        rules=terms.to_json(),
        offer_code=alike.offer_code if alike else codes.free_offer_code(store),
        created_at=store.now(),
        by=by,
    )


def _lost_its_code(version: TermsVersion, store: Store) -> bool:
    """Has the shop put a retired code to its own use?"""
    return version.retired_at is not None and store.code_is_taken(version.offer_code)


def is_address(text: str) -> bool:
    """Can a link lead there, and is that where it seems to lead? What stands before an @ would
    look like the shop's name."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_clean = text.isprintable() and not set(text) & set('\\<>"') and len(text) <= 500
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_clean and is_web and "@" not in parts.netloc


@transaction.atomic
def publish_again(*, store: Store) -> None:
    """Put the offers in place that the terms now promise: the shop's channels may have
    changed, or staff may have deleted one or changed it by hand. Not for a program that was
    stopped."""
    for program in Program.objects.select_for_update().filter(is_running=True).order_by("pk"):
        newest = current_terms(program)
        if newest is not None:
            store.publish_offer(newest.offer_code, newest.terms)


@transaction.atomic
def stop_programs() -> None:
    """Take no more claims. Promises made stand; offers stay for the checkouts that carry
    them, and are worth nothing to anyone else."""
    Program.objects.update(is_running=False)


@transaction.atomic
def retire_offers(*, store: Store) -> int:
    """Remove every offer of ours from the store, for good. Returns how many."""
    versions = TermsVersion.objects.select_for_update().filter(retired_at=None)
    offers = {version.offer_code for version in versions}
    for code in offers:
        store.retire_offer(code)
    versions.update(retired_at=store.now())
    return len(offers)
