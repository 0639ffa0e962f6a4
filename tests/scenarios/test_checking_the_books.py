"""The shop's people check the books, and have them put right."""

from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command

from saleor_referral_plugin.engine import sweep as sweeping
from tests.scenarios import given
from tests.scenarios.shop import Customer, Order, Shop


def lost_order(shop: Shop) -> tuple[Customer, Order]:
    """A friend's order, paid, that nobody has told the books of."""
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    with shop.losing_hooks():
        order = given.friends_order(shop, shop.share(anna))
        order.pay()
    return anna, order


def verified(*arguments: str) -> tuple[list[str], list[str]]:
    """The lines that the command says, and those it says as errors. No sweep sees the order."""
    said, wrong = StringIO(), StringIO()
    with patch.object(sweeping, "read_on", return_value=[]):
        try:
            call_command("referral_verify", *arguments, stdout=said, stderr=wrong, no_color=True)
        except CommandError as error:
            wrong.write(f"CommandError: {error}\n")
    return said.getvalue().splitlines(), wrong.getvalue().splitlines()


def test_an_order_that_nobody_settled_is_said_and_nothing_is_changed(shop: Shop) -> None:
    # given
    anna, order = lost_order(shop)

    # when
    said, wrong = verified()

    # then
    assert said == []
    assert wrong == [
        f"Order {order.ref}: was never settled",
        "CommandError: 1 differences found.",
    ]
    assert shop.referral(order) is None
    assert shop.balance(anna) == 0


def test_it_is_settled_and_credited_when_asked_for(shop: Shop) -> None:
    # given
    anna, order = lost_order(shop)

    # when
    said, wrong = verified("--repair")

    # then
    assert said == [
        "1 differences found. Checking once more.",
        "1 repaired, 0 left.",
        "The books agree.",
    ]
    assert wrong == [f"Order {order.ref}: was never settled"]
    assert shop.balance(anna) == 10
    assert verified() == (["The books agree."], [])
