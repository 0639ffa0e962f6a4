"""Why: the result of each rule, with a code for machines and a sentence for people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from . import sentences


class FindingCode(StrEnum):
    """What a rule looked at. The same code is used whether it passed or not."""

    CODE_INVALID = "code_invalid"
    NOT_INVITED = "not_invited"
    ADDRESS_INVALID = "address_invalid"
    NOT_CONFIRMED_ADDRESS = "not_confirmed_address"
    NOT_REAL = "not_real"
    PROGRAM_NOT_RUNNING = "program_not_running"
    CLAIM_EXPIRED = "claim_expired"
    OWN_CODE = "own_code"
    RELATED_PARTY = "related_party"
    EXCLUDED_DOMAIN = "excluded_domain"
    REFERRER_NOT_ELIGIBLE = "referrer_not_eligible"
    STAFF_ACCOUNT = "staff_account"
    ACCOUNT_NOT_NEW = "account_not_new"
    NOT_NEW_CUSTOMER = "not_new_customer"
    ALREADY_REFERRED = "already_referred"
    DISCOUNTS_USED = "discounts_used"
    OTHER_CODE_HELD = "other_code_held"
    NO_SUCH_GOODS = "no_such_goods"
    BELOW_MINIMUM = "below_minimum"
    ORDER_VOID = "order_void"
    NOT_CONFIRMED = "not_confirmed"
    NOT_PAID = "not_paid"
    NOT_FULFILLED = "not_fulfilled"
    MONEY_BACK = "money_back"
    LATER_ORDER = "later_order"
    CODE_TAKEN_OFF = "code_taken_off"
    REFERRER_GONE = "referrer_gone"
    CAP_REACHED = "cap_reached"
    ORDER_NOT_YOURS = "order_not_yours"
    CLAIM_TOO_LATE = "claim_too_late"
    CODE_TOO_NEW = "code_too_new"
    CLAIMED_LATE = "claimed_late"
    REFERRER_BLOCKED = "referrer_blocked"
    STAFF_DECISION = "staff_decision"
    STAFF_REASON = "staff_reason"
    REWARD_WITHDRAWN = "reward_withdrawn"
    TOO_MANY_OPEN = "too_many_open"
    ISSUED_TOO_LATE = "issued_too_late"
    CURRENCY_MISMATCH = "currency_mismatch"
    NOT_YOUR_COUPON = "not_your_coupon"
    COUPON_BELOW_MINIMUM = "coupon_below_minimum"
    NOT_YET_ELIGIBLE = "not_yet_eligible"
    CODE_UNFIT = "code_unfit"
    CODE_TAKEN = "code_taken"
    NAME_UNFIT = "name_unfit"
    TOO_MANY_TRIES = "too_many_tries"


class Audience(StrEnum):
    """Who may see a finding: the shopper it concerns, or staff alone."""

    SHOPPER = "shopper"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's result. `detail` is safe to show to `audience`, and holds plain data, to be
    stored as JSON and said in any language later: an amount as {"amount": "4.10", "currency":
    "USD"}, a time as ISO string, a limit's period as CapPeriod or {"days": 30}."""

    code: FindingCode
    passed: bool
    detail: dict[str, Any] = field(default_factory=dict)
    audience: Audience = Audience.SHOPPER
    on_order: bool = False

    @property
    def sentence(self) -> str:
        """What to tell people, in English; empty for a rule that passed."""
        return self.sentence_in(sentences.DEFAULT)

    def sentence_in(self, language: str) -> str:
        """The same in a language: a code such as "nl", "nl-be" or "NL_BE". English where
        there is no catalogue."""
        if self.passed:
            return ""
        return sentences.sentence(self.code, self.detail, language, of_order=self.on_order)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": str(self.code),
            "passed": self.passed,
            "detail": self.detail,
            "audience": str(self.audience),
            "on_order": self.on_order,
        }

    def of_order(self) -> "Finding":
        """The same, said of an order."""
        if self.detail:
            return Finding(self.code, self.passed, self.detail, self.audience, True)
        return _of_order(self.code, self.passed, self.audience)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Finding":
        return cls(
            FindingCode(data["code"]),
            data["passed"],
            dict(data["detail"]),
            Audience(data["audience"]),
            data["on_order"],
        )


@lru_cache(maxsize=512)
def _of_order(code: FindingCode, passed: bool, audience: Audience) -> Finding:
    """Without a detail, as most are, they are all the same."""
    return Finding(code, passed, audience=audience, on_order=True)


def first_failed(findings: Iterable[Finding]) -> Finding | None:
    return next((finding for finding in findings if not finding.passed), None)


class Refused(Exception):
    """A deliberate refusal that reaches the shopper: a code and a plain sentence."""

    def __init__(self, finding: Finding):
        super().__init__(finding.sentence)
        self.finding = finding
