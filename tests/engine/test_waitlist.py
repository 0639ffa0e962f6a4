"""A waiting list: sign-ups that count as referrals once they are confirmed."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_referral_plugin.engine import waitlist
from saleor_referral_plugin.engine.findings import FindingCode, Refused
from saleor_referral_plugin.engine.programs import save_program
from saleor_referral_plugin.engine.ranking import masked, ranking_of
from saleor_referral_plugin.engine.terms import (
    Milestone,
    Milestones,
    ProgramKind,
    RewardKind,
    Terms,
)
from saleor_referral_plugin.models import Program, Referral, Referrer, Reward, SignUp
from tests.engine.build import amounts
from tests.engine.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def run(store: FakeStore, *, highest_only: bool = False, **settings: Any) -> Program:
    steps = tuple(
        Milestone(count=count, kind=RewardKind.CUSTOM, worth=amounts(prize=1))
        for count in (5, 10, 25, 50)
    )
    milestones = Milestones(steps=steps, highest_only=highest_only)
    return save_program(
        store=store,
        terms=Terms(milestones=(milestones,), **settings),
        is_running=True,
        slug="waitlist",
        kind=ProgramKind.WAITLIST,
    )


def join(store: FakeStore, program: Program, email: str, code: str = "") -> SignUp:
    return waitlist.sign_up(email, program=program, store=store, code=code)


def confirm(store: FakeStore, signed_up: SignUp) -> None:
    assert waitlist.confirm(waitlist.token_of(signed_up), store=store) is not None


def friends(store: FakeStore, program: Program, code: str, first: int, last: int) -> list[SignUp]:
    """Confirmed friends, from one number to another."""
    joined = [join(store, program, f"f{n}@example.com", code) for n in range(first, last + 1)]
    for signed_up in joined:
        confirm(store, signed_up)
    return joined


def referrer(store: FakeStore, program: Program) -> str:
    return str(waitlist.code_of(join(store, program, "anna@example.com"), store=store))


def prizes() -> list[tuple[str, str]]:
    return list(Reward.objects.order_by("pk").values_list("occurrence", "status"))


def test_the_fifth_confirmed_gives_the_first_milestone_once(store: FakeStore) -> None:
    # given
    program = run(store)
    code = referrer(store, program)
    friends(store, program, code, 1, 4)
    before = prizes()

    # when
    [fifth] = friends(store, program, code, 5, 5)
    confirm(store, fifth)

    # then
    assert before == []
    assert prizes() == [("5", "approved")]


def test_a_jump_gives_each_milestone_on_the_way_once(store: FakeStore) -> None:
    # given
    program = run(store)
    code = referrer(store, program)
    friends(store, program, code, 1, 4)

    # when
    friends(store, program, code, 5, 12)

    # then
    assert prizes() == [("5", "approved"), ("10", "approved")]


@pytest.mark.parametrize(
    ("highest_only", "expected"),
    [
        (False, [("5", "approved"), ("10", "approved"), ("25", "approved")]),
        (True, [("5", "voided"), ("10", "voided"), ("25", "approved")]),
    ],
)
def test_milestones_add_up_or_the_highest_supersedes_what_was_not_sent(
    store: FakeStore, highest_only: bool, expected: list[tuple[str, str]]
) -> None:
    # given
    program = run(store, highest_only=highest_only)

    # when
    friends(store, program, referrer(store, program), 1, 25)

    # then
    assert prizes() == expected


def test_one_person_is_on_the_list_once_however_they_write_their_address(
    store: FakeStore,
) -> None:
    # given
    program = run(store)
    code = referrer(store, program)

    # when
    first = join(store, program, "a.b+x@gmail.com", code)
    second = join(store, program, "ab@gmail.com", code)

    # then
    assert first == second
    assert Referral.objects.count() == 1


def test_one_found_not_to_be_real_takes_back_the_milestone_it_made(store: FakeStore) -> None:
    # given
    program = run(store)
    joined = friends(store, program, referrer(store, program), 1, 10)
    assert prizes() == [("5", "approved"), ("10", "approved")]

    # when
    waitlist.reject(joined[3], by="staff", reason="a made-up address", store=store)
    after = prizes()
    waitlist.accept(joined[3], by="staff", store=store)

    # then
    assert after == [("5", "approved"), ("10", "voided")]
    assert prizes() == [("5", "approved"), ("10", "approved")]


def test_the_unconfirmed_never_count_and_ties_share_a_rank(store: FakeStore) -> None:
    # given: two with two confirmed each, one with one, one with many unconfirmed
    program = run(store)
    codes = {}
    for name in ("anna", "ben", "cleo", "dora"):
        signed_up = join(store, program, f"{name}@example.com")
        codes[name] = str(waitlist.code_of(signed_up, store=store))
    for n in range(5):
        join(store, program, f"d{n}@example.com", codes["dora"])
    for name, count in (("cleo", 1), ("ben", 2), ("anna", 2)):
        for n in range(count):
            store.travel(minutes=1)
            confirm(store, join(store, program, f"{name}{n}@example.org", codes[name]))

    # then: who got there first stands first
    assert masked(ranking_of(program)) == [
        (1, "b***@example.com", 2),
        (1, "a***@example.com", 2),
        (3, "c***@example.com", 1),
    ]


@pytest.mark.parametrize(
    ("email", "code", "expected"),
    [
        ("nonsense", "", FindingCode.ADDRESS_INVALID),
        ("", "", FindingCode.ADDRESS_INVALID),
        ("ben@example.com", "00000-00000", FindingCode.CODE_INVALID),
        ("anna@example.com", "own", FindingCode.OWN_CODE),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    store: FakeStore, email: str, code: str, expected: FindingCode
) -> None:
    # given
    program = run(store)
    own = referrer(store, program)
    before = (SignUp.objects.count(), Referrer.objects.count(), Referral.objects.count())

    # when
    with pytest.raises(Refused) as refused:
        join(store, program, email, own if code == "own" else code)

    # then
    assert refused.value.finding.code is expected
    assert (SignUp.objects.count(), Referrer.objects.count(), Referral.objects.count()) == before


@pytest.mark.parametrize("why", ["stopped", "closed"])
def test_a_program_that_is_over_takes_no_sign_ups(store: FakeStore, why: str) -> None:
    # given
    program = run(store, claims_until=store.now() + timedelta(hours=1))
    if why == "stopped":
        Program.objects.update(is_running=False)
        program.refresh_from_db()
    else:
        store.travel(hours=2)

    # then
    with pytest.raises(Refused) as refused:
        join(store, program, "anna@example.com")
    assert refused.value.finding.code is FindingCode.PROGRAM_NOT_RUNNING


def test_a_token_of_nobodys_confirms_nothing(store: FakeStore) -> None:
    # given
    program = run(store)
    signed_up = join(store, program, "anna@example.com")

    # then
    assert waitlist.confirm("forged", store=store) is None
    assert waitlist.confirm(waitlist.token_of(signed_up) + "x", store=store) is None
    signed_up.refresh_from_db()
    assert signed_up.confirmed_at is None
