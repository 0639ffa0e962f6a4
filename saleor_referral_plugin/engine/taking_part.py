"""Who may share a code in which program, and why not. Pure."""

from datetime import datetime

from ..models import Program
from .facts import Channel, ReferrerFacts
from .findings import Finding, FindingCode
from .readings import reads
from .rules import is_what_is_asked
from .terms import ProgramKind, Terms

#: Anybody may take part in these who asks for a code.
OPEN_TO_ALL = (ProgramKind.CUSTOMER.value, ProgramKind.WAITLIST.value)


def judge_part(
    program: Program,
    terms: Terms,
    channel: Channel,
    *,
    is_member: bool,
    facts: ReferrerFacts | None,
    now: datetime,
) -> tuple[Finding, ...]:
    """What speaks against a customer sharing a code, and what does not. `facts`: None where the
    terms ask nothing, or nobody is there."""
    return (
        _runs(program, terms, channel, now),
        Finding(FindingCode.NOT_INVITED, is_member or program.kind in OPEN_TO_ALL),
        _eligible(terms, facts, now),
    )


@reads("Terms.claims_until", gives=FindingCode.PROGRAM_NOT_RUNNING)
def _runs(program: Program, terms: Terms, channel: Channel, now: datetime) -> Finding:
    return Finding(
        FindingCode.PROGRAM_NOT_RUNNING,
        program.is_running
        and (terms.claims_until is None or now < terms.claims_until)
        and terms.runs_in(channel.slug, channel.currency),
        {"channel": channel.slug, "currency": channel.currency},
    )


@reads("Terms.referrer", "Terms.time_zone", gives=FindingCode.NOT_YET_ELIGIBLE)
def _eligible(terms: Terms, facts: ReferrerFacts | None, now: datetime) -> Finding:
    """What the friend's order asks of a referrer, asked now."""
    passed = facts is None or is_what_is_asked(terms, facts, now)
    return Finding(FindingCode.NOT_YET_ELIGIBLE, passed)
