"""Why: the result of each rule, with a code for machines and a sentence for people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


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
    NOT_NEW_CUSTOMER = "not_new_customer"
    ALREADY_REFERRED = "already_referred"
    OTHER_CODE_HELD = "other_code_held"
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
    CURRENCY_MISMATCH = "currency_mismatch"


class Audience(StrEnum):
    """Who may see a finding: the shopper it concerns, or staff alone."""

    SHOPPER = "shopper"
    STAFF = "staff"


#: One plain sentence per failed finding, for the person it concerns.
SENTENCES: dict[FindingCode, str] = {
    FindingCode.CODE_INVALID: "This referral code is not valid.",
    FindingCode.ADDRESS_INVALID: "This is not an e-mail address.",
    FindingCode.NOT_CONFIRMED_ADDRESS: "The e-mail address has not been confirmed yet.",
    FindingCode.NOT_REAL: "The sign-up was found not to be real.",
    FindingCode.NOT_INVITED: "This program is by invitation only.",
    FindingCode.PROGRAM_NOT_RUNNING: "Referral codes cannot be used here at the moment.",
    FindingCode.CLAIM_EXPIRED: "This referral code has expired.",
    FindingCode.OWN_CODE: "You cannot use your own referral code.",
    FindingCode.RELATED_PARTY: (
        "You cannot use the referral code of the person who receives or pays the order."
    ),
    FindingCode.NOT_NEW_CUSTOMER: "This referral code is for new customers only.",
    FindingCode.ALREADY_REFERRED: "You have already used a friend's referral code.",
    FindingCode.OTHER_CODE_HELD: "Another friend's referral code is already in use here.",
    FindingCode.BELOW_MINIMUM: (
        "Add {missing} more to use this referral code (minimum {minimum})."
    ),
    FindingCode.ORDER_VOID: "The order was cancelled.",
    FindingCode.NOT_CONFIRMED: "The order is waiting for the shop's confirmation.",
    FindingCode.NOT_PAID: "The order is not fully paid yet.",
    FindingCode.NOT_FULFILLED: "The order has not been fully sent yet.",
    FindingCode.MONEY_BACK: "The order was refunded or given back.",
    FindingCode.LATER_ORDER: "This order of the friend no longer counts.",
    FindingCode.CODE_TAKEN_OFF: "The order was made without the referral discount.",
    FindingCode.REFERRER_GONE: "The referrer's account no longer exists.",
    FindingCode.CURRENCY_MISMATCH: (
        "This credit is in {credit}. It cannot be spent here, where prices are in {currency}."
    ),
    FindingCode.CAP_REACHED: "The limit of {limit} per {period} is reached.",
}

#: What is said instead when it is an order that has failed: nothing can be added to it.
ORDER_SENTENCES: dict[FindingCode, str] = {
    FindingCode.BELOW_MINIMUM: "What is left of the order is below the minimum of {minimum}.",
    FindingCode.NOT_NEW_CUSTOMER: "The order was not the customer's first.",
    FindingCode.CLAIM_EXPIRED: "The order came after the referral code had expired.",
    FindingCode.OWN_CODE: "The order was made with the customer's own referral code.",
    FindingCode.RELATED_PARTY: "The order was received or paid by the referrer.",
    FindingCode.ALREADY_REFERRED: "The customer had been referred by somebody before.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's result. `detail` holds plain strings, safe to show to `audience`."""

    code: FindingCode
    passed: bool
    detail: dict[str, str] = field(default_factory=dict)
    audience: Audience = Audience.SHOPPER
    on_order: bool = False

    @property
    def sentence(self) -> str:
        """What to tell people; empty for a rule that passed."""
        if self.passed:
            return ""
        sentence = ORDER_SENTENCES.get(self.code) if self.on_order else None
        return (sentence or SENTENCES[self.code]).format(**self.detail)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code.value,
            "passed": self.passed,
            "detail": self.detail,
            "audience": self.audience.value,
            "on_order": self.on_order,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Finding":
        return cls(
            FindingCode(data["code"]),
            data["passed"],
            dict(data["detail"]),
            Audience(data["audience"]),
            data["on_order"],
        )


def first_failed(findings: Iterable[Finding]) -> Finding | None:
    return next((finding for finding in findings if not finding.passed), None)


class Refused(Exception):
    """A deliberate refusal that reaches the shopper: a code and a plain sentence."""

    def __init__(self, finding: Finding):
        super().__init__(finding.sentence)
        self.finding = finding
