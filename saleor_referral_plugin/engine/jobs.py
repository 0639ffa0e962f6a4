"""Work on a program that takes long: asked for, followed, cancelled, and taken up again when
whoever worked on it is gone.

Any number of workers may try the same job: one takes it. While they work they say so every few
seconds; of one who has not for long the job is taken over, and they find out the next time they
speak. A replay and a preview start anew then; a run goes on with what is not moved yet.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q

from ..models import Job, Program
from .decisions import CannotDecide
from .money import plain
from .programs import Kind as ChangeKind
from .programs import current_terms, record
from .replay import Replayed, cost_of, past_orders, replay
from .retroactive import carry_out, must_fit, preview, promised_since, to_move
from .store import GoodsError, Store
from .terms import Terms

logger = logging.getLogger(__name__)

#: Seconds between two signs of life.
BEAT = 2.0
#: Whoever has given none for so long is gone. One order never takes so long.
GONE = timedelta(minutes=5)
#: A job whose worker is gone so often is given up: it may be what kills them.
MOST_ATTEMPTS = 3
#: How long the result of one that is at its end is kept. What a run has done is in the program's
#: history as well, for ever.
KEPT = timedelta(days=365)
#: How many single orders, or people, a result names.
NAMED = 100

_BEAT = """
UPDATE referral_job SET done = %(done)s, total = %(total)s, seen_at = %(now)s
 WHERE id = %(job)s AND attempts = %(attempt)s AND status = 'running'
"""


# asking for them ---------------------------------------------------------------------------
def ask_for_replay(program: Program, terms: Terms, *, by: str, store: Store) -> Job:
    """What draft terms would have made of the program's past orders. Raises GoodsError."""
    if terms.goods:
        terms = terms.but(goods=store.find_goods(terms.goods))
    return _ask(Job.Kind.REPLAY, program, by, store, rules=terms.to_json())


def ask_for_preview(program: Program, *, by: str, store: Store) -> Job:
    """What it would move to let the newest terms hold for the past, too. Raises CannotDecide
    NO_TERMS, KIND_CHANGED."""
    version = current_terms(program)
    if version is None:
        raise CannotDecide("NO_TERMS", "The program has no terms yet.")
    must_fit(program, version)
    return _ask(Job.Kind.RETROACTIVE_PREVIEW, program, by, store, version=version)


@transaction.atomic
def ask_for_run(previewed: Job, *, by: str, reason: str, store: Store) -> Job:
    """Let the terms that were previewed hold for the past, too.

    Raises CannotDecide REQUIRED, NO_PREVIEW, TERMS_CHANGED, RUN_DONE, RUN_GOING_ON.
    """
    if not by.strip() or not reason.strip():
        raise CannotDecide("REQUIRED", "Say who decides, and why.")
    if previewed.kind != Job.Kind.RETROACTIVE_PREVIEW or previewed.status != Job.Status.SUCCESS:
        raise CannotDecide("NO_PREVIEW", "The job is no preview that has come to its end.")
    program = Program.objects.select_for_update().get(pk=previewed.program_id)
    newest = current_terms(program)
    if newest is None or newest.pk != previewed.version_id:
        raise CannotDecide("TERMS_CHANGED", "There are newer terms: preview those.")
    if previewed.runs.filter(status=Job.Status.SUCCESS).exists():
        raise CannotDecide("RUN_DONE", "That was carried out: make another preview.")
    try:
        with transaction.atomic():
            job = _ask(
                Job.Kind.RETROACTIVE_RUN, program, by, store, version=newest, preview=previewed
            )
    except IntegrityError as error:
        raise CannotDecide("RUN_GOING_ON", "Another run of the program is going on.") from error
    record(program, ChangeKind.RETROACTIVE_RUN, {}, by=by, reason=reason, store=store)
    return job


def _ask(kind: Job.Kind, program: Program, by: str, store: Store, **about: Any) -> Job:
    return Job.objects.create(kind=kind, program=program, by=by, created_at=store.now(), **about)


@transaction.atomic
def cancel(job: Job, *, by: str, store: Store) -> Job:
    """Whoever works on it stops within seconds. What a run has moved by then stays moved.

    Raises CannotDecide JOB_OVER.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.status not in Job.GOING_ON:
        raise CannotDecide("JOB_OVER", "The job is at its end already.")
    job.status, job.finished_at = Job.Status.CANCELLED, store.now()
    job.message = f"Cancelled by {by}."
    job.save()
    return job


# working on them ---------------------------------------------------------------------------
def waiting(*, store: Store) -> list[int]:
    """The jobs that nobody works on, first asked for first."""
    gone = Q(status=Job.Status.RUNNING, seen_at__lte=store.now() - GONE)
    found = Job.objects.filter(Q(status=Job.Status.PENDING) | gone).order_by("created_at", "pk")
    return list(found.values_list("pk", flat=True))


def forget_old(*, store: Store) -> int:
    """Drop what came to its end long ago; a preview not before the runs that it confirmed."""
    before = store.now() - KEPT
    still_told_of = Job.objects.filter(preview=OuterRef("pk")).exclude(finished_at__lt=before)
    old = Job.objects.filter(~Exists(still_told_of), finished_at__lt=before)
    return old.delete()[0]


def work_on(job_id: int, *, store: Store) -> None:
    """Take a job and bring it to its end, unless somebody else works on it. Must not be called in
    a transaction: others follow how far it has come."""
    job = _take(job_id, store)
    if job is None:
        return
    try:
        result = _WORK[Job.Kind(job.kind)](job, store)
    except _Stopped:
        logger.info("%s was stopped.", job)
    except (CannotDecide, GoodsError) as error:
        _finish(job, Job.Status.FAILED, store, message=str(error))
    except Exception:
        logger.exception("%s failed.", job)
        _finish(job, Job.Status.FAILED, store, message="It failed; the log says why.")
    else:
        _finish(job, Job.Status.SUCCESS, store, result=result)


@transaction.atomic
def _take(job_id: int, store: Store) -> Job | None:
    free = Job.objects.select_for_update(skip_locked=True, of=("self",))
    job = free.select_related("program", "version").filter(pk=job_id).first()
    now = store.now()
    if job is None or job.status not in Job.GOING_ON:
        return None
    if job.status == Job.Status.RUNNING and job.seen_at and job.seen_at > now - GONE:
        return None
    if job.attempts >= MOST_ATTEMPTS:
        job.status, job.finished_at = Job.Status.FAILED, now
        job.message = f"Whoever worked on it was gone {MOST_ATTEMPTS} times."
        job.save()
        return None
    job.status, job.seen_at = Job.Status.RUNNING, now
    job.started_at = job.started_at or now
    job.attempts += 1
    job.save()
    return job


def _finish(
    job: Job, status: Job.Status, store: Store, *, result: Any = None, message: str = ""
) -> None:
    mine = Job.objects.filter(pk=job.pk, attempts=job.attempts, status=Job.Status.RUNNING)
    mine.update(
        status=status,
        done=job.done,
        total=job.total,
        result=result,
        message=message,
        finished_at=store.now(),
    )


class _Stopped(Exception):
    """The job was cancelled, or somebody else has taken it over."""


class _Progress:
    """Says how far a job has come: at once, and then every few seconds.

    What is done in one long transaction is seen by nobody before its end, so `apart` speaks on a
    connection of its own.
    """

    def __init__(self, job: Job, store: Store, *, total: int, apart: bool = False) -> None:
        job.total = total
        self.job = job
        self.store = store
        self.connection: Any = connection.copy() if apart else connection
        self.is_apart = apart
        self.spoken_at = 0.0

    def __enter__(self) -> "_Progress":
        self._speak()
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_apart:
            self.connection.close()

    def one_more(self) -> None:
        self.job.done += 1
        if monotonic() - self.spoken_at >= BEAT:
            self._speak()

    def _speak(self) -> None:
        self.spoken_at = monotonic()
        job = self.job
        said = {"done": job.done, "total": job.total, "now": self.store.now()}
        with self.connection.cursor() as cursor:
            cursor.execute(_BEAT, {**said, "job": job.pk, "attempt": job.attempts})
        mine = Job.objects.filter(pk=job.pk, attempts=job.attempts, status=Job.Status.RUNNING)
        if not mine.exists():
            raise _Stopped


def _replay(job: Job, store: Store) -> dict[str, Any]:
    differences: list[dict[str, Any]] = []
    job.done = 0

    def orders() -> Iterator[Replayed]:
        for order in replay(Terms.from_json(job.rules or {}), job.program, store=store):
            if order.differs and len(differences) < NAMED:
                differences.append(_as_data(order))
            yield order
            progress.one_more()

    with _Progress(job, store, total=past_orders(job.program).count()) as progress:
        cost = cost_of(orders())
    return {
        "orders": cost.orders,
        "qualified": cost.qualified,
        "different": cost.different,
        "would_give": _sums(cost.would_give),
        "gave": _sums(cost.gave),
        "differences": differences,
    }


def _as_data(order: Replayed) -> dict[str, Any]:
    return {
        "order_ref": order.order_ref,
        "status": order.status.value,
        "would_give": [
            _said(money.amount, money.currency) for money in order.would_give.values() if money
        ],
        "gave": [_said(money.amount, money.currency) for money in order.gave.values() if money],
    }


def _preview(job: Job, store: Store) -> dict[str, Any]:
    assert job.version is not None
    job.done, total = 0, to_move(job.program, job.version).count()
    with _Progress(job, store, total=total, apart=True) as progress:
        moved = preview(job.program, store=store, version=job.version, moved=progress.one_more)
    promises: dict[str, Decimal] = {}
    for (_, unit), change in moved.promises.items():
        promises[unit] = promises.get(unit, Decimal(0)) + change
    greatest = sorted(moved.promises.items(), key=lambda item: -abs(item[1]))[:NAMED]
    return {
        "referrals": moved.referrals,
        "promises": _sums(promises),
        "holders": len({holder for holder, _ in moved.promises}),
        "greatest": [
            {"referrer": holder, **_said(change, unit)} for (holder, unit), change in greatest
        ],
    }


def _run(job: Job, store: Store) -> dict[str, Any]:
    assert job.version is not None
    left = to_move(job.program, job.version).count()
    # Of one that goes on: what somebody had moved before they were gone.
    total = left if job.total is None else max(job.total, left)
    job.done = total - left
    with _Progress(job, store, total=total) as progress:
        carry_out(job.program, store=store, version=job.version, moved=progress.one_more)
    since: datetime = job.started_at or job.created_at
    return {"referrals": job.done, "promises": _sums(promised_since(job.program, since))}


def _sums(sums: Mapping[str, Decimal]) -> list[dict[str, str]]:
    return [_said(amount, unit) for unit, amount in sorted(sums.items())]


def _said(amount: Decimal, unit: str) -> dict[str, str]:
    return {"amount": str(plain(amount)), "currency": unit}


_WORK: dict[Job.Kind, Callable[[Job, Store], dict[str, Any]]] = {
    Job.Kind.REPLAY: _replay,
    Job.Kind.RETROACTIVE_PREVIEW: _preview,
    Job.Kind.RETROACTIVE_RUN: _run,
}
