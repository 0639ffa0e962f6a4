"""What most stories begin with."""

from collections.abc import Sequence

from tests.scenarios.shop import Customer, Order, Payments, Shop

#: A program as its owner fills in the page: what a friend saves, what the referrer gets.
PROGRAM: dict[str, str | bool] = {
    "referee_discount": "10%",
    "referrer_credit": "10 USD, 9 EUR",
    "program_running": True,
}


def program(shop: Shop, **changes: str | bool) -> None:
    """10% off for new customers, 10 USD or 9 EUR for the referrer 14 days after payment."""
    shop.configure(**PROGRAM | changes)


def friends_order(
    shop: Shop,
    code: str,
    *,
    email: str = "ben@example.com",
    customer: Customer | None = None,
    lines: Sequence[str] = ("100.00",),
    channel: str = "default",
    payments: Payments = "transactions",
) -> Order:
    """An order placed with a referral code and not paid yet."""
    checkout = shop.checkout(
        lines=lines, email=email, customer=customer, channel=channel, payments=payments
    )
    accepted = checkout.enter_code(code)
    assert accepted.accepted, accepted
    placed = checkout.complete()
    assert placed.accepted, placed
    return checkout.placed


def order_without_code(shop: Shop, email: str, *, customer: Customer | None = None) -> Order:
    """An ordinary order."""
    checkout = shop.checkout(email=email, customer=customer)
    placed = checkout.complete()
    assert placed.accepted, placed
    return checkout.placed
