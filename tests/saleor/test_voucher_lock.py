"""The voucher of an offer is worth nothing without a claim."""

from decimal import Decimal

import pytest
from saleor.checkout import utils as checkout_utils
from saleor.discount.models import Voucher, VoucherCode
from saleor.graphql.checkout.mutations import CheckoutAddPromoCode
from saleor.order.models import Order

from saleor_referral_plugin.engine.programs import retire_offers
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Claim
from saleor_referral_plugin.saleor.offers import LOCK
from tests.scenarios.saleor_shop import SaleorShop, global_id


@pytest.fixture
def running(shop: SaleorShop) -> SaleorShop:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    return shop


@pytest.fixture
def without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saleor's own functions, as they are once the package is gone."""
    monkeypatch.setattr(
        checkout_utils,
        "validate_voucher_for_checkout",
        checkout_utils.validate_voucher_for_checkout.__wrapped__,
    )
    original = CheckoutAddPromoCode.perform_mutation.__func__.__wrapped__
    monkeypatch.setattr(CheckoutAddPromoCode, "perform_mutation", classmethod(original))


def test_one_native_voucher_carries_the_offer_in_every_channel(running: SaleorShop) -> None:
    voucher = Voucher.objects.get()

    assert [code.code for code in voucher.codes.all()] == ["FRIEND"]
    assert voucher.min_checkout_items_quantity == LOCK
    assert {
        (listing.channel.slug, listing.discount_value) for listing in voucher.channel_listings.all()
    } == {("default", Decimal(10)), ("euro", Decimal(10))}


def test_the_shown_code_typed_by_hand_is_refused(running: SaleorShop) -> None:
    checkout = running.checkout(email="fay@example.com")

    answer = checkout.enter_code("FRIEND")

    assert (answer.accepted, answer.code) == (False, "code_invalid")
    assert checkout.shown_code is None
    assert not Claim.objects.exists()


def test_the_shown_code_is_refused_by_saleor_itself_once_the_package_is_gone(
    running: SaleorShop, without_the_package: None
) -> None:
    checkout = running.checkout(email="fay@example.com")

    answer = checkout.enter_code("FRIEND")

    assert (answer.accepted, answer.code) == (False, "voucher_not_applicable")
    assert checkout.shown_code is None


def test_a_claimed_discount_is_gone_at_the_next_change_once_the_package_is_gone(
    running: SaleorShop, request: pytest.FixtureRequest
) -> None:
    code = running.share(running.register("anna@example.com"))
    checkout = running.checkout(email="fay@example.com", lines=("60.00", "40.00"))
    assert checkout.enter_code(code).accepted

    request.getfixturevalue("without_the_package")
    checkout.remove_line(0)

    assert (checkout.shown_code, checkout.total) == (None, Decimal("40.0"))


def test_staff_cannot_put_the_voucher_on_a_draft_order(running: SaleorShop) -> None:
    # Saleor itself asks no condition of a voucher on a draft.
    variant = running._variant("100.00", running.channels["default"])

    answer = running.api(
        """mutation($input: DraftOrderCreateInput!) {
          draftOrderCreate(input: $input) { order { id } errors { field code } }
        }""",
        {
            "input": {
                "channelId": global_id("Channel", running.channels["default"].pk),
                "userEmail": "fay@example.com",
                "voucherCode": "FRIEND",
                "lines": [{"variantId": global_id("ProductVariant", variant.pk), "quantity": 1}],
            }
        },
        running.staff,
    )["draftOrderCreate"]

    assert answer["order"] is None
    assert answer["errors"] == [{"field": "voucher", "code": "INVALID_VOUCHER"}]
    assert not Order.objects.exists()


def test_a_lock_taken_off_by_hand_changes_nothing(running: SaleorShop) -> None:
    Voucher.objects.update(min_checkout_items_quantity=None)
    checkout = running.checkout(email="fay@example.com")

    answer = checkout.enter_code("FRIEND")

    assert (answer.accepted, answer.code) == (False, "code_invalid")
    assert checkout.shown_code is None


def test_a_shops_own_voucher_of_a_similar_name_works_as_before(running: SaleorShop) -> None:
    channel = running.channels["default"]
    voucher = Voucher.objects.create(name="Ours", discount_value_type="fixed")
    voucher.codes.create(code="FRIEND2024")
    voucher.channel_listings.create(channel=channel, currency="USD", discount_value=5)
    checkout = running.checkout(email="fay@example.com")

    answer = checkout.enter_code("FRIEND2024")

    assert answer.accepted
    assert (checkout.shown_code, checkout.discount) == ("FRIEND2024", Decimal("5.0"))


def test_the_shops_own_voucher_with_a_code_we_have_retired_works(running: SaleorShop) -> None:
    # given
    retire_offers(store=get_store())
    voucher = Voucher.objects.create(name="Ours", discount_value_type="fixed")
    voucher.codes.create(code="FRIEND")
    voucher.channel_listings.create(
        channel=running.channels["default"], currency="USD", discount_value=5
    )
    checkout = running.checkout(email="fay@example.com")

    # when
    answer = checkout.enter_code("FRIEND")

    # then
    assert answer.accepted
    assert (checkout.shown_code, checkout.discount) == ("FRIEND", Decimal("5.0"))

    # when
    running.configure(program_running=True)

    # then
    assert sorted(VoucherCode.objects.values_list("code", "voucher__name")) == [
        ("FRIEND", "Ours"),
        ("FRIEND2", "A friend's discount"),
    ]


def test_retired_offers_leave_no_voucher_behind(running: SaleorShop) -> None:
    retired = retire_offers(store=get_store())

    assert retired == 1
    assert not Voucher.objects.exists()
