"""A credit is a gift card that explains itself."""

from saleor.giftcard.models import GiftCard

from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop, global_id


def test_the_cards_page_says_why_it_exists(shop: SaleorShop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    order = given.friends_order(shop, shop.share(anna))

    # when
    order.pay()

    # then
    card = GiftCard.objects.get()
    events = shop.api(
        "query($id: ID!) { giftCard(id: $id) { events { type message } } }",
        {"id": global_id("GiftCard", card.pk)},
        shop.staff,
    )["giftCard"]["events"]
    assert sorted(events, key=lambda event: event["type"]) == [
        {"type": "ISSUED", "message": None},
        {
            "type": "NOTE_ADDED",
            "message": f"Referral reward for order {order._order.number}",
        },
    ]
