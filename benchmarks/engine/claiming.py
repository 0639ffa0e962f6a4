"""What claiming a code takes, and what it takes while many orders wait for the sweep."""

import itertools
from collections.abc import Iterator
from typing import Any

from benchmarks.engine.orders import (
    BenchShop,
    forget_all_orders,
    orders_without_code,
    sweep_has_read,
)
from benchmarks.engine.settling import STORE
from benchmarks.figures import Figure, counted
from benchmarks.measuring import Contestant, Laps, race, ratio_of_medians, statements
from saleor_referral_plugin.engine.claims import claim_code
from saleor_referral_plugin.engine.facts import CheckoutFacts
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import Claim
from saleor_referral_plugin.sandbox import models
from saleor_referral_plugin.sandbox.store import checkout_facts_of

#: Orders that a sweep has not read yet.
WAITING = 2000

Subject = tuple[models.Checkout, CheckoutFacts]


def run(shop: BenchShop, rounds: int) -> Iterator[Figure]:
    code = shop.codes[0]
    numbers = itertools.count()

    def checkout() -> Subject:
        token = shop.checkout(email=f"claims{next(numbers)}@example.com").token
        found = models.Checkout.objects.select_related("channel", "customer").get(pk=token)
        return found, checkout_facts_of(found)

    def claim(subject: Subject) -> Any:
        found, facts = subject
        return claim_code(
            store=get_store(),
            checkout=found,
            facts=facts,
            typed=code,
            source=Claim.Source.PROMO_CODE,
        )

    sweep_has_read()
    subject = checkout()
    with statements() as seen:
        claim(subject)
    yield counted("claim_code: statements", len(seen), remark=seen.tally(STORE))

    contestant = Contestant(prepare=checkout, act=claim)
    swept = race({"swept": contestant}, rounds=rounds)
    forget_all_orders()
    orders_without_code(WAITING)
    laps: Laps = {**swept, **race({"waiting": contestant}, rounds=rounds)}
    yield ratio_of_medians(
        f"claim_code, {WAITING:,} orders not swept yet / none: CPU",
        laps,
        "waiting",
        "swept",
        clock="cpu",
    )
