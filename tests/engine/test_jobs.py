"""Long-running work on a program: followed, cancelled, taken up again, and done exactly once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saleor_referral_plugin.engine import jobs
from saleor_referral_plugin.engine.decisions import CannotDecide
from saleor_referral_plugin.engine.facts import OrderFacts
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import Goods, RewardRule, Terms
from saleor_referral_plugin.models import Job, LedgerEntry, Program, ProgramChange, Reward
from tests.engine.books import place, run_program, share
from tests.engine.build import amounts
from tests.engine.fake_store import FakeStore
from tests.side_by_side import side_by_side

pytestmark = pytest.mark.django_db
REALLY_COMMITTED = pytest.mark.django_db(transaction=True)


def giving(amount: int) -> Terms:
    return Terms(new_customers_only=False, rewards=(RewardRule(worth=amounts(USD=amount)),))


@pytest.fixture
def program(store: FakeStore) -> Program:
    """Three friends have ordered under terms that gave 5 USD; now they give 8."""
    run_program(store, giving(5))
    code = share(store)
    for number in (1, 2, 3):
        settle(place(store, code, number), store=store)
    store.travel(days=1)
    return run_program(store, giving(8)).program


@pytest.fixture(autouse=True)
def _every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BEAT", 0.0)


def worked_on(job: Job, store: FakeStore) -> Job:
    jobs.work_on(job.pk, store=store)
    job.refresh_from_db()
    return job


def previewed(program: Program, store: FakeStore) -> Job:
    return worked_on(jobs.ask_for_preview(program, by="Cleo", store=store), store)


def run_of(preview: Job, store: FakeStore) -> Job:
    return jobs.ask_for_run(preview, by="Cleo", reason="for all", store=store)


def promised() -> Decimal:
    return sum((entry.amount for entry in LedgerEntry.objects.filter(kind="promised")), Decimal(0))


def at_each_order(store: FakeStore, do: Callable[[int], None]) -> None:
    """Do something whenever an order is looked at, told how many were before."""
    facts, seen = store.order_facts, iter(range(1000))

    def looked_at(order_ref: str) -> OrderFacts | None:
        do(next(seen))
        return facts(order_ref)

    store.order_facts = looked_at  # type: ignore[method-assign]


def test_a_replay_says_what_a_draft_would_have_cost(store: FakeStore, program: Program) -> None:
    # when
    job = worked_on(jobs.ask_for_replay(program, giving(7), by="Cleo", store=store), store)

    # then
    assert (job.status, job.done, job.total, job.by) == ("success", 3, 3, "Cleo")
    assert job.started_at is not None
    assert job.finished_at is not None
    differences = job.result.pop("differences")
    assert job.result == {
        "orders": 3,
        "qualified": 3,
        "different": 3,
        "would_give": [{"amount": "21", "currency": "USD"}],
        "gave": [{"amount": "15", "currency": "USD"}],
    }
    assert len(differences) == 3
    assert differences[0] == {
        "order_ref": "order-1",
        "status": "qualified",
        "would_give": [{"amount": "7", "currency": "USD"}],
        "gave": [{"amount": "5", "currency": "USD"}],
    }
    assert promised() == 15


def test_a_preview_and_its_run_move_the_same(store: FakeStore, program: Program) -> None:
    # when
    preview = previewed(program, store)
    after_preview = promised()
    run = worked_on(run_of(preview, store), store)

    # then
    [holder] = set(Reward.objects.values_list("holder", flat=True))
    assert (preview.status, preview.done, preview.total) == ("success", 3, 3)
    assert preview.result == {
        "referrals": 3,
        "promises": [{"amount": "9", "currency": "USD"}],
        "holders": 1,
        "greatest": [{"referrer": holder, "amount": "9", "currency": "USD"}],
    }
    assert after_preview == 15
    assert (run.status, run.done, run.total) == ("success", 3, 3)
    assert run.result == {"referrals": 3, "promises": [{"amount": "9", "currency": "USD"}]}
    assert promised() == 24
    change = ProgramChange.objects.get(kind="retroactive_run")
    assert (change.by, change.reason, change.version) == ("Cleo", "for all", 2)


def test_a_run_needs_a_preview_of_the_newest_terms(store: FakeStore, program: Program) -> None:
    # given
    unfinished = jobs.ask_for_preview(program, by="Cleo", store=store)
    replay = worked_on(jobs.ask_for_replay(program, giving(7), by="Cleo", store=store), store)
    older = previewed(program, store)
    run_program(store, giving(9))
    newer = previewed(program, store)
    done = worked_on(run_of(newer, store), store)
    assert done.status == "success"

    def why_not(preview: Job, **said: str) -> str:
        with pytest.raises(CannotDecide) as cannot:
            jobs.ask_for_run(preview, **{"by": "Cleo", "reason": "for all", **said}, store=store)
        return cannot.value.code

    # then
    assert why_not(unfinished) == "NO_PREVIEW"
    assert why_not(replay) == "NO_PREVIEW"
    assert why_not(older) == "TERMS_CHANGED"
    assert why_not(newer) == "RUN_DONE"
    assert why_not(newer, reason=" ") == "REQUIRED"
    assert Job.objects.filter(kind="retroactive_run").count() == 1


def test_there_is_nothing_to_preview_without_terms(store: FakeStore) -> None:
    # given
    program = Program.objects.create(slug="new", name="New", created_at=store.now())

    # when
    with pytest.raises(CannotDecide) as cannot:
        jobs.ask_for_preview(program, by="Cleo", store=store)

    # then
    assert cannot.value.code == "NO_TERMS"


@REALLY_COMMITTED
def test_of_two_who_ask_at_once_one_gets_the_run(store: FakeStore, program: Program) -> None:
    # given
    preview = previewed(program, store)

    def ask() -> str:
        try:
            run_of(preview, store)
        except CannotDecide as cannot:
            return cannot.code
        return "asked"

    # when
    answers = side_by_side(ask, ask)

    # then
    assert sorted(answers) == ["RUN_GOING_ON", "asked"]
    assert ProgramChange.objects.filter(kind="retroactive_run").count() == 1


@REALLY_COMMITTED
@pytest.mark.parametrize("kind", ["replay", "preview", "run"])
def test_others_see_how_far_it_has_come(store: FakeStore, program: Program, kind: str) -> None:
    # given
    seen: list[tuple[str, int, int | None]] = []
    ask: dict[str, Callable[[], Job]] = {
        "replay": lambda: jobs.ask_for_replay(program, giving(7), by="Cleo", store=store),
        "preview": lambda: jobs.ask_for_preview(program, by="Cleo", store=store),
        "run": lambda: run_of(previewed(program, store), store),
    }
    job = ask[kind]()

    def look() -> tuple[str, int, int | None]:
        found = Job.objects.get(pk=job.pk)
        return found.status, found.done, found.total

    at_each_order(store, lambda _: seen.extend(side_by_side(look)))

    # when
    jobs.work_on(job.pk, store=store)

    # then
    assert list(dict.fromkeys(seen)) == [("running", done, 3) for done in (0, 1, 2)]


@REALLY_COMMITTED
@pytest.mark.parametrize("kind", ["replay", "preview", "run"])
def test_one_whose_worker_was_killed_is_taken_up_again(
    store: FakeStore, program: Program, kind: str
) -> None:
    # given: the worker dies over the second order
    if kind == "replay":
        job = jobs.ask_for_replay(program, giving(7), by="Cleo", store=store)
    elif kind == "preview":
        job = jobs.ask_for_preview(program, by="Cleo", store=store)
    else:
        job = run_of(previewed(program, store), store)
    facts = store.order_facts

    def die(number: int) -> None:
        if number == 1:
            raise SystemExit

    at_each_order(store, die)
    with pytest.raises(SystemExit):
        jobs.work_on(job.pk, store=store)
    store.order_facts = facts  # type: ignore[method-assign]
    moved_by_the_first = promised()

    # when: too soon, nobody knows that it died
    too_soon = (jobs.waiting(store=store), worked_on(job, store).status)
    store.travel(minutes=5)
    waiting = jobs.waiting(store=store)
    again = worked_on(job, store)

    # then
    assert too_soon == ([], "running")
    assert waiting == [job.pk]
    assert moved_by_the_first == (18 if kind == "run" else 15)
    assert (again.status, again.done, again.total, again.attempts) == ("success", 3, 3, 2)
    assert promised() == (24 if kind == "run" else 15)
    if kind == "run":
        assert again.result == {"referrals": 3, "promises": [{"amount": "9", "currency": "USD"}]}


@REALLY_COMMITTED
def test_a_worker_that_was_thought_dead_stops_and_says_nothing(
    store: FakeStore, program: Program
) -> None:
    # given: it hangs over the second order for so long that another takes the job over
    job = jobs.ask_for_replay(program, giving(7), by="Cleo", store=store)
    taken_over: list[str] = []

    def hang(number: int) -> None:
        if number == 1:
            store.travel(minutes=6)
            [status] = side_by_side(lambda: worked_on(Job.objects.get(pk=job.pk), store).status)
            taken_over.append(status)

    at_each_order(store, hang)

    # when
    jobs.work_on(job.pk, store=store)

    # then
    job.refresh_from_db()
    assert taken_over == ["success"]
    assert (job.status, job.done, job.attempts) == ("success", 3, 2)


def test_one_that_kills_its_workers_is_given_up(store: FakeStore, program: Program) -> None:
    # given
    job = jobs.ask_for_replay(program, giving(7), by="Cleo", store=store)

    def die(_: int) -> None:
        raise SystemExit

    at_each_order(store, die)

    # when
    for _ in range(3):
        with pytest.raises(SystemExit):
            jobs.work_on(job.pk, store=store)
        store.travel(minutes=5)
    given_up = worked_on(job, store)

    # then
    assert (given_up.status, given_up.message) == (
        "failed",
        "Whoever worked on it was gone 3 times.",
    )
    assert jobs.waiting(store=store) == []


@REALLY_COMMITTED
def test_cancelled_it_stops_and_what_was_moved_stays(store: FakeStore, program: Program) -> None:
    # given
    preview = previewed(program, store)
    job = run_of(preview, store)

    def cancel(number: int) -> None:
        if number == 1:
            side_by_side(lambda: jobs.cancel(job, by="Dora", store=store))

    at_each_order(store, cancel)

    # when
    cancelled = worked_on(job, store)

    # then
    assert (cancelled.status, cancelled.message) == ("cancelled", "Cancelled by Dora.")
    assert cancelled.result is None
    assert promised() == 15 + 2 * 3
    with pytest.raises(CannotDecide) as over:
        jobs.cancel(cancelled, by="Dora", store=store)
    assert over.value.code == "JOB_OVER"
    # and the same preview allows another, for the rest
    rest = worked_on(run_of(preview, store), store)
    assert (rest.status, rest.done, promised()) == ("success", 1, 24)


def test_cancelled_before_anybody_has_begun_it_is_never_begun(
    store: FakeStore, program: Program
) -> None:
    # given
    job = jobs.cancel(jobs.ask_for_preview(program, by="Cleo", store=store), by="Dora", store=store)

    # when
    again = worked_on(job, store)

    # then
    assert (again.status, again.attempts, jobs.waiting(store=store)) == ("cancelled", 0, [])


def test_what_fails_says_so(
    store: FakeStore, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    store.broken.add("order_facts")

    # when
    job = previewed(program, store)

    # then
    assert (job.status, job.message) == ("failed", "It failed; the log says why.")
    assert job.finished_at is not None
    assert "ConnectionError" in caplog.text


def test_goods_that_are_gone_by_then_are_named(store: FakeStore, program: Program) -> None:
    # given
    draft = giving(7).but(goods=Goods(products=("mug",)))
    job = jobs.ask_for_replay(program, draft, by="Cleo", store=store)
    store.unknown.add("mug")

    # when
    failed = worked_on(job, store)

    # then
    assert failed.status == "failed"
    assert "mug" in failed.message


def test_what_nobody_works_on_is_found_in_its_order(store: FakeStore, program: Program) -> None:
    # when
    first = jobs.ask_for_preview(program, by="Cleo", store=store)
    store.time -= timedelta(hours=1)
    second = jobs.ask_for_preview(program, by="Cleo", store=store)

    # then
    assert jobs.waiting(store=store) == [second.pk, first.pk]


def test_a_result_names_those_alone_that_matter_most(
    store: FakeStore, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(jobs, "NAMED", 2)

    # when
    job: Any = worked_on(jobs.ask_for_replay(program, giving(7), by="Cleo", store=store), store)

    # then
    assert (job.result["different"], len(job.result["differences"])) == (3, 2)


def test_what_came_to_its_end_a_year_ago_is_forgotten(store: FakeStore, program: Program) -> None:
    # given: a replay and a run of a preview
    worked_on(jobs.ask_for_replay(program, giving(7), by="Cleo", store=store), store)
    preview = previewed(program, store)
    store.travel(days=1)
    run = worked_on(run_of(preview, store), store)
    history = list(ProgramChange.objects.order_by("pk").values())

    # when: the year of the run is not over
    store.travel(days=365)
    sweep(store=store)

    # then
    assert list(Job.objects.order_by("pk")) == [preview, run]

    # when
    store.travel(days=1)
    waiting = jobs.ask_for_replay(program, giving(7), by="Cleo", store=store)
    sweep(store=store)

    # then
    assert list(Job.objects.all()) == [waiting]
    assert list(ProgramChange.objects.order_by("pk").values()) == history
