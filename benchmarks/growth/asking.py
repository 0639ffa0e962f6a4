"""What is asked most: by whoever types a code, by referrers of their own, by the public, by staff
and by settling itself. Through the same functions and the same ready documents as in a shop."""

import base64
import itertools
import json
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.growth.filling import LAST, Size, code
from saleor_referral_plugin.engine import codes, counting, presets
from saleor_referral_plugin.engine.claims import claim_code
from saleor_referral_plugin.engine.programs import current_program
from saleor_referral_plugin.engine.ranking import ranking_of
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import CapPeriod
from saleor_referral_plugin.models import Claim, Program, Referral
from saleor_referral_plugin.sandbox import models
from saleor_referral_plugin.sandbox.store import checkout_facts_of
from tests.graphql.api import SandboxApi, global_id, operation
from tests.scenarios.sandbox_shop import SandboxShop
from tests.scenarios.shop import Customer

#: On one page.
PAGE = 20
#: Customers of the sandbox who stand in for the first referrers, the popular one first.
KNOWN = 20
STAFF = ("MANAGE_DISCOUNTS", "MANAGE_ORDERS")

#: Why a question takes longer in a larger shop.
ADDED_UP = "adds up all that was earned in its window"
BY_DAY = "adds up what each day came to, however large the shop"
ENDS = "adds up what each day came to, and the parts of days at both ends"
OF_ONE = "adds up all of one person's, however large the shop"
LOOKED_FOR = "walks through all, newest first, until there is a page of it"
SORTED = "sorts all of them by what has no index, for staff alone"

#: Asks once. What it needs is made before, and is not measured.
Ask = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Question:
    """`prepare` makes one to be asked in tables of a size. `grows`: why it takes longer in a larger
    shop; empty where it must not."""

    name: str
    prepare: Callable[[Size], Ask]
    grows: str = ""


class GrownShop(SandboxShop):
    """A shop whose first referrers are real customers."""

    people: Sequence[Customer] = ()

    @property
    def known(self) -> list[str]:
        return [customer.user_ref for customer in self.people]


def open_shop() -> GrownShop:
    shop = GrownShop(ExitStack())
    terms = presets.ranking()
    [ranking] = terms.rankings
    shop.run_program(terms.but(rankings=(ranking.but(period=CapPeriod.LIFE),)))
    shop.people = [shop.register(f"referrer{n}@example.com") for n in range(KNOWN)]
    return shop


def questions(shop: GrownShop) -> list[Question]:
    """All of them, in the order in which they are told."""
    api = SandboxApi()
    popular, *others = shop.people

    def run(name: str, customer: Customer | None = None, **variables: Any) -> Ask:
        document = _without_total(name)
        who: dict[str, Any] = {"customer": customer} if customer else {}
        if name.startswith("staff"):
            who = {"permissions": STAFF}

        def ask() -> None:
            answer = api.ask(document, variables, **who)
            assert "errors" not in answer, answer

        return ask

    def staff(name: str, **variables: Any) -> Callable[[Size], Ask]:
        return lambda size: run(f"staff-{name}", **variables)

    def where(**conditions: Any) -> dict[str, Any]:
        return {"where": conditions}

    eq = _eq
    program = global_id("ReferralProgram", _program().pk)
    last_month = {"range": {"gte": (LAST - timedelta(days=30)).isoformat()}}
    return [
        Question("a code looked up", _find),
        Question("a code claimed", lambda _: _claim(shop)),
        Question("my referrals, page 1", lambda _: run("my-referrals", popular)),
        Question(
            "my referrals, page 1,000",
            lambda size: run("my-referrals", popular, after=_cursor(size)),
        ),
        Question("my balance", lambda _: run("my-balance", random.choice(others))),
        Question(
            "a referrer's limits", lambda _: _limits(holder_id=1 + random.randrange(1, KNOWN))
        ),
        Question("a popular referrer's limits", lambda _: _limits(holder_id=1), OF_ONE),
        Question("a budget's limits, for 30 days", lambda _: _limits(window=_MONTH), ENDS),
        Question("a budget's limits, for ever", lambda _: _limits(), BY_DAY),
        Question("leaderboard, ever", lambda _: run("leaderboard", channel="default"), ADDED_UP),
        Question(
            "leaderboard, 30 days",
            lambda _: lambda: ranking_of(_program(), window=_MONTH),
            ADDED_UP,
        ),
        Question("staff's referrals, newest", staff("referrals")),
        Question(
            "staff's referrals in review", staff("referrals", **where(status=eq("IN_REVIEW")))
        ),
        Question(
            "staff's referrals of a program, reversed",
            staff("referrals", **where(status=eq("REVERSED"), program=eq(program))),
        ),
        Question(
            "staff's referrals of a month, rejected",
            staff("referrals", **where(status=eq("REJECTED"), placedAt=last_month)),
        ),
        Question(
            "staff's referrals of an unknown channel",
            staff("referrals", **where(channel=eq("elsewhere"))),
            LOOKED_FOR,
        ),
        Question(
            "staff's referrals of a rare finding",
            staff("referrals", **where(failedFinding=eq("OWN_CODE"))),
            LOOKED_FOR,
        ),
        Question(
            "staff's referrals by earned at, of a program",
            staff(
                "referrals",
                sortBy={"field": "EARNED_AT", "direction": "DESC"},
                **where(program=eq(program)),
            ),
            SORTED,
        ),
        Question(
            "staff's referral by order number", staff("referrals", **where(orderNumber=eq("77")))
        ),
        Question("staff's referrals by address", staff("referrals", search="nobody@example.com")),
        Question("staff's referrals by code", staff("referrals", search=code(2))),
        Question(
            "staff's referrals of a referrer",
            lambda _: run(
                "staff-referrals",
                **where(referrer=eq(global_id("Referrer", 1 + random.randrange(1, KNOWN)))),
            ),
        ),
        Question(
            "staff's rewards to be sent",
            staff("rewards", **where(kind=eq("CUSTOM"), status=eq("APPROVED"))),
        ),
        Question("staff's rewards, voided", staff("rewards", **where(status=eq("VOIDED")))),
        Question("staff's referrers, newest", staff("referrers")),
        Question("staff's referrers, blocked", staff("referrers", **where(isBlocked=True))),
        Question("staff's referrers by name", staff("referrers", search="nobody")),
        Question("staff's claims, refused", staff("claims", **where(status=eq("REFUSED")))),
        Question("staff's claims, newest", staff("claims")),
    ]


def _eq(value: str) -> dict[str, str]:
    return {"eq": value}


_MONTH = (LAST - timedelta(days=30), LAST)


def _without_total(name: str) -> str:
    """A ready document that does not ask how many there are: that takes as long as there are many,
    here as in Saleor's own lists."""
    return operation(name).replace("totalCount\n", "", 1)


def _program() -> Program:
    program = current_program()
    assert program is not None
    return program


def _find(size: Size) -> Ask:
    wanted = code(random.randint(1, size.codes))

    def ask() -> None:
        assert codes.find(wanted) is not None

    return ask


_checkouts = itertools.count()


def _claim(shop: GrownShop) -> Ask:
    token = shop.checkout(email=f"friend{next(_checkouts)}@example.com").token
    checkout = models.Checkout.objects.select_related("channel", "customer").get(pk=token)
    facts = checkout_facts_of(checkout)
    typed = code(random.randint(2, KNOWN))
    store = get_store()
    return lambda: claim_code(
        store=store,
        checkout=checkout,
        facts=facts,
        typed=typed,
        source=Claim.Source.PROMO_CODE,
    )


def _cursor(size: Size) -> str:
    """Behind the last referral of the page before the thousandth."""
    mine = Referral.objects.filter(referrer=1).order_by("-placed_at", "-pk")
    last = mine[999 * PAGE - 1]
    said = json.dumps([last.placed_at.isoformat(), str(last.pk)])
    return base64.b64encode(said.encode()).decode()


def _limits(holder_id: int | None = None, window: tuple[datetime, datetime] | None = None) -> Ask:
    counted = [counting.Counted("referrer", holder_id=holder_id, window=window)]
    program = _program()
    return lambda: counting.used_towards(counted, program_id=program.pk, except_reward=None)
