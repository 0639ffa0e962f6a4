"""A credit that its owner need not ask for: it is on their checkouts, and can be taken off."""

from decimal import Decimal

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import CreditUse, RewardRule, Terms
from tests.scenarios import given
from tests.scenarios.shop import Customer, Shop


def giving(use: CreditUse) -> Terms:
    """10 USD for each friend, at once."""
    ordinary = presets.refer_a_friend(hold_days=0)
    rewards = tuple(_used(rule, use) for rule in ordinary.rewards)
    return ordinary.but(rewards=rewards)


def _used(rule: RewardRule, use: CreditUse) -> RewardRule:
    return rule.but(use=use)


def credited(shop: Shop, use: CreditUse) -> Customer:
    shop.run_program(giving(use))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna) == 10
    return anna


def total_of(shop: Shop, customer: Customer | None = None, *, channel: str = "default") -> Decimal:
    email = None if customer else "carl@example.com"
    return shop.checkout(customer=customer, email=email, channel=channel).total


def test_it_is_on_every_new_checkout_of_its_owner_and_of_nobody_else(shop: Shop) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    nobody = total_of(shop)

    # then
    assert total_of(shop, anna) == nobody - 10
    assert total_of(shop, shop.register("carl@example.com")) == nobody
    assert total_of(shop, anna, channel="euro") == total_of(shop, channel="euro")


def test_it_waits_to_be_asked_for_where_the_terms_say_so(shop: Shop) -> None:
    # given
    anna = credited(shop, CreditUse.ON_REQUEST)

    # then
    assert total_of(shop, anna) == total_of(shop)


def test_it_comes_with_whoever_logs_in(shop: Shop) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    checkout = shop.checkout(email="anna@example.com")
    before = checkout.total

    # when
    checkout.log_in(anna)

    # then
    assert checkout.total == before - 10


def test_it_can_be_taken_off_and_stays_off(shop: Shop) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)
    checkout = shop.checkout(customer=anna)
    [card] = shop.gift_cards(anna)

    # when
    assert checkout.remove_code(card.code).accepted
    checkout.set_email("anna@example.com")

    # then
    assert checkout.total == total_of(shop)


def test_it_pays_the_order_and_is_spent(shop: Shop) -> None:
    # given
    anna = credited(shop, CreditUse.BY_ITSELF)

    # when
    checkout = shop.checkout(customer=anna)
    assert checkout.complete().accepted
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna) == 0
    shop.verify_books()
