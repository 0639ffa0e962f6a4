"""How a refusal of ours travels in Saleor's mutation errors."""

from datetime import datetime

from django.core.exceptions import ValidationError
from saleor.checkout.error_codes import CheckoutErrorCode

from ..engine.findings import Finding


def _retry(finding: Finding) -> dict[str, datetime]:
    """When to try again, as `CheckoutError.referralRetryAt`."""
    retry_at = finding.detail.get("retry_at")
    return {"referral_retry_at": datetime.fromisoformat(retry_at)} if retry_at else {}


def refusal_error(finding: Finding, language: str) -> ValidationError:
    """The finding's sentence, in the checkout's language, on `promoCode`, with a code that
    Saleor's own mutations know; ours rides along and comes out as
    `CheckoutError.referralErrorCode`."""
    return ValidationError(
        {
            "promo_code": ValidationError(
                # A message with params is formatted by Django.
                finding.sentence_in(language).replace("%", "%%"),
                code=CheckoutErrorCode.VOUCHER_NOT_APPLICABLE.value,
                params={"referral_error_code": finding.code.value, **_retry(finding)},
            )
        }
    )
