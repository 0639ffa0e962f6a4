"""What a person has decided is a row of its own: who, when and why. Never changed; undone by
another row."""

from datetime import datetime
from typing import Any

from ..models import StaffDecision


class CannotDecide(Exception):
    """`code` for machines, the message for people:

    REQUIRED               nobody, or no reason, was named
    NO_ORDER               the referral is of a sign-up, or of an order that is gone or detached
    NOT_OPEN               only what waits, or is in review, is approved
    NOT_REFUSED            only what does not count is overridden
    CANNOT_BE_OVERRIDDEN   one of the failed findings is not for people to decide
    NOTHING_TO_UNDO        nobody has decided anything of it
    ATTACHED_ALREADY       the order has a referrer
    NO_TERMS               the program has no terms yet
    IS_A_LATER_ORDER       it stays with the referrer of the first order; it can be rejected
    NO_SUCH_ACTION         no reward of the referral's terms is for this action
    DELIVERED_OUTSIDE      it was sent: say first that it was not after all
    NOT_ISSUED             it never reached anybody
    STILL_THERE            its gift card exists
    HOLDER_GONE            the account was deleted
    NO_ACCOUNT             a guest has no account to credit
    NO_SUCH_GROUP          the program's terms have no such group
    SAME_REFERRER          they are one and the same
    MERGED_ALREADY         one of the two is merged with somebody already: undo that first
    ONE_IS_BLOCKED         one of the two is blocked, and the other is not
    NOT_POSITIVE           an amount is above 0
    INVALID_AMOUNT         an amount has no more digits than its currency, and is none too great
    INVALID_UNIT           it is neither a currency nor a unit of points
    KEY_USED               the same key gave something else
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def write(
    kind: StaffDecision.Kind, by: str, reason: str, at: datetime, **about: Any
) -> StaffDecision:
    """Raises CannotDecide REQUIRED."""
    if not by.strip() or not reason.strip():
        raise CannotDecide("REQUIRED", "Say who decides, and why.")
    return StaffDecision.objects.create(kind=kind, by=by, reason=reason, at=at, **about)
