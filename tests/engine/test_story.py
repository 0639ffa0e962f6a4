"""The story of one order, as staff are told it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.story import ENTRIES, referral_named, story_of
from saleor_referral_plugin.engine.sweep import sweep
from saleor_referral_plugin.models import LedgerEntry
from tests.engine.books import change, place, run_program, share
from tests.engine.build import NOW, usd
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def told(name: str) -> list[str]:
    output = StringIO()
    call_command("referral_inspect", name, stdout=output)
    return output.getvalue().splitlines()


def test_a_credit_that_was_taken_back_in_part(store: FakeStore) -> None:
    # given
    run_program(store)
    ref = place(store, share(store), 7)
    settle(ref, store=store)
    code = share(store)
    store.travel(days=14)
    sweep(store=store)
    store.travel(days=1)
    change(store, ref, refunded=usd(90))
    settle(ref, store=store)
    carry_out(store=store)
    referral = referral_named("#7")
    assert referral is not None
    reward = referral.rewards.get()

    # then
    name = f"Reward {reward.pk} (credit, to the referrer)"
    terms_of = "under version 1 of the terms of Refer a friend."
    assert told("7") == [
        f"2026-03-09 12:00:00 UTC  Order #7 was placed in default, {terms_of}",
        f"2026-03-10 12:00:00 UTC  The code {code} was entered (promo_code); it is used.",
        f"2026-03-10 12:00:00 UTC  {name}: +10 USD promised.",
        f"2026-03-23 12:00:00 UTC  {name}: its hold ends.",
        f"2026-03-24 12:00:00 UTC  {name}: +10 USD delivered.",
        "2026-03-25 12:00:00 UTC  It was settled last: reversed, 0 USD net that count.",
        "    money_back: The order was refunded or given back.",
        f"2026-03-25 12:00:00 UTC  {name}: -10 USD promised.",
        f"2026-03-25 12:00:00 UTC  {name}: -10 USD taken back.",
    ]
    assert told("#7") == told(ref) == told("7")


def test_what_waits_is_told_with_its_trouble(store: FakeStore) -> None:
    # given: the store makes no credits today
    run_program(store)
    ref = place(store, share(store))
    settle(ref, store=store)
    store.travel(days=14)
    store.issue_credit = None  # type: ignore[assignment, method-assign]
    settle(ref, store=store)
    carry_out(store=store)

    # when
    referral = referral_named(ref)
    assert referral is not None
    last = story_of(referral)[-1]

    # then
    assert last.at == NOW + timedelta(days=14, minutes=1)
    assert last.what.endswith("it will be delivered then, tried once.")
    assert last.details == ("TypeError: 'NoneType' object is not callable",)


def test_an_order_that_is_none_of_the_programs() -> None:
    with pytest.raises(CommandError, match=r"The books know of no referral by the order 99\."):
        told("99")


def test_there_are_words_for_every_entry() -> None:
    assert set(ENTRIES) == set(LedgerEntry.Kind)
