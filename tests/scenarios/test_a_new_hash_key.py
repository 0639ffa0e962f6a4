"""The key of the hashes that stand for addresses is changed while the shop is open. Whoever knew
the old one learns nothing any more; the shop knows everybody it knew."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from saleor_referral_plugin import checks
from saleor_referral_plugin.engine import idempotency, rekeying
from saleor_referral_plugin.engine.people import email_key, layers_of
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Claim, KnownOrder, Referral, Referrer
from tests.scenarios import given
from tests.scenarios.shop import Shop
from tests.side_by_side import side_by_side

OLD = ("old", "")
PREPARE = (["old", "new"], "prepare")
ROTATE = (["old", "new"], "rotate")
NEW = (["old", "new"], "")


@pytest.fixture
def process(settings: Any) -> Any:
    """Go on as a process of the shop's with these settings."""

    def go_on_as(setting: tuple[str | list[str], str]) -> None:
        settings.REFERRAL_HASH_KEY, settings.REFERRAL_HASH_KEY_ROTATION = setting

    go_on_as(OLD)
    return go_on_as


def tries(shop: Shop, code: str, email: str) -> str | None:
    """What the shop says to somebody who enters a code; None: accepted."""
    return shop.checkout(email=email).enter_code(code).code


def rekey(*options: str) -> str:
    told = StringIO()
    call_command("referral_rekey", *options, stdout=told, stderr=told)
    return told.getvalue()


def test_nobody_becomes_new_while_the_key_changes(shop: Shop, process: Any) -> None:
    # given: under the old key a friend was referred, and another customer has ordered
    given.program(shop)
    anna = shop.register("anna@example.com")
    code, others = shop.share(anna), shop.share(shop.register("olga@example.com"))
    given.friends_order(shop, code, email="ben@example.com").pay()
    shop.past_order("carl@example.com")
    shop.run_periodic_tasks()

    def known_by_all() -> None:
        assert tries(shop, others, "ben+x@example.com") in ("not_new_customer", "already_referred")
        assert tries(shop, code, "carl@example.com") == "not_new_customer"
        assert tries(shop, code, "anna@example.com") == "own_code"

    # when: a deployment at a time, and in each somebody else comes
    for setting, email in ((PREPARE, "dora@example.com"), (ROTATE, "eve@example.com")):
        process(setting)
        known_by_all()
        given.friends_order(shop, code, email=email).pay()
        shop.run_periodic_tasks()
        known_by_all()

    # then: who came under the newest settings is known to who was not restarted yet
    assert {layers_of(key) for key in _keys()} == {1, 2}
    process(PREPARE)
    assert tries(shop, others, "eve@example.com") == "not_new_customer"

    # when: that one goes on writing, and then is gone
    given.friends_order(shop, code, email="fred@example.com").pay()
    shop.run_periodic_tasks()
    process(ROTATE)
    told = rekey()

    # then
    assert "Every hash is by the newest key." in told
    assert {layers_of(key) for key in _keys()} == {2}
    assert rekey("--check") == told.splitlines()[-1] + "\n"

    # when
    process(NEW)
    shop.run_periodic_tasks()

    # then
    known_by_all()
    for email in ("dora@example.com", "eve@example.com", "fred@example.com"):
        assert tries(shop, others, email) in ("not_new_customer", "already_referred")
    assert tries(shop, others, "gina@example.com") is None
    assert (email_key("ben@example.com") or "").startswith("2:")
    shop.verify_books()


def test_who_knows_only_the_old_key_finds_nobody(shop: Shop, process: Any) -> None:
    # given
    given.program(shop)
    given.friends_order(shop, shop.share(shop.register("anna@example.com")))
    guess = email_key("ben@example.com")
    assert Referral.objects.get().referee_email_key == guess

    # when
    process(ROTATE)
    rekey()

    # then
    assert not Referral.objects.filter(referee_email_key=guess).exists()
    assert guess not in _keys()


def test_an_order_and_an_account_that_are_gone_are_made_anew_as_well(
    shop: Shop, process: Any
) -> None:
    # given: nothing in the shop says whose address it was
    KnownOrder.objects.create(order_ref="gone", email_key=email_key("zoe@example.com"))
    process(ROTATE)

    # when
    rekey()
    process(NEW)

    # then
    assert KnownOrder.objects.get().email_key == email_key("zoe@example.com")


def test_it_goes_on_where_it_was_stopped(shop: Shop, process: Any) -> None:
    # given
    for number in range(25):
        key = email_key(f"guest{number}@example.com")
        KnownOrder.objects.create(order_ref=f"order-{number:02}", email_key=key)
    process(ROTATE)

    # when: it is killed after the second batch
    work = rekeying.rekey(now=get_store().now(), size=10)
    assert [next(work).done, next(work).done] == [10, 10]
    work.close()

    # then
    assert rekeying.left()["known orders"] == 5
    assert "known orders: 5 of 5" in rekey("--batch", "3")
    process(NEW)
    found = set(KnownOrder.objects.values_list("email_key", flat=True))
    assert found == {email_key(f"guest{number}@example.com") for number in range(25)}


def test_it_waits_for_nobody(shop: Shop, process: Any) -> None:
    # given
    for number in range(2):
        key = email_key(f"guest{number}@example.com")
        KnownOrder.objects.create(order_ref=f"order-{number}", email_key=key)
    process(ROTATE)

    # when: somebody works on one of them
    def in_its_own() -> int:
        return sum(batch.done for batch in rekeying.rekey(now=get_store().now()))

    with transaction.atomic():
        KnownOrder.objects.select_for_update().get(order_ref="order-0")
        [done] = side_by_side(in_its_own)

    # then
    assert done == 1
    assert rekeying.left()["known orders"] == 1
    rekey()
    assert rekeying.left()["known orders"] == 0


def test_a_friend_of_two_under_two_keys_is_decided_again(shop: Shop, process: Any) -> None:
    # given: without the step before, a process that knows the old key alone knows nobody of those
    # who came by the new one
    given.program(shop, new_customers_only=False)
    anna, olga = shop.register("anna@example.com"), shop.register("olga@example.com")
    codes = shop.share(anna), shop.share(olga)
    process(ROTATE)
    given.friends_order(shop, codes[0], email="ben@example.com")
    process(OLD)
    given.friends_order(shop, codes[1], email="ben@example.com")
    assert set(Referral.objects.values_list("status", flat=True)) == {"attributed"}
    process(ROTATE)

    # when
    with pytest.raises(CommandError) as left:
        rekey()
    shop.run_periodic_tasks()

    # then: one of them counts, and nothing is left
    assert str(left.value) == "Not by the newest key yet: 1 referrals. Run it again."
    assert sorted(Referral.objects.values_list("status", flat=True)) == ["attributed", "rejected"]
    assert "Every hash is by the newest key." in rekey()


def test_a_request_from_before_is_still_the_same_request(shop: Shop, process: Any) -> None:
    # given
    store, asked = get_store(), {"amount": "5.00"}

    def once(number: int) -> Any:
        return idempotency.once(
            lambda: {"number": number}, by="app", key="k", asked=asked, store=store
        )

    first = once(1)

    # then
    for setting in (PREPARE, ROTATE, NEW):
        process(setting)
        assert once(2) == first


def test_it_says_why_it_cannot_begin(shop: Shop, process: Any) -> None:
    for setting, why in (
        (OLD, "REFERRAL_HASH_KEY has one key: there is nothing to do."),
        (PREPARE, 'Set REFERRAL_HASH_KEY_ROTATION = "rotate" first.'),
        (NEW, 'Set REFERRAL_HASH_KEY_ROTATION = "rotate" first.'),
    ):
        process(setting)
        with pytest.raises(CommandError) as said:
            rekey()
        assert str(said.value) == why


@pytest.mark.parametrize(
    ("keys", "rotation", "is_wrong"),
    [
        ("old", "", False),
        (["old", "new"], "", False),
        (["old", "new"], "prepare", False),
        (["old", "new", "newer"], "rotate", False),
        ("", "", True),
        ([], "", True),
        (["old", ""], "", True),
        (["old", "old"], "", True),
        ("old", "rotate", True),
        (["old", "new"], "soon", True),
    ],
)
def test_keys_that_make_no_sense_are_said_at_start(
    settings: Any, keys: Any, rotation: str, is_wrong: bool
) -> None:
    # given
    settings.REFERRAL_HASH_KEY, settings.REFERRAL_HASH_KEY_ROTATION = keys, rotation

    # then
    said = [message.id for message in checks.hash_keys_make_sense(None)]
    assert said == (["referral.E004"] if is_wrong else [])


def _keys() -> set[str]:
    found = [
        set(model.objects.values_list(column, flat=True))
        for model, column in (
            (KnownOrder, "email_key"),
            (Claim, "buyer_email_key"),
            (Referral, "referee_email_key"),
            (Referrer, "email_key"),
        )
    ]
    return set().union(*found) - {None}
