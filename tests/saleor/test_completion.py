"""An order that should not have the discount is never made with it."""

from decimal import Decimal

import pytest
from saleor.checkout.models import Checkout
from saleor.discount.models import VoucherCode, VoucherCustomer
from saleor.order.models import Order

from saleor_referral_plugin.models import Claim, Referral
from tests.scenarios.saleor_shop import SaleorShop
from tests.scenarios.shop import Payments


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_completion_is_refused_and_leaves_saleor_as_if_we_had_not_been_there(
    shop: SaleorShop, payments: Payments
) -> None:
    # given a claim, and a first order of the same friend placed elsewhere since
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="fay@example.com", payments=payments)
    assert checkout.enter_code(code).accepted
    shop.past_order("Fay@Example.com")

    # when
    answer = checkout.complete()

    # then the shopper reads why, and sees the full price
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert answer.message == "This referral code is for new customers only."
    assert (checkout.shown_code, checkout.total) == (None, Decimal("100.0"))
    # and nothing was made or used
    assert Order.objects.count() == 1
    assert not Referral.objects.exists()
    assert list(VoucherCode.objects.values_list("used", "is_active")) == [(0, True)]
    assert not VoucherCustomer.objects.exists()
    assert not Checkout.objects.get().is_voucher_usage_increased
    assert Claim.objects.get().status == Claim.Status.REFUSED
    # and the checkout completes at the full price
    assert checkout.complete().accepted
    assert checkout.placed.total == Decimal("100.00")


def test_completion_is_judged_while_the_plugin_is_inactive_too(shop: SaleorShop) -> None:
    shop.configure(referee_discount="10%", referrer_credit="10 USD, 9 EUR", program_running=True)
    code = shop.share(shop.register("anna@example.com"))
    checkout = shop.checkout(email="fay@example.com")
    assert checkout.enter_code(code).accepted
    shop.switch_plugin(False)
    shop.past_order("fay@example.com")

    answer = checkout.complete()

    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert Order.objects.count() == 1
