"""Prizes for those who refer the most."""

from datetime import datetime

import pytest

from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import Prize, Ranking, RewardKind, Span, Terms
from saleor_referral_plugin.models import ReferralCode, Reward
from tests.engine.books import change, place, share
from tests.engine.build import NOW, PAID_AT, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def run(store: FakeStore, **settings: object) -> None:
    prizes = (
        Prize(kind=RewardKind.CREDIT, worth=amounts(USD=100)),
        Prize(worth=amounts(mug=1)),
    )
    ranking = Ranking(prizes=prizes, **settings)
    terms = Terms(new_customers_only=False, rankings=(ranking,))
    save_program(store=store, terms=terms, is_running=True)


def refer(store: FakeStore, code: ReferralCode, *numbers: int, at: datetime = PAID_AT) -> None:
    for number in numbers:
        settle(place(store, code, number, placed_at=at, paid_at=at), store=store)


def given() -> list[tuple[str | None, str, str]]:
    found = Reward.objects.select_related("holder").order_by("occurrence", "pk")
    return [(r.holder.user_ref, r.occurrence, r.status) for r in found]


@pytest.fixture
def march(store: FakeStore) -> tuple[ReferralCode, ReferralCode, ReferralCode]:
    """In March Anna and Ben refer two each, Ben first; Cleo one."""
    run(store)
    anna, ben, cleo = (
        share(store, "1"),
        share(store, "2", "ben@example.com"),
        share(store, "3", "cleo@example.com"),
    )
    refer(store, ben, 1, 2, at=PAID_AT.replace(hour=1))
    refer(store, anna, 3, 4, at=PAID_AT.replace(hour=2))
    refer(store, cleo, 5)
    return anna, ben, cleo


def test_prizes_are_given_once_when_the_month_is_over(
    store: FakeStore, march: tuple[ReferralCode, ...]
) -> None:
    # given
    sweep(store=store)
    before = given()

    # when
    store.time = NOW.replace(month=4, day=1, hour=0)
    for _ in range(2):
        sweep(store=store)

    # then: of two with as many, who got there first
    assert before == []
    assert given() == [
        ("2", "place 1 in 2026-03", "issued"),
        ("1", "place 2 in 2026-03", "approved"),
    ]
    assert [credit.balance for credit in store.credits.values()] == [usd(100)]


def test_a_prize_lost_again_goes_to_who_moved_up(
    store: FakeStore, march: tuple[ReferralCode, ...]
) -> None:
    # given
    store.time = NOW.replace(month=4, day=1, hour=0)
    sweep(store=store)

    # when: one of Ben's friends gets the money back
    change(store, "order-1", refunded=usd(90))
    sweep(store=store)

    # then
    assert given() == [
        ("2", "place 1 in 2026-03", "clawed_back"),
        ("1", "place 1 in 2026-03", "issued"),
        ("1", "place 2 in 2026-03", "voided"),
        ("2", "place 2 in 2026-03", "approved"),
    ]


def test_prizes_wait_as_long_as_the_terms_say(store: FakeStore) -> None:
    # given
    run(store, settled_after=Span(days=14))
    refer(store, share(store), 1)

    # when
    store.time = NOW.replace(month=4, day=14)
    sweep(store=store)
    too_early = given()
    store.time = NOW.replace(month=4, day=15)
    sweep(store=store)

    # then
    assert too_early == []
    assert given() == [("1", "place 1 in 2026-03", "issued")]


def test_a_ranking_for_life_ends_with_the_program(store: FakeStore) -> None:
    # given
    ranking = Ranking(period="life", prizes=(Prize(worth=amounts(mug=1)),))
    end = NOW.replace(month=4, day=1)
    terms = Terms(rankings=(ranking,), orders_until=end)
    save_program(store=store, terms=terms, is_running=True)
    refer(store, share(store), 1)

    # when
    sweep(store=store)
    before = given()
    store.time = end
    sweep(store=store)

    # then
    assert before == []
    assert given() == [("1", "place 1", "approved")]
