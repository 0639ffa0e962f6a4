"""No limit is ever exceeded, not by one cent."""

from decimal import Decimal

from tests.scenarios import given
from tests.scenarios.shop import ReferralSeen, Shop


def test_a_number_of_credits(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", most_credits="1")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()

    # when
    second = given.friends_order(shop, shop.share(anna), email="carl@example.com")
    second.pay()

    # then
    assert second.total == 90
    assert shop.referral(second) == ReferralSeen(
        "qualified", ("cap_reached",), "voided", Decimal(0), "USD"
    )
    assert shop.balance(anna) == 10
    assert len(shop.gift_cards(anna)) == 1
    shop.verify_books()


def test_the_last_credit_is_cut_to_what_an_amount_leaves(shop: Shop) -> None:
    # given
    given.program(shop, most_credit_amount="15 USD")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()
    second = given.friends_order(shop, shop.share(anna), email="carl@example.com")
    third = given.friends_order(shop, shop.share(anna), email="dora@example.com")

    # when
    second.pay()
    third.pay()
    shop.travel(days=14)

    # then
    assert shop.referral(second) == ReferralSeen(
        "qualified", ("cap_reached",), "issued", Decimal(5), "USD"
    )
    assert shop.referral(third) == ReferralSeen(
        "qualified", ("cap_reached",), "voided", Decimal(0), "USD"
    )
    assert shop.balance(anna) == 15
    assert sorted(card.balance for card in shop.gift_cards(anna)) == [5, 10]
    shop.verify_books()


def test_a_refund_makes_room_for_the_next_friend(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", most_credits="1")
    anna = shop.register("anna@example.com")
    first = given.friends_order(shop, shop.share(anna), email="ben@example.com")
    first.pay()
    first.refund()

    # when
    given.friends_order(shop, shop.share(anna), email="carl@example.com").pay()

    # then
    assert shop.balance(anna) == 10
    shop.verify_books()


def test_the_next_month_counts_anew(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", most_credits="1", cap_period="month")
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna), email="ben@example.com").pay()

    # when
    shop.travel(days=31)
    given.friends_order(shop, shop.share(anna), email="carl@example.com").pay()

    # then
    assert shop.balance(anna) == 20
    shop.verify_books()
