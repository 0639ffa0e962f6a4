"""The program may fail; the shop sells on."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from saleor_referral_plugin.engine import claims, referrers
from saleor_referral_plugin.models import Claim, Referral
from saleor_referral_plugin.sandbox import administration, hooks, shop
from saleor_referral_plugin.sandbox.models import Channel, Offer, Order
from saleor_referral_plugin.tasks import settle_order
from tests.scenarios.sandbox_shop import SandboxCheckout, SandboxShop

from .given import a_checkout, an_order

BROKEN = DatabaseError("the program is broken")


@pytest.fixture
def code(shop: SandboxShop) -> str:
    """A referrer's code in a running program: 10% for the friend."""
    shop.configure(program_running=True, referee_discount="10%", referrer_credit="10 USD")
    return shop.share(shop.register("anna@example.com"))


@pytest.fixture
def claimed(shop: SandboxShop, code: str) -> SandboxCheckout:
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    return checkout


@contextmanager
def broken_database(*_: object, **__: object) -> Iterator[None]:
    """What a real failure does: it spoils the transaction it happens in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    yield


def fail(*_: object, **__: object) -> None:
    with broken_database():
        pass


def test_a_code_is_refused_and_the_cart_stays_usable(shop: SandboxShop, code: str) -> None:
    checkout = shop.checkout(email="ben@example.com")
    with patch.object(claims, "claim_code", fail):
        answer = checkout.enter_code(code)
    assert (answer.accepted, answer.message) == (False, "This code is not valid.")
    assert checkout.enter_code(code).accepted


def test_a_link_does_not_keep_the_cart_from_being_made(shop: SandboxShop, code: str) -> None:
    with patch.object(claims, "claim_code", fail):
        checkout = shop.checkout(metadata={claims.METADATA_KEY: code})
    assert (checkout.shown_code, checkout.total) == (None, 100)


def test_a_cart_changes_while_its_claim_cannot_be_judged(claimed: SandboxCheckout) -> None:
    with patch.object(claims, "judge_again", fail):
        claimed.set_email("cleo@example.com")
    assert (claimed.shown_code, claimed.discount) == ("FRIEND", 10)


def test_the_code_comes_off_although_the_program_cannot_say_so(claimed: SandboxCheckout) -> None:
    with patch.object(claims, "withdraw", fail):
        assert claimed.remove_code("FRIEND").accepted
    assert (claimed.shown_code, claimed.total) == (None, 100)


def test_an_order_is_placed_and_settled_later(shop: SandboxShop, claimed: SandboxCheckout) -> None:
    with patch.object(claims, "judge_again", fail), patch.object(settle_order, "run", fail):
        assert claimed.complete().accepted
    assert not Referral.objects.exists()

    shop.run_periodic_tasks()

    assert Referral.objects.get().order_ref == claimed.placed.ref


def test_a_broker_that_is_down_delays_and_loses_nothing(
    shop: SandboxShop, claimed: SandboxCheckout
) -> None:
    with patch.object(settle_order, "apply_async", side_effect=ConnectionError):
        assert claimed.complete().accepted
    shop.run_periodic_tasks()
    assert Referral.objects.count() == 1


def test_an_offer_deleted_by_hand_is_back_within_a_minute(shop: SandboxShop, code: str) -> None:
    Offer.objects.all().delete()
    shop.run_periodic_tasks()

    checkout = shop.checkout(email="ben@example.com")
    assert checkout.enter_code(code).accepted
    assert (checkout.shown_code, checkout.discount) == ("FRIEND", 10)


def test_a_stopped_programs_offer_is_not_brought_back(shop: SandboxShop, code: str) -> None:
    shop.configure(program_running=False)
    Offer.objects.all().delete()

    shop.run_periodic_tasks()

    assert not Offer.objects.exists()


def test_an_account_is_deleted_although_the_program_fails(shop: SandboxShop, code: str) -> None:
    anna = shop.register("another@example.com")
    with patch.object(hooks, "forget", fail):
        shop.delete_account(anna)
    assert referrers.Referrer.objects.count() == 1


def test_a_plugin_that_is_off_hears_nothing(shop: SandboxShop, claimed: SandboxCheckout) -> None:
    shop.switch_plugin(False)
    with patch.object(settle_order, "apply_async") as enqueued:
        claimed.complete()
    enqueued.assert_not_called()


def test_a_refusal_is_stored(shop: SandboxShop, code: str) -> None:
    shop.configure(minimum_order="500 USD")
    answer = shop.checkout().enter_code(code)
    assert answer.code == "below_minimum"
    assert Claim.objects.get().status == Claim.Status.REFUSED


@pytest.mark.django_db(transaction=True)
def test_carts_and_orders_without_a_code_cost_no_query_of_ours() -> None:
    Channel.objects.create(slug="default", name="Default", currency="USD")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        checkout = a_checkout("10.00", "20.00")
        shop.set_email(checkout.pk, "ben@example.com")
        shop.remove_line(checkout.pk, checkout.lines.all()[0].pk)
        order = shop.complete_checkout(checkout.pk)
        for step in (shop.pay, shop.fulfil, shop.refund, shop.unfulfil, shop.cancel):
            step(order.pk)
    ours = [q["sql"] for q in seen if '"referral_' in q["sql"].replace('"referral_sandbox_', "")]
    assert len(seen) > 20
    assert ours == []


@pytest.mark.django_db(transaction=True)
def test_orders_with_a_foreign_code_are_not_settled() -> None:
    Channel.objects.create(slug="default", name="Default", currency="USD")
    order = an_order()
    Order.objects.filter(pk=order.pk).update(voucher_code="WELCOME5")
    with patch.object(settle_order, "apply_async") as enqueued:
        shop.pay(order.pk)
    enqueued.assert_not_called()


def test_a_mistake_on_the_owners_page_saves_nothing(shop: SandboxShop, code: str) -> None:
    before = administration.plugin_page().values
    with pytest.raises(Exception, match="Minimum order"):
        shop.configure(minimum_order="a lot", referee_discount="20%")
    assert administration.plugin_page().values == before
