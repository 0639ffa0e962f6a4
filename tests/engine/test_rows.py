"""Rows by SQL that is built once: the same as Django's own, with fewer and smaller queries."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from saleor_referral_plugin.engine import rows
from saleor_referral_plugin.engine.rows import Param, Prepared
from saleor_referral_plugin.models import Effect, Referral, Reward
from tests.engine.books import reward_row, tell_effect
from tests.engine.build import NOW
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def taken(reward: Reward) -> Reward:
    shape = rows.Shape(Reward)
    sql = f"SELECT {shape.columns('r')} FROM referral_reward r WHERE r.id = %s"
    [values] = rows.select(sql, [reward.pk])
    return shape.take_joined(iter(values))


def test_a_row_taken_is_the_row_that_django_reads(store: FakeStore) -> None:
    # given
    referral = reward_row(store).referral
    Referral.objects.update(findings=[{"code": "not_paid", "passed": False}])

    # when
    shape = rows.Shape(Referral)
    [values] = rows.select(f"SELECT {shape.columns('r')} FROM referral_referral r", [])
    row = shape.take_joined(iter(values))

    # then
    names = [field.attname for field in Referral._meta.concrete_fields]
    read = Referral.objects.get(pk=referral.pk)
    assert [getattr(row, name) for name in names] == [getattr(read, name) for name in names]


def test_json_that_is_null_stays_null(store: FakeStore) -> None:
    # given
    reward = taken(reward_row(store))
    assert reward.valid_for is None

    # when
    reward.valid_for = {"days": 3, "zone": "UTC"}
    rows.save(reward)
    reward.valid_for = None
    rows.save(reward)

    # then
    assert Reward.objects.filter(valid_for__isnull=True).count() == 1


def test_a_row_that_an_outer_join_did_not_find_is_none() -> None:
    nothing = [None] * len(Reward._meta.concrete_fields)
    assert rows.Shape(Reward).take(iter(nothing)) is None


def test_a_column_left_out_is_read_when_asked_for_and_written_when_set(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    findings = [{"code": "not_paid", "passed": False}]
    reward_row(store)
    Referral.objects.update(findings=findings)
    shape = rows.Shape(Referral, without=["findings"])
    sql = f"SELECT {shape.columns('r')} FROM referral_referral r"

    # when
    first, second = (shape.take_joined(iter(rows.select(sql, [])[0])) for _ in range(2))
    with django_assert_num_queries(0):
        rows.save(first)
    with django_assert_num_queries(1):
        read = first.findings
    second.findings = []
    rows.save(second)

    # then
    assert read == findings
    assert Referral.objects.get().findings == []


def test_a_new_instance_is_what_the_model_makes(store: FakeStore) -> None:
    # given
    reward = reward_row(store)

    # when
    made = rows.new(Effect, kind="tell", key="one", reward=reward, due_at=NOW)

    # then
    by_django = Effect(kind="tell", key="one", reward=reward, due_at=NOW)
    names = [field.attname for field in Effect._meta.concrete_fields]
    assert [getattr(made, name) for name in names] == [getattr(by_django, name) for name in names]
    assert made.reward is reward
    assert made._state.adding
    assert made.payload is not rows.new(Effect, reward=reward).payload


def test_statements_that_share_a_cursor_give_the_same(store: FakeStore) -> None:
    # given
    reward_row(store)
    sql = "SELECT created_at, amount, referral_id FROM referral_reward"
    alone = rows.select(sql, [])

    # when
    with rows.one_cursor(), rows.one_cursor():
        together = rows.select(sql, [])
        again = rows.select(sql, [])

    # then
    assert alone == together == again == rows.select(sql, [])
    assert together[0][0].isoformat() == alone[0][0].isoformat()


@pytest.mark.django_db(transaction=True)
def test_the_cursor_is_another_one_on_another_connection() -> None:
    # given
    with rows.one_cursor():
        assert rows.select("SELECT 1", []) == [(1,)]
    with rows.one_cursor():
        [(first,)] = rows.select("SELECT pg_backend_pid()", [])

    # when
    connection.close()

    # then
    with rows.one_cursor():
        [(second,)] = rows.select("SELECT pg_backend_pid()", [])
    assert first != second


def test_whoever_watches_sees_each_statement_on_the_shared_cursor() -> None:
    # given
    with rows.one_cursor():
        rows.select("SELECT 1", [])

    # when
    with CaptureQueriesContext(connection) as seen, rows.one_cursor():
        rows.select("SELECT 2", [])
    with rows.one_cursor():
        rows.select("SELECT 3", [])

    # then
    assert [each["sql"] for each in seen.captured_queries] == ["SELECT 2"]


def test_a_relation_leads_to_what_was_read_with_the_row(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given
    referral = reward_row(store).referral
    reward = taken(Reward.objects.get())

    # when
    rows.relate(reward, referral=referral, voided_by=None)

    # then
    with django_assert_num_queries(0):
        assert reward.referral is referral
        assert reward.voided_by is None


def test_only_what_has_changed_is_written(store: FakeStore) -> None:
    # given
    reward = taken(reward_row(store))
    reward.status = Reward.Status.APPROVED
    reward.hold_until = NOW

    # when
    with CaptureQueriesContext(connection) as first:
        rows.save(reward)
    with CaptureQueriesContext(connection) as second:
        rows.save(reward)

    # then
    [sent] = first.captured_queries
    assert 'UPDATE "referral_reward" SET "status" = ' in sent["sql"]
    assert sent["sql"].count(" = ") == 3  # status, hold_until, id
    assert second.captured_queries == []
    reward.refresh_from_db()
    assert (reward.status, reward.hold_until) == (Reward.Status.APPROVED, NOW)


def test_a_row_that_was_not_taken_is_written_whole(store: FakeStore) -> None:
    # given
    effect = tell_effect(reward_row(store), NOW, "one")
    effect.payload = {"amount": "10"}
    effect.due_at = NOW + timedelta(days=1)

    # when
    rows.save(effect)

    # then
    effect = Effect.objects.get()
    assert (effect.payload, effect.due_at) == ({"amount": "10"}, NOW + timedelta(days=1))


def test_rows_of_a_sheet_are_written_by_one_statement(
    store: FakeStore, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # given: one that has changed, and new ones, of which one names another
    there = taken(reward_row(store))
    there.status = Reward.Status.APPROVED
    reward = Reward(
        program_id=there.program_id,
        holder_id=there.holder_id,
        beneficiary="referrer",
        rule="bonus",
        kind="credit",
        currency="USD",
        amount=Decimal(0),
        status=Reward.Status.PENDING,
        created_at=NOW,
    )
    effect = Effect(kind="tell", key="one", reward=reward, created_at=NOW, due_at=NOW)
    sheet = rows.Sheet()
    sheet.save(there)
    sheet.save(reward)
    sheet.insert(effect)

    # when
    with django_assert_num_queries(1):
        sheet.write()
    with django_assert_num_queries(0):
        sheet.write()

    # then
    assert set(Reward.objects.values_list("rule", "status")) == {
        ("credit", "approved"),
        ("bonus", "pending"),
    }
    assert Reward.objects.get(rule="bonus") == reward
    assert Effect.objects.get() == effect
    assert (effect.reward_id, Effect.objects.get().reward) == (reward.pk, reward)
    assert not any(row._state.adding for row in (reward, effect))


def test_a_row_that_is_there_is_an_error_unless_it_may_be(store: FakeStore) -> None:
    # given
    there = tell_effect(reward_row(store), NOW, "one")
    again = Effect(kind="tell", key="one", reward=there.reward, created_at=NOW, due_at=NOW)

    # when
    rows.insert(again, unless_there=True)

    # then
    assert again.pk is None
    assert list(Effect.objects.all()) == [there]
    with pytest.raises(IntegrityError):
        rows.insert(again)


def test_an_empty_sheet_costs_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        rows.Sheet().write()


def test_a_prepared_query_is_built_once_and_asked_often(store: FakeStore) -> None:
    # given
    rewards = [reward_row(store, number=n) for n in (1, 2)]
    built: list[int] = []

    def query():  # type: ignore[no-untyped-def]
        built.append(1)
        return Reward.objects.filter(pk=Param("key"), amount=Decimal(0)).annotate(
            order=F("referral__order_number")
        )

    prepared = Prepared(query)

    # then
    for number, reward in enumerate(rewards, 1):
        [found] = prepared(key=reward.pk)
        assert found == reward
        assert found.order == str(number)
        assert (found.currency, found.amount) == ("USD", 0)
    assert prepared(key=0) == []
    assert prepared.first(key=0) is None
    assert prepared.first(key=rewards[1].pk) == rewards[1]
    assert built == [1]


def test_a_prepared_query_converts_as_django_does(store: FakeStore) -> None:
    # given
    tell_effect(reward_row(store), NOW, "one")
    prepared = Prepared(lambda: Effect.objects.filter(key=Param("key")))

    # then
    [found] = prepared(key="one")
    assert found.payload == {"event": "something", "of": "one"}
