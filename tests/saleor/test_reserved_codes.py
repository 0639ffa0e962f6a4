"""A referral code is never the same as a voucher or gift card code, made before or later."""

from saleor.discount.models import Voucher
from saleor.giftcard.models import GiftCard

from saleor_referral_plugin.engine import codes
from tests.scenarios.saleor_shop import SaleorShop


def share(shop: SaleorShop) -> str:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    return shop.share(shop.register("anna@example.com"))


def test_staff_cannot_make_a_voucher_with_a_referral_code(shop: SaleorShop) -> None:
    code = share(shop)

    answer = shop.api(
        """mutation($input: VoucherInput!) { voucherCreate(input: $input) {
          voucher { id } errors { field code }
        } }""",
        {"input": {"addCodes": [code.lower()], "name": "Clash", "discountValueType": "FIXED"}},
        shop.staff,
    )["voucherCreate"]

    assert answer["voucher"] is None
    assert [error["code"] for error in answer["errors"]] == ["ALREADY_EXISTS"]
    assert Voucher.objects.count() == 1


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
