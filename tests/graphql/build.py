"""Many referrals at once, written to the books without the orders behind them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from saleor_referral_plugin.engine import codes, programs, referrers
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.findings import Finding, FindingCode
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.models import (
    Action,
    AnsweredRequest,
    Claim,
    EventDelivery,
    Job,
    LedgerEntry,
    Membership,
    Program,
    Referral,
    Referrer,
    Reward,
    StaffDecision,
    TermsVersion,
    WebhookEndpoint,
)
from tests.scenarios.shop import Customer

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@transaction.atomic
def referrals(customer: Customer, count: int, *, first: int = 0) -> list[Referral]:
    """So many qualified referrals of the customer's, one a day, worth 10 USD each. Days and
    orders are numbered from `first`."""
    program = programs.current_program()
    assert program is not None, "There is no program yet."
    version = programs.current_terms(program)
    store = get_store()
    facts = CustomerFacts(user_ref=customer.user_ref, email=customer.email)
    referrer = referrers.referrer_of(facts, store=store)
    code = codes.code_of(referrer, program, store=store)
    made = []
    for number in range(first, first + count):
        day = FIRST_DAY + timedelta(days=number)
        claim = Claim.objects.create(
            checkout_ref=f"checkout-{number}",
            code=code,
            terms=version,
            typed=code.code,
            source=Claim.Source.PROMO_CODE,
            status=Claim.Status.USED,
            created_at=day,
            judged_at=day,
        )
        referral = Referral.objects.create(
            program=program,
            terms=version,
            referrer=referrer,
            claim=claim,
            order_ref=str(UUID(int=number)),
            order_number=str(number),
            channel="default",
            currency="USD",
            status="qualified",
            findings=[Finding(FindingCode.NOT_PAID, True).to_json()],
            placed_at=day,
            earned_at=day,
            settled_at=day,
        )
        reward = Reward.objects.create(
            program=referral.program,
            referral=referral,
            holder=referrer,
            beneficiary="referrer",
            rule="credit",
            kind="credit",
            currency="USD",
            amount=Decimal(10),
            status=Reward.Status.PENDING,
            earned_at=day,
            created_at=day,
        )
        LedgerEntry.objects.create(
            reward=reward,
            holder=referrer,
            kind=LedgerEntry.Kind.PROMISED,
            currency="USD",
            amount=Decimal(10),
            created_at=day,
        )
        made.append(referral)
    return made


def everything() -> dict[str, list[dict[str, object]]]:
    """All that the books hold, to see whether something changed."""
    models = (
        Program,
        TermsVersion,
        Job,
        Referrer,
        Membership,
        Claim,
        Referral,
        Action,
        Reward,
        LedgerEntry,
        StaffDecision,
        AnsweredRequest,
        WebhookEndpoint,
        EventDelivery,
    )
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
