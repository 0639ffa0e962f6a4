"""What Saleor's voucher lists, so that it is about the goods of the terms and no others."""

from decimal import Decimal
from unittest import mock

import pytest
from saleor.discount.models import Voucher
from saleor.product.models import Category, Product

from saleor_referral_plugin.engine.store import GoodsError
from saleor_referral_plugin.engine.terms import Goods, Offer, Terms
from saleor_referral_plugin.models import Program
from saleor_referral_plugin.saleor import goods
from tests.scenarios.saleor_shop import SaleorShop


def about(some: Goods) -> Terms:
    return Terms(goods=some, discount=Offer(percent=Decimal(10)))


def lists() -> dict[str, set[str]]:
    voucher = Voucher.objects.get()
    assert voucher.type == "specific_product"
    return {
        name: set(getattr(voucher, name).values_list("slug", flat=True))
        for name in ("products", "collections", "categories")
    }


@pytest.fixture
def catalogue(shop: SaleorShop) -> SaleorShop:
    shop.sell("shirt", category="clothes", collections=("new",))
    shop.sell("sock", category="clothes", collections=("sale",))
    shop.sell("mug", category="kitchen", collections=("new", "gifts"))
    return shop


@pytest.mark.parametrize(
    ("some", "products", "collections", "categories"),
    [
        (
            Goods(products=("mug",), collections=("new",), categories=("clothes",)),
            {"mug"},
            {"new"},
            {"clothes"},
        ),
        # A category that holds an exception is given up, and the rest of it listed.
        (Goods(except_products=("sock",)), {"shirt"}, set(), {"kitchen", "things"}),
        (Goods(except_categories=("clothes",)), set(), set(), {"kitchen", "things"}),
        (Goods(categories=("clothes",), except_collections=("sale",)), {"shirt"}, set(), set()),
        (Goods(collections=("new", "sale"), except_products=("mug",)), {"shirt"}, {"sale"}, set()),
        (Goods(collections=("sale",), except_categories=("kitchen",)), set(), {"sale"}, set()),
    ],
)
def test_exceptions_are_turned_into_what_is_not_excepted(
    catalogue: SaleorShop,
    some: Goods,
    products: set[str],
    collections: set[str],
    categories: set[str],
) -> None:
    # when
    catalogue.run_program(about(some))

    # then
    assert lists() == {
        "products": products,
        "collections": collections,
        "categories": categories,
    }


def test_a_product_that_is_new_in_a_category_with_an_exception_is_listed_by_the_sweep(
    catalogue: SaleorShop,
) -> None:
    # given
    catalogue.run_program(about(Goods(except_products=("sock",))))
    assert lists()["products"] == {"shirt"}

    # when
    catalogue.sell("hat", category="clothes")
    catalogue.run_periodic_tasks()

    # then
    assert lists()["products"] == {"shirt", "hat"}


def test_a_renamed_category_stays_the_programs(catalogue: SaleorShop) -> None:
    # given
    catalogue.run_program(about(Goods(categories=("clothes",))))
    code = catalogue.share(catalogue.register("anna@example.com"))

    # when
    Category.objects.filter(slug="clothes").update(slug="apparel")
    catalogue.run_periodic_tasks()
    checkout = catalogue.checkout(lines=("shirt 40.00",), email="ben@example.com")

    # then
    assert checkout.enter_code(code).accepted
    assert checkout.discount == 4
    assert lists()["categories"] == {"apparel"}


def test_a_category_below_is_not_the_one_above(catalogue: SaleorShop) -> None:
    # given: as in Saleor's own vouchers
    catalogue.run_program(about(Goods(categories=("clothes",))))
    code = catalogue.share(catalogue.register("anna@example.com"))
    below = Category.objects.create(
        slug="hats", name="hats", parent=Category.objects.get(slug="clothes")
    )
    catalogue.sell("hat", category=below.slug)

    # when
    answer = catalogue.checkout(lines=("hat 40.00",), email="ben@example.com").enter_code(code)

    # then
    assert (answer.accepted, answer.code) == (False, "no_such_goods")


def test_goods_that_are_all_gone_discount_nothing(catalogue: SaleorShop) -> None:
    # given: Saleor takes a voucher that lists nothing for one on everything
    catalogue.run_program(about(Goods(products=("mug",))))
    code = catalogue.share(catalogue.register("anna@example.com"))
    Product.objects.get(slug="mug").delete()
    catalogue.run_periodic_tasks()

    # when
    answer = catalogue.checkout(lines=("shirt 40.00",), email="ben@example.com").enter_code(code)

    # then
    assert lists()["products"] == set()
    assert (answer.accepted, answer.code) == (False, "no_such_goods")


def test_too_many_products_beside_an_exception_cannot_be_saved(catalogue: SaleorShop) -> None:
    # when
    with (
        mock.patch.object(goods, "LISTED_AT_MOST", 0),
        pytest.raises(GoodsError, match="Except whole categories") as refused,
    ):
        catalogue.run_program(about(Goods(except_products=("sock",))))

    # then
    assert refused.value.code == "too_many_goods"
    assert not Program.objects.exists()
    assert not Voucher.objects.exists()
