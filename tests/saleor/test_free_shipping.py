"""A code that gives the delivery is entered before one is chosen, and afterwards."""

from typing import Any

import pytest
from saleor.discount.models import Voucher

from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop, global_id


@pytest.fixture
def free(shop: SaleorShop) -> SaleorShop:
    shop.charge(shipping="5.00")
    given.program(shop, referee_discount="free shipping", minimum_order="20 USD", hold_days="0")
    return shop


def _before_a_delivery_is_chosen(shop: SaleorShop, code: str, **more: Any) -> Any:
    delivery, shop.delivery = shop.delivery, None
    checkout = shop.checkout(email="ben@example.com", **more)
    shop.delivery = delivery
    shop.api.mutate(
        "checkoutShippingAddressUpdate",
        """mutation($id: ID!, $address: AddressInput!) {
          checkoutShippingAddressUpdate(id: $id, shippingAddress: $address) {
            errors { field message code }
          }
        }""",
        {
            "id": checkout.id,
            "address": {
                "firstName": "Ben",
                "lastName": "Friend",
                "streetAddress1": "1 Main Street",
                "city": "NEW YORK",
                "countryArea": "NY",
                "postalCode": "10001",
                "country": "US",
            },
        },
    )
    return checkout


def _choose_delivery(shop: SaleorShop, checkout: Any) -> None:
    assert shop.delivery is not None
    shop.api.mutate(
        "checkoutDeliveryMethodUpdate",
        """mutation($id: ID!, $method: ID!) {
          checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $method) {
            errors { field message code }
          }
        }""",
        {"id": checkout.id, "method": global_id("ShippingMethod", shop.delivery.pk)},
    )


def test_saleors_voucher_is_one_for_the_delivery(free: SaleorShop) -> None:
    voucher = Voucher.objects.get()

    assert (voucher.type, voucher.discount_value_type) == ("shipping", "percentage")
    assert sorted(voucher.channel_listings.values_list("channel__slug", "discount_value")) == [
        ("default", 100),
        ("euro", 100),
    ]


def test_a_code_entered_first_waits_for_the_delivery(free: SaleorShop) -> None:
    # given
    code = free.share(free.register("anna@example.com"))
    checkout = _before_a_delivery_is_chosen(free, code)

    # when
    answer = checkout.enter_code(code)

    # then
    assert answer.accepted, answer
    assert (checkout.shown_code, checkout.discount, checkout.total) == ("FRIEND", 0, 100)

    # when
    _choose_delivery(free, checkout)

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == ("FRIEND", 5, 100)
    assert checkout.complete().accepted
    checkout.placed.pay()
    assert checkout.placed.total == 100


def test_a_code_that_came_with_a_link_waits_too(free: SaleorShop) -> None:
    # given
    code = free.share(free.register("anna@example.com"))
    checkout = _before_a_delivery_is_chosen(free, code, metadata={"referral_code": code})

    # when
    _choose_delivery(free, checkout)

    # then
    assert (checkout.shown_code, checkout.discount, checkout.total) == ("FRIEND", 5, 100)


def test_a_voucher_of_the_shops_own_is_refused_as_ever(free: SaleorShop) -> None:
    # given
    voucher = Voucher.objects.create(type="shipping", discount_value_type="percentage")
    voucher.codes.create(code="SHOPSOWN")
    voucher.channel_listings.create(
        channel=free.channels["default"], discount_value=100, currency="USD"
    )
    checkout = _before_a_delivery_is_chosen(free, "")

    # when
    answer = checkout.enter_code("SHOPSOWN")

    # then
    assert (answer.accepted, answer.code) == (False, "voucher_not_applicable")
    assert checkout.shown_code is None
