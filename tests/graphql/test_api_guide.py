"""docs/api.md keeps its word: its operations are run in turn, on both stores, and their answers
are those written there."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from saleor_referral_plugin import conf
from saleor_referral_plugin.engine import presets, waitlist
from saleor_referral_plugin.engine.money import Amounts
from saleor_referral_plugin.engine.terms import (
    Cap,
    Milestone,
    Milestones,
    Offer,
    ProgramKind,
    Span,
    Terms,
)
from saleor_referral_plugin.models import (
    Job,
    Program,
    Referral,
    Referrer,
    SignUp,
    WebhookEndpoint,
)
from tests.graphql.api import ROOT, Api, global_id
from tests.graphql.test_before_buying import put_voucher_on
from tests.listener import listening
from tests.scenarios import given
from tests.scenarios.shop import Shop

GUIDE = ROOT / "docs" / "api.md"
TEXT = GUIDE.read_text(encoding="utf-8")
STEP = re.compile(
    r"^Operation: \[(?P<name>[\w-]+)\]\(\.\./graphql/operations/(?P=name)\.graphql\)"
    r"(?:, as (?P<who>an app|\w+))?(?P<later>, later)?, with\n\n"
    r"```json\n(?P<variables>.*?)```\n\nanswers\n\n```json\n(?P<answer>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
#: What the storefront has at hand.
STANDS_FOR = (
    "ADDRESS",
    "CHECKOUT",
    "CHECKOUT OF ANNA",
    "CHECKOUT WITH A VOUCHER",
    "ENDPOINT",
    "DEFAULT PROGRAM",
    "JOB",
    "LAUNCH",
    "ORDER",
    "ORDER WITHOUT A CODE",
    "PROGRAM",
    "NEW REFERRAL",
    "REFERRAL",
    "REFERRER",
    "SMALL CHECKOUT",
    "SUMMER",
    "TOKEN",
)
#: Who asks, if it is no customer, and what they hold.
OTHERS: dict[str, dict[str, Any]] = {
    "an app": {"permissions": ("MANAGE_APPS",), "app": True},
    "staff": {"permissions": ("MANAGE_DISCOUNTS", "MANAGE_ORDERS", "MANAGE_USERS")},
}
PROGRAMS = {"DEFAULT PROGRAM": "default", "LAUNCH": "launch", "SUMMER": "summer"}
#: What is another each time.
LEFT_OUT = {"id", "endCursor", "orderId", "referrerId"}
WHOSE_KEY = re.compile(r"\b(User|App):\S+")
DRAWN = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")
SECRET = re.compile(r"whsec_\S+")
LISTENER = re.compile(r"http://127.0.0.1:\d+/hook")


def terms() -> Terms:
    gives = Offer(amounts=Amounts.of({"USD": 50, "EUR": 45}))
    return presets.refer_a_friend(
        friend_saves_percent=10, referrer_gets={"USD": 10, "EUR": 9}, hold_days=14
    ).but(
        minimum=Amounts.of({"USD": 50, "EUR": 45}),
        caps=(Cap(whole_program=True, amount=Amounts.of({"USD": 5000}), period="year"),),
        milestones=(Milestones(steps=(Milestone(count=5, worth=gives),)),),
        rankings=presets.ranking().rankings,
        claim_after=Span(days=7),
    )


def as_written(answer: Any) -> Any:
    """As the guide has it: without what is another each time, or says nothing."""
    match answer:
        case dict():
            return {
                name: as_written(of)
                for name, of in answer.items()
                if name not in LEFT_OUT and not (name == "number" and isinstance(of, str))
            }
        case list():
            passed = [isinstance(each, dict) and each.get("passed") is True for each in answer]
            pairs = zip(answer, passed, strict=True)
            return [as_written(each) for each, has_passed in pairs if not has_passed]
        case str():
            answer = LISTENER.sub("ADDRESS", SECRET.sub("SECRET", answer))
            return WHOSE_KEY.sub(r"\1:KEY", DRAWN.sub("7K2QW-M0ZRT", answer))
        case float() if answer.is_integer():
            return int(answer)
    return answer


class Stage:
    """The shop as the guide has it: the first of March, Anna, and friends of hers."""

    def __init__(self, shop: Shop, api: Api, address: str) -> None:
        self.shop, self.api, self.address = shop, api, address
        self.checkouts: dict[str, Any] = {}
        shop.travel_to(datetime(2026, 3, 1, 12, tzinfo=UTC))
        shop.run_program(terms())
        shop.run_program(presets.waitlist(), slug="launch", kind=ProgramKind.WAITLIST)
        Program.objects.filter(slug="launch").update(name="The launch")
        Program.objects.update(link_url="https://shop.example.com/{channel}/")
        names = ("Anna", "Ben", "Dan", "Hal")
        self.people = {name: shop.register(f"{name.lower()}@example.com") for name in names}
        shop.run_program(
            presets.affiliate_commission(percent=5), slug="partners", kind=ProgramKind.PARTNER
        )
        Program.objects.filter(slug="partners").update(name="Partners")

    def known(self, words: str) -> str:
        """What a word in capitals stands for."""
        if words == "ADDRESS":
            return self.address
        if words == "NEW REFERRAL":
            return self._new_referral()
        if words == "ENDPOINT":
            return global_id("ReferralWebhookEndpoint", WebhookEndpoint.objects.get().pk)
        if words in ("PROGRAM", "TOKEN"):
            program = Program.objects.get(slug="launch")
            if words == "PROGRAM":
                return global_id("ReferralProgram", program.pk)
            return waitlist.token_of(SignUp.objects.get(program=program))
        if words == "REFERRER":
            return global_id("Referrer", self._referrer().pk)
        if words == "REFERRAL":
            first = self._referrer().referrals.earliest("pk")
            return global_id("Referral", first.pk)
        if words == "ORDER WITHOUT A CODE":
            return global_id("Order", self._ordered_without_code())
        if words in PROGRAMS:
            return global_id("ReferralProgram", Program.objects.get(slug=PROGRAMS[words]).pk)
        if words == "JOB":
            return global_id("ReferralJob", Job.objects.latest("pk").pk)
        if words == "ORDER":
            return global_id("Order", self._ordered())
        if words not in self.checkouts:
            self.checkouts[words] = self._checkout(words)
        return self.api.checkout_id(self.checkouts[words])

    def _checkout(self, words: str) -> Any:
        if words == "SMALL CHECKOUT":
            return self.shop.checkout(lines=["45.90"], email="emil@example.com")
        if words == "CHECKOUT OF ANNA":
            return self.shop.checkout(customer=self.people["Anna"])
        checkout = self.shop.checkout(email="emil@example.com")
        if words == "CHECKOUT WITH A VOUCHER":
            put_voucher_on(self.shop, checkout, "4.00")
        return checkout

    def _ordered(self) -> str:
        """A friend of Anna's has bought, and two of Ben's."""
        order = given.friends_order(self.shop, "ANNA-26", email="emil@example.com")
        order.pay()
        code = self.shop.share(self.people["Ben"])
        for friend in ("fay", "gus"):
            given.friends_order(self.shop, code, email=f"{friend}@example.com").pay()
        return order.ref

    def _ordered_without_code(self) -> str:
        hal = self.people["Hal"]
        order = given.order_without_code(self.shop, hal.email, customer=hal)
        order.pay()
        return order.ref

    def _new_referral(self) -> str:
        """One more friend of Anna's has bought, and whoever listens was told."""
        order = given.friends_order(self.shop, "ANNA-26", email="ivy@example.com")
        order.pay()
        self.shop.run_periodic_tasks()
        return global_id("Referral", Referral.objects.get(order_ref=order.ref).pk)

    def _referrer(self) -> Referrer:
        return Referrer.objects.get(user_ref=self.people["Anna"].user_ref)

    def said(self, value: Any) -> Any:
        """With what the words in capitals stand for."""
        match value:
            case dict():
                return {name: self.said(of) for name, of in value.items()}
            case list():
                return [self.said(each) for each in value]
        return self.known(value) if value in STANDS_FOR else value

    def run(self, step: dict[str, Any]) -> Any:
        if step["later"]:
            self.shop.travel(days=15)
        variables = self.said(json.loads(step["variables"]))
        name = step["who"]
        who = OTHERS.get(name) or {"customer": name and self.people[name]}
        return as_written(self.api.run(step["name"], **who, **variables))


def steps() -> Iterator[dict[str, Any]]:
    return (found.groupdict() for found in STEP.finditer(TEXT))


def test_every_answer_of_the_guide_is_the_real_one(shop: Shop, api: Api, settings: Any) -> None:
    # given
    settings.HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS = True
    with listening() as listener:
        stage = Stage(shop, api, listener.url)

        # when, then
        for step in steps():
            assert stage.run(step) == json.loads(step["answer"]), step["name"]


def test_no_operation_of_the_guide_is_left_unread() -> None:
    assert TEXT.count("\nOperation: ") == len(list(steps())) > 15


def test_the_limits_it_names_are_the_limits() -> None:
    named = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", TEXT, re.MULTILINE)
    assert {name: limit.strip() for name, limit in named} == conf.RATE_LIMITS


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (GUIDE.parent / target).exists()
