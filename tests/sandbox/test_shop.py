"""The shop is honest: what it sells, takes and gives back adds up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from saleor_referral_plugin.engine.findings import FindingCode
from saleor_referral_plugin.sandbox import clock, shop
from saleor_referral_plugin.sandbox.models import (
    Checkout,
    Customer,
    GiftCard,
    Offer,
    Order,
    OrderLine,
    Payment,
)
from saleor_referral_plugin.sandbox.pricing import bill_of, reprice

from .given import a_checkout, an_order

pytestmark = pytest.mark.usefixtures("channels")


def a_card(balance: str, *, code: str = "GIFTCARD0001", **given: object) -> GiftCard:
    values = {"currency": "USD", "created_at": clock.now()} | given
    return GiftCard.objects.create(
        code=code, initial=Decimal(balance), balance=Decimal(balance), **values
    )


def reprice_now(checkout: Checkout) -> Checkout:
    checkout.refresh_from_db()
    reprice(checkout)
    return checkout


# the cart ------------------------------------------------------------------------------------
def test_the_bill_adds_up() -> None:
    checkout = a_checkout("40.00", "10.00", channel="euro")
    a_card("30.00", currency="EUR")
    shop.add_promo_code(checkout.pk, "giftcard-0001")

    bill = bill_of(checkout)

    amounts = (bill.goods, bill.discount, bill.shipping, bill.gift_cards, bill.total)
    assert [money.amount for money in amounts] == [50, 0, 5, 30, 25]


def test_the_same_thing_again_counts_up() -> None:
    checkout = a_checkout("10.00")
    shop.add_item(checkout.pk, shop.Item("Thing 10.00", Decimal(10), 2))
    assert [line.quantity for line in checkout.lines.all()] == [3]


def test_an_empty_cart_is_no_order() -> None:
    checkout = a_checkout("10.00", email="ben@example.com")
    shop.remove_line(checkout.pk, checkout.lines.get().pk)
    with pytest.raises(shop.ShopError, match="empty"):
        shop.complete_checkout(checkout.pk)


def test_an_order_needs_an_address() -> None:
    with pytest.raises(shop.ShopError, match="e-mail"):
        shop.complete_checkout(a_checkout().pk)


def test_completing_twice_is_one_order() -> None:
    checkout = a_checkout(email="ben@example.com")
    assert shop.complete_checkout(checkout.pk) == shop.complete_checkout(checkout.pk)
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_completing_twice_at_once_is_one_order() -> None:
    checkout = a_checkout(email="ben@example.com")

    def complete(_: int) -> UUID:
        try:
            return shop.complete_checkout(checkout.pk).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clicks:
        assert len(set(clicks.map(complete, range(8)))) == 1


def test_a_cart_that_never_was_is_said_to_be_gone() -> None:
    for step in (shop.complete_checkout, lambda token: shop.set_email(token, "b@example.com")):
        with pytest.raises(shop.ShopError, match="no longer there"):
            step(uuid4())


def test_orders_are_numbered_in_turn() -> None:
    first, second = an_order(), an_order()
    assert second.number == first.number + 1


@pytest.mark.parametrize(
    "spoilt",
    [
        {"is_active": False},
        {"currency": "EUR"},
        {"expires_on": (timezone.now() - timedelta(days=2)).date()},
    ],
    ids=["inactive", "other currency", "expired"],
)
def test_a_gift_card_that_cannot_pay_is_refused_like_any_unknown_code(
    spoilt: dict[str, object],
) -> None:
    a_card("10.00", **spoilt)
    answers = set()
    for typed in ("GIFTCARD0001", "NO SUCH CODE"):
        with pytest.raises(shop.ShopError) as refused:
            shop.add_promo_code(a_checkout().pk, typed)
        answers.add((refused.value.code, refused.value.message))
    assert answers == {(FindingCode.CODE_INVALID.value, "This code is not valid.")}


def test_cards_that_expire_first_are_spent_first() -> None:
    soon = clock.now().date() + timedelta(days=5)
    lasting, expiring = a_card("20.00"), a_card("20.00", code="GIFTCARD0002", expires_on=soon)
    checkout = a_checkout("25.00", email="ben@example.com")
    for card in (lasting, expiring):
        shop.add_promo_code(checkout.pk, card.code)

    order = shop.complete_checkout(checkout.pk)

    assert (order.gift_cards, order.total) == (25, 0)
    assert {use.card.code: use.amount for use in order.card_uses.all()} == {
        expiring.code: 20,
        lasting.code: 5,
    }


def test_a_card_can_be_taken_off_again() -> None:
    a_card("10.00")
    checkout = a_checkout("25.00")
    shop.add_promo_code(checkout.pk, "GIFTCARD0001")
    shop.remove_promo_code(checkout.pk, "gift card 0001")
    assert bill_of(checkout).total.amount == 25


def test_what_is_not_on_the_cart_cannot_be_taken_off() -> None:
    with pytest.raises(shop.ShopError, match="not on your cart"):
        shop.remove_promo_code(a_checkout().pk, "FRIEND")


def test_an_offer_that_ended_unseen_stops_the_order_once() -> None:
    checkout = a_checkout(email="ben@example.com")
    Offer.objects.create(code="FOREIGN", channel_id="default", percent=10)
    Checkout.objects.filter(pk=checkout.pk).update(voucher_code="FOREIGN", discount=10)
    Offer.objects.all().delete()

    with pytest.raises(shop.ShopError, match="new total"):
        shop.complete_checkout(checkout.pk)

    order = shop.complete_checkout(checkout.pk)
    assert (order.voucher_code, order.discount, order.total) == (None, 0, 100)


@pytest.mark.django_db(transaction=True)
def test_one_card_on_two_carts_is_spent_once() -> None:
    card = a_card("30.00")
    carts = [a_checkout("25.00", email=f"guest{n}@example.com") for n in range(4)]
    for cart in carts:
        shop.add_promo_code(cart.pk, card.code)

    def complete(token: UUID) -> Decimal:
        try:
            return shop.complete_checkout(token).gift_cards
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as shoppers:
        paid = sorted(shoppers.map(complete, [cart.pk for cart in carts]))

    assert paid == [0, 0, 5, 25]
    card.refresh_from_db()
    assert card.balance == 0


# the order's life ----------------------------------------------------------------------------
def test_every_change_moves_updated_at() -> None:
    order = an_order()
    seen = [order.updated_at]
    steps: list[Callable[[UUID], Order]] = [
        shop.pay,
        shop.refund,
        shop.reverse_refund,
        shop.chargeback,
        shop.fulfil,
        shop.return_goods,
        shop.unfulfil,
        shop.cancel,
    ]
    for step in steps:
        step(order.pk)
        order.refresh_from_db()
        seen.append(order.updated_at)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("amount", ["0", "-1", "100.01"])
def test_an_order_is_paid_once(amount: str) -> None:
    order = an_order("100.00")
    with pytest.raises(shop.ShopError):
        shop.pay(order.pk, Decimal(amount))
    shop.pay(order.pk)
    with pytest.raises(shop.ShopError):
        shop.pay(order.pk)


@pytest.mark.parametrize("take_back", [shop.refund, shop.chargeback])
def test_no_more_goes_back_than_the_shop_holds(
    take_back: Callable[[UUID, Decimal], Order],
) -> None:
    order = an_order("100.00")
    shop.pay(order.pk, Decimal(80))
    shop.refund(order.pk, Decimal(50))
    with pytest.raises(shop.ShopError):
        take_back(order.pk, Decimal(31))
    take_back(order.pk, Decimal(30))


def test_only_a_refund_can_fail() -> None:
    order = shop.pay(an_order("100.00").pk)
    with pytest.raises(shop.ShopError):
        shop.reverse_refund(order.pk)
    shop.refund(order.pk, Decimal(40))
    with pytest.raises(shop.ShopError):
        shop.reverse_refund(order.pk, Decimal(41))


def test_the_old_payments_hear_of_charges_and_refunds_only() -> None:
    order = an_order("100.00", payments="legacy")
    shop.pay(order.pk)
    shop.refund(order.pk)
    for step in (shop.reverse_refund, shop.chargeback):
        with pytest.raises(shop.ShopError, match="old payment system"):
            step(order.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(order=order).update(kind="chargeback")


def test_a_cancelled_order_gives_back_what_gift_cards_paid() -> None:
    card = a_card("30.00")
    checkout = a_checkout("25.00", email="ben@example.com")
    shop.add_promo_code(checkout.pk, card.code)
    order = shop.complete_checkout(checkout.pk)

    shop.cancel(order.pk)

    card.refresh_from_db()
    assert card.balance == 30
    with pytest.raises(shop.ShopError):
        shop.cancel(order.pk)
    card.refresh_from_db()
    assert card.balance == 30


@pytest.mark.parametrize("step", [shop.pay, shop.fulfil])
def test_a_cancelled_order_is_neither_paid_nor_sent(step: Callable[[UUID], Order]) -> None:
    order = an_order()
    shop.cancel(order.pk)
    with pytest.raises(shop.ShopError, match="cancelled"):
        step(order.pk)


def test_what_was_sent_is_neither_sent_again_nor_cancelled() -> None:
    order = an_order()
    shop.fulfil(order.pk)
    for step in (shop.fulfil, shop.cancel):
        with pytest.raises(shop.ShopError, match="sent"):
            step(order.pk)
    shop.unfulfil(order.pk)
    with pytest.raises(shop.ShopError, match="not been sent"):
        shop.unfulfil(order.pk)
    shop.cancel(order.pk)


def test_a_deleted_account_leaves_orders_and_takes_its_cards() -> None:
    anna = shop.register(email="anna@example.com")
    order = an_order(customer=anna, email="")
    card = a_card("10.00", customer=anna)

    shop.delete_customer(anna.pk)

    order.refresh_from_db()
    card.refresh_from_db()
    assert not Customer.objects.exists()
    assert (order.customer, order.email) == (None, "anna@example.com")
    assert not card.is_active


def test_an_order_is_corrected_until_it_is_paid() -> None:
    # given: a tenth off
    offered = Offer.objects.create(code="TENTH", channel_id="default", percent=Decimal(10))
    checkout = a_checkout("40.00", "20.00", email="ben@example.com")
    Checkout.objects.filter(pk=checkout.pk).update(voucher_code=offered.code)
    order = shop.complete_checkout(reprice_now(checkout).pk)
    first, _ = order.lines.all()

    # when
    order = shop.change_quantity(order.pk, first.pk, 3)

    # then: each costs what it did
    first.refresh_from_db()
    assert (first.quantity, first.discount) == (3, Decimal("12.00"))
    assert (order.goods, order.discount) == (Decimal("140.00"), Decimal("14.00"))
    assert order.total == Decimal("126.00")


def test_what_was_paid_sent_or_returned_is_corrected_no_more() -> None:
    # given
    paid, sent, returned = an_order(), an_order(), an_order()
    shop.pay(paid.pk)
    shop.fulfil(sent.pk)
    shop.change_quantity(returned.pk, returned.lines.get().pk, 2)
    shop.return_goods(returned.pk)

    # when, then
    for order, quantity in ((paid, 2), (sent, 2), (returned, 1), (an_order(), 0)):
        with pytest.raises(shop.ShopError, match="cannot be changed"):
            shop.change_quantity(order.pk, order.lines.get().pk, quantity)


# what the database itself refuses --------------------------------------------------------------
@pytest.mark.parametrize(
    "spoil",
    [
        lambda order: GiftCard.objects.update(balance=-1),
        lambda order: Order.objects.update(total=1),
        lambda order: OrderLine.objects.update(returned=2),
        lambda order: Payment.objects.update(amount=0),
        lambda order: Payment.objects.update(amount=-5),
        lambda order: Offer.objects.update(percent=101),
        lambda order: Offer.objects.update(amount=5),
        lambda order: Offer.objects.create(code="FRIEND", channel_id="default", percent=5),
    ],
)
def test_the_database_refuses_what_cannot_be(spoil: Callable[[Order], object]) -> None:
    a_card("10.00")
    order = shop.pay(an_order().pk)
    Offer.objects.create(code="FRIEND", channel_id="default", percent=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        spoil(order)


# time ------------------------------------------------------------------------------------------
def test_the_clock_moves_forward_only() -> None:
    before = clock.now()
    shop.move_clock(days=14)
    assert timedelta(days=14) <= clock.now() - before < timedelta(days=14, minutes=5)
    with pytest.raises(ValueError, match="forward"):
        shop.move_clock(days=-1)
