"""The store keeps what `engine.store.Store` promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from django.db import connection
from prices import Money

from saleor_referral_plugin.engine import terms
from saleor_referral_plugin.engine.facts import CouponRequest, PlacedOrder
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.engine.people import email_key
from saleor_referral_plugin.engine.store import Store
from saleor_referral_plugin.sandbox import clock, shop
from saleor_referral_plugin.sandbox.models import (
    Channel,
    Checkout,
    Coupon,
    Customer,
    GiftCard,
    Message,
    Offer,
    Order,
)
from saleor_referral_plugin.sandbox.pricing import reprice
from saleor_referral_plugin.sandbox.store import SandboxStore

from .given import TEN_PERCENT, a_checkout, a_credit, an_order, eur, facts_of, off, refs, usd

pytestmark = pytest.mark.usefixtures("channels")


@pytest.fixture
def store() -> Store:
    return SandboxStore()


@pytest.fixture
def anna(channels: None) -> Customer:
    return shop.register(email="anna@example.com", display_name="Anna")


# facts ---------------------------------------------------------------------------------------
def test_a_checkout_as_it_stands(store: Store, anna: Customer) -> None:
    checkout = a_checkout("30.00", "12.50", channel="euro", customer=anna)

    facts = store.checkout_facts(str(checkout.pk))

    assert facts is not None
    assert (facts.channel, facts.currency) == ("euro", "EUR")
    assert facts.goods == eur("42.50")
    assert facts.buyer.user_ref == str(anna.pk)
    assert facts.buyer.email_key == email_key("anna@example.com")
    assert facts.voucher_code is None


def test_a_guest_checkout_without_an_address_is_nobodys_yet(store: Store) -> None:
    facts = store.checkout_facts(str(a_checkout().pk))

    assert facts is not None
    assert not facts.buyer.is_known


@pytest.mark.parametrize("ref", ["", "no such thing", "73ebd5df-0495-4c77-bebb-0169cb461e34"])
def test_what_is_not_there_is_none(store: Store, ref: str) -> None:
    assert store.checkout_facts(ref) is None
    assert store.order_facts(ref) is None
    assert store.customer(ref) is None


def test_a_completed_checkout_is_gone_and_its_order_names_it(store: Store) -> None:
    checkout = a_checkout(email="ben@example.com")

    order = shop.complete_checkout(checkout.pk)

    assert store.checkout_facts(str(checkout.pk)) is None
    assert facts_of(order).checkout_ref == str(checkout.pk)


def test_tax_and_shipping_are_not_in_the_net_goods(channels: None) -> None:
    facts = facts_of(an_order("100.00", "20.00", channel="euro"))

    assert facts.goods == eur("120.00")
    assert facts.net_goods == eur("100.00")
    assert facts.total == eur("125.00")


def test_payments_refunds_and_chargebacks_add_up() -> None:
    order = an_order("100.00")

    shop.pay(order.pk, Decimal(60))
    assert not facts_of(order).is_paid
    assert facts_of(order).paid_at is None

    shop.pay(order.pk)
    shop.refund(order.pk, Decimal(30))
    shop.reverse_refund(order.pk, Decimal(10))
    shop.chargeback(order.pk, Decimal(5))

    facts = facts_of(order)
    assert facts.is_paid
    assert (facts.captured, facts.refunded, facts.charged_back) == (
        usd("100"),
        usd("20"),
        usd("5"),
    )
    assert facts.kept == Fraction(75, 100)


def test_paid_at_is_when_the_whole_was_first_there() -> None:
    order = an_order("100.00")
    shop.pay(order.pk, Decimal(40))
    shop.move_clock(days=3)
    last = shop.pay(order.pk)
    shop.move_clock(days=3)
    shop.refund(order.pk)

    assert facts_of(order).paid_at == last.updated_at


def test_an_order_that_owes_nothing_is_paid_when_it_is_placed(anna: Customer) -> None:
    card = _card(anna, usd("200"))
    checkout = a_checkout("100.00", customer=anna)
    shop.add_promo_code(checkout.pk, card.code)

    order = shop.complete_checkout(checkout.pk)

    facts = facts_of(order)
    assert facts.total == usd("0")
    assert facts.is_paid
    assert facts.paid_at == order.placed_at
    assert facts.net_goods == usd("100.00")


def test_sent_and_not_sent_after_all() -> None:
    order = an_order()

    sent = shop.fulfil(order.pk)
    assert facts_of(order).is_fulfilled
    assert facts_of(order).fulfilled_at == sent.updated_at

    shop.unfulfil(order.pk)
    assert not facts_of(order).is_fulfilled
    assert facts_of(order).fulfilled_at is None


def test_returned_goods_count_by_value() -> None:
    order = an_order("90.00", "30.00")
    first = order.lines.get(price=30)
    first.returned = 1
    first.save()
    assert facts_of(order).returned == Fraction(1, 4)

    shop.return_goods(order.pk)
    assert facts_of(order).returned == 1


def test_a_cancelled_order_is_void() -> None:
    order = an_order()
    shop.cancel(order.pk)
    assert facts_of(order).is_void


def test_a_customer_and_no_more_when_the_account_is_gone(store: Store, anna: Customer) -> None:
    facts = store.customer(str(anna.pk))
    assert facts is not None
    assert (facts.email, facts.display_name, facts.is_active) == (
        "anna@example.com",
        "Anna",
        True,
    )

    shop.delete_customer(anna.pk)
    assert store.customer(str(anna.pk)) is None


# the history of orders -------------------------------------------------------------------------
def test_standing_orders_are_those_named_and_those_of_the_account(
    store: Store, anna: Customer
) -> None:
    named, mine, cancelled, unrelated = (
        an_order(),
        an_order(customer=anna),
        an_order(customer=anna),
        an_order(),
    )
    shop.cancel(cancelled.pk)
    later = store.now() + timedelta(days=1)

    def standing(**asked: object) -> set[str]:
        wanted = {
            "refs": refs([named]),
            "user_ref": str(anna.pk),
            "changed_since": later,
            "at_most": 10,
            "placed_before": later,
        }
        found = store.standing_orders(**wanted | asked)  # type: ignore[arg-type]
        return {order.ref for order in found}

    assert standing() == set(refs([named, mine]))
    assert standing(user_ref=None) == set(refs([named]))
    assert standing(refs=["nonsense"]) == set(refs([mine]))
    assert standing(placed_before=mine.placed_at) == set(refs([named]))
    assert str(unrelated.pk) not in standing()


def test_standing_orders_are_also_those_that_changed_of_late(store: Store) -> None:
    first, second, cancelled = an_order(), an_order(), an_order()
    shop.cancel(cancelled.pk)
    later = store.now() + timedelta(days=1)

    def recent(since: datetime | None, at_most: int = 10) -> list[PlacedOrder]:
        found = store.standing_orders(
            refs=[], user_ref=None, changed_since=since, at_most=at_most, placed_before=later
        )
        return sorted(found, key=lambda order: order.placed_at)

    assert [order.ref for order in recent(None)] == refs([first, second])
    assert [order.ref for order in recent(None, at_most=1)] == refs([first])
    assert [order.ref for order in recent(second.updated_at)] == refs([second])
    assert recent(later) == []
    [found] = recent(second.updated_at)
    assert (found.user_ref, found.email, found.placed_at, found.changed_at) == (
        None,
        second.email,
        second.placed_at,
        second.updated_at,
    )


def test_changed_orders_come_oldest_change_first_each_once(store: Store) -> None:
    first, second, third = an_order(), an_order(), an_order()
    shop.pay(first.pk)

    changed = [order.ref for order in store.orders_changed_since(None, limit=10)]

    assert changed == refs([second, third, first])


def test_orders_changed_at_the_same_moment_are_read_page_by_page(store: Store) -> None:
    orders = [an_order() for _ in range(5)]
    moment = clock.now()
    Order.objects.update(updated_at=moment)

    read: list[str] = []
    since, after = moment, ""
    while page := list(store.orders_changed_since(since, after=after, limit=2)):
        read += [order.ref for order in page]
        since, after = page[-1].changed_at, page[-1].ref

    assert read == sorted(refs(orders))


def test_a_moment_without_a_ref_includes_those_changed_at_it(store: Store) -> None:
    order = an_order()
    assert [o.ref for o in store.orders_changed_since(order.updated_at, limit=9)] == refs([order])
    later = order.updated_at + timedelta(microseconds=1)
    assert list(store.orders_changed_since(later, limit=9)) == []


# the offer ---------------------------------------------------------------------------------------
def test_an_offer_is_published_where_its_terms_run_and_twice_does_no_harm(store: Store) -> None:
    for _ in range(2):
        store.publish_offer("FRIEND", off(USD="10"))
    assert [(o.channel_id, o.amount, o.percent) for o in Offer.objects.all()] == [
        ("default", Decimal(10), None)
    ]


def test_publishing_again_follows_the_channels(store: Store) -> None:
    store.publish_offer("FRIEND", TEN_PERCENT)
    assert Offer.objects.count() == 2
    Channel.objects.create(slug="pounds", name="Pounds", currency="GBP")
    store.publish_offer("FRIEND", TEN_PERCENT)
    assert Offer.objects.count() == 3
    store.publish_offer("FRIEND", off(EUR="9"))
    assert Offer.objects.get().channel_id == "euro"


@pytest.mark.parametrize("typed", ["FRIEND", "friend", " Fri-end "])
def test_an_offer_cannot_be_typed(store: Store, typed: str) -> None:
    store.publish_offer("FRIEND", TEN_PERCENT)
    checkout = a_checkout()

    with pytest.raises(shop.ShopError):
        shop.add_promo_code(checkout.pk, typed)

    checkout.refresh_from_db()
    assert checkout.voucher_code is None
    assert checkout.discount == 0


@pytest.mark.parametrize("by", [lambda c: c, lambda c: str(c.pk)], ids=["row", "ref"])
def test_an_offer_goes_on_and_comes_off(store: Store, by: Callable[[Checkout], object]) -> None:
    store.publish_offer("FRIEND", TEN_PERCENT)
    checkout = a_checkout("99.99")

    store.put_code_on_checkout(by(checkout), "FRIEND")
    checkout.refresh_from_db()
    assert (checkout.voucher_code, checkout.discount) == ("FRIEND", Decimal("9.99"))

    store.take_code_off_checkout(by(checkout), "FRIEND7")
    checkout.refresh_from_db()
    assert checkout.voucher_code == "FRIEND"

    store.take_code_off_checkout(by(checkout), "FRIEND")
    checkout.refresh_from_db()
    assert (checkout.voucher_code, checkout.discount) == (None, Decimal(0))


def test_an_amount_never_exceeds_the_goods(store: Store) -> None:
    store.publish_offer("FRIEND", off(USD="10"))
    checkout = a_checkout("7.00")
    store.put_code_on_checkout(checkout, "FRIEND")
    assert checkout.discount == 7


def test_an_offer_that_is_not_in_the_channel_is_refused(store: Store) -> None:
    store.publish_offer("FRIEND", off(USD="10"))
    checkout = a_checkout(channel="euro")

    with pytest.raises(Refused) as refused:
        store.put_code_on_checkout(checkout, "FRIEND")

    assert refused.value.finding.code is FindingCode.PROGRAM_NOT_RUNNING
    assert checkout.voucher_code is None


def test_a_retired_offer_leaves_carts_and_stays_on_orders(store: Store) -> None:
    store.publish_offer("FRIEND", TEN_PERCENT)
    order = an_order()
    Order.objects.filter(pk=order.pk).update(voucher_code="FRIEND")
    checkout = a_checkout("100.00", "5.00", email="cleo@example.com")
    store.put_code_on_checkout(checkout, "FRIEND")

    store.retire_offer("FRIEND")
    store.retire_offer("FRIEND")

    assert facts_of(order).voucher_code == "FRIEND"
    checkout = shop.remove_line(checkout.pk, checkout.lines.last().pk)  # type: ignore[union-attr]
    assert (checkout.voucher_code, checkout.discount) == (None, 0)


@pytest.mark.parametrize("form", ["friend", "FRI END", "Fri-End", "FRIEND"])
def test_a_code_is_taken_however_it_is_written(store: Store, form: str) -> None:
    assert not store.code_is_taken(form)
    store.publish_offer("Fri-End", TEN_PERCENT)
    assert store.code_is_taken(form)


def test_gift_card_codes_are_taken(store: Store, anna: Customer) -> None:
    card = _card(anna, usd("5"))
    assert store.code_is_taken(str(card).lower())


# credit -------------------------------------------------------------------------------------------
def test_one_key_is_one_credit(store: Store, anna: Customer) -> None:
    request = a_credit(anna, usd("10"))
    assert store.issue_credit(request) == store.issue_credit(request)
    assert GiftCard.objects.get().balance == 10


def test_the_same_key_for_something_else_is_an_error(store: Store, anna: Customer) -> None:
    store.issue_credit(a_credit(anna, usd("10")))
    with pytest.raises(ValueError, match="reward-1"):
        store.issue_credit(a_credit(anna, usd("11")))
    assert GiftCard.objects.get().balance == 10


def test_a_credit_is_spent_by_its_owner_alone(store: Store, anna: Customer) -> None:
    ben = shop.register(email="ben@example.com")
    card = _card(anna, usd("10"))
    for stranger in (a_checkout(customer=ben), a_checkout(email="anna@example.com")):
        with pytest.raises(shop.ShopError):
            shop.add_promo_code(stranger.pk, card.code)
    mine = a_checkout(customer=anna)
    shop.add_promo_code(mine.pk, str(card).lower())
    shop.complete_checkout(mine.pk)
    assert store.credit_balances([str(card.pk)]) == {str(card.pk): usd("0")}


@pytest.mark.parametrize(
    ("delta", "moved", "left"),
    [("5", "5", "15"), ("-4", "-4", "6"), ("-10", "-10", "0"), ("-25", "-10", "0")],
)
def test_a_credit_is_adjusted_by_at_most_what_is_left(
    store: Store, anna: Customer, delta: str, moved: str, left: str
) -> None:
    ref = store.issue_credit(a_credit(anna, usd("10")))
    assert store.adjust_credit(ref, usd(delta), now=store.now(), note="why") == usd(moved)
    assert store.credit_balances([ref]) == {ref: usd(left)}
    assert GiftCard.objects.get().note == "why"


def test_nothing_moves_on_a_credit_that_is_gone(store: Store, anna: Customer) -> None:
    ref = store.issue_credit(a_credit(anna, usd("10")))
    shop.delete_customer(anna.pk)

    for delta in ("5", "-5"):
        assert store.adjust_credit(ref, usd(delta), now=store.now(), note="why") == usd("0")
    assert store.credit_balances([ref, "nonsense", str(uuid4())]) == {}


def test_an_expired_credit_can_only_be_taken_from(store: Store, anna: Customer) -> None:
    ref = store.issue_credit(a_credit(anna, usd("10")))
    GiftCard.objects.update(expires_on=store.now().date())
    last_day, after = store.now(), store.now() + timedelta(days=1)

    assert store.adjust_credit(ref, usd("1"), now=last_day, note="why") == usd("1")
    assert store.adjust_credit(ref, usd("1"), now=after, note="why") == usd("0")
    assert store.adjust_credit(ref, usd("-11"), now=after, note="why") == usd("-11")


def test_a_credit_never_changes_its_currency(store: Store, anna: Customer) -> None:
    ref = store.issue_credit(a_credit(anna, usd("10")))
    with pytest.raises(ValueError, match="EUR"):
        store.adjust_credit(ref, eur("1"), now=store.now(), note="why")


def test_a_customer_is_told_and_nobody_else(store: Store, anna: Customer) -> None:
    store.tell(str(anna.pk), "referral_reward_issued", {"amount": "10", "currency": "USD"})
    store.tell(str(uuid4()), "referral_reward_issued", {})
    assert [message.event for message in Message.objects.all()] == ["referral_reward_issued"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_credit(store: Store, anna: Customer) -> None:
    request = a_credit(anna, usd("10"))

    def issue(_: int) -> str:
        try:
            return store.issue_credit(request)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert len(set(workers.map(issue, range(8)))) == 1
    assert GiftCard.objects.get().balance == 10


# coupons ------------------------------------------------------------------------------------------
FREE = CouponRequest(
    key="reward-1-0",
    code="ABCDE-FGHJK",
    coupon=terms.Coupon(discount=terms.Offer(free_shipping=True)),
    user_ref="",
    expires_at=None,
)
LESS, NONE, ONE = (Money(Decimal(number), terms.COUPON) for number in (-1, 0, 1))


def _place_with(coupon_ref: str) -> Order:
    """An order that uses the coupon."""
    checkout = a_checkout("30.00", email="anna@example.com")
    code = Coupon.objects.get(pk=coupon_ref).code
    Checkout.objects.filter(pk=checkout.pk).update(voucher_code=code)
    return shop.complete_checkout(checkout.pk)


def test_one_key_is_one_coupon_of_which_one_is_left(store: Store) -> None:
    ref = store.issue_coupon(FREE)

    assert store.issue_coupon(FREE) == ref
    assert store.credit_balances([ref, str(uuid4())]) == {ref: ONE}
    assert all(map(store.code_is_taken, ("ABCDEFGHJK", "abcde fghjk", "ABCDE-FGHJK")))


def test_a_coupon_is_taken_back_once_and_given_again(store: Store) -> None:
    ref, now = store.issue_coupon(FREE), clock.now()

    tries = (LESS, LESS, ONE, ONE, NONE)
    moved = [store.adjust_credit(ref, delta, now=now, note="why") for delta in tries]

    assert moved == [LESS, NONE, ONE, NONE, NONE]
    assert store.credit_balances([ref]) == {ref: ONE}


def test_a_coupon_whose_time_is_up_is_not_given_again(store: Store) -> None:
    now = clock.now()
    ref = store.issue_coupon(replace(FREE, expires_at=now))
    store.adjust_credit(ref, LESS, now=now, note="why")

    assert store.adjust_credit(ref, ONE, now=now + timedelta(seconds=1), note="why") == NONE
    assert store.adjust_credit(ref, ONE, now=now, note="why") == ONE


def test_a_used_coupon_comes_back_when_its_order_is_cancelled(store: Store) -> None:
    ref = store.issue_coupon(FREE)
    order = _place_with(ref)

    store.give_back_coupon(ref)
    less = store.adjust_credit(ref, LESS, now=clock.now(), note="why")
    used = store.credit_balances([ref])[ref], less
    shop.cancel(order.pk)
    store.give_back_coupon(ref)

    assert used == (NONE, NONE)
    assert store.credit_balances([ref]) == {ref: ONE}


@pytest.mark.django_db(transaction=True)
def test_of_two_orders_at_once_one_uses_the_coupon(store: Store) -> None:
    store.issue_coupon(
        replace(FREE, coupon=terms.Coupon(discount=terms.Offer(percent=Decimal(50))))
    )
    checkouts = [a_checkout("30.00", email="anna@example.com") for _ in range(2)]
    for checkout in checkouts:
        checkout.voucher_code = FREE.code
        reprice(checkout)

    def complete(checkout: Checkout) -> Decimal | str:
        try:
            return shop.complete_checkout(checkout.pk).total
        except shop.ShopError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        answers = list(workers.map(complete, checkouts))

    assert sorted(map(str, answers)) == ["15.000", "price_changed"]


def _card(customer: Customer, amount: Money) -> GiftCard:
    ref = SandboxStore().issue_credit(a_credit(customer, amount))
    return GiftCard.objects.get(pk=ref)
