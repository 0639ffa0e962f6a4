"""A friend buys with a code, and the customer who shared it is credited."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_a_friend_saves_and_the_referrer_gets_a_gift_card_after_the_hold(shop: Shop) -> None:
    # given
    given.program(shop)
    today = datetime.now(UTC).date()
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(lines=["60.00", "40.00"], email="ben@example.com")

    # when
    answer = checkout.enter_code(shop.share(anna))

    # then
    assert answer.accepted
    assert (checkout.discount, checkout.total) == (10, 90)

    # when
    assert checkout.complete().accepted
    order = checkout.placed

    # then
    assert order.total == 90
    assert shop.referral(order) == ReferralSeen("attributed", ("not_paid",), None, None, "USD")

    # when
    order.pay()

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "pending", Decimal(10), "USD")
    assert shop.balance(anna) == 0
    assert shop.gift_cards(anna) == []

    # when
    shop.travel(days=13)

    # then
    assert shop.gift_cards(anna) == []

    # when
    shop.travel(days=1)

    # then
    assert shop.referral(order) == ReferralSeen("qualified", (), "issued", Decimal(10), "USD")
    assert shop.balance(anna) == 10
    [card] = shop.gift_cards(anna)
    assert (card.balance, card.currency, card.is_active) == (10, "USD", True)
    lasts_until = (today + timedelta(days=14 + 365)).isoformat()
    assert card.expires_on == lasts_until
    shop.verify_books()


def test_the_credit_pays_in_the_promo_box(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    [card] = shop.gift_cards(anna)
    checkout = shop.checkout(lines=["30.00"], customer=anna)

    # when
    answer = checkout.enter_code(card.code)

    # then
    assert answer.accepted
    assert checkout.total == 20

    # when
    assert checkout.complete().accepted
    shop.run_periodic_tasks()

    # then
    assert [card.balance for card in shop.gift_cards(anna)] == [0]
    assert shop.balance(anna) == 0
    assert shop.debt(anna) == 0
    shop.verify_books()
