"""A credit is a gift card that explains itself."""

from saleor.giftcard.models import GiftCard

from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop, global_id


def events_of(shop: SaleorShop) -> list[tuple[str, str]]:
    """What the Dashboard shows of the only card, by kind."""
    card = GiftCard.objects.get()
    events = shop.api(
        "query($id: ID!) { giftCard(id: $id) { events { type message } } }",
        {"id": global_id("GiftCard", card.pk)},
        shop.staff,
    )["giftCard"]["events"]
    return sorted((event["type"], event["message"] or "") for event in events)


def test_the_cards_page_says_why_it_exists(shop: SaleorShop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))

    # when
    order.pay()

    # then
    assert events_of(shop) == [
        ("ISSUED", ""),
        ("NOTE_ADDED", f"Referral reward for order {order._order.number}"),
    ]


def test_the_cards_page_says_why_it_was_taken_back_and_given_again(shop: SaleorShop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))
    order.pay()
    reward = f"Referral reward for order {order._order.number}"
    issued = [("ISSUED", ""), ("NOTE_ADDED", reward)]

    # when
    order.refund()

    # then
    taken_back = f"{reward}, taken back: The order was refunded or given back."
    assert events_of(shop) == [
        ("BALANCE_RESET", ""),
        *issued,
        ("NOTE_ADDED", taken_back),
    ]

    # when
    order.reverse_refund()

    # then
    assert events_of(shop) == [
        ("BALANCE_RESET", ""),
        ("BALANCE_RESET", ""),
        *issued,
        ("NOTE_ADDED", f"{reward}, given again"),
        ("NOTE_ADDED", taken_back),
    ]
