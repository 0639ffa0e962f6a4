"""What a code would do on a checkout, before it is tried."""

from dataclasses import dataclass
from typing import Any

import graphene
from prices import Money

from ...engine import claims, rates
from ...engine.claims import Previewed
from ...engine.codes import is_offer_code, normalise
from ...engine.findings import FindingCode
from ...engine.money import zero
from ...engine.store import get_store
from .. import host
from ..enums import DOC_CATEGORY, Choice, ReferralVoucherChoiceEnum
from ..errors import answering_later
from .findings import FindingSeen, findings_field
from .offers import OfferSeen, ReferralOffer, offer_for


@dataclass(frozen=True, slots=True)
class Conflict:
    """A checkout has one place for a voucher, and two codes for it."""

    voucher_code: str
    voucher_discount: Money
    referral_discount: Money

    @property
    def better(self) -> str:
        difference = self.referral_discount - self.voucher_discount
        if not difference:
            return Choice.EITHER.value
        is_ours = difference > zero(difference.currency)
        return (Choice.REFERRAL if is_ours else Choice.VOUCHER).value


class CheckoutReferralConflict(host.BaseObjectType):
    voucher_code = graphene.String(
        required=True, description="The other voucher, which is on the checkout now."
    )
    voucher_discount = graphene.Field(
        host.Money, required=True, description="What the other voucher takes off."
    )
    referral_discount = graphene.Field(
        host.Money, required=True, description="What the referral code would take off instead."
    )
    better = ReferralVoucherChoiceEnum(
        required=True, description="Which of the two takes more off at the checkout."
    )

    class Meta:
        description = "A referral code and another voucher, where there is place for one."
        doc_category = DOC_CATEGORY


def conflict_on(root: Any, referral_discount: Money | None) -> Conflict | None:
    """None unless another voucher than ours is on the checkout."""
    seen = host.checkout(root)
    if not seen.voucher_code or is_offer_code(seen.voucher_code):
        return None
    ours = referral_discount or zero(seen.currency)
    return Conflict(seen.voucher_code, seen.discount, ours)


@dataclass(frozen=True, slots=True)
class PreviewSeen:
    root: Any
    previewed: Previewed

    @property
    def is_accepted(self) -> bool:
        return self.previewed.decision.refusal is None


class CheckoutReferralPreview(host.BaseObjectType):
    is_accepted = graphene.Boolean(
        required=True, description="Whether the code would be accepted now."
    )
    findings = findings_field("What the rules say.")
    offer = graphene.Field(
        ReferralOffer,
        description="What the code gives here. Null for every code that cannot be used here.",
    )
    discount = graphene.Field(
        host.Money,
        description="What it would take off the checkout as it is. Null if it is not accepted.",
    )
    missing = graphene.Field(
        host.Money,
        description="What the goods lack of the offer's minimum. Null when nothing is missing.",
    )
    conflict = graphene.Field(
        CheckoutReferralConflict,
        description="The other voucher whose place it would take. Null without one.",
    )

    class Meta:
        description = "What a referral code would do on a checkout. Nothing was changed."
        doc_category = DOC_CATEGORY

    @staticmethod
    def resolve_findings(root: PreviewSeen, _info: Any) -> list[FindingSeen]:
        language = host.checkout(root.root).language
        found = sorted(root.previewed.decision.findings, key=lambda finding: finding.passed)
        return [FindingSeen(finding, language) for finding in found]

    @staticmethod
    def resolve_offer(root: PreviewSeen, _info: Any) -> OfferSeen | None:
        version = root.previewed.version
        return offer_for(version.terms, host.checkout(root.root).currency) if version else None

    @staticmethod
    def resolve_discount(root: PreviewSeen, _info: Any) -> Money | None:
        return root.previewed.decision.discount if root.is_accepted else None

    @staticmethod
    def resolve_missing(root: PreviewSeen, _info: Any) -> Money | None:
        for finding in root.previewed.decision.findings:
            if finding.code is FindingCode.BELOW_MINIMUM and not finding.passed:
                missing = finding.detail["missing"]
                return Money(missing["amount"], missing["currency"])
        return None

    @staticmethod
    def resolve_conflict(root: PreviewSeen, _info: Any) -> Conflict | None:
        if root.previewed.version is None:
            return None
        return conflict_on(root.root, root.previewed.decision.discount)


def load_preview(context: Any, root: Any, code: str) -> PreviewSeen | None:
    """None for a checkout that is not there any more."""
    store = get_store()
    with store.writing():
        facts = store.checkout_facts(host.checkout(root).ref)
        if facts is None:
            return None
        previewed = claims.look_at(store=store, facts=facts, typed=code)
    is_unknown = previewed.version is None
    with answering_later(host.checkout(root).language):
        rates.check(rates.UNKNOWN_CODE, host.client(context), store=store, cost=is_unknown)
        rates.check(rates.SAME_CODE, normalise(code) or code[:64], store=store)
    return PreviewSeen(root, previewed)
