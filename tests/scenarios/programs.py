"""What both drivers do by the engine alone: programs beyond the plugin's page, and whom they
reward."""

from decimal import Decimal

from django.db.models import QuerySet
from prices import Money

from saleor_referral_plugin.engine import claims, codes, programs, referrers, staff
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.findings import Refused
from saleor_referral_plugin.engine.people import email_key, person
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import ProgramKind, Terms
from saleor_referral_plugin.models import Program, Referral, Referrer, Reward
from tests.scenarios.shop import Answer, CouponSeen, Customer, Order, RewardSeen


class Programs:
    """The part of `tests.scenarios.shop.Shop` that is the same on every store."""

    def run_program(
        self,
        terms: Terms,
        *,
        slug: str = programs.DEFAULT_PROGRAM,
        kind: ProgramKind = ProgramKind.CUSTOMER,
        priority: int = 0,
        closed: bool = False,
    ) -> None:
        programs.save_program(
            store=get_store(),
            terms=terms,
            is_running=not closed,
            slug=slug,
            kind=kind,
            priority=priority,
        )

    def share(self, customer: Customer, *, program: str = programs.DEFAULT_PROGRAM) -> str:
        code = referrers.code_for(_account(customer), _program(program), store=get_store())
        return str(code)

    def invite(
        self, customer: Customer, *, group: str = "", program: str = programs.DEFAULT_PROGRAM
    ) -> None:
        referrers.invite(_account(customer), _program(program), store=get_store(), group=group)

    def decide(self, order: Order, what: str, reason: str = "looked at") -> None:
        referral = Referral.objects.get(order_ref=order.ref)
        getattr(staff, what)(referral, by="Cleo", reason=reason, store=get_store())

    def claim_for(self, order: Order, code: str, by: Customer | None = None) -> Answer:
        buyer = person(by.user_ref, by.email) if by else None
        try:
            claims.claim_for_order(order.ref, code, by=buyer, store=get_store())
        except Refused as refused:
            return Answer(False, refused.finding.code.value, refused.finding.sentence)
        return Answer(True)

    def claim_on_account(self, customer: Customer, code: str) -> Answer:
        try:
            claims.claim_on_account(_account(customer), code, store=get_store())
        except Refused as refused:
            return Answer(False, refused.finding.code.value, refused.finding.sentence)
        return Answer(True)

    def attach(self, order: Order, customer: Customer) -> None:
        staff.attach(
            order.ref,
            _referrer(customer),
            program=_program(programs.DEFAULT_PROGRAM),
            by="Cleo",
            reason="she told us",
            store=get_store(),
        )

    def block(self, customer: Customer) -> None:
        staff.block(_referrer(customer), by="Cleo", reason="too many", store=get_store())

    def adjust(self, customer: Customer, amount: str, currency: str = "USD") -> None:
        staff.adjust(
            _referrer(customer),
            Money(Decimal(amount), currency),
            program=_program(programs.DEFAULT_PROGRAM),
            by="Cleo",
            reason="for the trouble",
            store=get_store(),
        )

    def rewards(self, customer: Customer) -> list[RewardSeen]:
        rows = Reward.objects.filter(holder__user_ref=customer.user_ref).order_by("pk")
        return [
            RewardSeen(
                rule=row.rule,
                status=row.status,
                amount=row.amount,
                unit=row.currency,
                hold_until=row.hold_until,
                expires_at=row.expires_at,
            )
            for row in rows
        ]

    def coupons(self, customer: Customer) -> list[CouponSeen]:
        return _coupons(Reward.objects.filter(holder__user_ref=customer.user_ref))

    def coupons_of_guest(self, email: str) -> list[CouponSeen]:
        return _coupons(Reward.objects.filter(holder__email_key=email_key(email)))


def _coupons(rewards: QuerySet[Reward]) -> list[CouponSeen]:
    issued = list(rewards.filter(coupon_code__isnull=False).order_by("pk"))
    left = get_store().credit_balances([row.credit_ref or "" for row in issued])
    return [
        CouponSeen(codes.show(row.coupon_code or ""), bool(left[row.credit_ref or ""].amount))
        for row in issued
    ]


def _account(customer: Customer) -> CustomerFacts:
    facts = get_store().customer(customer.user_ref)
    assert facts is not None, "The customer has no account."
    return facts


def _referrer(customer: Customer) -> Referrer:
    return referrers.referrer_of(_account(customer), store=get_store())


def _program(slug: str) -> Program:
    return Program.objects.get(slug=slug)
