"""A request with a key is carried out once, however often it is sent."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection

from saleor_referral_plugin.engine.idempotency import KEPT, KeyReused, forget_old, once
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.models import AnsweredRequest, Program
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

ASKED = {"what": "Approve", "input": {"id": "1", "amount": 5}}


class Counted:
    """Something to do once; each time it answers something else."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, int]:
        self.times += 1
        return {"time": self.times}


def ask(do: Any, store: FakeStore, **changes: Any) -> Any:
    return once(do, **{"by": "User:1", "key": "k-1", "asked": ASKED, "store": store, **changes})


def test_the_same_key_and_request_is_answered_the_same_and_done_once(store: FakeStore) -> None:
    # given
    do = Counted()

    # when
    answers = [ask(do, store), ask(do, store, asked=dict(reversed(ASKED.items())))]

    # then
    assert answers == [{"time": 1}, {"time": 1}]
    assert do.times == 1


@pytest.mark.parametrize("changes", [{"key": None}, {"key": "k-2"}, {"by": "App:1"}])
def test_what_has_another_key_is_another_request(store: FakeStore, changes: dict[str, Any]) -> None:
    # given
    do = Counted()
    ask(do, store, **{"key": None} if changes == {"key": None} else {})

    # then
    assert ask(do, store, **changes) == {"time": 2}


def test_the_same_key_with_another_request_is_refused(store: FakeStore) -> None:
    # given
    do = Counted()
    ask(do, store)

    # when
    with pytest.raises(KeyReused):
        ask(do, store, asked={**ASKED, "input": {"id": "1", "amount": 6}})

    # then
    assert do.times == 1


def test_what_fails_is_undone_and_can_be_asked_for_again(store: FakeStore) -> None:
    # given
    def fail() -> None:
        Program.objects.create(slug="half", name="Half", created_at=store.now())
        raise ZeroDivisionError

    # when
    with pytest.raises(ZeroDivisionError):
        ask(fail, store)

    # then
    assert not AnsweredRequest.objects.exists()
    assert not Program.objects.exists()
    assert ask(Counted(), store) == {"time": 1}


def test_a_key_is_forgotten_after_its_time(store: FakeStore) -> None:
    # given
    do = Counted()
    ask(do, store)

    # when
    store.travel(days=KEPT.days)
    sweep(store=store)
    again = ask(do, store)
    store.time += timedelta(seconds=1)
    forgotten = forget_old(store=store)

    # then
    assert (again, forgotten) == ({"time": 1}, 1)
    assert ask(do, store) == {"time": 2}


@pytest.fixture
def threads(transactional_db: None) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_whoever_sends_it_meanwhile_waits_for_the_first_answer(
    threads: ThreadPoolExecutor, store: FakeStore
) -> None:
    # given
    do, has_begun, may_end = Counted(), Event(), Event()

    def slowly() -> dict[str, int]:
        has_begun.set()
        assert may_end.wait(30)
        return do()

    def asking(do: Any) -> Any:
        try:
            return ask(do, store)
        finally:
            connection.close()

    # when
    first = threads.submit(asking, slowly)
    assert has_begun.wait(30)
    second = threads.submit(asking, do)
    with pytest.raises(TimeoutError):
        second.result(timeout=0.3)
    may_end.set()

    # then
    assert (first.result(30), second.result(30)) == ({"time": 1}, {"time": 1})
    assert do.times == 1
