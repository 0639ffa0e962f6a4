"""The published rules of Uber: 10.00 off a friend's first order within 90 days, 5.00 for the
referrer."""

from datetime import UTC, datetime

from saleor_referral_plugin.engine.presets import uber
from tests.scenarios import given, then
from tests.scenarios.shop import Shop

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
NINETY_DAYS_LATER = datetime(2025, 4, 1, tzinfo=UTC)


def test_the_ninetieth_day_counts_to_its_last_second(shop: Shop) -> None:
    # given
    shop.travel_to(NEW_YEAR)
    shop.run_program(uber())
    anna = shop.register("anna@example.com")
    in_time = shop.checkout(lines=["30.00"], email="ben@example.com")
    too_late = shop.checkout(lines=["30.00"], email="carl@example.com")
    for checkout in (in_time, too_late):
        assert checkout.enter_code(shop.share(anna)).accepted

    # when
    shop.travel_to(NINETY_DAYS_LATER)
    assert in_time.complete().accepted
    in_time.placed.pay()

    # then
    assert in_time.placed.total == 20
    assert then.rewards(shop, anna) == ["5 USD issued"]
    assert shop.balance(anna) == 5

    # when
    shop.travel(seconds=1)
    with then.nothing_changes():
        answer = too_late.complete()

        # then
        assert (answer.accepted, answer.code) == (False, "claim_expired")
        assert too_late.complete().accepted
        too_late.placed.pay()
        assert too_late.placed.total == 30
        assert shop.referral(too_late.placed) is None
    then.nothing_more(shop, in_time.placed, too_late.placed)


def test_one_second_after_the_ninetieth_day_is_nothing_at_all(shop: Shop) -> None:
    # given
    shop.travel_to(NEW_YEAR)
    shop.run_program(uber())
    anna = shop.register("anna@example.com")
    checkout = shop.checkout(lines=["30.00"], email="ben@example.com")
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    shop.travel_to(NINETY_DAYS_LATER)
    shop.travel(seconds=1)
    answer = checkout.complete()

    # then
    assert (answer.accepted, answer.code) == (False, "claim_expired")
    assert checkout.discount == 0
    assert checkout.complete().accepted
    checkout.placed.pay()
    assert then.no_entries()
    then.nothing_more(shop, checkout.placed)


def test_who_has_ordered_before_is_refused(shop: Shop) -> None:
    # given
    shop.run_program(uber())
    anna = shop.register("anna@example.com")
    given.order_without_code(shop, "ben@example.com").pay()
    checkout = shop.checkout(lines=["30.00"], email="ben@example.com")

    # when
    with then.nothing_changes():
        answer = checkout.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "not_new_customer")
    assert (checkout.total, checkout.discount, checkout.shown_code) == (30, 0, None)
    assert then.no_entries()


def test_a_first_order_of_less_than_the_discount_costs_nothing_and_keeps_no_remainder(
    shop: Shop,
) -> None:
    # given
    shop.run_program(uber())
    anna, ben = shop.register("anna@example.com"), shop.register("ben@example.com")

    # when
    first = given.friends_order(shop, shop.share(anna), customer=ben, lines=["8.00"])

    # then
    assert first.total == 0
    assert then.rewards(shop, anna) == ["5 USD issued"]
    assert shop.balance(anna) == 5
    assert (shop.balance(ben), shop.gift_cards(ben)) == (0, [])
    assert given.order_without_code(shop, ben.email, customer=ben).total == 100
    then.nothing_more(shop, first)


def test_a_second_code_replaces_the_first_until_there_is_an_order(shop: Shop) -> None:
    # given
    shop.run_program(uber())
    anna, cleo = shop.register("anna@example.com"), shop.register("cleo@example.com")
    ben = shop.register("ben@example.com")
    checkout = shop.checkout(lines=["30.00"], customer=ben)
    assert checkout.enter_code(shop.share(anna)).accepted

    # when
    assert checkout.enter_code(shop.share(cleo)).accepted
    assert checkout.complete().accepted
    checkout.placed.pay()

    # then
    assert checkout.placed.total == 20
    assert (then.rewards(shop, anna), then.rewards(shop, cleo)) == ([], ["5 USD issued"])

    # when
    again = shop.checkout(lines=["30.00"], customer=ben)
    with then.nothing_changes():
        answer = again.enter_code(shop.share(anna))

        # then
        assert (answer.accepted, answer.code) == (False, "not_new_customer")
        assert (again.total, again.discount) == (30, 0)
        assert again.complete().accepted
        again.placed.pay()
    assert (shop.balance(anna), shop.balance(cleo)) == (0, 5)
    then.nothing_more(shop, checkout.placed, again.placed)


def test_a_code_claimed_before_the_program_closed_is_rewarded_90_days_later(shop: Shop) -> None:
    # given
    closing = datetime(2020, 6, 29, tzinfo=UTC)
    shop.travel_to(datetime(2020, 6, 28, tzinfo=UTC))
    shop.run_program(uber(claims_until=closing))
    anna = shop.register("anna@example.com")
    claimed = shop.checkout(lines=["30.00"], email="ben@example.com")
    assert claimed.enter_code(shop.share(anna)).accepted

    # when
    shop.travel_to(closing)
    refused = shop.checkout(lines=["30.00"], email="carl@example.com")
    with then.nothing_changes():
        answer = refused.enter_code(shop.share(anna))

    # then
    assert (answer.accepted, answer.code) == (False, "program_not_running")
    assert (refused.total, refused.discount) == (30, 0)

    # when
    shop.travel_to(datetime(2020, 9, 26, tzinfo=UTC))
    assert claimed.complete().accepted
    claimed.placed.pay()

    # then
    assert claimed.placed.total == 20
    referral = shop.referral(claimed.placed)
    assert referral is not None
    assert (referral.status, referral.failed) == ("qualified", ())
    assert shop.balance(anna) == 5
    then.nothing_more(shop, claimed.placed)


def test_a_credit_is_of_no_use_in_another_currency_and_says_so(shop: Shop) -> None:
    # given
    shop.run_program(uber(referrer_gets={"USD": 5, "EUR": 5}, friend_saves={"USD": 10, "EUR": 9}))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    shop.run_periodic_tasks()
    [card] = shop.gift_cards(anna)
    assert (card.balance, card.currency) == (5, "USD")

    # when
    checkout = shop.checkout(lines=["20.00"], customer=anna, channel="euro")
    total = checkout.total
    answer = checkout.enter_code(card.code)

    # then
    assert (answer.accepted, answer.code) == (False, "currency_mismatch")
    assert "USD" in answer.message
    assert "EUR" in answer.message
    assert checkout.total == total
    assert shop.balance(anna) == 5


def test_to_anybody_else_a_card_in_another_currency_is_no_different_from_nonsense(
    shop: Shop,
) -> None:
    # given
    shop.run_program(uber(referrer_gets={"USD": 5, "EUR": 5}, friend_saves={"USD": 10, "EUR": 9}))
    anna = shop.register("anna@example.com")
    given.friends_order(shop, shop.share(anna)).pay()
    shop.run_periodic_tasks()
    [card] = shop.gift_cards(anna)

    # when
    answers = [
        shop.checkout(email="carl@example.com", channel="euro").enter_code(typed)
        for typed in (card.code, "ABCD-EFGH-IJKL")
    ]

    # then
    assert answers[0] == answers[1]
    assert not answers[0].accepted
