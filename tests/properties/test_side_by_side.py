"""Real threads with connections of their own, all at once: what locks and constraints are for.

Nothing here sleeps.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from saleor_referral_plugin import dashboard
from saleor_referral_plugin.engine import codes
from saleor_referral_plugin.engine.effects import carry_out
from saleor_referral_plugin.engine.facts import CreditRequest
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.presets import refer_a_friend
from saleor_referral_plugin.engine.programs import current_program
from saleor_referral_plugin.engine.referrers import code_for, forget
from saleor_referral_plugin.engine.settle import settle
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.sweep import fill_room, note_spending, sweep
from saleor_referral_plugin.engine.terms import Cap, RewardRule, Span, Terms
from saleor_referral_plugin.engine.terms import Offer as Worth
from saleor_referral_plugin.engine.verify import verify
from saleor_referral_plugin.models import (
    Effect,
    FreedRoom,
    LedgerEntry,
    Referral,
    ReferralCode,
    Referrer,
    Reward,
    TermsVersion,
)
from saleor_referral_plugin.sandbox import shop as sandbox
from saleor_referral_plugin.sandbox.models import GiftCard, Message, Offer
from saleor_referral_plugin.sandbox.store import SandboxStore
from tests.scenarios import given
from tests.scenarios.shop import Answer, Customer, Shop
from tests.side_by_side import PATIENCE, side_by_side


def unheard_orders(
    shop: Shop, referrers: Sequence[Customer], *, each: int = 1, **of: Any
) -> list[str]:
    """Paid orders of so many friends of each referrer, of which nobody has heard; their refs."""
    refs = []
    with shop.losing_hooks():
        for referrer in referrers:
            code = shop.share(referrer)
            for number in range(each):
                email = f"friend-{number}-of-{referrer.email}"
                order = given.friends_order(shop, code, email=email, **of)
                order.pay()
                refs.append(order.ref)
    return refs


def settle_job(ref: str) -> Callable[[], Referral | None]:
    return lambda: settle(ref, store=get_store())


def amounts() -> list[int]:
    return sorted(map(int, Reward.objects.values_list("amount", flat=True)))


# limits ---------------------------------------------------------------------------------------


def test_many_orders_at_once_share_what_an_amount_leaves(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", most_credit_amount="25 USD")
    anna = shop.register("anna@example.com")
    refs = unheard_orders(shop, [anna], each=6)

    # when
    side_by_side(*map(settle_job, refs))

    # then
    assert amounts() == [0, 0, 0, 5, 10, 10]

    # when
    carry_out(store=get_store())

    # then
    assert shop.balance(anna) == 25
    shop.verify_books()


def test_many_orders_at_once_share_a_number_of_credits(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", most_credits="2")
    refs = unheard_orders(shop, [shop.register("anna@example.com")], each=6)

    # when
    side_by_side(*map(settle_job, refs))

    # then
    assert amounts() == [0, 0, 0, 0, 10, 10]


# once only ------------------------------------------------------------------------------------


def test_one_order_heard_of_many_times_at_once_is_one_referral(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    [ref] = unheard_orders(shop, [shop.register("anna@example.com")])

    # when
    referrals = side_by_side(*[settle_job(ref)] * 6)

    # then
    assert {referral.pk for referral in referrals if referral} == {Referral.objects.get().pk}
    assert Reward.objects.count() == LedgerEntry.objects.count() == Effect.objects.count() == 1


def test_a_friend_of_two_at_once_has_one_referrer(shop: Shop) -> None:
    # given: two orders of one friend, each made with another's code
    given.program(shop, hold_days="0", new_customers_only=False)
    referrers = [shop.register(f"{name}@example.com") for name in ("anna", "cleo")]
    with shop.losing_hooks():
        refs = []
        for referrer in referrers:
            order = given.friends_order(shop, shop.share(referrer), email="ben@example.com")
            order.pay()
            refs.append(order.ref)

    # when
    side_by_side(*map(settle_job, refs))

    # then
    assert Counter(Referral.objects.values_list("status", flat=True)) == {
        "qualified": 1,
        "rejected": 1,
    }
    assert amounts() == [10]


def test_two_first_requests_for_a_code_make_one(shop: Shop) -> None:
    # given
    given.program(shop)
    anna = get_store().customer(shop.register("anna@example.com").user_ref)
    program = current_program()
    assert anna is not None
    assert program is not None

    # when
    made = side_by_side(*[lambda: code_for(anna, program, store=get_store())] * 6)

    # then
    assert {code.code for code in made} == {ReferralCode.objects.get().code}
    assert Referrer.objects.count() == 1


def test_two_saves_of_the_page_make_one_version(shop: Shop) -> None:
    # when
    side_by_side(*[lambda: dashboard.save(given.PROGRAM, active=True, store=get_store())] * 4)

    # then
    assert TermsVersion.objects.get().offer_code == "FRIEND"
    assert sorted(Offer.objects.values_list("code", "channel")) == [
        ("FRIEND", "default"),
        ("FRIEND", "euro"),
    ]


def test_two_saves_of_different_pages_make_two_versions_with_their_own_offers(
    shop: Shop,
) -> None:
    # given
    given.program(shop)

    # when
    side_by_side(
        *(
            lambda discount=discount: dashboard.save(
                given.PROGRAM | {"referee_discount": discount}, active=True, store=get_store()
            )
            for discount in ("20%", "30%")
        )
    )

    # then
    versions = TermsVersion.objects.order_by("version")
    assert [version.version for version in versions] == [1, 2, 3]
    for version in versions:
        percents = Offer.objects.filter(code=version.offer_code).values_list("percent", flat=True)
        assert set(percents) == {version.terms.discount.percent}


# carrying out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("referrers", "each"), [(6, 1), (1, 6), (2, 3)])
def test_workers_side_by_side_deliver_once(shop: Shop, referrers: int, each: int) -> None:
    # given
    given.program(shop, hold_days="0")
    people = [shop.register(f"anna{number}@example.com") for number in range(referrers)]
    for ref in unheard_orders(shop, people, each=each):
        settle(ref, store=get_store())

    # when
    done = side_by_side(*[lambda: carry_out(store=get_store())] * 3)

    # then: what one worker had in hand, the others left to it
    store = get_store()
    assert sum(done) + carry_out(store=store) == 12
    assert GiftCard.objects.count() == Message.objects.count() == 6
    assert [shop.balance(customer) for customer in people] == [10 * each] * referrers
    shop.verify_books()


def test_a_slow_delivery_does_not_hold_up_the_others(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    people = [shop.register(f"{name}@example.com") for name in ("anna", "cleo")]
    for ref in unheard_orders(shop, people):
        settle(ref, store=get_store())
    delivering, others_are_done = Event(), Event()

    class SlowStore(SandboxStore):
        def issue_credit(self, request: CreditRequest) -> str:
            delivering.set()
            assert others_are_done.wait(PATIENCE), "The other worker waited for this one."
            return super().issue_credit(request)

    def work_meanwhile() -> int:
        assert delivering.wait(PATIENCE)
        done = carry_out(store=get_store())
        others_are_done.set()
        return done

    # when
    slow, meanwhile = side_by_side(lambda: carry_out(store=SlowStore()), work_meanwhile)

    # then: a credit and its message each
    assert (slow, meanwhile) == (2, 2)
    assert [shop.balance(customer) for customer in people] == [10, 10]
    shop.verify_books()


def test_a_worker_killed_after_the_card_was_made_leaves_no_card(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    [ref] = unheard_orders(shop, [anna])
    settle(ref, store=get_store())

    class KilledStore(SandboxStore):
        def issue_credit(self, request: CreditRequest) -> str:
            super().issue_credit(request)
            raise SystemExit("killed")

    # when
    with pytest.raises(SystemExit):
        carry_out(store=KilledStore())

    # then
    assert GiftCard.objects.count() == 0
    assert Effect.objects.get().attempts == 0

    # when
    carry_out(store=get_store())

    # then
    assert [card.balance for card in shop.gift_cards(anna)] == [10]
    shop.verify_books()


# everything at once ---------------------------------------------------------------------------


def test_sweeps_side_by_side_credit_every_order_once(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0")
    people = [shop.register(f"anna{number}@example.com") for number in range(3)]
    unheard_orders(shop, people, each=2)

    # when
    swept = side_by_side(*[lambda: sweep(store=get_store())] * 3)

    # then
    assert sum(each.failed for each in swept) == 0
    carry_out(store=get_store())
    assert [shop.balance(customer) for customer in people] == [20, 20, 20]
    assert GiftCard.objects.count() == 6
    shop.verify_books()


def test_refunds_spending_and_workers_at_once_leave_books_that_agree(shop: Shop) -> None:
    # given
    given.program(shop, hold_days="0", referrer_credit="10%")
    anna = shop.register("anna@example.com")
    refs = unheard_orders(shop, [anna], each=4)
    sweep(store=get_store())
    cards = [card.code for card in shop.gift_cards(anna)]
    shopping = shop.checkout(lines=["12.00"], customer=anna)
    for card in cards:
        shopping.enter_code(card)

    # when: each refund is settled and taken back in its own thread
    bought, *_ = side_by_side(
        shopping.complete,
        *(lambda ref=ref: sandbox.refund(UUID(ref)) for ref in refs[:3]),
        lambda: note_spending(store=get_store()),
        lambda: sweep(store=get_store()),
    )
    shop.run_periodic_tasks()

    # then: 9 USD are deserved; what was spent beyond them is owed
    assert isinstance(bought, Answer)
    assert bought.accepted
    note_spending(store=get_store())
    spent = -sum(LedgerEntry.objects.filter(kind="spent").values_list("amount", flat=True))
    assert shop.balance(anna) - shop.debt(anna) == 9 - spent
    shop.verify_books()


def test_an_account_deleted_while_its_credit_is_delivered_leaves_nothing_behind(
    shop: Shop,
) -> None:
    # given
    given.program(shop, hold_days="0")
    anna = shop.register("anna@example.com")
    unheard_orders(shop, [anna], each=4)
    gone = person(anna.user_ref, anna.email)

    # when
    side_by_side(
        lambda: sweep(store=get_store()),
        lambda: carry_out(store=get_store()),
        lambda: forget(gone, store=get_store()),
        lambda: sweep(store=get_store()),
    )
    sweep(store=get_store())

    # then
    assert Referrer.objects.get().user_ref is None
    assert [card.balance for card in shop.gift_cards(anna) if card.balance] == []
    assert [str(difference) for difference in verify(store=get_store())] == []


def test_codes_are_drawn_apart(shop: Shop) -> None:
    # given
    given.program(shop)
    program = current_program()
    assert program is not None
    people = [
        get_store().customer(shop.register(f"anna{number}@example.com").user_ref)
        for number in range(6)
    ]

    # when
    made = side_by_side(
        *(
            lambda customer=customer: code_for(customer, program, store=get_store()).code
            for customer in people
        )
    )

    # then
    assert len({codes.normalise(code) for code in made}) == 6


def test_room_that_is_freed_while_another_is_cut_is_not_lost(shop: Shop) -> None:
    # given: a budget for one, whom the second would come after; the first is refunded
    given_terms = Terms(
        new_customers_only=False,
        rewards=(RewardRule(worth=Worth(amounts=Amounts.of({"USD": 10}))),),
        caps=(Cap(amount=Amounts.of({"USD": 10}), whole_program=True),),
    )
    shop.run_program(given_terms)
    people = [shop.register(f"{name}@example.com") for name in ("anna", "cleo", "emil")]
    first, *others = unheard_orders(shop, people)
    settle(first, store=get_store())
    assert amounts() == [10]
    with shop.losing_hooks():
        sandbox.refund(UUID(first), None)

    # when
    side_by_side(
        *map(settle_job, (first, *others)),
        *(lambda: fill_room(store=get_store()) for _ in range(2)),
    )
    fill_room(store=get_store())

    # then
    assert amounts() == [0, 0, 10]
    assert not FreedRoom.objects.exists()
    carry_out(store=get_store())
    assert [str(difference) for difference in verify(store=get_store())] == []


# claims for an order --------------------------------------------------------------------------


def test_an_order_claimed_by_many_codes_at_once_is_one_referral(shop: Shop) -> None:
    # given
    shop.run_program(refer_a_friend().but(claim_after=Span(days=1), review_late_claims=False))
    annas, cleos = (shop.share(shop.register(f"{name}@example.com")) for name in ("anna", "cleo"))
    order = given.order_without_code(shop, "ben@example.com")
    order.pay()

    # when
    answers = side_by_side(
        *(lambda code=code: shop.claim_for(order, code) for code in [annas, cleos] * 3)
    )

    # then
    accepted = [answer.accepted for answer in answers]
    assert accepted in ([True, False] * 3, [False, True] * 3)
    assert {answer.code for answer in answers if not answer.accepted} == {"other_code_held"}
    assert Referral.objects.get().status == "qualified"
    shop.verify_books()
