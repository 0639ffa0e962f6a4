"""Rows of the books for tests, and orders in the shop that belong to them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from saleor_referral_plugin.engine import codes
from saleor_referral_plugin.engine.decide import ReferralStatus
from saleor_referral_plugin.engine.facts import CustomerFacts, OrderFacts, Person, PlacedOrder
from saleor_referral_plugin.engine.known_orders import read_on
from saleor_referral_plugin.engine.people import person
from saleor_referral_plugin.engine.programs import current_terms, save_program
from saleor_referral_plugin.engine.referrers import code_for
from saleor_referral_plugin.engine.terms import Beneficiary, RewardKind, Terms
from saleor_referral_plugin.models import (
    Claim,
    Effect,
    LedgerEntry,
    Referral,
    ReferralCode,
    Reward,
    TermsVersion,
)
from tests.engine.build import NOW, order, terms
from tests.engine.fake_store import FakeStore


def run_program(store: FakeStore, value: Terms | None = None) -> TermsVersion:
    """The program runs by these terms, or by ordinary ones."""
    program = save_program(store=store, terms=value or terms(), is_running=True)
    version = current_terms(program)
    assert version is not None
    return version


def share(store: FakeStore, user_ref: str = "1", email: str = "anna@example.com") -> ReferralCode:
    """A customer with an account, and the code they share."""
    store.customers[user_ref] = CustomerFacts(user_ref, email)
    version = TermsVersion.objects.latest("pk")
    return code_for(store.customers[user_ref], version.program, store=store)


def place(
    store: FakeStore, code: ReferralCode, number: int = 1, *, email: str = "", **facts: Any
) -> str:
    """An order made with the newest terms' offer from a checkout that claimed the code;
    its ref."""
    version = TermsVersion.objects.latest("pk")
    buyer = person(None, email or f"friend{number}@example.com")
    ref, checkout_ref = f"order-{number}", f"checkout-{number}"
    claim(code, version, checkout_ref, buyer)
    put_order(
        store,
        order(
            ref=ref,
            number=str(number),
            checkout_ref=checkout_ref,
            voucher_code=version.offer_code,
            buyer=buyer,
            **facts,
        ),
        email=email or f"friend{number}@example.com",
    )
    return ref


def put_order(store: FakeStore, facts: OrderFacts, *, email: str = "") -> None:
    """The order is in the shop, and in its list of what changed."""
    store.orders[facts.ref] = facts
    store.placed = [placed for placed in store.placed if placed.ref != facts.ref]
    store.placed.append(
        PlacedOrder(
            facts.ref,
            facts.buyer.user_ref,
            email,
            facts.placed_at,
            store.now(),
            facts.voucher_code,
        )
    )


def place_another(
    store: FakeStore, ref: str, email: str, user_ref: str | None = None, days_ago: int = 9
) -> None:
    """An order that nobody recommended, some days ago."""
    at = NOW - timedelta(days=days_ago)
    facts = order(ref=ref, buyer=person(user_ref, email), placed_at=at, voucher_code=None)
    put_order(store, facts, email=email)


def index_orders(store: FakeStore) -> None:
    """What a sweep does first: it remembers who has ordered."""
    for _ in read_on(store):
        pass


def change(store: FakeStore, ref: str, **facts: Any) -> None:
    """What is true of an order now."""
    store.orders[ref] = replace(store.orders[ref], **facts)
    store.placed = [
        replace(placed, changed_at=store.now()) if placed.ref == ref else placed
        for placed in store.placed
    ]


def claim(
    code: ReferralCode,
    version: TermsVersion,
    checkout_ref: str,
    buyer: Person | None = None,
    status: Claim.Status = Claim.Status.OPEN,
) -> Claim:
    buyer = buyer or Person()
    return Claim.objects.create(
        checkout_ref=checkout_ref,
        code=code,
        terms=version,
        typed=codes.show(code.code),
        source=Claim.Source.PROMO_CODE,
        status=status,
        buyer_user_ref=buyer.user_ref,
        buyer_email_key=buyer.email_key,
        created_at=NOW,
        judged_at=NOW,
    )


def reward_row(store: FakeStore, *, currency: str = "USD", number: int = 1) -> Reward:
    """A reward of nothing yet, with all the rows that it hangs on."""
    version = TermsVersion.objects.first() or run_program(store)
    code = share(store)
    made = claim(code, version, f"checkout-{number}", status=Claim.Status.USED)
    referral = Referral.objects.create(
        program=version.program,
        terms=version,
        referrer=code.referrer,
        claim=made,
        order_ref=f"order-{number}",
        order_number=str(number),
        channel="default",
        currency=currency,
        status=ReferralStatus.QUALIFIED.value,
        placed_at=NOW,
        settled_at=NOW,
    )
    return Reward.objects.create(
        program=version.program,
        referral=referral,
        holder=code.referrer,
        beneficiary=Beneficiary.REFERRER.value,
        rule="credit",
        kind=RewardKind.CREDIT.value,
        currency=currency,
        amount=Decimal(0),
        status=Reward.Status.PENDING,
        created_at=NOW,
    )


def entry(reward: Reward, kind: LedgerEntry.Kind, amount: str, **other: Any) -> LedgerEntry:
    """An entry straight into the table, past everything but the database's own rules."""
    values: dict[str, Any] = {
        "reward": reward,
        "holder_id": reward.holder_id,
        "kind": kind,
        "currency": reward.currency,
        "amount": Decimal(amount),
        "created_at": NOW,
    }
    return LedgerEntry.objects.create(**values | other)


def book(reward: Reward, kind: LedgerEntry.Kind, amount: str) -> None:
    """An entry, and for a promise the decision that goes with it."""
    if kind == LedgerEntry.Kind.PROMISED:
        Reward.objects.filter(pk=reward.pk).update(amount=F("amount") + Decimal(amount))
    entry(reward, kind, amount)


def entries_of(ref: str, rule: str = "credit") -> list[tuple[str, str]]:
    """The ledger of an order's reward, oldest first."""
    rows = LedgerEntry.objects.filter(reward__referral__order_ref=ref, reward__rule=rule)
    return [(row.kind, f"{row.amount.normalize():f}") for row in rows]


def failed(referral: Referral) -> list[str]:
    """The codes of what speaks against it."""
    return [finding["code"] for finding in referral.findings if not finding["passed"]]


def reward_of(ref: str, rule: str = "credit") -> Reward:
    return Reward.objects.get(referral__order_ref=ref, rule=rule)


def tell_effect(reward: Reward, due_at: datetime, key: str) -> Effect:
    return Effect.objects.create(
        kind=Effect.Kind.TELL,
        key=key,
        reward=reward,
        payload={"event": "something", "of": key},
        created_at=due_at,
        due_at=due_at,
    )
