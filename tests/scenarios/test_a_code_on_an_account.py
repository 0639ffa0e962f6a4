"""A customer claims a code before there is any checkout; it goes on the next ones by itself."""

import pytest

from saleor_referral_plugin.engine.presets import refer_a_friend
from saleor_referral_plugin.engine.terms import Span, Terms, Touch
from tests.scenarios import given, then
from tests.scenarios.shop import Shop


def terms(**changes: object) -> Terms:
    """10 % off and 10 USD without a hold."""
    ordinary = refer_a_friend()
    rewards = tuple(rule.but(hold=Span()) for rule in ordinary.rewards)
    return ordinary.but(rewards=rewards, **changes)


def test_it_is_on_the_next_checkout_until_there_is_an_order(shop: Shop) -> None:
    # given
    shop.run_program(terms(new_customers_only=False))
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    assert shop.claim_on_account(ben, shop.share(anna)).accepted
    shop.travel(days=30)

    # when
    abandoned, bought = shop.checkout(customer=ben), shop.checkout(customer=ben)
    discounts = [abandoned.discount, bought.discount]
    assert bought.complete().accepted
    bought.placed.pay()
    shop.run_periodic_tasks()

    # then
    assert discounts == [10, 10]
    assert bought.placed.total == 90
    assert shop.balance(anna) == 10
    assert shop.checkout(customer=ben).shown_code is None
    then.nothing_more(shop, bought.placed)


def test_nobody_elses_checkout_has_it_and_one_it_was_taken_off_neither(shop: Shop) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    code = shop.share(anna)
    assert shop.claim_on_account(ben, code).accepted

    # when
    other = shop.checkout(email="carl@example.com")
    his = shop.checkout(customer=ben)
    assert his.shown_code
    assert his.remove_code(code).accepted
    his.set_email("b.en@example.com")

    # then
    assert (other.shown_code, his.shown_code) == (None, None)
    assert shop.checkout(customer=ben).shown_code


def test_a_guest_who_logs_in_finds_what_was_claimed_on_the_account(shop: Shop) -> None:
    # given
    shop.run_program(terms())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    assert shop.claim_on_account(ben, shop.share(anna)).accepted
    checkout = shop.checkout(email="ben@example.com")
    assert checkout.shown_code is None

    # when
    checkout.log_in(ben)

    # then
    assert checkout.discount == 10


def test_a_cart_that_was_too_small_gets_it_once_it_is_not(shop: Shop) -> None:
    # given
    shop.run_program(terms(minimum={"USD": "50"}))
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    assert shop.claim_on_account(ben, shop.share(anna)).accepted
    checkout = shop.checkout(customer=ben, lines=("30.00",))
    assert checkout.shown_code is None

    # when
    checkout.add_line("30.00")

    # then
    assert (checkout.discount, checkout.total) == (6, 54)


def test_the_time_runs_from_the_claim_on_the_account(shop: Shop) -> None:
    # given
    shop.run_program(terms(claim_valid=Span(days=7)))
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")
    assert shop.claim_on_account(ben, shop.share(anna)).accepted
    shop.travel(days=5)
    checkout = shop.checkout(customer=ben)
    assert checkout.discount == 10

    # when
    shop.travel(days=3)
    answer = checkout.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "claim_expired")
    assert (checkout.shown_code, shop.checkout(customer=ben).shown_code) == (None, None)


@pytest.mark.parametrize(
    ("touch", "accepted", "counts"),
    [(Touch.FIRST, False, "anna"), (Touch.LAST, True, "cleo")],
)
def test_a_code_that_is_entered_later_counts_as_the_terms_say(
    shop: Shop, touch: Touch, accepted: bool, counts: str
) -> None:
    # given
    shop.run_program(terms(touch=touch))
    people = {name: shop.register(f"{name}@example.com") for name in ("anna", "cleo")}
    ben, carl = shop.register("ben@example.com"), shop.register("carl@example.com")
    annas, cleos = (shop.share(person) for person in people.values())
    for customer in (ben, carl):
        assert shop.claim_on_account(customer, annas).accepted

    # when
    typed = shop.checkout(customer=ben)
    answer = typed.enter_code(cleos)
    brought = shop.checkout(customer=carl, metadata={"referral_code": cleos})
    for checkout in (typed, brought):
        assert checkout.complete().accepted
        checkout.placed.pay()
    shop.run_periodic_tasks()

    # then
    assert answer.accepted is accepted
    assert {name: shop.balance(person) for name, person in people.items()} == {
        name: 20 if name == counts else 0 for name in people
    }


def test_what_a_customer_may_not_claim_is_refused(shop: Shop) -> None:
    # given
    shop.run_program(terms(touch=Touch.FIRST))
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    ben, dora = shop.register("ben@example.com"), shop.register("dora@example.com")
    given.order_without_code(shop, ben.email, customer=ben)
    code = shop.share(anna)
    assert shop.claim_on_account(dora, code).accepted

    # when
    refused = [
        shop.claim_on_account(anna, code).code,
        shop.claim_on_account(ben, code).code,
        shop.claim_on_account(dora, shop.share(cleo)).code,
        shop.claim_on_account(cleo, "0000000000").code,
    ]

    # then
    assert refused == ["own_code", "not_new_customer", "other_code_held", "code_invalid"]
    assert [shop.checkout(customer=c).shown_code for c in (anna, ben, cleo)] == [None] * 3
    assert shop.checkout(customer=dora).discount == 10


def test_a_guests_code_follows_the_address_into_the_account(shop: Shop) -> None:
    # given
    shop.run_program(terms(claim_valid=Span(days=7)))
    anna = shop.register("anna@example.com")
    guests = shop.checkout(email="Ben@Example.com")
    assert guests.enter_code(shop.share(anna)).accepted
    shop.travel(days=5)

    # when
    ben = shop.create_account("ben@example.com")
    guests.log_in(ben)
    mine = shop.checkout(customer=ben)

    # then
    assert [checkout.discount for checkout in (guests, mine)] == [10, 10]

    # and when
    shop.travel(days=3)

    # then
    assert mine.complete().code == "claim_expired"


def test_a_guest_who_turns_out_to_be_the_referrer_loses_the_code(shop: Shop) -> None:
    # given
    shop.run_program(terms())
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(email="other@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    checkout.log_in(anna)

    # then
    assert (checkout.shown_code, checkout.discount) == (None, 0)
