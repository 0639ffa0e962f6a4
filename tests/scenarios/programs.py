"""What both drivers do by the engine alone: programs beyond the plugin's page, and whom they
reward."""

from saleor_referral_plugin.engine import programs, referrers
from saleor_referral_plugin.engine.facts import CustomerFacts
from saleor_referral_plugin.engine.store import get_store
from saleor_referral_plugin.engine.terms import ProgramKind, Terms
from saleor_referral_plugin.models import Program, Reward
from tests.scenarios.shop import Customer, RewardSeen


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


def _account(customer: Customer) -> CustomerFacts:
    facts = get_store().customer(customer.user_ref)
    assert facts is not None, "The customer has no account."
    return facts


def _program(slug: str) -> Program:
    return Program.objects.get(slug=slug)
