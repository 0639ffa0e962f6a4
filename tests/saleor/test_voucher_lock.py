"""The voucher of a version of the terms is worth nothing without a claim."""

from decimal import Decimal
from typing import Any

import pytest
from saleor.channel.models import Channel
from saleor.checkout import utils as checkout_utils
from saleor.discount.models import Voucher
from saleor.graphql.checkout.mutations import CheckoutAddPromoCode

from saleor_referral_plugin.engine.programs import retire_offers
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Claim, Referral
from saleor_referral_plugin.saleor.offers import LOCK
from tests.scenarios.saleor_shop import ADDRESS, SaleorShop, global_id


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


def complete_draft(shop: SaleorShop) -> dict[str, Any]:
    variant = shop._variant("100.00", shop.channels["default"])
    draft = shop.api.mutate(
        "draftOrderCreate",
        """mutation($input: DraftOrderCreateInput!) {
          draftOrderCreate(input: $input) { order { id } errors { field message } }
        }""",
        {
            "input": {
                "channelId": global_id("Channel", shop.channels["default"].pk),
                "userEmail": "fay@example.com",
                "voucherCode": "FRIEND",
                "billingAddress": ADDRESS,
                "lines": [{"variantId": global_id("ProductVariant", variant.pk), "quantity": 1}],
            }
        },
        shop.staff,
    )
    completed: dict[str, Any] = shop.api(
        """mutation($id: ID!) { draftOrderComplete(id: $id) {
          order { id } errors { field code message }
        } }""",
        {"id": draft["order"]["id"]},
        shop.staff,
    )["draftOrderComplete"]
    return completed


def test_a_draft_order_is_refused_where_saleor_checks_vouchers_on_drafts(
    running: SaleorShop,
) -> None:
    Channel.objects.update(include_draft_order_in_voucher_usage=True)

    completed = complete_draft(running)

    assert completed["order"] is None
    assert [error["code"] for error in completed["errors"]] == ["INVALID_VOUCHER"]


def test_a_draft_order_that_staff_discount_by_hand_is_nobodys_referral(
    running: SaleorShop,
) -> None:
    # Saleor asks no condition of a voucher that staff put on a draft; they may give any
    # discount there.
    completed = complete_draft(running)

    assert completed["errors"] == []
    assert not Referral.objects.exists()


def test_a_shops_own_voucher_of_a_similar_name_works_as_before(running: SaleorShop) -> None:
    channel = running.channels["default"]
    voucher = Voucher.objects.create(name="Ours", discount_value_type="fixed")
    voucher.codes.create(code="FRIEND2024")
    voucher.channel_listings.create(channel=channel, currency="USD", discount_value=5)
    checkout = running.checkout(email="fay@example.com")

    answer = checkout.enter_code("FRIEND2024")

    assert answer.accepted
    assert (checkout.shown_code, checkout.discount) == ("FRIEND2024", Decimal("5.0"))


def test_retired_offers_leave_no_voucher_behind(running: SaleorShop) -> None:
    retired = retire_offers(store=get_store())

    assert retired == 1
    assert not Voucher.objects.exists()
