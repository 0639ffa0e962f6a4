"""Saleor's own storefront, unchanged: the very documents of its promo-code box, read from a
checkout of it that lies beside those of Saleor, and its way to show what went wrong."""

import os
from pathlib import Path
from typing import Any

import pytest
from graphql.language.ast import FragmentDefinition, FragmentSpread, OperationDefinition
from graphql.language.printer import print_ast
from graphql.language.visitor import Visitor, visit

from graphql import parse, validate
from saleor_referral_plugin.graphql.host import built_schema
from tests.graphql.api import SaleorApi
from tests.scenarios import given
from tests.scenarios.saleor_shop import SaleorShop

SALEOR = Path(os.environ["SALEOR_CHECKOUT"])
STOREFRONT = SALEOR.with_name(f"{SALEOR.name}.storefront")
DOCUMENTS = STOREFRONT / "src" / "checkout" / "graphql"

pytestmark = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason=f"There is no storefront in {STOREFRONT}."
)


@pytest.fixture(autouse=True)
def as_in_production(settings: Any) -> None:
    """What Saleor's own tests forbid, Saleor 3.23 does itself for `problems` of a checkout, which
    the storefront asks for: it reads the site's settings from the writing database."""
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "restrict_writer" not in each]


class Spreads(Visitor):
    """The names of the fragments that are used."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def enter_FragmentSpread(self, node: FragmentSpread, *_: Any) -> None:
        self.names.add(node.name.value)


def used_in(definition: Any) -> set[str]:
    spreads = Spreads()
    visit(definition, spreads)
    return spreads.names


def document(name: str) -> str:
    """An operation of the storefront's, with the fragments that it needs."""
    sources = (path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.graphql")))
    definitions = [each for source in sources for each in parse(source).definitions]
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinition)}
    operations = {d.name.value: d for d in definitions if isinstance(d, OperationDefinition)}
    taken: dict[str, Any] = {}
    wanted = used_in(operations[name])
    while wanted:
        fragment = wanted.pop()
        taken[fragment] = fragments[fragment]
        wanted |= used_in(fragments[fragment]) - set(taken)
    said = "\n".join(print_ast(each) for each in (operations[name], *taken.values()))
    if problems := validate(built_schema(), parse(said)):
        pytest.skip(f"This storefront is for another Saleor: {problems[0].message}")
    return said


class Box:
    """The box on the checkout's page, as the storefront's code works it."""

    def __init__(self, checkout_id: str) -> None:
        self.checkout_id = checkout_id

    def enter(self, code: str) -> dict[str, Any]:
        """What is shown then: the checkout, or the one message."""
        return self._ask("checkoutAddPromoCode", code.strip())

    def remove(self, code: str) -> dict[str, Any]:
        return self._ask("checkoutRemovePromoCode", code)

    def _ask(self, name: str, code: str) -> dict[str, Any]:
        variables = {
            "checkoutId": self.checkout_id,
            "promoCode": code,
            "languageCode": "EN_US",
        }
        answer = SaleorApi().ask(document(name), variables)
        if "errors" in answer:
            return {"message": "; ".join(error["message"] for error in answer["errors"])}
        done = answer["data"][name]
        if done["errors"]:
            # The first error's message, word for word; its code and the others are dropped.
            return {"message": done["errors"][0]["message"]}
        shown = done["checkout"]
        return {
            "chip": shown["voucherCode"],
            "name": shown["translatedDiscountName"] or shown["discountName"],
            "discount": shown["discount"] and shown["discount"]["amount"],
            "total": shown["totalPrice"]["gross"]["amount"],
        }


def test_a_referral_code_is_typed_and_taken_off_by_its_chip(shop: SaleorShop) -> None:
    # given
    given.program(shop)
    code = shop.share(shop.register("anna@example.com"))
    box = Box(shop.checkout(email="ben@example.com").id)

    # when
    entered = box.enter(f"  {code.lower()} ")
    removed = box.remove(entered["chip"])

    # then
    assert entered == {
        "chip": "FRIEND",
        "name": "A friend's discount",
        "discount": 10.0,
        "total": 90.0,
    }
    assert (removed["chip"], removed["total"]) == (None, 100.0)


def test_what_it_shows_of_a_refusal_says_why(shop: SaleorShop) -> None:
    # given
    given.program(shop, minimum_order="50 USD")
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    own, small = (
        shop.checkout(customer=anna),
        shop.checkout(lines=("45.90",), email="ben@x.example"),
    )

    # when
    shown = [Box(own.id).enter(code), Box(small.id).enter(code), Box(small.id).enter("NOPE")]

    # then
    assert shown == [
        {"message": "You cannot use your own referral code."},
        {"message": "Add $4.10 more to use this referral code (minimum $50.00)."},
        {"message": "Promo code is invalid"},
    ]
    assert (own.shown_code, small.shown_code) == (None, None)
