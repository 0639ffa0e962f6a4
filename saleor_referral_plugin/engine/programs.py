"""Saving a program: a new version of the terms when they change, and its offer in the store."""

from django.db import transaction

from ..models import Program, TermsVersion
from . import codes
from .store import Store
from .terms import ProgramKind, Terms

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
) -> Program:
    """Make a program say what its owner saved; the one of the plugin's page, or another.

    The same terms again make no new version; new terms do, and take over the claims to
    come, while referrals already claimed keep theirs. Any number of times and from two
    servers at once: the program's row is locked. `terms` is None while the owner has not
    filled in an offer yet; such a program cannot run. Raises GoodsError where the terms name
    goods that the store does not have, or cannot say; nothing is saved then.
    """
    if terms is not None and terms.goods:
        terms = terms.but(goods=store.find_goods(terms.goods))
    now = store.now()
    Program.objects.bulk_create(
        [Program(slug=slug, name=name, created_at=now)],
        ignore_conflicts=True,
    )
    program = Program.objects.select_for_update().get(slug=slug)
    program.name, program.kind, program.priority = name, kind.value, priority
    newest = current_terms(program) if terms is None else _version_of(terms, program, store)
    program.is_running = is_running and newest is not None
    program.link_url = link_url
    program.save()
    if newest is not None and program.is_running:
        # Also for unchanged terms: a channel may be new.
        store.publish_offer(newest.offer_code, newest.terms)
        TermsVersion.objects.filter(offer_code=newest.offer_code, retired_at__isnull=False).update(
            retired_at=None
        )
    return program


def _version_of(terms: Terms, program: Program, store: Store) -> TermsVersion:
    """The newest version if it says the same, else a new one. That takes over the code if
    one voucher does for both, so that a new hold or credit leaves no voucher behind."""
    newest = current_terms(program)
    keeps_code = (
        newest is not None
        and newest.terms.share_a_voucher_with(terms)
        and not _lost_its_code(newest, store)
    )
    if newest is not None and keeps_code and newest.terms == terms:
        return newest
    return TermsVersion.objects.create(
        program=program,
        version=newest.version + 1 if newest else 1,
        rules=terms.to_json(),
        offer_code=newest.offer_code if newest and keeps_code else codes.free_offer_code(store),
        created_at=store.now(),
    )


def _lost_its_code(version: TermsVersion, store: Store) -> bool:
    """Has the shop put a retired code to its own use?"""
    return version.retired_at is not None and store.code_is_taken(version.offer_code)


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
