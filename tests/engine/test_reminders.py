"""Before what is left of a credit expires, its holder is told."""

from datetime import timedelta

import pytest

from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.engine.terms import RewardRule, Span, Terms
from tests.engine.books import place, share
from tests.engine.build import NOW, amounts, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db

RULE = RewardRule(worth=amounts(USD=10), valid=Span(days=30), remind=Span(days=7))
EXPIRING = "referral_reward_expiring"


@pytest.fixture
def credited(store: FakeStore) -> FakeStore:
    save_program(store=store, terms=Terms(rewards=(RULE,)), is_running=True)
    settle(place(store, share(store)), store=store)
    sweep(store=store)
    store.told.clear()
    return store


def expiring(store: FakeStore) -> list[dict[str, str]]:
    return [payload for _, event, payload in store.told if event == EXPIRING]


def test_the_holder_is_told_once_and_how_much_is_left(credited: FakeStore) -> None:
    # given
    [credit] = credited.credits.values()
    credit.balance = usd(4)
    credited.travel(days=23, microseconds=-1)
    sweep(store=credited)
    too_early = expiring(credited)

    # when
    credited.travel(microseconds=1)
    for _ in range(2):
        sweep(store=credited)

    # then
    assert too_early == []
    [told] = expiring(credited)
    assert (float(told["amount"]), told["currency"]) == (4.0, "USD")
    assert told["expires_at"] == (NOW + timedelta(days=30)).isoformat()


def test_of_a_credit_that_is_spent_nobody_is_reminded(credited: FakeStore) -> None:
    # given
    [credit] = credited.credits.values()
    credit.balance = usd(0)

    # when
    credited.travel(days=25)
    sweep(store=credited)

    # then
    assert expiring(credited) == []


def test_what_never_expires_is_not_reminded_of() -> None:
    with pytest.raises(ValueError, match="never expires"):
        RewardRule(worth=amounts(USD=10), remind=Span(days=7))
