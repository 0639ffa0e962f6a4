"""The published rules of Dropbox: 500 MB for both sides, at most 16,000 for a referrer's
life; 1,000 and 32,000 for those with Plus."""

from saleor_referral_plugin.engine import retroactive
from saleor_referral_plugin.engine.presets import dropbox
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import LedgerEntry, Program, Referral
from tests.scenarios import given, then
from tests.scenarios.shop import Customer, Order, Shop
from tests.side_by_side import side_by_side


def friend(shop: Shop, number: int) -> Customer:
    return shop.register(f"friend{number}@example.com")


def paid_order(shop: Shop, code: str, customer: Customer) -> Order:
    order = given.friends_order(shop, code, customer=customer, email=customer.email)
    order.pay()
    return order


def referrer_at(shop: Shop, space: int) -> Customer:
    """A referrer who got so many MB for one friend, when that was what a friend gave."""
    shop.run_program(dropbox(each=space))
    anna = shop.register("anna@example.com")
    paid_order(shop, shop.share(anna), friend(shop, 0))
    shop.run_program(dropbox())
    assert shop.balance(anna, "MB") == space
    return anna


def test_the_32nd_friend_fills_the_space_and_the_33rd_alone_gets_some(shop: Shop) -> None:
    # given
    shop.run_program(dropbox())
    anna = shop.register("anna@example.com")
    code = shop.share(anna)

    # when
    with shop.losing_hooks():
        for number in range(31):
            paid_order(shop, code, friend(shop, number))
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna, "MB") == 15_500

    # when
    paid_order(shop, code, friend(shop, 31))

    # then
    assert shop.balance(anna, "MB") == 16_000

    # when
    ben = shop.register("ben@example.com")
    last = paid_order(shop, code, ben)

    # then
    assert shop.balance(anna, "MB") == 16_000
    assert then.rewards(shop, anna)[32:] == ["0 MB voided"]
    assert then.rewards(shop, ben) == ["500 MB issued"]
    assert shop.balance(ben, "MB") == 500
    referral = shop.referral(last)
    assert referral is not None
    assert (referral.status, referral.failed) == ("qualified", ("cap_reached",))
    assert not LedgerEntry.objects.filter(
        holder__user_ref=anna.user_ref, reward__referral__order_ref=last.ref
    ).exists()
    then.nothing_more(shop, last)


def test_the_last_space_is_cut_to_what_is_left(shop: Shop) -> None:
    # given
    anna, ben = referrer_at(shop, 15_750), shop.register("ben@example.com")

    # when
    order = paid_order(shop, shop.share(anna), ben)

    # then
    assert then.rewards(shop, anna) == ["15750 MB issued", "250 MB issued"]
    assert then.rewards(shop, ben) == ["500 MB issued"]
    assert shop.balance(anna, "MB") == 16_000
    then.nothing_more(shop, order)


def test_two_friends_at_once_do_not_exceed_it(shop: Shop) -> None:
    # given
    anna = referrer_at(shop, 15_500)
    code = shop.share(anna)
    with shop.losing_hooks():
        orders = [paid_order(shop, code, friend(shop, number)) for number in (1, 2)]

    # when
    side_by_side(*(lambda ref=order.ref: settle(ref, store=get_store()) for order in orders))
    shop.run_periodic_tasks()

    # then
    assert sorted(then.rewards(shop, anna)[1:]) == ["0 MB voided", "500 MB issued"]
    assert shop.balance(anna, "MB") == 16_000
    then.nothing_more(shop, *orders)


def test_who_moves_to_plus_keeps_what_is_past_and_gets_more_from_then_on(shop: Shop) -> None:
    # given
    shop.run_program(dropbox())
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    with shop.losing_hooks():
        before = [paid_order(shop, code, friend(shop, number)) for number in range(10)]
    shop.run_periodic_tasks()
    assert shop.balance(anna, "MB") == 5_000

    # when
    with then.nothing_changes():
        shop.invite(anna, group="plus")
        shop.repeat_hooks(before[0])
        shop.run_periodic_tasks()

    # then
    assert shop.balance(anna, "MB") == 5_000

    # when
    ben = shop.register("ben@example.com")
    order = paid_order(shop, code, ben)

    # then
    assert then.rewards(shop, anna) == ["500 MB issued"] * 10 + ["1000 MB issued"]
    assert then.rewards(shop, ben) == ["1000 MB issued"]
    assert shop.balance(anna, "MB") == 6_000
    then.nothing_more(shop, before[0], order)


def test_with_plus_the_space_ends_at_twice_as_much(shop: Shop) -> None:
    # given
    anna = referrer_at(shop, 15_500)
    shop.invite(anna, group="plus")
    shop.run_program(dropbox(plus_each=16_000))
    paid_order(shop, shop.share(anna), friend(shop, 1))
    shop.run_program(dropbox())
    assert shop.balance(anna, "MB") == 31_500

    # when
    orders = [paid_order(shop, shop.share(anna), friend(shop, number)) for number in (2, 3)]

    # then
    assert then.rewards(shop, anna)[2:] == ["500 MB issued", "0 MB voided"]
    assert shop.balance(anna, "MB") == 32_000
    then.nothing_more(shop, *orders)


def test_terms_changed_for_the_past_too_move_it_once_and_otherwise_not_at_all(
    shop: Shop,
) -> None:
    # given: ten friends, at 250 each
    shop.run_program(dropbox(each=250))
    anna = shop.register("anna@example.com")
    code = shop.share(anna)
    with shop.losing_hooks():
        orders = [given.friends_order(shop, code, email=f"f{n}@example.com") for n in range(10)]
        for order in orders:
            order.pay()
    shop.run_periodic_tasks()
    assert shop.balance(anna, "MB") == 2_500

    # when: for the future alone
    shop.run_program(dropbox(each=500))
    shop.repeat_hooks(orders[0])
    shop.run_periodic_tasks()

    # then
    assert shop.balance(anna, "MB") == 2_500

    # when
    program = Program.objects.get()
    with then.nothing_changes():
        previewed = retroactive.preview(program, store=get_store())

    # when: for the past, too, and again
    first, again = (retroactive.carry_out(program, store=get_store()) for _ in range(2))
    shop.run_periodic_tasks()

    # then
    annas = Referral.objects.values_list("referrer", flat=True)[0]
    assert previewed == first
    assert (first.referrals, first.promises[annas, "MB"]) == (10, 2_500)
    assert (again.referrals, dict(again.promises)) == (0, {})
    assert shop.balance(anna, "MB") == 5_000
    then.nothing_more(shop, orders[0])
