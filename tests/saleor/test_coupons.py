"""A coupon is a voucher of Saleor's that needs nobody of ours to be worth something."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from saleor.checkout import utils as checkout_utils
from saleor.checkout.models import Checkout
from saleor.discount.models import Voucher, VoucherCode
from saleor.graphql.checkout.mutations import CheckoutAddPromoCode
from saleor.order.models import Order
from saleor.order.tasks import expire_orders_task
from saleor.plugins.manager import PluginsManager

from saleor_referral_plugin.engine import coupons
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import (
    Beneficiary,
    Coupon,
    RewardKind,
    RewardRule,
    Span,
    Terms,
)
from saleor_referral_plugin.models import Reward
from tests.engine.build import amounts, percent
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop, global_id
from tests.scenarios.shop import Customer, Payments


def anna_with_a_coupon(
    shop: SaleorShop, coupon: Coupon | None = None, **rule: Any
) -> tuple[Customer, str]:
    gives = coupon or Coupon(discount=percent(20))
    reward = RewardRule(kind=RewardKind.COUPON, coupon=gives, valid=Span(days=30)).but(**rule)
    shop.run_program(Terms(discount=percent(10), rewards=(reward,)))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    return anna, shop.coupons(anna)[0].code if shop.coupons(anna) else ""


def voucher_of(code: str) -> Voucher:
    return Voucher.objects.get(codes__code=code)


def test_it_is_a_voucher_for_one_order_listed_where_it_is_good(shop: SaleorShop) -> None:
    # given
    coupon = Coupon(discount=amounts(USD=15, GBP=12), minimum={"USD": 50, "GBP": 40, "EUR": 45})

    # when
    shop.open_channel("pound", "GBP")
    _, code = anna_with_a_coupon(shop, coupon)

    # then
    voucher = voucher_of(code)
    reward = Reward.objects.get()
    assert (voucher.type, voucher.discount_value_type) == ("entire_order", "fixed")
    assert (voucher.usage_limit, voucher.single_use) == (1, False)
    assert (voucher.min_checkout_items_quantity, voucher.end_date) == (None, reward.expires_at)
    assert voucher.private_metadata == {"referral.coupon": f"reward-{reward.pk}-0"}
    listings = voucher.channel_listings.values_list(
        "channel__slug", "currency", "discount_value", "min_spent_amount"
    )
    assert sorted(listings) == [
        ("default", "USD", Decimal(15), Decimal(50)),
        ("pound", "GBP", Decimal(12), Decimal(40)),
    ]


def test_issued_again_it_is_the_same_voucher(shop: SaleorShop) -> None:
    # given
    _, code = anna_with_a_coupon(shop, hold=Span(days=1))
    assert code == ""
    store, asked = get_store(), []
    issue = store.issue_coupon
    store.issue_coupon = lambda request: asked.append(request) or issue(request)  # type: ignore[assignment]

    # when
    try:
        shop.travel(days=2)
    finally:
        del store.issue_coupon
    [request] = asked

    # then
    assert store.issue_coupon(request) == Reward.objects.get().credit_ref
    assert Voucher.objects.filter(private_metadata__has_key="referral.coupon").count() == 1


def test_without_the_package_it_works_for_whoever_has_its_code(
    shop: SaleorShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: Saleor's own functions, as they are once the package is gone, and no hook of ours
    _, code = anna_with_a_coupon(shop)
    shop.switch_plugin(False)
    for owner, name in (
        (checkout_utils, "validate_voucher_for_checkout"),
        (PluginsManager, "preprocess_order_creation"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name).__wrapped__)
    add = CheckoutAddPromoCode.perform_mutation.__func__.__wrapped__
    monkeypatch.setattr(CheckoutAddPromoCode, "perform_mutation", classmethod(add))
    checkout = shop.checkout(email="carl@example.com")

    # when
    assert checkout.enter_code(code).accepted
    assert checkout.complete().accepted

    # then
    assert checkout.placed.total == 80
    assert VoucherCode.objects.get(code=code).used == 1


def test_while_the_books_cannot_be_read_it_is_refused_and_stays(
    shop: SaleorShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    checkout = shop.checkout(customer=anna)

    def fail(_: object) -> None:
        raise OperationalError("gone")

    # when
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(coupons, "of_ref", fail)
        answer = checkout.enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "voucher_not_applicable")
    assert checkout.enter_code(code).accepted
    assert checkout.total == 80


def test_uninstalling_leaves_it_standing(shop: SaleorShop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    said = StringIO()

    # when
    call_command("referral_uninstall", stdout=said)

    # then
    assert said.getvalue().startswith("Removed 1 vouchers,")
    assert Voucher.objects.get() == voucher_of(code)
    checkout = shop.checkout(customer=anna)
    assert checkout.enter_code(code).accepted
    assert checkout.total == 80


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_completion_refuses_it_to_somebody_who_took_the_checkout_over(
    shop: SaleorShop, payments: Payments
) -> None:
    # given: with the plugin inactive, no hook hears of the new address
    anna, code = anna_with_a_coupon(shop)
    checkout = shop.checkout(email=anna.email, payments=payments)
    assert checkout.enter_code(code).accepted
    shop.switch_plugin(False)
    Checkout.objects.update(email="carl@example.com")

    # when
    answer = checkout.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "not_your_coupon")
    assert checkout.shown_code is None
    assert Order.objects.count() == 1
    kept = VoucherCode.objects.get(code=code)
    assert (kept.used, kept.is_active) == (0, True)
    assert not Checkout.objects.get().is_voucher_usage_increased
    assert checkout.complete().accepted
    assert checkout.placed.total == 100


@pytest.mark.parametrize("payments", ["transactions", "legacy"])
def test_saleor_counts_its_use_and_lets_go_of_it_when_the_order_is_cancelled(
    shop: SaleorShop, payments: Payments
) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    checkout = shop.checkout(customer=anna, payments=payments)
    assert checkout.enter_code(code).accepted
    assert checkout.complete().accepted
    used = VoucherCode.objects.get(code=code).used

    # when
    checkout.placed.cancel()
    shop.run_periodic_tasks()

    # then
    assert (used, VoucherCode.objects.get(code=code).used) == (1, 0)
    assert shop.balance(anna, "COUPON") == 1
    shop.verify_books()


def test_an_order_that_expires_gives_it_back(shop: SaleorShop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    checkout = shop.checkout(customer=anna)
    assert checkout.enter_code(code).accepted
    assert checkout.complete().accepted
    shop.run_periodic_tasks()
    assert shop.balance(anna, "COUPON") == 0

    # when: Saleor expires orders that were never confirmed
    channel = shop.channels["default"]
    channel.expire_orders_after = 1
    channel.save()
    ordered = Order.objects.filter(pk=checkout.placed.ref)
    ordered.update(status="unconfirmed", created_at=timezone.now() - timezone.timedelta(hours=1))
    expire_orders_task()
    shop.run_periodic_tasks()

    # then
    assert ordered.get().status == "expired"
    assert shop.balance(anna, "COUPON") == 1
    shop.verify_books()


def test_one_that_is_being_paid_for_is_not_given_back(shop: SaleorShop) -> None:
    # given: one order with it cancelled, another checkout just about to become an order
    anna, code = anna_with_a_coupon(shop)
    first = shop.checkout(customer=anna)
    assert first.enter_code(code).accepted
    assert first.complete().accepted
    first.placed.cancel()
    shop.run_periodic_tasks()
    second = shop.checkout(customer=anna)
    assert second.enter_code(code).accepted
    VoucherCode.objects.filter(code=code).update(used=1)
    Checkout.objects.filter(voucher_code=code).update(is_voucher_usage_increased=True)

    # when
    get_store().give_back_coupon(Reward.objects.get().credit_ref or "")

    # then
    assert VoucherCode.objects.get(code=code).used == 1


def test_a_guest_hears_of_it_by_the_shops_own_messages(
    shop: SaleorShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    heard: list[tuple[str, dict[str, Any], str | None]] = []
    monkeypatch.setattr(
        PluginsManager,
        "notify",
        lambda self, event, payload_func, channel_slug=None, plugin_id=None: heard.append(
            (event, payload_func(), channel_slug)
        ),
    )

    # when
    anna_with_a_coupon(shop, to=Beneficiary.REFEREE)

    # then
    [coupon] = shop.coupons_of_guest("ben@example.com")
    [(body, channel)] = [(b, c) for event, b, c in heard if event == "referral_coupon_issued"]
    assert (body["recipient_email"], body["code"], channel) == (
        "ben@example.com",
        coupon.code,
        "default",
    )


def test_staff_cannot_make_a_voucher_with_its_code_written_otherwise(shop: SaleorShop) -> None:
    # given
    _, code = anna_with_a_coupon(shop)

    # when
    answer = shop.api(
        "mutation($input: VoucherInput!) { voucherCreate(input: $input) { errors { code } } }",
        {
            "input": {
                "addCodes": [code.replace("-", "").lower()],
                "name": "Clash",
                "discountValueType": "FIXED",
            }
        },
        shop.staff,
    )["voucherCreate"]

    # then
    assert answer["errors"] == [{"code": "ALREADY_EXISTS"}]
    assert VoucherCode.objects.filter(code__istartswith=code[:5]).count() == 1


def test_one_that_staff_deleted_is_worth_nothing(shop: SaleorShop) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)

    # when
    row = VoucherCode.objects.get(code=code)
    shop.api.mutate(
        "voucherCodeBulkDelete",
        """mutation($ids: [ID!]!) {
          voucherCodeBulkDelete(ids: $ids) { errors { path message } }
        }""",
        {"ids": [global_id("VoucherCode", row.pk)]},
        shop.staff,
    )

    # then
    assert not shop.checkout(customer=anna).enter_code(code).accepted
    assert shop.balance(anna, "COUPON") == 0


def test_it_does_not_go_on_a_draft_order_where_saleor_would_not_count_it(
    shop: SaleorShop,
) -> None:
    # given
    anna, code = anna_with_a_coupon(shop)
    channel = shop.channels["default"]
    variant = shop._variant("100.00", channel)
    before = Order.objects.count()

    # when
    answer = shop.api(
        """mutation($input: DraftOrderCreateInput!) { draftOrderCreate(input: $input) {
          errors { field message code }
        } }""",
        {
            "input": {
                "channelId": global_id("Channel", channel.pk),
                "userEmail": anna.email,
                "lines": [{"variantId": global_id("ProductVariant", variant.pk), "quantity": 1}],
                "voucherCode": code,
            }
        },
        shop.staff,
    )["draftOrderCreate"]

    # then
    assert answer["errors"] == [
        {
            "field": "voucher",
            "message": "This voucher is a customer's coupon: they use it at checkout.",
            "code": "INVALID_VOUCHER",
        }
    ]
    assert Order.objects.count() == before
    assert shop.balance(anna, "COUPON") == 1
