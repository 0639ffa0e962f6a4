"""A referral code is never the same as a voucher or gift card code, made before or later."""

import pytest
from saleor.discount.models import Voucher, VoucherCode
from saleor.giftcard.models import GiftCard

from saleor_referral_plugin.engine import codes
from saleor_referral_plugin.engine.programs import retire_offers
from saleor_referral_plugin.engine.store import get_store
from tests.scenarios.saleor_shop import SaleorShop


def share(shop: SaleorShop) -> str:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    return shop.share(shop.register("anna@example.com"))


def voucher_errors(shop: SaleorShop, code: str) -> list[str]:
    """Staff makes a voucher; why they could not."""
    answer = shop.api(
        """mutation($input: VoucherInput!) { voucherCreate(input: $input) {
          errors { code }
        } }""",
        {"input": {"addCodes": [code], "name": "Clash", "discountValueType": "FIXED"}},
        shop.staff,
    )["voucherCreate"]
    return [error["code"] for error in answer["errors"]]


def test_staff_cannot_make_a_voucher_with_a_referral_code(shop: SaleorShop) -> None:
    code = share(shop)

    errors = voucher_errors(shop, code.lower())

    assert errors == ["ALREADY_EXISTS"]
    assert Voucher.objects.count() == 1


@pytest.mark.parametrize("is_deleted", [False, True])
def test_staff_cannot_make_a_voucher_with_the_code_of_an_offer(
    shop: SaleorShop, is_deleted: bool
) -> None:
    # given: the offer's own voucher may have been deleted by hand
    share(shop)
    if is_deleted:
        Voucher.objects.all().delete()
    before = Voucher.objects.count()

    # when
    errors = voucher_errors(shop, "FRIEND")

    # then
    assert errors == ["ALREADY_EXISTS"]
    assert Voucher.objects.count() == before


def test_staff_may_use_the_code_of_an_offer_that_is_retired(shop: SaleorShop) -> None:
    # given
    share(shop)
    retire_offers(store=get_store())

    # when
    errors = voucher_errors(shop, "FRIEND")

    # then
    assert errors == []
    assert VoucherCode.objects.get().code == "FRIEND"


def test_staff_cannot_make_a_gift_card_with_a_referral_code(shop: SaleorShop) -> None:
    code = share(shop)

    answer = shop.api(
        """mutation($input: GiftCardCreateInput!) { giftCardCreate(input: $input) {
          giftCard { id } errors { field code }
        } }""",
        {"input": {"code": code, "balance": {"amount": 5, "currency": "USD"}, "isActive": True}},
        shop.staff,
    )["giftCardCreate"]

    assert answer["giftCard"] is None
    assert not GiftCard.objects.exists()


def test_a_code_that_saleor_has_is_not_drawn(shop: SaleorShop, monkeypatch) -> None:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    voucher = Voucher.objects.create(name="Ours")
    voucher.codes.create(code="abcde-23456")
    drawn = iter(["ABCDE23456", "ABCDE23457"])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))

    assert shop.share(shop.register("anna@example.com")) == "ABCDE-23457"
