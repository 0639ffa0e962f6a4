"""Whoever tries codes learns nothing of those they may not use: by no way in does one that is
stopped, blocked or for something else answer otherwise than one that never was, nor does it ask
the database for more."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from saleor_referral_plugin.engine import presets
from saleor_referral_plugin.engine.terms import ProgramKind
from saleor_referral_plugin.models import Claim, Program, ReferralCode
from tests.conftest import STORE
from tests.graphql.api import Api, global_id
from tests.scenarios import given
from tests.scenarios.shop import Shop

Try = Callable[[str], Any]

#: Codes that nobody may use, by what is the matter with them.
KINDS = ["unknown", "chosen", "stopped", "blocked", "replaced and stopped", "too long", "signs"]
#: By its look no code of ours, which is no secret: Saleor's own codes must cost nothing there.
LOOKS = {"too long", "signs"}

_VALUES = re.compile(r"'[^']*'(::\w+)?|\b\d+\b|%\(\w+\)s")
#: Of savepoints and cursors, which are numbered.
_NAMES = re.compile(r"\b(s\d+_x\d+|_django_curs_\w+)\b")


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """What counts tries is tested elsewhere; here each try is to be counted alike."""
    often = "10000 per minute"
    settings.REFERRAL_RATE_LIMITS = {
        "unknown_code": often,
        "same_code": often,
        "sign_up": often,
        "sign_up_address": often,
    }


@pytest.fixture
def known(shop: Shop) -> dict[str, str]:
    """One code of each kind."""
    given.program(shop)
    stopped, blocked, replaced = (
        shop.register(f"{name}@example.com") for name in ("stopped", "blocked", "replaced")
    )
    sharing = {"stopped": stopped, "blocked": blocked, "replaced and stopped": replaced}
    found = {kind: shop.share(customer) for kind, customer in sharing.items()}
    shop.block(blocked)
    for name in ("stopped", "replaced and stopped"):
        mine = ReferralCode.objects.filter(code=found[name].replace("-", ""))
        assert mine.update(is_active=False) == 1
    return found | {
        "unknown": "ZZZZZ-ZZZZZ",
        "chosen": "NOBODYS-OWN",
        "too long": "Z" * 60,
        "signs": "*!?",
    }


def through_the_box(shop: Shop, api: Api) -> Try:
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    return lambda code: api.run("add-promo-code", checkoutId=checkout_id, promoCode=code)


def by_our_mutation(shop: Shop, api: Api) -> Try:
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    return lambda code: api.run("apply-code", checkoutId=checkout_id, code=code)


def on_an_account(shop: Shop, api: Api) -> Try:
    ben = shop.register("ben@example.com")
    return lambda code: api.run("claim-code", customer=ben, code=code)


def after_the_order(shop: Shop, api: Api) -> Try:
    ben = shop.register("ben@example.com")
    order = given.order_without_code(shop, ben.email, customer=ben)
    order_id = global_id("Order", order.ref)
    return lambda code: api.run("claim-for-order", customer=ben, orderId=order_id, code=code)


def in_a_preview(shop: Shop, api: Api) -> Try:
    checkout_id = api.checkout_id(shop.checkout(email="ben@example.com"))
    return lambda code: api.run("preview-code", checkoutId=checkout_id, code=code)


def asking_what_it_gives(shop: Shop, api: Api) -> Try:
    return lambda code: api.run("what-a-code-gives", code=code, channel="default")


def on_a_waiting_list(shop: Shop, api: Api) -> Try:
    shop.run_program(presets.waitlist(), slug="launch", kind=ProgramKind.WAITLIST)
    program = global_id("ReferralProgram", Program.objects.get(slug="launch").pk)
    page = "http://localhost/waiting"
    given = {"program": program, "email": "ben@example.com", "redirectUrl": page}
    return lambda code: api.run("sign-up", **given, code=code)


def in_metadata(shop: Shop, api: Api) -> Try:
    def new_checkout(code: str) -> Any:
        checkout = shop.checkout(email="ben@example.com", metadata={"referral_code": code})
        return checkout.shown_code, checkout.discount, Claim.objects.count()

    return new_checkout


WAYS = [
    through_the_box,
    by_our_mutation,
    on_an_account,
    after_the_order,
    in_a_preview,
    asking_what_it_gives,
    on_a_waiting_list,
    in_metadata,
]

#: The sandbox shop has but one box for all codes.
BY_LOOKS = (through_the_box, *((by_our_mutation, in_metadata) if STORE == "sandbox" else ()))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_codes_of_nobodys_answer_alike_and_ask_alike(
    shop: Shop, api: Api, known: dict[str, str], way: Callable[[Shop, Api], Try]
) -> None:
    # given: what is built the first time is built
    try_code = way(shop, api)
    try_code("ZZZZZ-YYYYY")
    kinds = [kind for kind in KINDS if not (way in BY_LOOKS and kind in LOOKS)]

    # when
    answers, asked = {}, {}
    for kind in kinds:
        with api.on_this_connection(), statements() as found:
            answer = try_code(known[kind])
        answers[kind] = str(answer).replace(known[kind], "<the code>")
        asked[kind] = list(map(_shape, found))

    # then
    assert {kind: answers[kind] for kind in kinds} == dict.fromkeys(kinds, answers["unknown"])
    assert {kind: len(asked[kind]) for kind in kinds} == dict.fromkeys(kinds, len(asked["unknown"]))
    for kind in kinds:
        assert asked[kind] == asked["unknown"], kind


class statements:
    """What is asked of the database meanwhile, on whatever connection."""

    def __enter__(self) -> list[str]:
        self.captured = [CaptureQueriesContext(connections[alias]) for alias in connections]
        for each in self.captured:
            each.__enter__()
        self.found: list[str] = []
        return self.found

    def __exit__(self, *exc: object) -> None:
        for each in self.captured:
            each.__exit__(None, None, None)
            self.found += [query["sql"] for query in each.captured_queries]


def _shape(sql: str) -> str:
    return _NAMES.sub("…", _VALUES.sub("…", sql))
