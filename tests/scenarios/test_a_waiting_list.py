"""A waiting list with milestones at 5, 10, 25 and 50: the numbers of the field."""

import pytest

from saleor_referral_plugin.engine import waitlist
from saleor_referral_plugin.engine.presets import waitlist as preset
from saleor_referral_plugin.engine.ranking import masked, ranking_of
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import ProgramKind
from saleor_referral_plugin.models import Program, Reward, SignUp
from tests.scenarios.shop import Shop

STEPS = {5: "one", 10: "two", 25: "three", 50: "four"}


def open_list(shop: Shop, *, highest_only: bool = False) -> str:
    """The list takes sign-ups; the code of Anna, who is its first."""
    terms = preset(steps=STEPS, highest_only=highest_only)
    shop.run_program(terms, slug="launch", kind=ProgramKind.WAITLIST)
    return str(waitlist.code_of(join("anna@example.com"), store=get_store()))


def join(email: str, code: str = "", *, confirmed: bool = False) -> SignUp:
    program = Program.objects.get(slug="launch")
    signed_up = waitlist.sign_up(email, program=program, store=get_store(), code=code)
    if confirmed:
        waitlist.confirm(waitlist.token_of(signed_up), store=get_store())
    return signed_up


def friends(code: str, first: int, last: int) -> list[SignUp]:
    numbers = range(first, last + 1)
    return [join(f"friend{n}@example.com", code, confirmed=True) for n in numbers]


def prizes() -> list[tuple[str, str]]:
    return list(Reward.objects.order_by("pk").values_list("currency", "status"))


def test_the_fifth_gives_the_first_once_and_a_jump_each_on_the_way(shop: Shop) -> None:
    # given
    code = open_list(shop)
    friends(code, 1, 4)
    assert prizes() == []

    # when
    friends(code, 5, 12)
    shop.run_periodic_tasks()

    # then
    assert prizes() == [("one", "approved"), ("two", "approved")]


@pytest.mark.parametrize(
    ("highest_only", "statuses"),
    [
        (False, ["approved", "approved", "approved"]),
        (True, ["voided", "voided", "approved"]),
    ],
)
def test_at_25_there_are_three_or_the_highest_alone(
    shop: Shop, highest_only: bool, statuses: list[str]
) -> None:
    # given
    code = open_list(shop, highest_only=highest_only)

    # when
    friends(code, 1, 25)

    # then
    assert [status for _, status in prizes()] == statuses


def test_one_person_in_two_spellings_counts_once(shop: Shop) -> None:
    # given
    code = open_list(shop)

    # when
    first = join("a.b+x@gmail.com", code, confirmed=True)
    second = join("ab@gmail.com", code, confirmed=True)

    # then
    assert first.pk == second.pk
    assert ranking_of(Program.objects.get(slug="launch"))[0].referrals == 1


def test_with_one_found_fake_the_second_is_reversed_and_the_first_kept(shop: Shop) -> None:
    # given
    joined = friends(open_list(shop), 1, 10)

    # when
    waitlist.reject(joined[0], by="staff", reason="made up", store=get_store())
    shop.run_periodic_tasks()

    # then
    assert prizes() == [("one", "approved"), ("two", "voided")]
    assert ranking_of(Program.objects.get(slug="launch"))[0].referrals == 9


def test_the_unconfirmed_never_count_and_addresses_are_masked(shop: Shop) -> None:
    # given
    code = open_list(shop)
    other = str(waitlist.code_of(join("ben@example.com"), store=get_store()))
    join("idle@example.com", code)

    # when
    join("bens@example.com", other, confirmed=True)
    shop.travel(seconds=1)
    join("annas@example.com", code, confirmed=True)

    # then
    assert masked(ranking_of(Program.objects.get(slug="launch"))) == [
        (1, "b***@example.com", 1),
        (1, "a***@example.com", 1),
    ]
